"""What Xendit's events say of people goes when its time is over, and at once where the payer's account is erased."""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, bindparam, text

from iayos.core import clock
from iayos.core.db import Database, Statement, Tx
from iayos.core.models import Instant

KEPT: Final = timedelta(days=30)
"""How long an applied event keeps its words: longer than a customer or a bank usually takes to ask. Xendit has them too."""

_lose = (
    "UPDATE xendit_events SET sealed = NULL, payer_email = NULL WHERE (sealed IS NOT NULL OR payer_email IS NOT NULL)"
)
LOSE_OF_GONE = Statement[Any](
    text(f"""{_lose} AND id = :event_id AND EXISTS (
        SELECT FROM payments JOIN accounts ON accounts.id = payer_id WHERE erased_at IS NOT NULL
        AND (external_id = reference OR invoice_id = xendit_id OR (type = 'WITHDRAWAL' AND 'withdrawal-' || payments.id = reference))
    )""").bindparams(bindparam("event_id", type_=BigInteger, required=True))
)
LOSE_OLD = Statement[Any](
    text(f"{_lose} AND received_at < :before AND outcome IS NOT NULL").bindparams(
        bindparam("before", type_=Instant, required=True)
    )
)


async def lose_words(tx: Tx, event_id: int) -> None:
    """An event about somebody whose account is erased keeps what is counted, and nothing about the person."""
    await tx.run(LOSE_OF_GONE, event_id=event_id)


async def sweep(db: Database) -> None:
    """Events that were applied long ago lose their words."""
    async with db.transaction() as tx:
        await tx.run(LOSE_OLD, before=clock.now() - KEPT)
