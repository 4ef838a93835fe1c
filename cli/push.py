"""`iayos push …`: does anything reach somebody's phones?"""

from typing import Annotated, Final

import typer

from cli import show
from cli.api import API
from cli.faults import Fault, advising
from cli.options import AsJSON, ProfileName
from cli.show import Column

app = typer.Typer(no_args_is_help=True)
COLUMNS: Final = (Column("PHONE"), Column("KIND"), Column("STATUS"), Column("ERROR"))


@app.command("test", epilog="Example: iayos push test 7 --title Hello --body 'Can you read this?'")
def send_test(
    account: Annotated[
        int, typer.Argument(metavar="ACCOUNT_ID", min=1, help="Whose phones, as `iayos users list` names the account.")
    ],
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="Its title.  [default: iAyos test]")] = None,
    body: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What it says.  [default: that it is a test]")
    ] = None,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Send one push to each phone now, and tell what Expo says; 1 if it takes none."""
    with API.signed_in(profile) as api, advising(f"iayos users show {account}"):
        found = api.post(f"/api/admin/users/{account}/push-test", {"title": title, "body": body})
    rows = [[one["token"], one["deviceType"], one["status"], one["error"]] for one in found["devices"]]
    taken = sum(one["status"] == "ok" for one in found["devices"])
    footer = f"Expo took {taken} of {len(rows)}"
    show.table(COLUMNS, rows, as_json=as_json, raw=found, footer=footer)
    if not taken:
        raise Fault("no phone took it.", hint="again, once its owner has opened the app")
