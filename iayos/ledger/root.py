"""The ledger in one hash: two databases with the same root hold the same journals, postings and balances, to the centavo.

It is the SHA-256 over the hashes of blocks of 10,000 lines each, so that it can be taken in stretches of any length.
"""

# ruff: noqa: S608 - every part of the SQL is a constant of this module

import hashlib
from typing import Any, Final

from sqlalchemy import BigInteger, bindparam, text

from iayos.core.db import Reads, Statement
from iayos.core.progress import Progress

BLOCK: Final = 10_000
STRETCH: Final = 20 * BLOCK
LINES: Final = {
    "journals": "concat_ws('|', id, reference, extract(epoch FROM at))",
    "postings": "concat_ws('|', id, journal_id, source_id, target_id, amount)",
    "ledger_accounts": "concat_ws('|', id, code, balance, may_go_negative)",
}
"""What the root covers of each table, in this order."""


def _blocks(table: str, where: str = "") -> str:
    hashed = f"sha256(convert_to(string_agg({LINES[table]}, E'\\n' ORDER BY id), 'UTF8'))"
    return f"SELECT id / {BLOCK} AS block, {hashed} AS hash FROM public.{table} {where} GROUP BY id / {BLOCK}"


_ALL: Final = " UNION ALL ".join(
    f"SELECT {part} AS part, * FROM ({_blocks(table)}) AS b{part}" for part, table in enumerate(LINES)
)
ROOT_SQL: Final = f"SELECT encode(sha256(coalesce(string_agg(hash, ''::bytea ORDER BY part, block), ''::bytea)), 'hex') FROM ({_ALL}) AS blocks"
"""The root in one statement, for a connection that may take its time."""
_ids: Final = (bindparam("after", type_=BigInteger), bindparam("upto", type_=BigInteger))
STRETCHES: Final[dict[str, Statement[Any]]] = {
    table: Statement(text(_blocks(table, "WHERE id >= :after AND id < :upto") + " ORDER BY block").bindparams(*_ids))
    for table in LINES
}
LAST: Final[dict[str, Statement[Any]]] = {
    table: Statement(f"SELECT coalesce(max(id), 0) FROM {table}") for table in LINES
}


async def ledger_root(reads: Reads, progress: Progress | None = None) -> str:
    """The root of all that is posted, hexadecimal; `reads` is one snapshot where others post meanwhile."""
    root, progress = hashlib.sha256(), progress or Progress()
    for table in LINES:
        last = await reads.value(LAST[table])
        for after in range(0, last + 1, STRETCH):
            for block in await reads.all(STRETCHES[table], after=after, upto=after + STRETCH):
                root.update(block[1])
            progress.done += min(STRETCH, last - after)
    return root.hexdigest()
