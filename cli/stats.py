"""`iayos stats`: the service at a glance."""

from itertools import zip_longest
from typing import Annotated, Any, Final

import typer

from cli import show
from cli.api import API
from cli.live import watched
from cli.options import AsJSON, ProfileName, moment
from cli.show import Column, pesos

COLUMNS: Final = (Column("GROUP"), Column("WHAT"), Column("NOW"), Column("SINCE"))
HALF: Final = 41
"""How wide the left half of the screen is."""


@watched
def stats(
    since: Annotated[
        str | None, typer.Option(metavar="WHEN", help="New is what came since: 24h, 7d, or a date.  [default: 24h]")
    ] = None,
    as_json: AsJSON = False,
    profile: ProfileName = None,
) -> None:
    """People, jobs, money and what waits for staff.

    Also whether background work keeps up.
    """
    with API.signed_in(profile) as api:
        found = api.get("/api/admin/stats", since=moment(since) if since else None)
    if as_json or not show.terminal():
        show.table(COLUMNS, rows(found), as_json=as_json, raw=found)
    else:
        show.lines(*screen(found))


def rows(found: dict[str, Any]) -> list[list[Any]]:
    """All facts, one a row: what there is now, and what came since."""
    money = found["money"]
    listed = {
        "accounts": [[one["profileType"], one["total"], one["new"]] for one in found["accounts"]],
        "jobs": [[one["status"], one["total"], one["new"]] for one in found["jobs"]],
        "money": [
            ["held", money["held"], None], ["wallets", money["wallets"], None],
            ["pendingWithdrawals", money["pendingWithdrawals"]["amount"], None], ["feesEarned", None, money["feesEarned"]],
            *(["paidIn " + (one["paymentMethod"] or "-"), None, one["amount"]] for one in money["paidIn"]),
            ["paidOut", None, money["paidOut"]["amount"]],
        ],
        **{group: [[name, value, None] for name, value in found[group].items()] for group in ("waiting", "queue", "reviews")},
    }  # fmt: skip
    return [[group, *line] for group, lines in listed.items() for line in lines]


def screen(found: dict[str, Any]) -> list[str]:
    """The same for a person, on 80 columns and 24 lines: what asks for somebody on the left, money on the right."""
    upper = beside([*waiting(found["waiting"]), "", *queue(found["queue"])], money(found["money"]))
    lower = beside(counts("People", "profileType", found["accounts"]), counts("Jobs", "status", found["jobs"]))
    return [
        f"iAyos at a glance[right]new since {show.ago(found['since'])}",
        "",
        *upper,
        "",
        *lower,
        reviews(found["reviews"]),
    ]


def waiting(found: dict[str, Any]) -> list[str]:
    """What waits for staff, with the command that lists it."""
    late = f"{found['kycOverdue']} overdue" if found["kycOverdue"] else ""
    return [
        heading("Waiting for staff"), fact("Identity checks", found["kyc"], late, urgent=bool(late)),
        fact("Certificates", found["certifications"]), fact("Cash proofs", found["cashProofs"]),
        fact("Disputes to rule", found["disputes"]), fact("Payments flagged", found["flaggedPayments"]),
    ]  # fmt: skip


def queue(found: dict[str, Any]) -> list[str]:
    """Whether background work keeps up."""
    oldest = f"for {show.age(found['oldestDueAt']) or 'long'}" if found["oldestDueAt"] else ""
    return [
        heading("Queue"), fact("Due now", found["dueNow"], oldest), fact("Failing", found["failing"]),
        fact("Given up", found["failed"], urgent=found["failed"] > 0),
        fact("Runners alive", found["runners"], urgent=found["runners"] == 0),
    ]  # fmt: skip


def money(found: dict[str, Any]) -> list[str]:
    """Where it is now, and what moved."""
    leaving, out, paid_in = found["pendingWithdrawals"], found["paidOut"], found["paidIn"]
    total = sum(one["amount"] for one in paid_in)
    return [
        heading("Money"), amount("In escrow", found["held"]), amount("In wallets", found["wallets"]),
        amount("On its way out", leaving["amount"], leaving["count"]), "",
        amount("New: paid in", total, sum(one["count"] for one in paid_in)),
        *(amount(f"  {one['paymentMethod'] or 'any channel'}", one["amount"], one["count"]) for one in paid_in),
        amount("New: paid out", out["amount"], out["count"]), amount("New: fees", found["feesEarned"]),
    ]  # fmt: skip


def counts(title: str, key: str, found: list[dict[str, Any]]) -> list[str]:
    """How many there are of each kind, and how many of them are new."""
    return [
        heading(title),
        *(fact(one[key].replace("_", " ").capitalize(), one["total"], f"{one['new']:,} new" if one["new"] else "") for one in found),
    ]  # fmt: skip


def reviews(found: dict[str, Any]) -> str:
    """What people think of each other."""
    return (
        f"{found['average']} of 5 in {show.counted(found['count'], 'review')}" if found["count"] else "No reviews yet"
    )


def heading(text: str) -> str:
    """Over a group."""
    return f"[dim]{text}[/]"


def fact(name: str, number: int, more: str = "", *, urgent: bool = False) -> str:
    """A number; one that asks for somebody is in the accent colour."""
    said = f"{number:>9,}  {more}"
    return f"{name:<17}{f'[accent]{said}[/]' if urgent else said}".rstrip()


def amount(name: str, sum_: Any, count: int | None = None) -> str:
    """Pesos, and in how many payments."""
    return f"{name:<15}{pesos(sum_):>15}{f'{count:>7,}' if count else ''}"


def beside(left: list[str], right: list[str]) -> list[str]:
    """Two groups of lines next to each other."""
    pairs = zip_longest(left, right, fillvalue="")
    return [f"{one}{' ' * max(2, HALF - show.width_of(one))}{other}".rstrip() for one, other in pairs]
