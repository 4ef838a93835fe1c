"""`iayos audit …`: what staff did, and the proof that nobody rewrote it."""

from typing import Annotated, Any, Final

import typer

from cli import show
from cli.api import API
from cli.faults import Fault
from cli.live import watched
from cli.options import AsJSON, Limit, ProfileName, moment
from cli.show import Column

app = typer.Typer(no_args_is_help=True)
COLUMNS: Final = (
    Column("ENTRY", "number"), Column("AT", "time"), Column("WHO"), Column("ACTION"), Column("SUBJECT"), Column("REASON"),
)  # fmt: skip


@app.command("list", epilog="Example: iayos audit list --action payments: --since 24h")
@watched
def list_entries(
    actor: Annotated[int | None, typer.Option(metavar="ID", min=1, help="Only what this account did.")] = None,
    action: Annotated[str | None, typer.Option(metavar="START", help="Only actions that begin so.")] = None,
    subject: Annotated[str | None, typer.Option(metavar="WHAT", help="Only about this, as job:12.")] = None,
    since: Annotated[str | None, typer.Option(metavar="WHEN", help="24h, 7d, or a date.")] = None,
    limit: Limit = 20,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Who did what to whom and why, newest first; --json has before, after and the request."""
    params = {"actor": actor, "action": action, "subject": subject, "since": moment(since) if since else None}
    with API.signed_in(profile) as api:
        found = api.pages("/api/admin/audit", most=limit, **params)
    show.table(
        COLUMNS,
        [row(one) for one in found],
        as_json=as_json,
        raw=found,
        footer="1 entry" if len(found) == 1 else f"{len(found):,} entries",
    )


@app.command(
    epilog="Example: iayos audit verify --head 12:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
)
def verify(
    head: Annotated[
        str | None, typer.Option(metavar="POSITION:HASH", help="A head that was told before and kept elsewhere.")
    ] = None,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Prove that the log is as it was written; exit code 1 and the first fault when it is not."""
    with API.signed_in(profile) as api:
        found = api.follow("/api/admin/audit/verify", head=head)
    newest = f"{found['head']['position']}:{found['head']['hash']}" if found["head"] else None
    facts = [
        (Column("ENTRIES"), found["entries"]), (Column("SEALED"), found["sealed"]),
        (Column("WAITING"), found["unsealed"]), (Column("HEAD"), newest),
        (Column("CHAIN"), "✓ whole" if found["ok"] else "✗ broken"),
    ]  # fmt: skip
    show.facts(facts, as_json=as_json, raw=found)
    if not found["ok"]:
        raise Fault(
            f"the audit log was changed: {found['fault']}.",
            hint="keep the database as it is, and read docs/security.md",
        )


def row(one: dict[str, Any]) -> list[Any]:
    """An entry in a table."""
    who = one["actorName"] or (f"account {one['actorID']}" if one["actorID"] else "the host")
    return [one["auditID"], one["at"], who, one["action"], one["subject"], one["reason"]]
