import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import select, text

from iayos.core import clock
from iayos.core.db import Statement
from iayos.core.models import AuditTable
from iayos.kyc.models import KYCLogTable, KYCViewTable
from tests.kyc.conftest import INDIVIDUAL, Bench
from tests.make import As

LOGS = Statement(select(KYCLogTable.decision, KYCLogTable.reviewer_id, KYCLogTable.round, KYCLogTable.reasons))
VIEWS = Statement(select(KYCViewTable.purpose, KYCViewTable.document_types).order_by(KYCViewTable.id))
AUDIT = Statement(select(AuditTable.action, AuditTable.actor_id, AuditTable.reason).order_by(AuditTable.id))
NO: dict[str, Any] = {"approved": False, "reasons": [{"documentType": "BACKID", "code": "UNCLEAR_IMAGE"}]}


async def decide(staff: As, kyc_id: int, body: Any, status: int = 200) -> Any:
    answer = await staff.post(f"/api/admin/kyc/{kyc_id}/review", body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_only_reviewers_see_cases(bench: Bench) -> None:
    me, kyc_id = await bench.case()
    finance = await bench.reviewer("FINANCE")
    for path in ("", f"/{kyc_id}"):
        assert (await me.get(f"/api/admin/kyc{path}")).status_code == 404
        assert (await finance.get(f"/api/admin/kyc{path}")).status_code == 403
    for verb in ("claim", "release", "review"):
        assert (await me.post(f"/api/admin/kyc/{kyc_id}/{verb}", {"approved": True})).status_code == 404
        assert (await finance.post(f"/api/admin/kyc/{kyc_id}/{verb}", {"approved": True})).status_code == 403
    assert (await (await bench.reviewer("ADMIN")).get(f"/api/admin/kyc/{kyc_id}")).status_code == 200
    assert (await (await bench.reviewer()).get("/api/admin/kyc/999999")).status_code == 404


async def test_every_look_is_on_record_with_its_purpose(bench: Bench) -> None:
    _, kyc_id = await bench.case()
    staff = await bench.reviewer()
    listed = (await staff.get("/api/admin/kyc")).json()["items"]
    assert [one["fileURL"] for one in listed[0]["files"]] == [None] * 3
    assert await bench.db.reads.all(VIEWS) == []
    seen = (await staff.get(f"/api/admin/kyc/{kyc_id}?purpose=fraud report 12")).json()
    assert (await bench.sandbox.http.get(seen["files"][0]["fileURL"])).status_code == 200
    assert [tuple(row) for row in await bench.db.reads.all(VIEWS)] == [("fraud report 12", list(INDIVIDUAL))]
    await bench.sandbox.http.put("/_sandbox/faults", json=[{"match": "supabase.sign", "kind": "500"}])
    assert (await staff.get(f"/api/admin/kyc/{kyc_id}")).status_code == 503
    assert (await staff.get(f"/api/admin/kyc/{kyc_id}?purpose=%20")).status_code == 400
    assert len(await bench.db.reads.all(VIEWS)) == 1


async def test_a_claim_holds_for_15_minutes(bench: Bench) -> None:
    _, kyc_id = await bench.case()
    one, other = await bench.reviewer(), await bench.reviewer()
    answers = await asyncio.gather(*(who.post(f"/api/admin/kyc/{kyc_id}/claim") for who in (one, other)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    holder, waiter = (one, other) if answers[0].status_code == 200 else (other, one)
    refused = await waiter.post(f"/api/admin/kyc/{kyc_id}/claim")
    assert refused.json()["code"] == "KYC_CLAIMED"
    assert (await decide(waiter, kyc_id, {"approved": True}, 409))["code"] == "KYC_CLAIMED"
    assert (await waiter.get("/api/admin/kyc?free=true")).json()["items"] == []
    assert len((await holder.get("/api/admin/kyc?free=true")).json()["items"]) == 1
    clock.advance(timedelta(minutes=14).total_seconds())
    assert (await holder.post(f"/api/admin/kyc/{kyc_id}/claim")).status_code == 200
    clock.advance(timedelta(minutes=14).total_seconds())
    assert (await waiter.post(f"/api/admin/kyc/{kyc_id}/claim")).status_code == 409
    clock.advance(timedelta(minutes=2).total_seconds())
    assert (await waiter.post(f"/api/admin/kyc/{kyc_id}/claim")).json()["claimedBy"] == waiter.someone.account_id


async def test_a_claim_is_given_back_by_whoever_holds_it(bench: Bench) -> None:
    _, kyc_id = await bench.case()
    one, other = await bench.reviewer(), await bench.reviewer()
    claimed = (await one.post(f"/api/admin/kyc/{kyc_id}/claim")).json()
    assert (claimed["claimedBy"], claimed["claimedByName"][:9]) == (one.someone.account_id, "Ana Reyes")
    refused = await other.post(f"/api/admin/kyc/{kyc_id}/release")
    assert (refused.status_code, refused.json()["code"]) == (409, "KYC_CLAIMED")
    for _ in range(2):
        freed = (await one.post(f"/api/admin/kyc/{kyc_id}/release")).json()
        assert (freed["claimedBy"], freed["claimedByName"], freed["claimedUntil"]) == (None, None, None)
    assert [row[0] for row in await bench.db.reads.all(AUDIT)] == ["kyc:claim", "kyc:release"]
    assert (await other.post(f"/api/admin/kyc/{kyc_id}/claim")).status_code == 200
    await decide(other, kyc_id, {"approved": True})
    assert (await other.post(f"/api/admin/kyc/{kyc_id}/release")).json()["code"] == "KYC_DECIDED"


async def test_staff_sees_what_was_said_in_earlier_rounds(bench: Bench) -> None:
    me, kyc_id = await bench.case()
    staff = await bench.reviewer()
    first = (await staff.get(f"/api/admin/kyc/{kyc_id}")).json()
    assert (first["decisions"], first["handedInAt"] is None) == ([], False)
    await decide(staff, kyc_id, NO | {"notes": "The back is blurred."})
    await bench.upload(me, kyc_id, "BACKID")
    await me.post(f"/api/kyc/{kyc_id}/finalize")
    (one,) = (await staff.get("/api/admin/kyc")).json()["items"]
    (said,) = one["decisions"]
    assert said.pop("at") > first["handedInAt"]
    assert said == {"round": 1, "decision": "REJECTED", "notes": "The back is blurred."} | {"reasons": NO["reasons"]}


async def test_of_two_decisions_at_once_one_counts(bench: Bench) -> None:
    me, kyc_id = await bench.case()
    one, other = await bench.reviewer(), await bench.reviewer()
    path = f"/api/admin/kyc/{kyc_id}/review"
    answers = await asyncio.gather(one.post(path, {"approved": True}), other.post(path, NO))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(await bench.db.reads.all(LOGS)) == 1
    assert len(await bench.notices(me)) == 1


async def test_a_review_is_void_when_a_document_changed_since_it_was_opened(bench: Bench) -> None:
    me, kyc_id = await bench.case()
    staff = await bench.reviewer()
    opened = (await staff.get(f"/api/admin/kyc/{kyc_id}")).json()
    assert (await bench.upload(me, kyc_id, "SELFIE")).status_code == 201
    for body in ({"approved": True}, {"approved": True, "version": opened["version"]}, NO):
        assert (await decide(staff, kyc_id, body, 409))["code"] == "KYC_CHANGED"
    assert not await bench.verified(me.someone)
    fresh = (await staff.get(f"/api/admin/kyc/{kyc_id}")).json()
    await decide(staff, kyc_id, {"approved": True, "version": fresh["version"]})
    assert await bench.verified(me.someone)


async def test_a_claim_and_a_change_make_a_review_void_too(bench: Bench) -> None:
    me, kyc_id = await bench.case()
    staff = await bench.reviewer()
    await staff.post(f"/api/admin/kyc/{kyc_id}/claim")
    await bench.upload(me, kyc_id, "FRONTID")
    assert (await decide(staff, kyc_id, {"approved": True}, 409))["code"] == "KYC_CHANGED"


async def test_only_what_was_rejected_is_uploaded_anew(bench: Bench) -> None:
    me, kyc_id = await bench.case()
    staff = await bench.reviewer()
    await decide(staff, kyc_id, NO | {"notes": "The back is blurred."})
    mine = (await me.get(f"/api/kyc/{kyc_id}")).json()
    assert (mine["status"], mine["isUploaded"], mine["notes"]) == ("REJECTED", False, "The back is blurred.")
    assert {one["documentType"]: (one["status"], one["reasonCode"]) for one in mine["files"]} == {
        "FRONTID": ("APPROVED", None), "BACKID": ("REJECTED", "UNCLEAR_IMAGE"), "SELFIE": ("APPROVED", None),
    }  # fmt: skip
    assert mine["missing"] == ["BACKID"]
    early = await me.post(f"/api/kyc/{kyc_id}/finalize")
    assert (early.status_code, early.json()["details"]["missing"]) == (400, ["BACKID"])
    fine = await bench.upload(me, kyc_id, "SELFIE")
    assert (fine.status_code, fine.json()["code"]) == (409, "KYC_DOCUMENT_ACCEPTED")
    assert (await me.post("/api/kyc/submit", {"kycType": "INDIVIDUAL", "userType": "WORKER"})).json()[
        "code"
    ] == "KYC_ALREADY_OPEN"
    assert (await bench.upload(me, kyc_id, "BACKID")).status_code == 201
    again = (await me.post(f"/api/kyc/{kyc_id}/finalize")).json()
    assert (again["status"], again["round"], again["notes"]) == ("PENDING", 2, None)
    await decide(staff, kyc_id, {"approved": True})
    assert [one["status"] for one in (await me.get(f"/api/kyc/{kyc_id}")).json()["files"]] == ["APPROVED"] * 3


async def test_after_five_rounds_it_is_over_for_thirty_days(bench: Bench) -> None:
    me, kyc_id = await bench.case()
    staff = await bench.reviewer()
    for number in range(1, 6):
        assert (await decide(staff, kyc_id, NO))["round"] == number
        if number < 5:
            await bench.upload(me, kyc_id, "BACKID")
            await me.post(f"/api/kyc/{kyc_id}/finalize")
    body = {"kycType": "INDIVIDUAL", "userType": "WORKER"}
    for answer in (
        await bench.upload(me, kyc_id, "BACKID"),
        await me.post(f"/api/kyc/{kyc_id}/finalize"),
        await me.post("/api/kyc/submit", body),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "KYC_ROUNDS_USED")
    explained = (await me.get(f"/api/kyc/{kyc_id}/explain")).json()
    assert explained == {
        "state": "REJECTED", "because": "The documents were rejected five times.", "waitingFor": [], "next": None,
    }  # fmt: skip
    clock.advance(timedelta(days=31).total_seconds())
    async with bench.db.transaction() as tx:
        await tx.run(Statement(text("UPDATE sessions SET expires_at = expires_at + interval '60 days'")))
    assert (await me.post("/api/kyc/submit", body)).status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"approved": False}, "notes"),
        ({"approved": True, "reasons": NO["reasons"]}, "reasons"),
        ({"approved": False, "reasons": [{"documentType": "OWNER_ID", "code": "OTHER"}]}, "reasons"),
        ({"approved": False, "reasons": [{"documentType": "BACKID", "code": "UGLY"}]}, "reasons"),
        ({"approved": "yes"}, "approved"),
        ({}, "approved"),
    ],
)
async def test_a_review_that_does_not_fit(bench: Bench, body: Any, field: str) -> None:
    _, kyc_id = await bench.case()
    assert (await decide(await bench.reviewer(), kyc_id, body, 400))["details"]["field"] == field


async def test_what_cannot_be_reviewed(bench: Bench) -> None:
    me = await bench.person()
    kyc_id = await bench.opened(me)
    staff = await bench.reviewer()
    assert (await decide(staff, kyc_id, {"approved": True}, 409))["code"] == "KYC_NOT_FINALIZED"
    assert (await staff.post(f"/api/admin/kyc/{kyc_id}/claim")).json()["code"] == "KYC_NOT_FINALIZED"
    for kind in INDIVIDUAL:
        await bench.upload(me, kyc_id, kind)
    await me.post(f"/api/kyc/{kyc_id}/finalize")
    await decide(staff, kyc_id, {"approved": True})
    assert (await decide(staff, kyc_id, NO, 409))["code"] == "KYC_DECIDED"
    assert (await bench.upload(me, kyc_id, "SELFIE")).json()["code"] == "KYC_DECIDED"
    assert (await me.post(f"/api/kyc/{kyc_id}/finalize")).json()["code"] == "KYC_DECIDED"
    assert (await me.post("/api/kyc/submit", {"kycType": "INDIVIDUAL", "userType": "WORKER"})).json()[
        "code"
    ] == "KYC_ALREADY_VERIFIED"


async def test_nobody_decides_about_himself(bench: Bench) -> None:
    me = await bench.person("WORKER", role="KYC_REVIEWER")
    kyc_id = await bench.handed_in(me)
    assert (await decide(me, kyc_id, {"approved": True}, 409))["code"] == "KYC_OWN_CASE"
    assert (await me.post(f"/api/admin/kyc/{kyc_id}/claim")).json()["code"] == "KYC_OWN_CASE"


async def test_decisions_are_written_down_and_stay(bench: Bench) -> None:
    _, kyc_id = await bench.case()
    staff = await bench.reviewer()
    await decide(staff, kyc_id, {"approved": False, "notes": "All of it is unreadable."})
    ((decision, reviewer, number, reasons),) = await bench.db.reads.all(LOGS)
    assert (decision, reviewer, number) == ("REJECTED", staff.someone.account_id, 1)
    assert [(one["documentType"], one["code"]) for one in reasons] == [(kind, "OTHER") for kind in INDIVIDUAL]
    assert [tuple(row) for row in await bench.db.reads.all(AUDIT)] == [
        ("kyc:review", staff.someone.account_id, "All of it is unreadable.")
    ]
    for table in ("kyc_logs", "kyc_views"):
        with pytest.raises(asyncpg.RestrictViolationError):
            async with bench.db.transaction() as tx:
                await tx.run(Statement(text(f"DELETE FROM {table}")))


async def test_the_queue_is_in_the_order_of_urgency_and_in_pages(bench: Bench) -> None:
    cases = []
    for _ in range(3):
        cases.append((await bench.case())[1])
        clock.advance(60)
    staff = await bench.reviewer()
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = (await staff.get(f"/api/admin/kyc?limit=2{f'&cursor={cursor}' if cursor else ''}")).json()
        seen += [one["kycID"] for one in page["items"]]
        assert not any(one["overdue"] for one in page["items"])
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert seen == cases
    await decide(staff, cases[1], {"approved": True})
    assert [one["kycID"] for one in (await staff.get("/api/admin/kyc?status=APPROVED")).json()["items"]] == [cases[1]]
    clock.advance(timedelta(days=6).total_seconds())
    assert all(one["overdue"] for one in (await staff.get("/api/admin/kyc")).json()["items"])
