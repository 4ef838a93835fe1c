"""`iayos admin new-key` and `iayos db rotate-key`."""

import asyncio
import sys
from pathlib import Path

from cli import show
from cli.faults import CONFLICT, FAILED, USAGE, Fault
from cli.host.database import database, newest_version, version_of
from iayos.core.cipher import Cipher
from iayos.core.db import Database
from iayos.payments.rekey import Outcome, rekey
from iayos.settings import MissingSetting, keys_of

NAMED = 5
"""Rows that a message names at most."""


def rotate(data_dir: Path, *, as_json: bool) -> None:
    """Seal everything under the newest key, and say whether the older ones can go."""
    try:
        cipher = Cipher(keys_of())
    except MissingSetting as missing:
        raise Fault(str(missing), code=USAGE) from None
    with database(data_dir) as url:
        if asyncio.run(version_of(url)) != newest_version():
            raise Fault("migrations are waiting.", code=CONFLICT, hint="iayos db migrate")
        found = asyncio.run(renewed(url, cipher))
    show.table(
        [show.Column("TABLE"), show.Column("SEALED", "number"), show.Column("RENEWED", "number")],
        [[one.table, one.rows, one.renewed] for one in found], as_json=as_json,
        raw=[{"table": one.table, "sealed": one.rows, "renewed": one.renewed, "closed": one.closed} for one in found],
    )  # fmt: skip
    refuse_unfinished(found)
    show.note("Everything is under the newest key: the older ones can go from IAYOS_ENCRYPTION_KEYS.")


def refuse_unfinished(found: list[Outcome]) -> None:
    """The older keys must stay while anything still needs one."""
    if closed := [about for one in found for about in one.closed]:
        named = ", ".join(closed[:NAMED]) + (" and more" if len(closed) > NAMED else "")
        raise Fault(
            f"{show.counted(len(closed), 'row')} opened with none of the keys: {named}. No key may go.", code=FAILED,
            hint="add the key under which they were sealed to IAYOS_ENCRYPTION_KEYS, at its end, and run this again",
        )  # fmt: skip
    if not all(one.settled for one in found):
        raise Fault(
            "something still seals under an older key.", code=CONFLICT,
            hint="restart every API and runner with the new IAYOS_ENCRYPTION_KEYS, and run this again",
        )  # fmt: skip


async def renewed(url: str, cipher: Cipher) -> list[Outcome]:
    """What came of each place."""
    db = await Database.open(url, size=2)
    try:
        return await rekey(db, cipher, told=tell)
    finally:
        await db.close()


def tell(so_far: Outcome) -> None:
    """One line that grows, where somebody looks."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r  {so_far.table}: {so_far.rows:,} looked at, {so_far.renewed:,} renewed\033[K\r")
        sys.stderr.flush()
