"""`iayos kyc …`: identity checks, from the queue to the decision."""

from typing import Annotated, Any, Final, Literal

import typer

from cli import ask, show
from cli.api import API
from cli.faults import NOT_FOUND, USAGE, Fault, advising
from cli.live import watched
from cli.options import AsJSON, DryRun, Limit, ProfileName, Reason, Yes
from cli.show import Column, counted

app = typer.Typer(no_args_is_help=True)
Case = Annotated[int, typer.Argument(metavar="ID", min=1, help="The case, as `iayos kyc list` names it.")]
COLUMNS: Final = (
    Column("CASE", "number"), Column("NAME"), Column("KIND"), Column("ROUND", "number"),
    Column("WAITING", "age"), Column("DUE", "day"), Column("CLAIMED BY"), Column("STATUS"),
)  # fmt: skip
Purpose = Annotated[
    str | None, typer.Option("--purpose", metavar="TEXT", help="Why you look; every look is kept on record.")
]


@app.command("list", epilog="Example: iayos kyc list --free --limit 20")
@watched
def list_cases(
    status: Annotated[
        Literal["PENDING", "APPROVED", "REJECTED"] | None, typer.Option(help="Those that stand like this.")
    ] = None,
    free: Annotated[bool, typer.Option("--free", help="Only those that nobody else holds.")] = False,
    limit: Limit = 100,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Cases that wait, the most urgent first."""
    with API.signed_in(profile) as api:
        found = api.pages("/api/admin/kyc", most=limit, status=status, free="true" if free else None)
    late = sum(one["overdue"] for one in found)
    footer = (
        f"{counted(len(found), 'case')}{f', {late} overdue' if late else ''} · `iayos kyc next` claims the most urgent"
    )
    show.table(COLUMNS, [row(one) for one in found], as_json=as_json, raw=found, footer=footer)


@app.command(epilog="Example: iayos kyc claim 1042")
def claim(case: Case, as_json: AsJSON = False, profile: ProfileName = None) -> None:
    """Hold a case for 15 minutes: nobody else decides it meanwhile."""
    with API.signed_in(profile) as api, advising(f"iayos kyc show {case}"):
        found = api.post(f"/api/admin/kyc/{case}/claim")
    show.table(COLUMNS, [row(found)], as_json=as_json, raw=found)


@app.command("next", epilog="Example: iayos kyc next")
def review_next(as_json: AsJSON = False, profile: ProfileName = None) -> None:
    """Review case after case here: the documents are shown, single keys decide; what you decided is listed at the end."""
    from cli.review import QUEUE, Review
    from cli.terminal import Screen

    with API.signed_in(profile) as api:
        api.get(QUEUE, limit=1)  # who may not review is told so before the screen is taken
        screen = Screen.taken()
        review, stopped = Review(api, screen), False
        try:
            with screen:
                review.run()
        except KeyboardInterrupt:
            stopped = True
        finally:
            trouble = review.give_back()
            if as_json or review.decided:
                show.table(COLUMNS, [row(one) for one in review.decided], as_json=as_json, raw=review.decided)
    if stopped:
        raise Fault(f"stopped; {trouble or 'what you held is free again.'}")
    if review.said:
        show.note(review.said)


@app.command("open", epilog="Example: iayos kyc open 1042 --document SELFIE")
def open_case(
    case: Case,
    document: Annotated[str | None, typer.Option(metavar="TYPE", help="Only this one, for example SELFIE.")] = None,
    purpose: Purpose = None,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Open a case's documents in the browser; where there is none, their addresses, which work for five minutes."""
    with API.signed_in(profile) as api:
        found = api.get(f"/api/admin/kyc/{case}", purpose=purpose)
    wanted = [one for one in found["files"] if document is None or one["documentType"] == document.upper()]
    if not wanted:
        known = ", ".join(one["documentType"] for one in found["files"]) or "none"
        raise Fault(f"case {case} has no document {document or ''}; it has {known}.", code=NOT_FOUND)
    if not as_json and show.terminal():
        from cli.desk import open_all

        open_all([one["fileURL"] for one in wanted])
    facts = [(Column(one["documentType"]), one["fileURL"] or "not to be had") for one in wanted]
    show.facts(facts, as_json=as_json, raw=wanted)


@app.command("show", epilog="Example: iayos kyc show 1042 --pictures --purpose 'Second look'")
def show_case(
    case: Case,
    pictures: Annotated[bool, typer.Option("--pictures", help="On a terminal, draw the documents below.")] = False,
    purpose: Purpose = None,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """One case with the addresses of its documents, which work for five minutes."""
    with API.signed_in(profile) as api:
        found = api.get(f"/api/admin/kyc/{case}", purpose=purpose)
    facts = [
        (Column("CASE"), found["kycID"]), (Column("NAME"), found["name"]), (Column("EMAIL"), found["email"]),
        (Column("ACCOUNT"), found["accountID"]), (Column("KIND"), kind(found)), (Column("STATUS"), found["status"]),
        (Column("ROUND"), found["round"]), (Column("WAITING", "age"), found["handedInAt"]),
        (Column("DUE", "time"), found["dueAt"]), (Column("NOTES"), found["notes"]),
        *((Column(f"ROUND {one['round']}"), said(one)) for one in found["decisions"]),
        (Column("CLAIMED BY"), found["claimedByName"]), (Column("CLAIMED UNTIL", "time"), found["claimedUntil"]),
        *((Column(one["documentType"]), document(one)) for one in found["files"]),
        (Column("MISSING"), ", ".join(found["missing"]) or None),
    ]  # fmt: skip
    show.facts(facts, as_json=as_json, raw=found)
    if pictures and not as_json and show.terminal():
        from cli import desk

        desk.pictures((one["documentType"], one["fileURL"]) for one in found["files"])


@app.command(epilog="Example: iayos kyc approve 1042 --reason 'All three match' --yes")
def approve(
    case: Case,
    reason: Reason,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """They are who they say they are; void when a document changed since you looked."""
    ask.sure(f"Approve case {case}?", yes=yes or dry_run)
    decide(case, {"approved": True, "notes": reason}, dry_run=dry_run, as_json=as_json, profile=profile)


@app.command(epilog="Example: iayos kyc reject 1042 --reason 'Another face.' --document SELFIE=MISMATCH --yes")
def reject(
    case: Case,
    reason: Reason,
    document: Annotated[
        list[str] | None, typer.Option(metavar="TYPE=CODE", help="What is wrong with one document; repeat for several.")
    ] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Say what is wrong; they may hand in again, at most five times."""
    reasons = [fault(one) for one in document or []]
    ask.sure(f"Reject case {case}?", yes=yes or dry_run)
    body = {"approved": False, "notes": reason} | ({"reasons": reasons} if reasons else {})
    decide(case, body, dry_run=dry_run, as_json=as_json, profile=profile)


def decide(case: int, body: dict[str, Any], *, dry_run: bool, as_json: bool, profile: str | None) -> None:
    """Say it to the server, and what came of it to the person."""
    with API.signed_in(profile) as api, advising(f"iayos kyc show {case}"):
        found = api.post(f"/api/admin/kyc/{case}/review", body, dry_run=dry_run)
    show.table(COLUMNS, [row(found)], as_json=as_json, raw=found)
    show.decided(found, dry_run=dry_run)


def fault(text: str) -> dict[str, str]:
    """SELFIE=MISMATCH."""
    kind_of, _, code = text.partition("=")
    if not kind_of or not code:
        raise Fault(f"{text!r} does not name a document and what is wrong with it.", code=USAGE, hint="SELFIE=MISMATCH")
    return {"documentType": kind_of.upper(), "code": code.upper()}


def row(one: dict[str, Any]) -> list[Any]:
    """A case in a table."""
    since, due = (one["handedInAt"], one["dueAt"]) if one["status"] == "PENDING" else (None, None)
    return [
        one["kycID"], one["name"], one["kycType"].lower(), one["round"], since, due, one["claimedByName"], one["status"],
    ]  # fmt: skip


def kind(one: dict[str, Any]) -> str:
    """Who is checked."""
    return (
        f"{one['kycType']} {one['userType']}".lower() if one["kycType"] != one["userType"] else one["kycType"].lower()
    )


def said(one: dict[str, Any]) -> str:
    """What was decided in a round."""
    reasons = [f"{reason['documentType']} {reason['code']}" for reason in one["reasons"]]
    return " · ".join([one["decision"], *reasons, *([one["notes"]] if one["notes"] else [])])


def document(one: dict[str, Any]) -> str:
    """A document: how it stands and where it is."""
    said = " ".join(word for word in (one["status"], one["reasonCode"]) if word)
    return f"{said} {one['contentType']} {one['fileURL'] or 'not to be had'}"
