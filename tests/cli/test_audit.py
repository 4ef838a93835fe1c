import json
from collections.abc import Awaitable, Callable

from iayos.core import audit
from iayos.core.db import Database
from tests.admin.test_audit import tampered, written
from tests.cli.conftest import Iayos

SignIn = Callable[..., Awaitable[None]]


async def test_what_staff_did_is_listed_and_proven(db: Database, iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in()
    while await audit.seal(db):
        pass
    await written(db, 2)
    said = await iayos("audit", "list", "--action", "jobs:")
    rows = [line.split("\t") for line in said.out.splitlines()]
    assert (said.code, said.err) == (0, "")
    assert [row[2:] for row in rows] == [
        ["the host", "jobs:cancel", "job:2", "Reason 2"], ["the host", "jobs:cancel", "job:1", "Reason 1"],
    ]  # fmt: skip
    (one,) = json.loads((await iayos("audit", "list", "--subject", "job:1", "--json")).out)
    assert (one["before"], one["after"]) == ({"status": "ACTIVE", "held": 50025}, {"status": "CANCELLED", "held": 0})
    proof = json.loads((await iayos("audit", "verify", "--json")).out)
    assert proof["ok"]
    kept = f"{proof['head']['position']}:{proof['head']['hash']}"
    assert (await iayos("audit", "verify", "--head", kept)).code == 0
    assert (await iayos("audit", "verify", "--head", "nonsense")).code == 2

    await tampered(db, "UPDATE audit_log SET subject = 'job:3' WHERE subject = 'job:1'")
    broken = await iayos("audit", "verify", "--head", kept)
    assert broken.code == 1
    assert "is not as it was sealed" in broken.err
    assert "CHAIN\t✗ broken" in broken.out


async def test_only_admins_see_it(iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in("sam")
    assert (await iayos("audit", "list")).code == 4
    assert (await iayos("audit", "verify")).code == 4
