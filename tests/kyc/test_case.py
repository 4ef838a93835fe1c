import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from iayos.core import clock
from iayos.kyc.calendar import business_days_after, easter, is_business_day
from tests import make
from tests.kyc.conftest import INDIVIDUAL, Bench
from tests.media.pictures import picture
from tests.media.test_corpus import document


async def test_one_case_an_account_also_of_four_at_once(bench: Bench) -> None:
    me = await bench.person()
    body = {"kycType": "INDIVIDUAL", "userType": "WORKER"}
    answers = await asyncio.gather(*(me.post("/api/kyc/submit", body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["code"] == "KYC_ALREADY_OPEN"
    (only,) = (await me.get("/api/kyc")).json()["items"]
    assert only["kycID"] == refused.json()["details"]["kycID"]
    assert (only["status"], only["isUploaded"], only["round"], only["dueAt"]) == ("PENDING", False, 1, None)


@pytest.mark.parametrize(
    ("profile", "kyc_type", "user_type", "field"),
    [
        ("WORKER", "INDIVIDUAL", "AGENCY", "userType"),
        ("WORKER", "INDIVIDUAL", "CLIENT", "userType"),
        ("WORKER", "AGENCY", "WORKER", "kycType"),
        ("AGENCY", "INDIVIDUAL", "AGENCY", "kycType"),
        ("WORKER", "PERSON", "WORKER", "kycType"),
    ],
)
async def test_a_submission_that_does_not_fit(
    bench: Bench, profile: str, kyc_type: str, user_type: str, field: str
) -> None:
    me = await bench.person(profile)
    answer = await me.post("/api/kyc/submit", {"kycType": kyc_type, "userType": user_type})
    assert (answer.status_code, answer.json()["details"]["field"]) == (400, field)


async def test_who_may_submit(bench: Bench) -> None:
    body = {"kycType": "INDIVIDUAL", "userType": "WORKER"}
    assert (await bench.http.post("/api/kyc/submit", json=body)).status_code == 401
    assert (await (await bench.person(verified=False)).post("/api/kyc/submit", body)).json()[
        "code"
    ] == "EMAIL_UNVERIFIED"
    done = await (await bench.person(kyc_verified=True)).post("/api/kyc/submit", body)
    assert (done.status_code, done.json()["code"]) == (409, "KYC_ALREADY_VERIFIED")


async def test_what_is_missing_is_named_until_nothing_is(bench: Bench) -> None:
    me = await bench.person()
    kyc_id = await bench.opened(me)
    left = list(INDIVIDUAL)
    while left:
        early = await me.post(f"/api/kyc/{kyc_id}/finalize")
        assert (early.status_code, early.json()["code"], early.json()["details"]["missing"]) == (
            400,
            "KYC_INCOMPLETE",
            left,
        )
        assert (await bench.upload(me, kyc_id, left.pop(0))).status_code == 201
    assert (await me.post(f"/api/kyc/{kyc_id}/finalize")).json()["isUploaded"] is True
    again = await me.post(f"/api/kyc/{kyc_id}/finalize")
    assert (again.status_code, again.json()["code"]) == (409, "KYC_ALREADY_FINALIZED")


async def test_documents_are_private_and_signed_for_their_owner(bench: Bench) -> None:
    me, stranger = await bench.person(), await bench.person()
    kyc_id = await bench.opened(me)
    answer = await bench.upload(me, kyc_id, "FRONTID", picture("JPEG", 3000, 1000))
    file = answer.json()
    assert (file["documentType"], file["status"], file["reasonCode"]) == ("FRONTID", "PENDING", None)
    assert (await bench.sandbox.http.get(file["fileURL"])).status_code == 200
    bare = file["fileURL"].partition("?")[0].replace("/sign/", "/public/")
    assert (await bench.sandbox.http.get(bare)).status_code == 400
    for path in ("", "/explain"):
        assert (await stranger.get(f"/api/kyc/{kyc_id}{path}")).status_code == 404
    assert (await bench.upload(stranger, kyc_id, "BACKID")).status_code == 404
    assert (await stranger.post(f"/api/kyc/{kyc_id}/finalize")).status_code == 404
    clock.advance(301)
    assert (await bench.sandbox.http.get(file["fileURL"])).status_code == 400
    fresh = (await me.get(f"/api/kyc/{kyc_id}")).json()["files"][0]["fileURL"]
    assert (await bench.sandbox.http.get(fresh)).status_code == 200


async def test_a_new_upload_takes_the_place_of_the_old_one(bench: Bench) -> None:
    me = await bench.person()
    kyc_id = await bench.opened(me)
    first, second = [(await bench.upload(me, kyc_id, "SELFIE")).json()["fileID"] for _ in range(2)]
    assert first != second
    await bench.drain()
    assert await bench.objects() == 2
    assert [one["fileID"] for one in (await me.get(f"/api/kyc/{kyc_id}")).json()["files"]] == [second]
    await asyncio.gather(*(bench.upload(me, kyc_id, "SELFIE") for _ in range(3)))
    await bench.drain()
    assert await bench.objects() == 2


async def test_only_permits_and_registrations_may_be_pdf(bench: Bench) -> None:
    me = await bench.person("AGENCY", business_name="Ayos Builders")
    kyc_id = await bench.opened(me, "AGENCY", "AGENCY")
    assert (await bench.upload(me, kyc_id, "BUSINESS_PERMIT", document())).json()["contentType"] == "application/pdf"
    assert (await bench.upload(me, kyc_id, "REGISTRATION", document())).status_code == 201
    refused = await bench.upload(me, kyc_id, "OWNER_ID", document())
    assert (refused.status_code, refused.json()["details"]["reason"]) == (400, "PDF_NOT_ALLOWED")
    foreign = await bench.upload(me, kyc_id, "SELFIE")
    assert (foreign.status_code, foreign.json()["details"]["field"]) == (400, "documentType")
    early = await me.post(f"/api/kyc/{kyc_id}/finalize")
    assert early.json()["details"]["missing"] == ["OWNER_ID", "PROFILE_PHOTO"]


@pytest.mark.parametrize("kind", ["500", "drop_before"])
async def test_a_storage_that_is_away_leaves_the_case_as_it_was(bench: Bench, kind: str) -> None:
    me = await bench.person()
    kyc_id = await bench.opened(me)
    await bench.sandbox.http.put("/_sandbox/faults", json=[{"match": "supabase.upload", "kind": kind}])
    assert (await bench.upload(me, kyc_id, "SELFIE")).status_code == 503
    assert (await me.get(f"/api/kyc/{kyc_id}")).json()["files"] == []
    assert (await bench.upload(me, kyc_id, "SELFIE")).status_code == 201


async def test_handing_in_needs_no_storage_and_looking_does(bench: Bench) -> None:
    me, kyc_id = await bench.case()
    await bench.sandbox.http.put("/_sandbox/faults", json=[{"match": "supabase.sign", "kind": "500", "times": 2}])
    assert (await me.get(f"/api/kyc/{kyc_id}")).status_code == 503
    assert (await me.get("/api/kyc")).json()["code"] == "GATEWAY_UNAVAILABLE"
    assert (await me.get("/api/kyc")).status_code == 200


async def test_the_due_time_is_three_business_days_away(bench: Bench) -> None:
    me, kyc_id = await bench.case()
    due = datetime.fromisoformat((await me.get(f"/api/kyc/{kyc_id}")).json()["dueAt"])
    assert abs(due - business_days_after(clock.now(), 3)) < timedelta(minutes=1)
    assert due - clock.now() > timedelta(days=2, hours=23)


def test_business_days_leave_out_weekends_and_holidays() -> None:
    assert [easter(year) for year in (2024, 2025, 2026, 2027)] == [
        date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2027, 3, 28),
    ]  # fmt: skip
    closed = (
        "2026-04-02",
        "2026-04-03",
        "2026-04-09",
        "2026-08-31",
        "2026-11-30",
        "2026-12-25",
        "2026-02-17",
        "2026-11-28",
    )
    assert not any(is_business_day(date.fromisoformat(day)) for day in closed)
    assert all(is_business_day(date.fromisoformat(day)) for day in ("2026-04-01", "2026-08-24", "2026-11-27"))
    friday = datetime(2026, 11, 27, 2, 0, tzinfo=UTC)
    assert business_days_after(friday, 3) == datetime(2026, 12, 3, 2, 0, tzinfo=UTC)
    late_on_sunday_in_manila = datetime(2026, 11, 22, 15, 59, tzinfo=UTC)
    assert business_days_after(late_on_sunday_in_manila, 1) == datetime(2026, 11, 23, 15, 59, tzinfo=UTC)


async def test_my_cases_come_in_pages(bench: Bench) -> None:
    me = await bench.person()
    kyc_id = await bench.opened(me)
    page = (await me.get("/api/kyc?limit=1")).json()
    assert ([one["kycID"] for one in page["items"]], page["nextCursor"]) == ([kyc_id], None)
    assert (await make.as_(bench.http, await make.account(bench.db, "CLIENT")).get("/api/kyc")).json()["items"] == []
