"""Where withdrawals can go, and how much at a time.

Xendit's own list is the authority (`GET /payouts_channels`). It is kept in a table, so that every process sees the same and
asking for a withdrawal needs no call, and asked for again when it is older than `FRESH`. Until Xendit has answered once,
`FALLBACK` stands in: the channels and the InstaPay limit of its guide (reference/providers.md A.4, as of 2026-04).
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, Text, bindparam, delete, func, select, text

from iayos.core import clock
from iayos.core.db import Database, Reads, Row, Statement, Tx
from iayos.core.errors import GatewayUnavailable, Invalid
from iayos.core.money import in_words
from iayos.core.outbox import later
from iayos.payments.channels import ChannelLimit
from iayos.payments.gateway import PayoutChannel, Refused, Xendit
from iayos.payments.models import PayoutChannelTable

FRESH: Final = timedelta(hours=6)
EWALLET: Final = "EWALLET"
INSTAPAY_MOST: Final = 50_000_00
"""E-wallets are reached by InstaPay alone, which carries at most this at a time, whatever the list says."""
LEAST: Final = 100_00
"""The least that we send, on any channel."""
NAMES: Final = {
    EWALLET: {"PH_GCASH": "GCash", "PH_PAYMAYA": "Maya", "PH_GRABPAY": "GrabPay", "PH_COINS": "Coins.ph"},
    "BANK": {
        "PH_BDO": "BDO Unibank", "PH_BPI": "Bank of the Philippine Islands", "PH_UBP": "Union Bank of the Philippines",
        "PH_SEC": "Security Bank", "PH_LBP": "Land Bank of the Philippines", "PH_CBC": "China Banking Corporation",
    },
}  # fmt: skip
FALLBACK: Final = tuple(
    PayoutChannel(code=code, name=name, category=category, least=1_00, most=INSTAPAY_MOST, step=1)
    for category, names in NAMES.items() for code, name in names.items()
)  # fmt: skip


class KeptChannel(Row, frozen=True):
    """A channel as it was kept, and when."""

    table = PayoutChannelTable
    code: str
    name: str
    category: str
    least: int
    most: int
    step: int
    fetched_at: datetime

    @property
    def channel(self) -> PayoutChannel:
        """Without the instant."""
        return PayoutChannel(
            code=self.code, name=self.name, category=self.category, least=self.least, most=self.most, step=self.step
        )


_kept = PayoutChannelTable.__table__.c
KEPT = Statement(
    select(*(_kept[name] for name in KeptChannel.__struct_fields__)).order_by(_kept.category.desc(), _kept.name),
    into=KeptChannel,
)
NEWEST = Statement(select(func.max(PayoutChannelTable.fetched_at)))
FORGET = Statement(delete(PayoutChannelTable))
ASKED = Statement(
    text(
        "SELECT 1 FROM outbox WHERE task = 'payments.refresh_channels'"
        " AND done_at IS NULL AND failed_at IS NULL AND aborted_at IS NULL LIMIT 1"
    )
)
ONE_AT_A_TIME = Statement(
    select(func.pg_advisory_xact_lock(func.hashtext(bindparam("name", type_=Text)).cast(BigInteger)))
)


async def known(reads: Reads) -> list[PayoutChannel]:
    """The channels as Xendit said last, e-wallets first."""
    kept = await reads.all(KEPT)
    return [_capped(one.channel) for one in kept] if kept else list(FALLBACK)


def _capped(channel: PayoutChannel) -> PayoutChannel:
    most = min(channel.most, INSTAPAY_MOST) if channel.category == EWALLET else channel.most
    return PayoutChannel(
        code=channel.code, name=channel.name, category=channel.category, least=max(channel.least, LEAST), most=most,
        step=channel.step,
    )  # fmt: skip


async def fresh(db: Database, xendit: Xendit) -> list[PayoutChannel]:
    """The same, asked of Xendit first when it was not for hours; what is known already when Xendit is away."""
    if await _stale(db.reads):
        try:
            await refresh(db, xendit)
        except (GatewayUnavailable, Refused):
            return await known(db.reads)
    return await known(db.reads)


async def refresh(db: Database, xendit: Xendit) -> None:
    """Ask Xendit and keep what it says; an empty answer is not believed."""
    found = await xendit.payout_channels()
    if not found:
        return
    moment = clock.now()
    async with db.transaction() as tx:
        await tx.value(ONE_AT_A_TIME, name="payout_channels")
        await tx.run(FORGET)
        for one in found:
            await tx.insert(
                PayoutChannelTable, code=one.code, name=one.name, category=one.category, least=one.least,
                most=one.most, step=one.step, fetched_at=moment,
            )  # fmt: skip


async def keep_fresh(db: Database) -> None:
    """Have the list asked for when it is old and nobody has been told to."""
    async with db.transaction() as tx:
        if await _stale(tx) and await tx.value(ASKED) is None:
            await later(tx, "payments.refresh_channels")


async def _stale(reads: Reads) -> bool:
    newest = await reads.value(NEWEST)
    return newest is None or newest < clock.now() - FRESH


async def channel_for(tx: Tx, code: str, amount: int) -> PayoutChannel:
    """The channel of this code; a 400 when there is none or when it does not take this amount."""
    channels = await known(tx)
    channel = next((one for one in channels if one.code == code), None)
    if channel is None:
        raise Invalid.of("channelCode", "Expected a code of GET /api/payments/payout-channels")
    if amount < LEAST:
        raise Invalid.of("amount", f"Expected at least {in_words(LEAST)}")
    if not _fits(channel, amount):
        raise ChannelLimit(
            f"{channel.name} takes {in_words(channel.least)} to {in_words(channel.most)} at a time.",
            field="amount", reason="Outside this channel's limits",
            channels=[one.code for one in channels if _fits(one, amount)],
            fields=[{"field": "amount", "reason": "Outside this channel's limits"}],
        )  # fmt: skip
    return channel


def _fits(channel: PayoutChannel, amount: int) -> bool:
    return channel.least <= amount <= channel.most and amount % channel.step == 0
