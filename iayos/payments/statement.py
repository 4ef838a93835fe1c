"""A month of a wallet: every movement with what it was, between an opening and a closing balance (SPEC 4)."""

import csv
import io
import re
from datetime import date, datetime, time
from typing import Final

from sqlalchemy import text

from iayos.accounts.queries import account_of
from iayos.core import clock
from iayos.core.db import Reads, Row, Statement
from iayos.core.errors import Invalid
from iayos.core.money import Centavos, in_words
from iayos.ledger import chart
from iayos.payments.paper import BOLD, LEFT, RIGHT, SOFT, Column, Paper

MONTH: Final = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)
_wallet_legs = """
    FROM ledger_accounts mine JOIN postings p ON p.source_id = mine.id OR p.target_id = mine.id
    JOIN journals j ON j.id = p.journal_id
"""
OPENING = Statement(
    text(
        f"SELECT coalesce(sum(CASE WHEN p.target_id = mine.id THEN p.amount ELSE -p.amount END), 0)::bigint {_wallet_legs}"
        " WHERE mine.code = :wallet AND j.at < :since"
    )
)


class Movement(Row, frozen=True):
    """One posting of the wallet, with what helps to say what it was; centavos, negative when it went out."""

    id: int
    at: datetime
    reference: str
    other: str
    amount: int
    title: str | None
    hired: bool | None
    """Is the owner of the wallet the client of that job?"""
    channel: str | None
    last_digits: str | None

    @property
    def words(self) -> str:
        """What this was, for its owner."""
        family, incoming = self.other.partition(":")[0], self.amount > 0
        job = self.title or "a job"
        kind = self.reference.partition(":")[0]
        if family == "withdrawal" or kind == "withdrawal-reversed":
            return self._withdrawal(kind)
        return {
            ("escrow", True): f"Returned from escrow: {job}" if self.hired else f"Payment for {job}",
            ("escrow", False): f"Paid for {job}",
            ("fees", True): f"Service fee returned: {job}",
            ("fees", False): f"Service fee: {job}",
            ("xendit", True): f"Payment for {job}, kept in the wallet" if self.title else "Deposit",
            ("cash-fees-due", False): "Service fee on a cash payment",
            ("wallet", True): "Received from another wallet",
            ("wallet", False): "Sent to another wallet",
        }.get((family, incoming), "Correction")

    def _withdrawal(self, kind: str) -> str:
        where = f"{self.channel} •••• {self.last_digits}" if self.channel else "bank"
        return {
            "withdrawal-asked": f"Withdrawal to {where}",
            "withdrawal-failed": f"Withdrawal to {where} failed, money returned",
            "withdrawal-reversed": f"Withdrawal to {where} came back",
        }.get(kind, f"Withdrawal to {where}")


IN_MONTH: Statement[Movement] = Statement(
    text(
        f"""
        SELECT p.id, j.at, j.reference, other.code, CASE WHEN p.target_id = mine.id THEN p.amount ELSE -p.amount END,
               jobs.title, mine.code = 'wallet:' || jobs.client_id, withdrawals.channel_name,
               withdrawals.account_last4
        {_wallet_legs}
        JOIN ledger_accounts other ON other.id = CASE WHEN p.target_id = mine.id THEN p.source_id ELSE p.target_id END
        LEFT JOIN LATERAL (
            SELECT split_part(a.code, ':', 2)::bigint AS id FROM postings s
            JOIN ledger_accounts a ON a.id IN (s.source_id, s.target_id) AND a.code LIKE 'escrow:%'
            WHERE s.journal_id = j.id LIMIT 1
        ) escrow ON true
        LEFT JOIN payments paid ON j.reference = 'paid:' || paid.invoice_id
        LEFT JOIN jobs ON jobs.id = coalesce(escrow.id, paid.job_id)
        LEFT JOIN withdrawals ON withdrawals.payment_id =
            CASE WHEN j.reference LIKE 'withdrawal-%' THEN split_part(j.reference, ':', 2)::bigint END
        WHERE mine.code = :wallet AND j.at >= :since AND j.at < :until ORDER BY p.id"""  # noqa: S608 - our own text
    ),
    into=Movement,
)


class StatementOfMonth(Row, frozen=True):
    """All that a statement says; centavos."""

    account_id: int
    name: str
    email: str
    month: str
    opening: int
    movements: list[Movement]
    made_at: datetime

    @property
    def closing(self) -> int:
        """What was there when the month ended, or now."""
        return self.opening + sum(one.amount for one in self.movements)

    @property
    def running(self) -> list[tuple[Movement, int]]:
        """Each movement with the balance after it."""
        balance, found = self.opening, []
        for one in self.movements:
            balance += one.amount
            found.append((one, balance))
        return found


def bounds(month: str | None) -> tuple[str, datetime, datetime]:
    """A month in Manila, the present one if none is named, with its first instant and that of the next."""
    named = month or clock.today().strftime("%Y-%m")
    if not MONTH.fullmatch(named):
        raise Invalid.of("month", "Expected a month such as 2026-11")
    year, number = map(int, named.split("-"))
    first = date(year, number, 1)
    if first > clock.today():
        raise Invalid.of("month", "Expected a month that has begun")
    after = date(year + number // 12, number % 12 + 1, 1)
    return named, _midnight(first), _midnight(after)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=clock.MANILA)


async def of_month(reads: Reads, account_id: int, month: str | None) -> StatementOfMonth:
    """The statement of one's own wallet."""
    named, since, until = bounds(month)
    account = await account_of(reads, account_id)
    wallet = chart.wallet(account_id)
    return StatementOfMonth(
        account_id=account_id, name=account.name, email=account.email, month=named, made_at=clock.now(),
        opening=await reads.value(OPENING, wallet=wallet, since=since),
        movements=await reads.all(IN_MONTH, wallet=wallet, since=since, until=until),
    )  # fmt: skip


def as_csv(found: StatementOfMonth) -> bytes:
    """For a spreadsheet: UTF-8 with the mark that Excel needs. No cell begins with what a person chose."""
    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow(["Date", "Time", "Description", "Reference", "In", "Out", "Balance"])
    sheet.writerow([f"{found.month}-01", "", "Opening balance", "", "", "", _pesos(found.opening)])
    for one, balance in found.running:
        at = one.at.astimezone(clock.MANILA)
        money = ["", _pesos(-one.amount)] if one.amount < 0 else [_pesos(one.amount), ""]
        sheet.writerow([f"{at:%Y-%m-%d}", f"{at:%H:%M}", one.words, one.reference, *money, _pesos(balance)])
    sheet.writerow(["", "", "Closing balance", "", "", "", _pesos(found.closing)])
    return out.getvalue().encode("utf-8-sig")


def _pesos(amount: int) -> str:
    return Centavos(amount).pesos()


def as_pdf(found: StatementOfMonth) -> bytes:
    """For people: blocking, call it in a thread."""
    paper = Paper("Wallet statement", f"{datetime.strptime(found.month, '%Y-%m'):%B %Y}")  # noqa: DTZ007 - a name only
    made = found.made_at.astimezone(clock.MANILA)
    paper.facts([
        ("Account", f"{found.name} (no. {found.account_id})"), ("Email", found.email), ("Made on", f"{made:%d %B %Y, %H:%M}"),
    ])  # fmt: skip
    paper.y -= 8
    _summary(paper, found)
    if found.movements:
        paper.table(COLUMNS, [_row(one, balance) for one, balance in found.running])
    else:
        paper.paragraph("Nothing moved in this month.")
    return paper.bytes()


COLUMNS: Final = (
    Column("Date", LEFT, 68), Column("Description", LEFT + 68, 255),
    Column("Amount", LEFT + 323, 88, number=True), Column("Balance", LEFT + 411, 88, number=True),
)  # fmt: skip


def _row(one: Movement, balance: int) -> list[str]:
    at = one.at.astimezone(clock.MANILA)
    sign = "+" if one.amount > 0 else "\N{MINUS SIGN}"
    return [f"{at:%d %b, %H:%M}", one.words, f"{sign}{in_words(abs(one.amount))}", in_words(balance)]


def _summary(paper: Paper, found: StatementOfMonth) -> None:
    amounts = [one.amount for one in found.movements]
    facts = [
        ("Opening balance", found.opening), ("Money in", sum(one for one in amounts if one > 0)),
        ("Money out", -sum(one for one in amounts if one < 0)), ("Closing balance", found.closing),
    ]  # fmt: skip
    paper.box(50)
    step = (RIGHT - LEFT) / len(facts)
    for place, (name, amount) in enumerate(facts):
        top, x = paper.y, LEFT + 12 + place * step
        paper.y -= 19
        paper.text(x, name, size=8, colour=SOFT)
        paper.y -= 17
        paper.text(x, in_words(amount), size=12, font=BOLD)
        paper.y = top
    paper.y -= 70
