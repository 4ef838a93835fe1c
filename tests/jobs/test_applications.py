import asyncio
from typing import Any

import httpx
from sqlalchemy import text

from iayos.accounts.models import AccountTable
from iayos.core import clock
from iayos.core.db import Database, Statement
from tests import make

OFFER = {"proposalMessage": "I can come this afternoon.", "proposedBudget": 900}
HISTORY = Statement[Any](text("SELECT entity, move, actor_id FROM history ORDER BY id"))
CONVERSATIONS = Statement[Any](
    text(
        "SELECT c.job_id, p.account_id FROM conversations c JOIN conversation_participants p ON p.conversation_id = c.id ORDER BY 2"
    )
)


async def notices(http: httpx.AsyncClient, someone: make.Someone) -> list[tuple[str, str]]:
    items = (await make.as_(http, someone).get("/api/notifications")).json()["items"]
    return [(one["type"], one["body"]) for one in items]


async def test_a_worker_applies_once_and_the_client_is_told(http: httpx.AsyncClient, db: Database) -> None:
    client, worker = await make.account(db), await make.account(db, "WORKER", first_name="Ben", last_name="Santos")
    job = await make.job(db, client=client)
    me, path = make.as_(http, worker), f"/api/jobs/{job.id}/apply"
    answer = await me.post(path, OFFER)
    assert answer.status_code == 201
    sent = answer.json()
    assert (sent["jobID"], sent["workerID"], sent["status"], sent["proposedBudget"]) == (
        job.id,
        worker.account_id,
        "PENDING",
        900,
    )
    assert sent["worker"]["name"] == "Ben Santos"
    assert await notices(http, client) == [("APPLICATION_RECEIVED", "Ben Santos applied to Fix leaking faucet")]
    again = await me.post(path, OFFER)
    assert (again.status_code, again.json()["code"]) == (409, "ALREADY_APPLIED")
    assert (await me.get(f"/api/jobs/{job.id}")).json()["myApplication"] == sent
    assert (await make.as_(http, client).get(f"/api/jobs/{job.id}")).json()["applicationsCount"] == 1
    assert (await me.get("/api/jobs/my-applications")).json() == {"items": [sent], "nextCursor": None}
    assert (await make.as_(http, client).get(f"/api/jobs/{job.id}/applications")).json()["items"] == [sent]


async def test_the_same_worker_applying_four_times_at_once_applies_once(http: httpx.AsyncClient, db: Database) -> None:
    worker = await make.account(db, "WORKER")
    job = await make.job(db, client=await make.account(db))
    answers = await asyncio.gather(*(make.as_(http, worker).post(f"/api/jobs/{job.id}/apply", OFFER) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_who_may_not_apply(http: httpx.AsyncClient, db: Database) -> None:
    client = await make.account(db, "WORKER", profile_types=["CLIENT", "WORKER"])
    worker, unverified = await make.account(db, "WORKER"), await make.account(db, "WORKER", verified=False)
    listing = await make.job(db, client=client)
    taken = await make.job(db, client=client, worker=worker)
    invite = await make.job(db, client=client, job_type="INVITE", invite_status="PENDING")

    async def refusal(someone: make.Someone, job_id: int, body: Any = OFFER) -> tuple[int, str]:
        answer = await make.as_(http, someone).post(f"/api/jobs/{job_id}/apply", body)
        return answer.status_code, answer.json()["code"]

    assert await refusal(client, listing.id) == (403, "OWN_JOB")
    assert await refusal(await make.account(db), listing.id) == (403, "WRONG_PROFILE")
    assert await refusal(unverified, listing.id) == (403, "EMAIL_UNVERIFIED")
    assert await refusal(worker, taken.id) == (409, "JOB_NOT_OPEN")
    assert await refusal(worker, invite.id) == (404, "NOT_FOUND")
    assert await refusal(worker, 2**60) == (404, "NOT_FOUND")
    assert await refusal(worker, listing.id, OFFER | {"proposedBudget": 99.99}) == (400, "VALIDATION_ERROR")
    assert await refusal(worker, listing.id, {}) == (400, "VALIDATION_ERROR")
    assert (await http.post(f"/api/jobs/{listing.id}/apply", json=OFFER)).status_code == 401


async def test_work_over_ten_thousand_pesos_needs_a_known_identity(http: httpx.AsyncClient, db: Database) -> None:
    client, unknown = await make.account(db), await make.account(db, "WORKER")
    small, large = (
        await make.job(db, client=client, budget=10_000_00),
        await make.job(db, client=client, budget=10_000_01),
    )
    me = make.as_(http, unknown)
    refused = await me.post(f"/api/jobs/{large.id}/apply", OFFER)
    assert (refused.status_code, refused.json()["code"]) == (403, "KYC_REQUIRED")
    refused = await me.post(f"/api/jobs/{small.id}/apply", OFFER | {"proposedBudget": 10_000.01})
    assert (refused.status_code, refused.json()["code"]) == (403, "KYC_REQUIRED")
    assert (await me.post(f"/api/jobs/{small.id}/apply", OFFER | {"proposedBudget": 10_000})).status_code == 201
    known = make.as_(http, await make.account(db, "WORKER", kyc_verified=True))
    assert (await known.post(f"/api/jobs/{large.id}/apply", OFFER)).status_code == 201


async def test_a_worker_withdraws_and_cannot_apply_again(http: httpx.AsyncClient, db: Database) -> None:
    client, worker = await make.account(db), await make.account(db, "WORKER")
    job = await make.job(db, client=client)
    application = await make.application(db, job.id, worker)
    path = f"/api/jobs/applications/{application}/withdraw"
    assert (await make.as_(http, await make.account(db, "WORKER")).post(path)).status_code == 404
    assert (await make.as_(http, client).post(path)).json()["code"] == "WRONG_PROFILE"
    answer = await make.as_(http, worker).post(path)
    assert (answer.status_code, answer.json()["status"]) == (200, "WITHDRAWN")
    assert [kind for kind, _ in await notices(http, client)] == ["APPLICATION_WITHDRAWN"]
    again = await make.as_(http, worker).post(path)
    assert (again.status_code, again.json()["code"]) == (409, "APPLICATION_NOT_PENDING")
    assert (await make.as_(http, worker).post(f"/api/jobs/{job.id}/apply", OFFER)).json()["code"] == "ALREADY_APPLIED"
    accepted = await make.as_(http, client).post(f"/api/jobs/applications/{application}/accept")
    assert (accepted.status_code, accepted.json()["code"]) == (409, "APPLICATION_NOT_PENDING")
    assert (await make.as_(http, client).get(f"/api/jobs/{job.id}")).json()["applicationsCount"] == 0


async def test_a_client_rejects_with_or_without_a_reason(http: httpx.AsyncClient, db: Database) -> None:
    client, one, two = await make.account(db), await make.account(db, "WORKER"), await make.account(db, "WORKER")
    job = await make.job(db, client=client)
    first, second = await make.application(db, job.id, one), await make.application(db, job.id, two)
    me = make.as_(http, client)
    assert (
        await make.as_(http, await make.account(db)).post(f"/api/jobs/applications/{first}/reject")
    ).status_code == 404
    answer = await me.post(f"/api/jobs/applications/{first}/reject")
    assert (answer.status_code, answer.json()["status"], answer.json()["rejectReason"]) == (200, "REJECTED", None)
    assert await notices(http, one) == [
        ("APPLICATION_REJECTED", "Your application for Fix leaking faucet was not selected")
    ]
    answer = await me.post(f"/api/jobs/applications/{second}/reject", {"reason": " Too far "})
    assert (answer.status_code, answer.json()["rejectReason"]) == (200, "Too far")
    again = await me.post(f"/api/jobs/applications/{second}/reject", {})
    assert (again.status_code, again.json()["code"]) == (409, "APPLICATION_NOT_PENDING")
    assert (await me.post(f"/api/jobs/applications/{second}/reject", {"reason": 5})).status_code == 400


async def test_acceptance_assigns_one_and_tells_all(http: httpx.AsyncClient, db: Database) -> None:
    client, winner, loser, gone = await make.account(db), *[await make.account(db, "WORKER") for _ in range(3)]
    job = await make.job(db, client=client)
    chosen = await make.application(db, job.id, winner, price=900_01)
    await make.application(db, job.id, loser)
    await make.application(db, job.id, gone, status="WITHDRAWN")
    path = f"/api/jobs/applications/{chosen}/accept"
    assert (await make.as_(http, await make.account(db)).post(path)).status_code == 404
    assert (await make.as_(http, winner).post(path)).json()["code"] == "WRONG_PROFILE"
    answer = await make.as_(http, client).post(path)
    assert answer.status_code == 200
    taken = answer.json()
    assert (taken["jobID"], taken["status"], taken["assignedWorkerID"]) == (job.id, "IN_PROGRESS", winner.account_id)
    assert (taken["agreedPrice"], taken["escrowAmount"], taken["remainingPayment"]) == (900.01, 450.0, 450.01)
    assert taken["conversationID"] is not None
    assert await notices(http, winner) == [
        ("APPLICATION_ACCEPTED", "Your application for Fix leaking faucet was accepted")
    ]
    assert await notices(http, loser) == [
        ("APPLICATION_REJECTED", "Your application for Fix leaking faucet was not selected")
    ]
    assert await notices(http, gone) == []
    talk = [tuple(row) for row in await db.reads.all(CONVERSATIONS)]
    assert talk == [(job.id, client.account_id), (job.id, winner.account_id)]
    moves = [tuple(row) for row in await db.reads.all(HISTORY)]
    by = client.account_id
    assert moves == [("applications", "accept", by), ("applications", "reject", by), ("jobs", "accept_application", by)]
    again = await make.as_(http, client).post(path)
    assert (again.status_code, again.json()["code"]) == (409, "JOB_NOT_OPEN")
    mine = (await make.as_(http, loser).get("/api/jobs/my-applications")).json()["items"]
    assert [(one["status"], one["jobTitle"]) for one in mine] == [("REJECTED", job.title)]


async def test_of_four_acceptances_at_once_one_wins(http: httpx.AsyncClient, db: Database) -> None:
    client = await make.account(db)
    for _ in range(5):
        workers = [await make.account(db, "WORKER") for _ in range(4)]
        job = await make.job(db, client=client)
        sent = [await make.application(db, job.id, worker) for worker in workers]
        me = make.as_(http, client)
        answers = await asyncio.gather(*(me.post(f"/api/jobs/applications/{one}/accept") for one in sent))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
        winner = next(answer.json() for answer in answers if answer.status_code == 200)
        items = (await me.get(f"/api/jobs/{job.id}/applications")).json()["items"]
        assert sorted(item["status"] for item in items) == ["ACCEPTED", "REJECTED", "REJECTED", "REJECTED"]
        assert [item["workerID"] for item in items if item["status"] == "ACCEPTED"] == [winner["assignedWorkerID"]]
        told = [kind for worker in workers for kind, _ in await notices(http, worker)]
        assert sorted(told) == ["APPLICATION_ACCEPTED"] + ["APPLICATION_REJECTED"] * 3


async def test_applying_and_accepting_at_once_leaves_nobody_waiting(http: httpx.AsyncClient, db: Database) -> None:
    client, late = await make.account(db), [await make.account(db, "WORKER") for _ in range(4)]
    job = await make.job(db, client=client)
    first = await make.application(db, job.id, await make.account(db, "WORKER"))
    await asyncio.gather(
        make.as_(http, client).post(f"/api/jobs/applications/{first}/accept"),
        *(make.as_(http, worker).post(f"/api/jobs/{job.id}/apply", OFFER) for worker in late),
    )
    items = (await make.as_(http, client).get(f"/api/jobs/{job.id}/applications")).json()["items"]
    assert {item["status"] for item in items} <= {"ACCEPTED", "REJECTED"}


async def test_a_suspended_worker_cannot_be_accepted(http: httpx.AsyncClient, db: Database) -> None:
    client, worker = await make.account(db), await make.account(db, "WORKER")
    job = await make.job(db, client=client)
    application = await make.application(db, job.id, worker)
    async with db.transaction() as tx:
        await tx.update(AccountTable, worker.account_id, suspended_at=clock.now())
    refused = await make.as_(http, client).post(f"/api/jobs/applications/{application}/accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "WORKER_SUSPENDED")
    assert (await make.as_(http, client).get(f"/api/jobs/{job.id}")).json()["status"] == "ACTIVE"


async def test_applications_are_the_clients_to_see_page_by_page(http: httpx.AsyncClient, db: Database) -> None:
    client, worker = await make.account(db), await make.account(db, "WORKER")
    job = await make.job(db, client=client)
    sent = [await make.application(db, job.id, await make.account(db, "WORKER")) for _ in range(3)]
    path, me = f"/api/jobs/{job.id}/applications", make.as_(http, client)
    first = (await me.get(path, params={"limit": 2})).json()
    rest = (await me.get(path, params={"limit": 2, "cursor": first["nextCursor"]})).json()
    assert [item["applicationID"] for item in first["items"] + rest["items"]] == sent[::-1]
    assert rest["nextCursor"] is None
    assert (await make.as_(http, worker).get(path)).status_code == 404
    assert (await make.as_(http, await make.account(db)).get(path)).status_code == 404
    assert (await me.get(path, params={"cursor": "x"})).status_code == 400
