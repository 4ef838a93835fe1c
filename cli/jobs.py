"""`iayos jobs …`: jobs with their money and history, and staff's way to end one."""

from typing import Annotated, Any, Final, Literal

import typer

from cli import ask, show
from cli.api import API
from cli.faults import advising
from cli.live import watched
from cli.options import AsJSON, DryRun, Limit, ProfileName, Reason, Yes
from cli.show import Column, counted, pesos

app = typer.Typer(no_args_is_help=True)
Job = Annotated[int, typer.Argument(metavar="ID", min=1, help="The job, as `iayos jobs list` names it.")]
COLUMNS: Final = (
    Column("JOB", "number"), Column("STATUS"), Column("TITLE"), Column("CLIENT"), Column("PRICE", "money"),
    Column("HELD", "money"), Column("POSTED", "time"),
)  # fmt: skip
SIDES: Final = (("CLIENT", "client"), ("WORKER", "worker"), ("AGENCY", "agency"))


@app.command("list", epilog="Example: iayos jobs list --held --account 42")
@watched
def list_jobs(
    words: Annotated[
        str | None, typer.Option("--q", metavar="WORDS", help="Words of title, description or place.")
    ] = None,
    status: Annotated[
        Literal["ACTIVE", "IN_PROGRESS", "COMPLETED", "CANCELLED"] | None,
        typer.Option(help="Those that stand like this."),
    ] = None,
    account: Annotated[
        int | None, typer.Option(metavar="ID", min=1, help="Those in which this account takes part.")
    ] = None,
    held: Annotated[bool, typer.Option("--held", help="Only those whose escrow holds money.")] = False,
    limit: Limit = 20,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Jobs, newest first."""
    params = {"q": words, "status": status, "accountID": account, "held": "true" if held else None}
    with API.signed_in(profile) as api:
        found = api.pages("/api/admin/jobs", most=limit, **params)
    footer = f"{counted(len(found), 'job')}, {pesos(sum(one['held'] for one in found))} held"
    show.table(COLUMNS, [row(one) for one in found], as_json=as_json, raw=found, footer=footer)


@app.command("show", epilog="Example: iayos jobs show 1042")
def show_job(job: Job, as_json: AsJSON = False, profile: ProfileName = None) -> None:
    """One job: who, how it stands and why, every payment, what moved in its escrow, and who moved it."""
    with API.signed_in(profile) as api:
        found = api.get(f"/api/admin/jobs/{job}")
    told = found["explain"]
    facts = [
        (Column("JOB"), f"{found['jobID']} {found['title']}"), (Column("STATUS"), found["status"]),
        (Column("BECAUSE"), told["because"]),
        (Column("WAITING FOR"), ", ".join(f"{one['who']} {one['action']}" for one in told["waitingFor"]) or None),
        (Column("NEXT"), f"{told['next']['action']} {when(told['next']['at'])}" if told["next"] else None),
        *((Column(name), side(found[key])) for name, key in SIDES),
        (Column("PRICE", "money"), found["agreedPrice"] or found["budget"]), (Column("HELD", "money"), found["held"]),
        (Column("DISPUTE"), found["disputeID"]), (Column("CONVERSATION"), found["conversationID"]),
        (Column("POSTED", "time"), found["createdAt"]), (Column("SETTLED", "time"), found["settledAt"]),
        *((Column("PAYMENT"), payment(one)) for one in found["payments"]),
        *((Column("ESCROW"), entry(one)) for one in found["entries"]),
        *((Column("MOVE"), moved(one)) for one in found["moves"]),
    ]  # fmt: skip
    show.facts(facts, as_json=as_json, raw=found)


@app.command(epilog="Example: iayos jobs cancel 1042 --reason 'The worker cannot come' --dry-run")
def cancel(
    job: Job,
    reason: Reason,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """End a job: what is held goes back to the client, and the fees; above ₱50,000 a second member of staff repeats it.

    A disputed job is ended by `iayos disputes rule`; approved work is not cancelled.
    """
    ask.sure(f"End job {job}? What is held goes back to the client, with the fees.", yes=yes or dry_run)
    with API.signed_in(profile) as api, advising(f"iayos jobs show {job}"):
        found = api.post(f"/api/admin/jobs/{job}/cancel", {"reason": reason}, dry_run=dry_run)
    facts = [
        (Column("JOB"), f"{found['jobID']} {found['title']}"), (Column("STATUS"), found["status"]),
        (Column("CLIENT"), side(found["client"])), (Column("REFUND", "money"), found["refund"]),
        (Column("FEE BACK", "money"), found["fee"]), (Column("STILL HELD", "money"), found["held"]),
    ]  # fmt: skip
    show.facts(facts, as_json=as_json, raw=found)
    show.decided(found, dry_run=dry_run)


def row(one: dict[str, Any]) -> list[Any]:
    """A job in a table."""
    return [
        one["jobID"], one["status"], one["title"], one["client"]["name"], one["agreedPrice"] or one["budget"], one["held"],
        one["createdAt"],
    ]  # fmt: skip


def side(one: dict[str, Any] | None) -> str | None:
    """Somebody who takes part."""
    return f"{one['name']} (account {one['accountID']})" if one else None


def payment(one: dict[str, Any]) -> str:
    """A payment: what for, how, how it stands."""
    fee = f", {pesos(one['fee'])} of it fee" if one["fee"] else ""
    why = f" {one['failureReason']}" if one["failureReason"] else ""
    how = f" by {one['paymentMethod']}" if one["paymentMethod"] else ""
    return f"{one['transactionID']} {one['type']}{how}: {pesos(one['amount'])}{fee}, {one['status']}{why}"


def entry(one: dict[str, Any]) -> str:
    """What went into the escrow, or out of it."""
    way = "to" if one["amount"] < 0 else "from"
    return f"{pesos(one['amount'])} {way} {one['other']}, {one['reference']}, {when(one['at'])}"


def moved(one: dict[str, Any]) -> str:
    """A move of the job."""
    return f"{one['move']}: {one['from']} to {one['to']} by {one['name'] or 'itself'}, {when(one['at'])}"


def when(moment: str) -> str:
    """Relative to now on a terminal, RFC 3339 when piped."""
    return show.ago(moment) if show.terminal() else moment
