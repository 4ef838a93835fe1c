"""The ledger in one hash: two databases with the same root hold the same journals, postings and balances, to the centavo."""

from typing import Final

from iayos.core.db import Reads, Statement

# SHA-256 over the hashes of blocks of 10,000 lines each, since no aggregate takes more than a gigabyte.
ROOT_SQL: Final = """
WITH lines AS (
    SELECT 1 AS part, id, concat_ws('|', id, reference, extract(epoch FROM at)) AS line FROM public.journals
    UNION ALL SELECT 2, id, concat_ws('|', id, journal_id, source_id, target_id, amount) FROM public.postings
    UNION ALL SELECT 3, id, concat_ws('|', id, code, balance, may_go_negative) FROM public.ledger_accounts
), blocks AS (
    SELECT part, id / 10000 AS block, sha256(convert_to(string_agg(line, E'\\n' ORDER BY id), 'UTF8')) AS hash
    FROM lines GROUP BY part, id / 10000
)
SELECT encode(sha256(coalesce(string_agg(hash, ''::bytea ORDER BY part, block), ''::bytea)), 'hex') FROM blocks
"""
ROOT: Final = Statement(ROOT_SQL)


async def ledger_root(reads: Reads) -> str:
    """The root of all that is posted, in one snapshot; hexadecimal."""
    root: str = await reads.value(ROOT)
    return root
