"""`iayos xendit …`: our books beside Xendit's."""

from typing import Annotated, Any, Literal

import typer

from cli import show
from cli.api import API
from cli.faults import CONFLICT, Fault
from cli.live import watched
from cli.options import AsJSON, Limit, ProfileName, moment
from cli.show import Column, counted, pesos

app = typer.Typer(no_args_is_help=True)
Status = Annotated[
    Literal["PENDING", "COMPLETED", "FAILED"] | None, typer.Option(help="Only those that stand like this.")
]


@app.command(epilog="Example: iayos xendit reconcile --since 24h --dry-run")
def reconcile(
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="24h, 7d, or a date.  [default: 30 days back]")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look; repair nothing.")] = False,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Compare every invoice and payout both ways, repair what is safe; exit code 5 when differences remain."""
    body: dict[str, Any] = {"dryRun": dry_run} | ({"since": moment(since)} if since else {})
    with API.signed_in(profile) as api:
        found = api.follow("/api/admin/xendit/reconcile", body)
    columns = [Column("WHAT"), Column("OURS"), Column("XENDIT"), Column("AMOUNT", "money"), Column("REPAIR")]
    rows = [difference(one) for one in found["differences"]]
    if rows or as_json:
        show.table(columns, rows, as_json=as_json, raw=found, footer=summary(found))
    elif show.terminal():
        show.lines(f"[green]✓[/] {summary(found)}")
    if found["remaining"]:
        hint = "the same without --dry-run" if any(repairable(one) for one in found["differences"]) else ""
        left = counted(found["remaining"], "difference")
        raise Fault(f"{left} {'remains' if found['remaining'] == 1 else 'remain'}.", code=CONFLICT, hint=hint)


@app.command(epilog="Example: iayos xendit invoices --status PENDING --json")
@watched
def invoices(status: Status = None, limit: Limit = 20, as_json: AsJSON = False, profile: ProfileName = None) -> None:
    """Invoices that we asked for, newest first, as our books have them."""
    found = listed("invoices", profile, most=limit, status=status)
    columns = [
        Column("PAYMENT", "number"), Column("INVOICE", "name"), Column("REFERENCE", narrow=False), Column("STATUS"), Column("AMOUNT", "money"),
        Column("ASKED", "time"), Column("WHY"),
    ]  # fmt: skip
    names = ("transactionID", "invoiceID", "reference", "status", "amount", "createdAt", "failureReason")
    rows = [[one[name] for name in names] for one in found]
    show.table(columns, rows, as_json=as_json, raw=found, footer=counted(len(rows), "invoice"))


@app.command(epilog="Example: iayos xendit payouts --status FAILED")
@watched
def payouts(status: Status = None, limit: Limit = 20, as_json: AsJSON = False, profile: ProfileName = None) -> None:
    """Payouts that we asked for, newest first, as our books have them."""
    found = listed("payouts", profile, most=limit, status=status)
    columns = [
        Column("PAYMENT", "number"), Column("PAYOUT", narrow=False), Column("STATUS"), Column("AT XENDIT"), Column("AMOUNT", "money"),
        Column("CHANNEL"), Column("TO", "name"), Column("ASKED", "time"), Column("WHY"),
    ]  # fmt: skip
    names = (
        "transactionID", "payoutID", "status", "xenditStatus", "amount", "channelCode", "accountNumber", "createdAt",
        "failureReason",
    )  # fmt: skip
    rows = [[one[name] for name in names] for one in found]
    show.table(columns, rows, as_json=as_json, raw=found, footer=counted(len(rows), "payout"))


@app.command(epilog="Example: iayos xendit events --open")
@watched
def events(
    only_open: Annotated[bool, typer.Option("--open", help="Only those that were not applied yet.")] = False,
    limit: Limit = 20,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """What Xendit told us, newest first."""
    found = listed("events", profile, most=limit, only="open" if only_open else None)
    columns = [
        Column("EVENT", "number"), Column("WHAT"), Column("REFERENCE", "name"), Column("XENDIT", narrow=False), Column("RECEIVED", "time"),
        Column("APPLIED", "time"), Column("OUTCOME"),
    ]  # fmt: skip
    names = ("eventID", "event", "reference", "xenditID", "receivedAt", "appliedAt", "outcome")
    rows = [[one[name] for name in names] for one in found]
    show.table(columns, rows, as_json=as_json, raw=found, footer=counted(len(rows), "event"))


@app.command(epilog="Example: iayos xendit replay --since 24h --reason 'The runner was away'")
def replay(
    since: Annotated[str, typer.Option(metavar="WHEN", help="24h, 7d, or a date.")],
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Why; it is kept on the audit log.")] = None,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Run stored events again: without effect when all of them were applied."""
    body = {"since": moment(since)} | ({"reason": reason} if reason else {})
    with API.signed_in(profile) as api:
        found = api.follow("/api/admin/xendit/replay", body)
    rows = [[one["eventID"], one["outcome"]] for one in found["effects"]]
    said = f"{counted(found['events'], 'event')}, {len(rows)} had an effect, {found['unconfirmed']} not confirmed by Xendit yet"
    if rows or as_json:
        show.table([Column("EVENT", "number"), Column("OUTCOME")], rows, as_json=as_json, raw=found, footer=said)
    elif show.terminal():
        show.lines(f"[green]✓[/] {said}")


def listed(what: str, profile: str | None, **params: Any) -> list[Any]:
    """One of Xendit's lists."""
    with API.signed_in(profile) as api:
        return api.pages(f"/api/admin/xendit/{what}", **params)


def difference(one: dict[str, Any]) -> list[Any]:
    """A difference in a table."""
    number = f"#{one['transactionID']}" if one["transactionID"] else None
    ours = " ".join(word for word in (number, one["ours"]) if word)
    xendits = " ".join(word for word in (one["xenditID"], one["xendit"]) if word)
    repair = f"done: {one['repair']}" if one["repaired"] else one["repair"] or "by hand"
    return [one["what"].replace("_", " ").lower(), ours, xendits, one["amount"], repair]


def repairable(one: dict[str, Any]) -> bool:
    """Can it be set right without a person?"""
    return one["repair"] is not None and not one["repaired"]


def summary(found: dict[str, Any]) -> str:
    """What was compared, and what came of it."""
    if not found["differences"]:
        return f"{counted(found['invoices'], 'invoice')} and {counted(found['payouts'], 'payout')}, no differences"
    total = pesos(sum(one["amount"] for one in found["differences"]))
    repaired = sum(one["repaired"] for one in found["differences"])
    can = sum(repairable(one) for one in found["differences"])
    said = [f"{repaired} repaired"] * bool(repaired) + [f"{can} can be repaired"] * bool(can)
    return " · ".join([f"{counted(len(found['differences']), 'difference')}, {total}", *said])
