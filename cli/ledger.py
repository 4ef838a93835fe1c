"""`iayos ledger …`: the books, and the proof that they are right."""

import sys
from typing import Annotated
from urllib.parse import quote

import typer

from cli import show
from cli.api import API
from cli.faults import Fault
from cli.options import AsJSON, ProfileName
from cli.show import Column, pesos

app = typer.Typer(no_args_is_help=True)


@app.command(epilog="Example: iayos ledger verify --json")
def verify(as_json: AsJSON = False, profile: ProfileName = None) -> None:
    """Prove that every centavo is where it belongs; exit code 1 and the first fault when one is not."""
    with API.signed_in(profile) as api:
        found = api.follow("/api/admin/ledger/verify")
    if as_json:
        show.document(found)
    elif show.terminal():
        counted = f"{show.counted(found['postings'], 'posting')} in {show.counted(found['journals'], 'journal')}"
        show.lines(
            *([] if sys.stderr.isatty() else [counted]),  # the bar has said so
            *show.wrapped([f"[{'green]✓' if one['ok'] else 'red]✗'}[/] {one['name']}" for one in found["checks"]]),
            f"held {pesos(found['held'])} · wallets {pesos(found['wallets'])} · clearing at Xendit {pesos(found['clearing'])}",
            f"[dim]ledger root {found['ledgerRoot']}[/]",
        )
    else:
        columns = [Column("CHECK"), Column("RESULT"), Column("FAULT")]
        rows = [[one["name"], "ok" if one["ok"] else "fault", one["fault"]] for one in found["checks"]]
        show.table(columns, rows, as_json=False, raw=found)
    faults = [f"{one['name']}: {one['fault']}" for one in found["checks"] if not one["ok"]]
    if faults:
        raise Fault(f"the books are not right: {'; '.join(faults)}")


@app.command(epilog="Example: iayos ledger balances")
def balances(as_json: AsJSON = False, profile: ProfileName = None) -> None:
    """Every ledger account and what it holds."""
    with API.signed_in(profile) as api, show.waiting("reading the ledger"):
        accounts = api.pages("/api/admin/ledger/balances")
    rows = [[account["code"], account["balance"]] for account in accounts]
    total = sum(account["balance"] for account in accounts)
    show.table(
        [Column("ACCOUNT"), Column("BALANCE", "money")], rows, as_json=as_json, raw=accounts,
        footer=f"{len(rows)} accounts, sum {pesos(total)}",
    )  # fmt: skip


@app.command(epilog="Example: iayos ledger account wallet:7 --limit 50")
def account(
    code: Annotated[str, typer.Argument(metavar="CODE", help="As wallet:7, escrow:12, fees or xendit.")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many of the newest postings.")] = 20,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """What happened on one ledger account, newest first, and what it holds."""
    path = f"/api/admin/ledger/accounts/{quote(code, safe=':')}"
    with API.signed_in(profile) as api:
        found = api.get(path)
        postings = api.get(f"{path}/postings", limit=limit)["items"]
    columns = [Column("AT", "time"), Column("JOURNAL"), Column("OTHER ACCOUNT"), Column("AMOUNT", "money")]
    rows = [[one["at"], one["reference"], one["other"], one["amount"]] for one in postings]
    show.table(
        columns,
        rows,
        as_json=as_json,
        raw=found | {"postings": postings},
        footer=f"{code} holds {pesos(found['balance'])}",
    )
