"""`iayos cash …`: photos of cash that staff verifies."""

from typing import Annotated, Any, Final, Literal

import typer

from cli import ask, show
from cli.api import API
from cli.faults import advising
from cli.live import watched
from cli.options import AsJSON, DryRun, Limit, ProfileName, Reason, Yes
from cli.show import Column, counted, pesos

app = typer.Typer(no_args_is_help=True)
Payment = Annotated[int, typer.Argument(metavar="ID", min=1, help="The payment, as `iayos cash list` names it.")]
COLUMNS: Final = (
    Column("PAYMENT", "number"), Column("JOB", "number"), Column("AMOUNT", "money"), Column("STATUS"),
    Column("SHOWN", "time"), Column("NOTE"),
)  # fmt: skip


@app.command("list", epilog="Example: iayos cash list --status FAILED")
@watched
def list_proofs(
    status: Annotated[
        Literal["PENDING", "COMPLETED", "FAILED"], typer.Option(help="PENDING ones wait for staff.")
    ] = "PENDING",
    limit: Limit = 100,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Cash proofs that wait for staff, newest first."""
    with API.signed_in(profile) as api:
        found = api.pages("/api/admin/cash", most=limit, status=status)
    total = pesos(sum(one["amount"] for one in found))
    show.table(
        COLUMNS,
        [row(one) for one in found],
        as_json=as_json,
        raw=found,
        footer=f"{counted(len(found), 'proof')}, {total}",
    )


@app.command("show", epilog="Example: iayos cash show 88213")
def show_proof(payment: Payment, as_json: AsJSON = False, profile: ProfileName = None) -> None:
    """One proof: the job, what the worker says, where the photo is, and whether it was shown before; at a terminal also the decision."""
    with API.signed_in(profile) as api:
        found = api.get(f"/api/admin/cash/{payment}")
        if as_json or not show.terminal():
            facts(found, as_json=as_json)
            return
        from cli import desk, proof, terminal

        if found["transaction"]["status"] == "PENDING" and terminal.person():
            verdict = proof.judged(found, lambda: api.get(f"/api/admin/cash/{payment}"))
            if verdict is None:
                facts(found, as_json=False)
            else:
                decide(
                    payment, verdict.reason, approved=verdict.approved, dry_run=False, as_json=False, profile=profile
                )
            return
    facts(found, as_json=False)
    desk.pictures([("PHOTO", found["photoURL"])])


def facts(found: dict[str, Any], *, as_json: bool) -> None:
    """One proof, fact by fact."""
    paid = found["transaction"]
    known = [
        (Column("PAYMENT"), paid["transactionID"]), (Column("STATUS"), paid["status"]),
        (Column("JOB"), f"{paid['jobID']} {found['jobTitle']}"), (Column("CLIENT"), found["clientName"]),
        (Column("WORKER"), found["workerName"]), (Column("AMOUNT", "money"), paid["amount"]),
        (Column("WORKER SAYS", "money"), found["confirmedByWorker"]), (Column("SHOWN", "time"), paid["createdAt"]),
        (Column("NOTE"), paid["failureReason"]), (Column("PHOTO"), found["photoURL"]),
        *((Column("SEEN BEFORE"), earlier(one)) for one in found["earlierUses"]),
    ]  # fmt: skip
    show.facts(known, as_json=as_json, raw=found)


@app.command(epilog="Example: iayos cash verify 88213 --reason 'Receipt signed by both' --yes")
def verify(
    payment: Payment,
    reason: Reason,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """The cash was paid: the worker gets the held half."""
    ask.sure(f"Verify cash payment {payment}? The held half goes to the worker.", yes=yes or dry_run)
    decide(payment, reason, approved=True, as_json=as_json, profile=profile, dry_run=dry_run)


@app.command(epilog="Example: iayos cash reject 88213 --reason 'The photo is blurred' --yes")
def reject(
    payment: Payment,
    reason: Reason,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """The photo shows nothing of the kind: the client is asked for another one."""
    ask.sure(f"Reject cash payment {payment}? The client has to send another photo.", yes=yes or dry_run)
    decide(payment, reason, approved=False, as_json=as_json, profile=profile, dry_run=dry_run)


def decide(payment: int, reason: str, *, approved: bool, dry_run: bool, as_json: bool, profile: str | None) -> None:
    """Say it to the server, and what came of it to the person."""
    with API.signed_in(profile) as api, advising(f"iayos cash show {payment}"):
        found = api.post(
            f"/api/admin/payments/{payment}/verify-cash", {"approved": approved, "notes": reason}, dry_run=dry_run
        )
    show.table(COLUMNS, [row(found)], as_json=as_json, raw=found)
    show.decided(found, dry_run=dry_run)


def row(one: dict[str, Any]) -> list[Any]:
    """A payment in a table."""
    note = "awaits a second member of staff" if one["awaitingSecond"] else one["failureReason"]
    return [one["transactionID"], one["jobID"], one["amount"], one["status"], one["createdAt"], note]


def earlier(one: dict[str, Any]) -> str:
    """Where else the same picture was shown."""
    return f"payment {one['transactionID']} of job {one['jobID']}, {one['difference']} of 64 bits differ"
