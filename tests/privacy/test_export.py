import httpx

from iayos.core.db import Database
from tests import make
from tests.conftest import Sandbox
from tests.media.pictures import decoded, picture
from tests.payments.conftest import Bench
from tests.privacy.conftest import Life, exported, upload


async def test_the_zip_holds_what_is_mine_and_nothing_of_others(bench: Bench) -> None:
    life = Life(bench)
    await life.tell()
    data, files = await exported(life.ben)
    text = str(data)
    for word in (
        "benedikto.planted@example.com", "PlantBenedikto", "09175550002", "Benediktoville", "Planted bio of Benedikto",
        "Planted certificate", "Planted proposal of Benedikto", "Planted words of Benedikto", "Planted praise by Benedikto",
        "Planted praise by Anastasha", "Planted notes of Benedikto", "ExponentPushToken[plantedWORKER]", "Planted note: PlantBen",
    ):  # fmt: skip
        assert word in text, word
    for word in (
        "anastasha.planted@example.com", "09175550001", "Anastashaville", "12 Planted Street",
        "ExponentPushToken[plantedCLIENT]", "Planted note: PlantAna", "password", "$argon2", "Planted look",
    ):  # fmt: skip
        assert word not in text, word
    assert [one["body"] for one in data["messagesSent"] if one["body"]] == ["Planted words of Benedikto"]
    assert [one["amount"] for one in data["walletEntries"]] == [1000_00]
    assert {name: len(found) for name, found in data.items() if name.startswith(("kyc", "reviews", "jobs"))} == {
        "kycCases": 1, "kycFiles": 3, "kycDecisions": 1, "reviewsWritten": 1, "reviewsReceived": 1, "jobsPosted": 0, "jobsDone": 1,
    }  # fmt: skip
    mine = await bench.db.pool.fetch("SELECT id FROM media WHERE owner_id = $1", life.ben.someone.account_id)
    assert {one["mediaID"] for one in data["files"]} == {row["id"] for row in mine}
    assert {one["name"] for one in data["files"]} == files.keys()
    assert len(files) == 7
    assert all(decoded(content).format == "JPEG" for content in files.values())
    hers, _ = await exported(life.ana)
    assert [one["title"] for one in hers["jobsPosted"]] == ["Planted title Anastasha"]
    assert [one["type"] for one in hers["payments"]] == ["ESCROW", "JOB_PAYMENT", "DEPOSIT"]
    assert "Planted bio of Benedikto" not in str(hers)


async def test_a_hidden_review_about_me_stays_hidden(bench: Bench) -> None:
    life = Life(bench)
    await life.begin()
    job = await life.hired()
    await life.worked(job)
    await bench.db.pool.execute("UPDATE reviews SET published_at = NULL")
    assert "Planted praise by Anastasha" not in str((await exported(life.ben))[0])


async def test_a_file_that_storage_lost_is_named_as_lost(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox
) -> None:
    me = make.as_(http, await make.account(db, "WORKER"))
    await upload(me, "/api/profile/avatar", "photo", picture())
    await db.pool.execute("UPDATE media SET path = 'avatar/elsewhere.jpg'")
    data, files = await exported(me)
    assert ([one["name"] for one in data["files"]], files) == ([None], {})


async def test_nothing_half_is_sent_while_storage_is_away(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox
) -> None:
    me = make.as_(http, await make.account(db, "WORKER"))
    await upload(me, "/api/profile/avatar", "photo", picture())
    await sandbox.http.put("/_sandbox/faults", json=[{"match": "supabase.download", "kind": "500"}])
    answer = await me.get("/api/accounts/export")
    assert (answer.status_code, answer.json()["code"]) == (503, "GATEWAY_UNAVAILABLE")


async def test_only_who_is_signed_in_exports(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/accounts/export")).status_code == 401
