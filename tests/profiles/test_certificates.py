import httpx
from sqlalchemy import select

from iayos.core.db import Database, Statement
from iayos.core.models import AuditTable
from tests import make
from tests.conftest import Sandbox
from tests.media.pictures import picture

AUDIT = Statement(select(AuditTable.action, AuditTable.reason).order_by(AuditTable.id))
ADMIN = "/api/admin/certifications"


async def test_staff_looks_on_record_and_decides_once(http: httpx.AsyncClient, db: Database, sandbox: Sandbox) -> None:
    worker = make.as_(http, await make.account(db, "WORKER"))
    staff = make.as_(http, await make.account(db, None, role="KYC_REVIEWER"))
    ids = []
    for name in ("NC II", "NC III"):
        sent = await worker.request(
            "POST", "/api/profile/certifications", data={"name": name}, files={"file": picture()}
        )
        ids.append(sent.json()["certificationID"])
    page = (await staff.get(f"{ADMIN}?limit=1")).json()
    assert [one["name"] for one in page["items"]] == ["NC II"]
    assert page["items"][0]["fileURL"] is None
    rest = (await staff.get(f"{ADMIN}?limit=1&cursor={page['nextCursor']}")).json()
    assert ([one["certificationID"] for one in rest["items"]], rest["nextCursor"]) == ([ids[1]], None)
    seen = (await staff.get(f"{ADMIN}/{ids[0]}?purpose=first look")).json()
    assert (await sandbox.http.get(seen["fileURL"])).status_code == 200

    good = await staff.post(f"{ADMIN}/{ids[0]}/verify", {"approved": True})
    assert (good.status_code, good.json()["is_verified"]) == (200, True)
    again = await staff.post(f"{ADMIN}/{ids[0]}/verify", {"approved": False, "notes": "No."})
    assert (again.status_code, again.json()["code"]) == (409, "CERTIFICATION_DECIDED")
    mute = await staff.post(f"{ADMIN}/{ids[1]}/verify", {"approved": False})
    assert (mute.status_code, mute.json()["details"]["field"]) == (400, "notes")
    assert (await staff.post(f"{ADMIN}/{ids[1]}/verify", {"approved": False, "notes": "Blurred."})).status_code == 200
    mine = (await worker.get("/api/profile/certifications")).json()["items"]
    assert [(one["name"], one["is_verified"]) for one in mine] == [("NC III", False), ("NC II", True)]
    assert (await staff.get(ADMIN)).json()["items"] == []
    assert [tuple(row) for row in await db.reads.all(AUDIT)] == [
        ("certification:look", "first look"), ("certification:verify", "good"), ("certification:verify", "Blurred."),
    ]  # fmt: skip


async def test_who_may_look_and_decide(http: httpx.AsyncClient, db: Database, sandbox: Sandbox) -> None:
    worker = make.as_(http, await make.account(db, "WORKER", role="KYC_REVIEWER"))
    finance = make.as_(http, await make.account(db, None, role="FINANCE"))
    other = make.as_(http, await make.account(db, "WORKER"))
    form, files = {"name": "NC II"}, {"file": picture()}
    sent = await worker.request("POST", "/api/profile/certifications", data=form, files=files)
    one = f"{ADMIN}/{sent.json()['certificationID']}"
    for who, status in ((finance, 403), (other, 404)):
        assert (await who.get(ADMIN)).status_code == status
        assert (await who.get(one)).status_code == status
        assert (await who.post(f"{one}/verify", {"approved": True})).status_code == status
    own = await worker.post(f"{one}/verify", {"approved": True})
    assert (own.status_code, own.json()["code"]) == (409, "CERTIFICATION_OWN")
    assert (await worker.get(f"{ADMIN}/999999")).status_code == 404
    assert (await worker.post(f"{ADMIN}/999999/verify", {"approved": True})).status_code == 404
