"""Flow 5 of the reference: an identity is checked, once rejected, and verified; what was closed before opens."""

from collections.abc import Awaitable, Callable

import httpx

from iayos.core.db import Database
from tests import make
from tests.conftest import Sandbox
from tests.media.pictures import PLANTED, exif, picture
from tests.media.test_corpus import document

Drain = Callable[[], Awaitable[int]]


async def test_a_worker_is_verified_in_the_second_round(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox, drain: Drain
) -> None:
    worker = make.as_(http, await make.account(db, "WORKER", first_name="Ben", last_name="Santos", trades=(1,)))
    staff = make.as_(http, await make.account(db, None, role="KYC_REVIEWER"))
    job = await make.job(db, client=await make.account(db, "CLIENT"), budget=20_000_00)
    offer = {"proposalMessage": "I can come today.", "proposedBudget": 20_000}
    closed = await worker.post(f"/api/jobs/{job.id}/apply", offer)
    assert (closed.status_code, closed.json()["code"]) == (403, "KYC_REQUIRED")

    opened = await worker.post("/api/mobile/kyc/submit", {"kycType": "INDIVIDUAL", "userType": "WORKER"})
    assert opened.status_code == 201
    kyc = f"/api/kyc/{opened.json()['kycID']}"
    for kind, content in (("FRONTID", picture(exif=exif(3))), ("BACKID", picture("HEIF")), ("SELFIE", picture("WEBP"))):
        sent = await worker.request("POST", f"{kyc}/upload-file", data={"documentType": kind}, files={"file": content})
        assert sent.status_code == 201
        assert PLANTED not in (await sandbox.http.get(sent.json()["fileURL"])).content
    handed_in = (await worker.post(f"{kyc}/finalize")).json()
    assert (handed_in["isUploaded"], handed_in["status"], handed_in["dueAt"] is not None) == (True, "PENDING", True)
    assert (await worker.get(f"{kyc}/explain")).json()["waitingFor"] == [{"who": "STAFF", "action": "review"}]

    (notice,) = (await staff.get("/api/notifications")).json()["items"]
    assert (notice["type"], notice["body"]) == ("KYC_SUBMITTED", "Ben Santos handed in documents for verification")
    case = f"/api/admin/kyc/{notice['data']['kycID']}"
    assert (await staff.post(f"{case}/claim")).json()["claimedBy"] == staff.someone.account_id
    seen = (await staff.get(f"{case}?purpose=first review")).json()
    assert [(await sandbox.http.get(one["fileURL"])).status_code for one in seen["files"]] == [200] * 3
    reasons = [{"documentType": "SELFIE", "code": "MISMATCH"}]
    rejected = await staff.post(f"{case}/review", {"approved": False, "notes": "Another face.", "reasons": reasons})
    assert (rejected.status_code, rejected.json()["status"]) == (200, "REJECTED")
    assert (await worker.get("/api/accounts/me")).json()["KYCVerified"] is False

    sent = await worker.request(
        "POST", f"{kyc}/upload-file", data={"documentType": "SELFIE"}, files={"file": picture()}
    )
    assert sent.status_code == 201
    assert (await worker.post(f"{kyc}/finalize")).json()["round"] == 2
    assert (await staff.post(f"{case}/review", {"approved": True, "notes": "Fine now."})).json()["status"] == "APPROVED"

    assert (await worker.get("/api/accounts/me")).json()["KYCVerified"] is True
    titles = [one["title"] for one in (await worker.get("/api/notifications")).json()["items"]]
    assert titles == ["KYC verified!", "KYC verification failed"]
    assert (await worker.post(f"/api/jobs/{job.id}/apply", offer)).status_code == 201
    await drain()
    mails = (await sandbox.http.get("/_sandbox/resend/messages", params={"to": worker.someone.email})).json()
    assert len(mails) == 2


async def test_an_agency_is_verified_with_its_papers(http: httpx.AsyncClient, db: Database, sandbox: Sandbox) -> None:
    agency = make.as_(http, await make.account(db, "AGENCY", business_name="Ayos Builders"))
    staff = make.as_(http, await make.account(db, None, role="ADMIN"))
    opened = (await agency.post("/api/kyc/submit", {"kycType": "AGENCY", "userType": "AGENCY"})).json()
    kyc_id = opened["kycID"]
    assert opened["missing"] == ["BUSINESS_PERMIT", "REGISTRATION", "OWNER_ID", "PROFILE_PHOTO"]
    papers = {
        "BUSINESS_PERMIT": document(),
        "REGISTRATION": document(),
        "OWNER_ID": picture(),
        "PROFILE_PHOTO": picture(),
    }
    for kind, content in papers.items():
        data = {"documentType": kind}
        sent = await agency.request("POST", f"/api/kyc/{kyc_id}/upload-file", data=data, files={"file": content})
        assert sent.status_code == 201
    assert (await agency.post(f"/api/kyc/{kyc_id}/finalize")).json()["missing"] == []
    assert (await staff.post(f"/api/admin/kyc/{kyc_id}/review", {"approved": True})).json()["name"] == "Ayos Builders"
    (case,) = (await agency.get("/api/kyc")).json()["items"]
    assert (case["status"], case["isUploaded"], {one["status"] for one in case["files"]}) == (
        "APPROVED",
        True,
        {"APPROVED"},
    )
    assert (await agency.get("/api/accounts/me")).json()["KYCVerified"] is True
