import asyncio
from typing import Any

import httpx
import pytest

from iayos.core.db import Database
from iayos.jobs.models import Job
from tests import make
from tests.conftest import Sandbox
from tests.make import As
from tests.media.pictures import picture


class Deal:
    """An accepted job whose escrow is paid, with both its sides."""

    def __init__(self, job: Job, client: As, worker: As) -> None:
        self.path, self.client, self.worker = f"/api/jobs/{job.id}", client, worker


@pytest.fixture
async def deal(http: httpx.AsyncClient, db: Database, sandbox: Sandbox) -> Deal:
    client, worker = await make.account(db, "CLIENT"), await make.account(db, "WORKER")
    job = await make.job(db, client=client, worker=worker, escrow_paid=True)
    return Deal(job, make.as_(http, client), make.as_(http, worker))


async def media(me: As, purpose: str = "JOB_PHOTO") -> int:
    answer = await me.request("POST", "/api/media", data={"purpose": purpose}, files={"file": picture()})
    return int(answer.json()["mediaID"])


def files(*contents: bytes) -> list[tuple[str, bytes]]:
    return [("photos", content) for content in contents]


async def test_pictures_before_by_ids_or_as_files(deal: Deal, sandbox: Sandbox) -> None:
    one = await media(deal.client)
    answer = await deal.client.post(f"{deal.path}/photos", {"photos": [one]})
    assert answer.status_code == 201, answer.text
    (photo,) = answer.json()["photos"]
    assert (photo["mediaID"], photo["kind"], photo["uploadedBy"]) == (one, "BEFORE", deal.client.someone.account_id)
    assert (await sandbox.http.get(photo["url"])).status_code == 200
    assert (await sandbox.http.get(photo["thumbnailURL"])).status_code == 200
    sent = await deal.worker.request(
        "POST", f"{deal.path}/photos", data={"kind": "AFTER"}, files=files(picture(), picture("PNG"))
    )
    assert [one["kind"] for one in sent.json()["photos"]] == ["BEFORE", "AFTER", "AFTER"]
    (listed,) = (await deal.client.get("/api/jobs/my-jobs")).json()["items"]
    assert listed["photos"] == sent.json()["photos"]


@pytest.mark.parametrize("as_form", [False, True])
async def test_completion_with_pictures(deal: Deal, sandbox: Sandbox, *, as_form: bool) -> None:
    path, notes = f"{deal.path}/complete", "Replaced the washer."
    if as_form:
        answer = await deal.worker.request("POST", path, data={"notes": notes}, files=files(picture(), picture("WEBP")))
    else:
        ids = [await media(deal.worker), await media(deal.worker)]
        answer = await deal.worker.post(path, {"notes": notes, "photos": ids})
    assert answer.status_code == 200, answer.text
    job = answer.json()
    assert (job["workerMarkedComplete"], job["completionNotes"]) == (True, notes)
    assert [one["kind"] for one in job["photos"]] == ["AFTER", "AFTER"]
    assert [(await sandbox.http.get(one["url"])).status_code for one in job["photos"]] == [200, 200]


async def test_a_form_without_pictures_completes_too(deal: Deal) -> None:
    answer = await deal.worker.request("POST", f"{deal.path}/complete", files={"notes": (None, "Done.")})
    assert (answer.status_code, answer.json()["completionNotes"], answer.json()["photos"]) == (200, "Done.", [])


async def test_files_that_are_not_ones_own_or_were_used_change_nothing(deal: Deal) -> None:
    foreign, chat = await media(deal.client), await media(deal.worker, "CHAT")
    used = await media(deal.worker)
    assert (await deal.worker.post(f"{deal.path}/photos", {"photos": [used]})).status_code == 201
    for ids in ([foreign], [chat], [used], [10**6], [await media(deal.worker), foreign]):
        answer = await deal.worker.post(f"{deal.path}/complete", {"photos": ids})
        assert (answer.status_code, answer.json()["details"]["field"]) == (400, "photos")
    assert (await deal.worker.get(deal.path)).json()["workerMarkedComplete"] is False
    own = await media(deal.worker)
    answers = await asyncio.gather(*(deal.worker.post(f"{deal.path}/photos", {"photos": [own]}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]


async def test_a_bad_picture_completes_nothing(deal: Deal) -> None:
    answer = await deal.worker.request("POST", f"{deal.path}/complete", files=files(picture(), b"MZ"))
    assert (answer.status_code, answer.json()["code"], answer.json()["details"]["reason"]) == (
        400,
        "BAD_FILE",
        "UNKNOWN_TYPE",
    )
    assert (await deal.worker.get(deal.path)).json()["photos"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "photos"),
        ({"photos": []}, "photos"),
        ({"photos": list(range(1, 22))}, "photos"),
        ({"photos": [1], "kind": "DURING"}, "kind"),
    ],
)
async def test_a_request_that_does_not_fit(deal: Deal, body: Any, field: str) -> None:
    answer = await deal.worker.post(f"{deal.path}/photos", body)
    assert (answer.status_code, answer.json()["details"]["field"]) == (400, field)


async def test_who_may_add_pictures_and_until_when(deal: Deal, http: httpx.AsyncClient, db: Database) -> None:
    stranger = make.as_(http, await make.account(db, "WORKER"))
    assert (await stranger.post(f"{deal.path}/photos", {"photos": [await media(stranger)]})).status_code == 404
    sent = await stranger.request("POST", f"{deal.path}/complete", files=files(picture()))
    assert sent.status_code == 404
    assert (await http.post(f"{deal.path}/photos", json={"photos": [1]})).status_code == 401
    odd = await deal.worker.request("POST", f"{deal.path}/photos", content=b"x", headers={"Content-Type": "text/plain"})
    assert odd.status_code == 415
    await deal.worker.post(f"{deal.path}/complete", {})
    await deal.client.post(f"{deal.path}/approve-completion")
    late = await deal.worker.post(f"{deal.path}/photos", {"photos": [await media(deal.worker)]})
    assert (late.status_code, late.json()["code"]) == (409, "JOB_OVER")


async def test_a_storage_that_is_away_completes_nothing_and_asking_again_does(deal: Deal, sandbox: Sandbox) -> None:
    await sandbox.http.put("/_sandbox/faults", json=[{"match": "supabase.upload", "kind": "500"}])
    away = await deal.worker.request("POST", f"{deal.path}/complete", files=files(picture()))
    assert away.status_code == 503
    again = await deal.worker.request("POST", f"{deal.path}/complete", files=files(picture()))
    assert (again.status_code, len(again.json()["photos"])) == (200, 1)
