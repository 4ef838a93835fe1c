"""Every sealed text under the newest key (`iayos db rotate-key`): in batches, beside the traffic, and as often as one likes."""

from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import msgspec
from sqlalchemy import ARRAY, BigInteger, Text, bindparam, text

from iayos.core.cipher import CannotOpen, Cipher
from iayos.core.db import Database, Row, Statement

BATCH: Final = 500
PASSES: Final = 3
"""After so many looks over a table something still seals under an older key, and will go on doing so."""


class Sealed(Row, frozen=True):
    """A sealed text, and what it says that it is about."""

    id: int
    about: str
    text: str


class Place(msgspec.Struct, frozen=True):
    """A column of sealed texts, with the statements that read and renew it."""

    table: str
    page: Statement[Sealed]
    renew: Statement[Any]

    @classmethod
    def of(cls, table: str, column: str, *, about: str) -> "Place":
        """`about` is SQL that says what a row's text is about."""
        page = f"SELECT id, {about}, {column} FROM {table} WHERE id > :after AND {column} IS NOT NULL ORDER BY id LIMIT {BATCH}"  # noqa: S608 - names of ours
        # Only where nobody touched it meanwhile: what was erased stays erased.
        renew = (
            f"UPDATE {table} SET {column} = fresh.new FROM unnest(:ids, :olds, :news) AS fresh (id, old, new)"  # noqa: S608 - names of ours
            f" WHERE {table}.id = fresh.id AND {column} = fresh.old"
        )
        texts = [bindparam(name, type_=ARRAY(Text)) for name in ("olds", "news")]
        return cls(
            table, Statement(text(page).bindparams(bindparam("after", type_=BigInteger)), into=Sealed),
            Statement(text(renew).bindparams(bindparam("ids", type_=ARRAY(BigInteger)), *texts)),
        )  # fmt: skip


PLACES: Final = (
    Place.of("withdrawals", "account_sealed", about="'withdrawal:' || payment_id"),
    Place.of("xendit_events", "sealed", about="'event:' || event_key"),
)


class Outcome(msgspec.Struct, kw_only=True):
    """What came of one place."""

    table: str
    rows: int = 0
    renewed: int = 0
    closed: list[str] = []
    """What none of the keys opens."""
    settled: bool = False
    """The last look found nothing under an older key."""


async def rekey(db: Database, cipher: Cipher, *, told: Callable[[Outcome], None]) -> list[Outcome]:
    """Renew every place; `told` hears after each batch. Stopped midway, the next run goes on with what is left."""
    return [await _renew(db, cipher, place, told) for place in PLACES]


async def _renew(db: Database, cipher: Cipher, place: Place, told: Callable[[Outcome], None]) -> Outcome:
    """Look again until nothing was written under an older key meanwhile."""
    total = Outcome(table=place.table)
    for _ in range(PASSES):
        before, total.rows, total.closed = total.renewed, 0, []
        async for rows in _batches(db, place):
            await _renew_batch(db, cipher, place, rows, total)
            told(total)
        total.settled = total.renewed == before
        if total.settled:
            break
    return total


async def _batches(db: Database, place: Place) -> AsyncIterator[list[Sealed]]:
    after = 0
    while rows := await db.reads.all(place.page, after=after):
        yield rows
        after = rows[-1].id


async def _renew_batch(db: Database, cipher: Cipher, place: Place, rows: list[Sealed], total: Outcome) -> None:
    fresh = []
    for row in rows:
        try:
            new = cipher.renewed(row.about, row.text)
        except CannotOpen as closed:
            total.closed.append(closed.about)
        else:
            if new is not None:
                fresh.append((row.id, row.text, new))
    total.rows += len(rows)
    if fresh:
        ids, olds, news = map(list, zip(*fresh, strict=True))
        async with db.transaction() as tx:
            total.renewed += await tx.run(place.renew, ids=ids, olds=olds, news=news)
