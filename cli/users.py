"""`iayos users …`: accounts, their suspension, and who is on the staff."""

from typing import Annotated, Any, Final, Literal

import typer

from cli import ask, show
from cli.api import API
from cli.faults import advising
from cli.live import watched
from cli.options import AsJSON, DryRun, Limit, ProfileName, Reason, Yes
from cli.show import Column, counted

app = typer.Typer(no_args_is_help=True)
Account = Annotated[int, typer.Argument(metavar="ID", min=1, help="The account, as `iayos users list` names it.")]
Role = Literal["ADMIN", "KYC_REVIEWER", "FINANCE", "SUPPORT"]
PATH: Final = "/api/admin/users"
COLUMNS: Final = (
    Column("ACCOUNT", "number"), Column("NAME"), Column("EMAIL"), Column("KIND"), Column("JOINED", "time"),
    Column("SUSPENDED", "time"),
)  # fmt: skip
CLOSED: Final = {
    "listings": "LISTINGS CANCELLED", "applications": "APPLICATIONS WITHDRAWN", "invitations": "INVITATIONS CLOSED",
    "employments": "EMPLOYMENTS ENDED", "jobsCancelled": "JOBS CANCELLED", "disputesOpened": "DISPUTES OPENED",
    "disputesHandedOver": "DISPUTES TAKEN OVER", "withdrawalsFrozen": "WITHDRAWALS FROZEN",
}  # fmt: skip


@app.command("list", epilog="Example: iayos users list --find reyes --suspended")
@watched
def list_users(
    find: Annotated[
        str | None, typer.Option("--find", "-q", metavar="TEXT", help="Part of a name or an email, or an id.")
    ] = None,
    role: Annotated[Role | None, typer.Option(help="Only staff with this role.")] = None,
    suspended: Annotated[
        bool | None, typer.Option("--suspended/--not-suspended", help="Only those that are, or are not.")
    ] = None,
    limit: Limit = 100,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Accounts, the newest first."""
    only = None if suspended is None else str(suspended).lower()
    with API.signed_in(profile) as api:
        found = api.pages(PATH, most=limit, q=find, role=role, suspended=only)
    footer = f"{counted(len(found), 'account')}, {sum(one['suspendedAt'] is not None for one in found)} suspended"
    show.table(COLUMNS, [row(one) for one in found], as_json=as_json, raw=found, footer=footer)


@app.command("show", epilog="Example: iayos users show 7")
def show_user(account: Account, as_json: AsJSON = False, profile: ProfileName = None) -> None:
    """One account with its money, open jobs and disputes, identity check, sign-ins and phones."""
    with API.signed_in(profile) as api:
        found = api.get(f"{PATH}/{account}")
    show.facts(facts(found), as_json=as_json, raw=found)


@app.command(epilog="Example: iayos users suspend 7 --reason 'Two clients paid and nobody came' --yes")
def suspend(
    account: Account,
    reason: Reason,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Sign out and close what is open; jobs that hold money become disputes for staff, withdrawals wait."""
    ask.sure(f"Suspend account {account}? What it has open is closed, and stays closed.", yes=yes or dry_run)
    with API.signed_in(profile) as api, advising(f"iayos users show {account}"):
        found = api.post(f"{PATH}/{account}/suspend", {"reason": reason}, dry_run=dry_run)
    none = None if show.terminal() else 0
    closed = [(Column(heading, "number"), found["closed"][what] or none) for what, heading in CLOSED.items()]
    show.facts([*standing(found), *closed], as_json=as_json, raw=found)
    if dry_run:
        show.note(show.DRY)
    elif found["openDisputes"]:
        show.note("Next:  iayos disputes list")


@app.command(epilog="Example: iayos users restore 7 --reason 'It was a misunderstanding' --yes")
def restore(
    account: Account,
    reason: Reason,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """End a suspension: they may sign in, and withdrawals that waited go out. What was closed stays closed."""
    ask.sure(f"Restore account {account}? Withdrawals that waited go out.", yes=yes or dry_run)
    decide(account, "restore", {"reason": reason}, dry_run=dry_run, as_json=as_json, profile=profile)


@app.command(epilog="Example: iayos users role 7 SUPPORT --reason 'Joins the team on Monday' --yes")
def role(
    account: Account,
    wanted: Annotated[
        Literal["ADMIN", "KYC_REVIEWER", "FINANCE", "SUPPORT", "none"],
        typer.Argument(metavar="ROLE", help="ADMIN, KYC_REVIEWER, FINANCE, SUPPORT; none: off the staff."),
    ],
    reason: Reason,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """Say what an account may do on the staff; it has to sign in anew."""
    given = None if wanted == "none" else wanted
    question = f"Make account {account} {wanted}?" if given else f"Take account {account} off the staff?"
    ask.sure(question, yes=yes or dry_run)
    body = {"role": given, "reason": reason}
    decide(account, "role", body, dry_run=dry_run, as_json=as_json, profile=profile)


def decide(account: int, verb: str, body: dict[str, Any], *, dry_run: bool, as_json: bool, profile: str | None) -> None:
    """Say it to the server, and what came of it to the person."""
    with API.signed_in(profile) as api, advising(f"iayos users show {account}"):
        found = api.post(f"{PATH}/{account}/{verb}", body, dry_run=dry_run)
    show.table(COLUMNS, [row(found)], as_json=as_json, raw=found)
    show.decided(found, dry_run=dry_run)


def row(one: dict[str, Any]) -> list[Any]:
    """An account in a table."""
    return [
        one["accountID"], name(one), one["email"], kind(one), one["createdAt"], one["suspendedAt"],
    ]  # fmt: skip


def facts(found: dict[str, Any]) -> list[tuple[Column, Any]]:
    """An account, fact by fact."""
    case = found["KYC"]
    place = ", ".join(part for part in (found["city"], found["province"]) if part) or None
    return [
        *standing(found), (Column("KIND"), kind(found)),
        (Column("PHONE"), found["contactNum"]), (Column("PLACE"), place), (Column("JOINED", "time"), found["createdAt"]),
        (Column("EMAIL CONFIRMED"), yes_or_no(said=found["emailVerified"])),
        (Column("IDENTITY"), "verified" if found["KYCVerified"] else "not verified"),
        (Column("IDENTITY CHECK"), f"{case['kycID']} {case['status']}" if case else None),
        (Column("WALLET", "money"), found["balance"]), (Column("HELD", "money"), found["held"]),
        (Column("ON ITS WAY OUT", "money"), found["pendingWithdrawal"]), (Column("OPEN JOBS", "number"), found["openJobs"]),
        (Column("OPEN DISPUTES", "number"), found["openDisputes"]), (Column("SIGN-INS", "number"), found["sessions"]),
        (Column("PHONES", "number"), found["phones"]),
    ]  # fmt: skip


def standing(found: dict[str, Any]) -> list[tuple[Column, Any]]:
    """Who it is, and whether they may sign in."""
    return [
        (Column("ACCOUNT"), found["accountID"]), (Column("NAME"), name(found)), (Column("EMAIL"), found["email"]),
        (Column("SUSPENDED", "time"), found["suspendedAt"]), (Column("BECAUSE"), found["suspendedReason"]),
    ]  # fmt: skip


def name(one: dict[str, Any]) -> str:
    """What others see."""
    return str(one["businessName"] or f"{one['firstName']} {one['lastName']}")


def kind(one: dict[str, Any]) -> str | None:
    """Its role on the staff, and the profiles that it holds."""
    return ", ".join([*([one["role"]] if one["role"] else []), *(held.lower() for held in one["profileTypes"])]) or None


def yes_or_no(*, said: bool) -> str:
    """In a word."""
    return "yes" if said else "no"
