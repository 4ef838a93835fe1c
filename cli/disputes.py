"""`iayos disputes …`: what the two sides could not settle."""

from typing import Annotated, Any, Final

import typer

from cli import ask, show
from cli.api import API
from cli.faults import advising
from cli.live import watched
from cli.options import AsJSON, DryRun, Limit, ProfileName, Reason, Yes, amount
from cli.show import Column, counted, pesos

app = typer.Typer(no_args_is_help=True)
Dispute = Annotated[int, typer.Argument(metavar="ID", min=1, help="The dispute, as `iayos disputes list` names it.")]
COLUMNS: Final = (
    Column("DISPUTE", "number"), Column("JOB", "number"), Column("STATUS"), Column("PHASE"), Column("HELD", "money"),
    Column("OPENED", "time"), Column("PHASE ENDS", "time"), Column("REASON"),
)  # fmt: skip


@app.command("list", epilog="Example: iayos disputes list --all --limit 20")
@watched
def list_disputes(
    everything: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    limit: Limit = 100,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Open disputes, newest first; those in phase STAFF wait for a ruling."""
    with API.signed_in(profile) as api:
        found = api.pages("/api/admin/disputes", most=limit, open=None if everything else "true")
    waiting = sum(one["status"] == "OPEN" and one["phase"] == "STAFF" for one in found)
    total = pesos(sum(one["held"] for one in found if one["status"] == "OPEN"))
    footer = f"{counted(len(found), 'dispute')}, {total} held · {waiting} in phase STAFF"
    show.table(COLUMNS, [row(one) for one in found], as_json=as_json, raw=found, footer=footer)


@app.command("show", epilog="Example: iayos disputes show 12 --pictures")
def show_dispute(
    dispute: Dispute,
    pictures: Annotated[bool, typer.Option("--pictures", help="On a terminal, draw the evidence below.")] = False,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """One dispute with its offers and evidence."""
    with API.signed_in(profile) as api:
        found = api.get(f"/api/disputes/{dispute}")
    ruling = found["ruling"] or {"toPayee": None, "toClient": None, "reason": None}
    facts = [
        (Column("DISPUTE"), found["disputeID"]), (Column("JOB"), found["jobID"]), (Column("STATUS"), found["status"]),
        (Column("PHASE"), found["phase"]), (Column("HELD", "money"), found["held"]),
        (Column("OPENED BY"), f"account {found['openedBy']}"), (Column("OPENED", "time"), found["createdAt"]),
        (Column("PHASE ENDS", "time"), found["deadlineAt"]), (Column("REASON"), found["reason"]),
        (Column("DESCRIPTION"), found["description"]),
        *((Column("OFFER"), offer(one)) for one in found["offers"]),
        *((Column("EVIDENCE"), f"account {one['byAccountID']}: {one['url']}") for one in found["evidence"]),
        (Column("TO PAYEE", "money"), ruling["toPayee"]), (Column("TO CLIENT", "money"), ruling["toClient"]),
        (Column("RULING"), ruling["reason"]), (Column("ENDED", "time"), found["endedAt"]),
    ]  # fmt: skip
    show.facts(facts, as_json=as_json, raw=found)
    if pictures and not as_json and show.terminal():
        from cli import desk

        desk.pictures((f"by account {one['byAccountID']}", one["url"]) for one in found["evidence"])


@app.command(epilog="Example: iayos disputes rule 12 --to-payee 333.33 --reason 'Half of it was done' --yes")
def rule(
    dispute: Dispute,
    to_payee: Annotated[
        str, typer.Option(metavar="PESOS", help="What the worker or agency gets; the client gets the rest.")
    ],
    reason: Reason,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Divide what is held; above ₱50,000 a second member of staff has to repeat it."""
    share = amount(to_payee)
    ask.sure(f"Dispute {dispute}: {pesos(share)} to whoever did the work, the rest to the client?", yes=yes or dry_run)
    with API.signed_in(profile) as api, advising(f"iayos disputes show {dispute}"):
        found = api.post(f"/api/admin/disputes/{dispute}/rule", {"toPayee": share, "reason": reason}, dry_run=dry_run)
    show.table(COLUMNS, [row(found)], as_json=as_json, raw=found)
    show.decided(found, dry_run=dry_run)


def row(one: dict[str, Any]) -> list[Any]:
    """A dispute in a table."""
    return [
        one["disputeID"], one["jobID"], one["status"], one["phase"], one["held"], one["createdAt"], one["deadlineAt"],
        one["reason"],
    ]  # fmt: skip


def offer(one: dict[str, Any]) -> str:
    """What one side would settle for."""
    split = f"{pesos(one['toPayee'])} to the payee, {pesos(one['toClient'])} to the client"
    return f"by the {one['bySide'].lower()}: {split}{', accepted' if one['accepted'] else ''}"
