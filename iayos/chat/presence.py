"""Who is connected, to any process: rows that count while the process's own connection lives."""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Integer, Text, bindparam, text

from iayos.core.db import Database, Reads, Statement
from iayos.web.bus import APPLICATION, say

EVERYWHERE: Final = 0
"""In place of a conversation: a socket for all of them."""
Key = tuple[int, int]
"""Account and conversation."""


def _sql(sql: str, **kinds: Any) -> Statement[Any]:
    return Statement(
        text(sql).bindparams(*(bindparam(name, type_=kind, required=True) for name, kind in kinds.items()))
    )


RENEW = _sql(
    "INSERT INTO presence (account_id, conversation_id, process_id)"
    " SELECT account_id, conversation_id, :process_id"
    " FROM unnest(:accounts, :conversations) AS here (account_id, conversation_id) ON CONFLICT DO NOTHING",
    process_id=Integer, accounts=ARRAY(BigInteger), conversations=ARRAY(BigInteger),
)  # fmt: skip
DEPART = _sql(
    "DELETE FROM presence WHERE process_id = :process_id AND account_id = :account_id"
    " AND conversation_id = :conversation_id",
    process_id=Integer, account_id=BigInteger, conversation_id=BigInteger,
)  # fmt: skip
FORGET = _sql(
    "WITH gone AS (DELETE FROM presence WHERE process_id = :process_id RETURNING account_id)"
    " SELECT DISTINCT account_id FROM gone",
    process_id=Integer,
)  # fmt: skip
SWEEP = _sql(
    "DELETE FROM presence WHERE NOT EXISTS (SELECT FROM pg_stat_activity AS process"
    " WHERE process.pid = presence.process_id AND process.application_name = :application"
    " AND process.datname = current_database())",
    application=Text,
)  # fmt: skip
ONLINE = _sql(
    "SELECT DISTINCT account_id FROM presence WHERE account_id = ANY (:account_ids)", account_ids=ARRAY(BigInteger)
)


async def arrive(db: Database, process_id: int, key: Key) -> None:
    """The account has opened a socket here."""
    async with db.transaction() as tx:
        await tx.run(RENEW, process_id=process_id, accounts=[key[0]], conversations=[key[1]])
        await say(tx, "presence", account=key[0], online=True)


async def depart(db: Database, process_id: int, key: Key) -> None:
    """It has closed the last one of this kind; offline when it has none anywhere."""
    async with db.transaction() as tx:
        await tx.run(DEPART, process_id=process_id, account_id=key[0], conversation_id=key[1])
        if not await online(tx, [key[0]]):
            await say(tx, "presence", account=key[0], online=False)


async def forget(db: Database, process_id: int) -> None:
    """This process has nobody any more."""
    async with db.transaction() as tx:
        gone = {row[0] for row in await tx.all(FORGET, process_id=process_id)}
        for account_id in gone - await online(tx, gone):
            await say(tx, "presence", account=account_id, online=False)


async def renew(db: Database, process_id: int, here: Collection[Key]) -> None:
    """Write down who is here, and forget those of processes that are gone."""
    async with db.transaction() as tx:
        await tx.run(
            RENEW,
            process_id=process_id,
            accounts=[account for account, _ in here],
            conversations=[number for _, number in here],
        )
        await tx.run(SWEEP, application=APPLICATION)


async def online(reads: Reads, account_ids: Collection[int]) -> set[int]:
    """Which of these are connected anywhere."""
    return {row[0] for row in await reads.all(ONLINE, account_ids=list(account_ids))}
