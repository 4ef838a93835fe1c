"""`iayos certificates …`: what workers say that they have learned, and whether it is so."""

from typing import Annotated, Any, Final

import typer

from cli import ask, show
from cli.api import API
from cli.faults import advising
from cli.live import watched
from cli.options import AsJSON, DryRun, Limit, ProfileName, Reason, Yes
from cli.show import Column, counted

app = typer.Typer(no_args_is_help=True)
Certificate = Annotated[
    int, typer.Argument(metavar="ID", min=1, help="The certificate, as `iayos certificates list` names it.")
]
COLUMNS: Final = (
    Column("CERTIFICATE", "number"), Column("ACCOUNT", "number"), Column("NAME"), Column("ISSUED BY"), Column("EXPIRES"),
    Column("SHOWN", "time"), Column("VERIFIED"),
)  # fmt: skip


@app.command("list", epilog="Example: iayos certificates list --limit 20")
@watched
def list_certificates(limit: Limit = 100, as_json: AsJSON = False, profile: ProfileName = None) -> None:
    """Certificates that wait for staff, the oldest first."""
    with API.signed_in(profile) as api:
        found = api.pages("/api/admin/certifications", most=limit)
    rows = [row(one) for one in found]
    show.table(COLUMNS, rows, as_json=as_json, raw=found, footer=counted(len(found), "certificate"))


@app.command("show", epilog="Example: iayos certificates show 31 --purpose 'A client asked'")
def show_certificate(
    certificate: Certificate,
    purpose: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Why you look; every look is kept on record.")
    ] = None,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """One certificate with its file: drawn on a terminal, and its address, which works for five minutes."""
    with API.signed_in(profile) as api:
        found = api.get(f"/api/admin/certifications/{certificate}", purpose=purpose)
    facts = [
        (Column("CERTIFICATE"), found["certificationID"]), (Column("ACCOUNT"), found["accountID"]),
        (Column("NAME"), found["name"]), (Column("ISSUED BY"), found["issuedBy"]),
        (Column("ISSUED ON"), found["issuedOn"]), (Column("EXPIRES ON"), found["expiresOn"]),
        (Column("SHOWN", "time"), found["createdAt"]), (Column("VERIFIED"), verdict(found)),
        (Column("FILE"), found["fileURL"] or "not to be had"),
    ]  # fmt: skip
    show.facts(facts, as_json=as_json, raw=found)
    if not as_json and show.terminal() and found["fileURL"] and found["contentType"] != "application/pdf":
        from cli import desk

        desk.pictures([(found["name"], found["fileURL"])])


@app.command(epilog="Example: iayos certificates verify 31 --reason 'TESDA confirms it' --yes")
def verify(
    certificate: Certificate, reason: Reason, yes: Yes = False, dry_run: DryRun = False, as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:  # fmt: skip
    """It is good: clients see it as verified."""
    ask.sure(f"Verify certificate {certificate}?", yes=yes or dry_run)
    decide(certificate, reason, approved=True, dry_run=dry_run, as_json=as_json, profile=profile)


@app.command(epilog="Example: iayos certificates reject 31 --reason 'Another name stands on it' --yes")
def reject(
    certificate: Certificate, reason: Reason, yes: Yes = False, dry_run: DryRun = False, as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:  # fmt: skip
    """It is not: it stays unverified."""
    ask.sure(f"Reject certificate {certificate}?", yes=yes or dry_run)
    decide(certificate, reason, approved=False, dry_run=dry_run, as_json=as_json, profile=profile)


def decide(certificate: int, reason: str, *, approved: bool, dry_run: bool, as_json: bool, profile: str | None) -> None:
    """Say it to the server, and what came of it to the person."""
    body = {"approved": approved, "notes": reason}
    with API.signed_in(profile) as api, advising(f"iayos certificates show {certificate}"):
        found = api.post(f"/api/admin/certifications/{certificate}/verify", body, dry_run=dry_run)
    show.table(COLUMNS, [row(found)], as_json=as_json, raw=found)
    show.decided(found, dry_run=dry_run)


def row(one: dict[str, Any]) -> list[Any]:
    """A certificate in a table."""
    return [
        one["certificationID"], one["accountID"], one["name"], one["issuedBy"], one["expiresOn"], one["createdAt"],
        verdict(one),
    ]  # fmt: skip


def verdict(one: dict[str, Any]) -> str | None:
    """What staff said, if anybody has looked."""
    if one["decidedAt"] is None:
        return None
    return "yes" if one["is_verified"] else "no"
