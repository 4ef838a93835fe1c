"""Flow 2 of the reference: a client hires one worker by invitation, with the books after each step."""

import pytest

from iayos.core import clock
from tests.flows.test_flow_1 import Story
from tests.flows.test_flow_1 import story as story  # noqa: PLC0414 - a fixture

DAY = 86_400
INVITE = {
    "title": "Repair gate", "description": "The hinge broke", "categoryID": 6, "budget": 2000.01,
    "location": "Zamboanga City", "jobType": "INVITE",
}  # fmt: skip


async def test_an_invited_worker_accepts_and_is_paid(story: Story) -> None:
    ana, ben = await story.person("Ana", "CLIENT"), await story.person("Ben", "WORKER")
    carl = await story.person("Carl", "WORKER")
    invite = INVITE | {"assignedWorkerID": ben.account_id}
    await ben.post("/jobs/create", invite, status=403)
    created = await ana.post("/jobs/create", invite, status=201)
    job = created["jobID"]
    assert (created["status"], created["inviteStatus"], created["assignedWorkerID"]) == (
        "ACTIVE",
        "PENDING",
        ben.account_id,
    )
    assert (created["agreedPrice"], created["worker"]["name"]) == (None, "Ben Santos")
    assert await ben.notices() == [("New job invitation", "Ana Santos invited you to Repair gate for ₱2,000.01")]
    assert await carl.notices() == []

    # nobody else sees it, and nothing is paid before the answer
    await carl.get(f"/jobs/{job}", status=404)
    assert (await carl.get("/jobs"))["items"] == []
    assert [one["jobID"] for one in (await ben.get("/jobs/my-jobs?status=ACTIVE"))["items"]] == [job]
    escrow = {"jobID": job, "paymentMethod": "GCASH"}
    assert (await ana.post("/payments/create-escrow", escrow, status=409))["code"] == "JOB_NOT_ACCEPTED"
    refused = await ben.post(f"/jobs/{job}/cancel", {"reason": "No time"}, status=409)
    assert refused["code"] == "INVITE_UNANSWERED"
    for other, status in ((carl, 404), (ana, 403)):
        await other.post(f"/jobs/{job}/accept-invite", status=status)

    accepted = await ben.post(f"/jobs/{job}/accept-invite")
    assert (accepted["status"], accepted["inviteStatus"], accepted["agreedPrice"]) == (
        "IN_PROGRESS",
        "ACCEPTED",
        2000.01,
    )
    assert accepted["conversationID"]
    assert (await ana.notices())[0] == ("Invitation accepted!", "Ben Santos accepted your invitation to Repair gate")
    assert (await ben.post(f"/jobs/{job}/accept-invite", status=409))["code"] == "INVITE_NOT_PENDING"

    # from here as in flow 1
    await story.paid(ana, await ana.post("/payments/create-escrow", escrow, status=201))
    await story.books(**{f"escrow_{job}": 1000_00, "fees": 50_00})
    await ben.post(f"/jobs/{job}/complete", {})
    await ana.post(f"/jobs/{job}/approve-completion")
    final = await ana.post("/payments/final-payment", {"jobID": job, "paymentMethod": "GCASH"}, status=201)
    await story.paid(ana, final)
    await story.books(**{f"escrow_{job}": 0, "fees": 100_00, f"wallet_{ben.account_id}": 2000_01, "xendit": -2100_01})
    assert (await ben.get("/profile"))["totalEarningGross"] == 2000.01


async def test_an_invited_worker_rejects_and_the_client_invites_another(story: Story) -> None:
    ana, ben = await story.person("Ana", "CLIENT"), await story.person("Ben", "WORKER")
    carl = await story.person("Carl", "WORKER")
    job = (await ana.post("/jobs/create", INVITE | {"assignedWorkerID": ben.account_id}, status=201))["jobID"]
    await ben.post(f"/jobs/{job}/reject-invite", {}, status=400)
    await carl.post(f"/jobs/{job}/reject-invite", {"reason": "Not mine"}, status=404)
    rejected = await ben.post(f"/jobs/{job}/reject-invite", {"reason": "Fully booked"})
    assert (rejected["status"], rejected["inviteStatus"], rejected["cancelReason"]) == (
        "CANCELLED",
        "REJECTED",
        "Fully booked",
    )
    told = ("Invitation declined", "Ben Santos declined your invitation to Repair gate: Fully booked")
    assert (await ana.notices())[0] == told
    for answer, body in (("accept", None), ("reject", {"reason": "Again"})):
        assert (await ben.post(f"/jobs/{job}/{answer}-invite", body, status=409))["code"] == "INVITE_NOT_PENDING"
    again = (await ana.post("/jobs/create", INVITE | {"assignedWorkerID": carl.account_id}, status=201))["jobID"]
    assert (await carl.post(f"/jobs/{again}/accept-invite"))["status"] == "IN_PROGRESS"
    await story.books(fees=0, xendit=0)


@pytest.mark.parametrize("days", [2.99, 3.01])
async def test_an_unanswered_invitation_lapses_after_three_days(story: Story, days: float) -> None:
    ana, ben = await story.person("Ana", "CLIENT"), await story.person("Ben", "WORKER")
    job = (await ana.post("/jobs/create", INVITE | {"assignedWorkerID": ben.account_id}, status=201))["jobID"]
    await story.drain()
    clock.advance(days * DAY)
    await story.drain()
    seen = await ben.get(f"/jobs/{job}")
    if days < 3:
        assert (seen["status"], seen["inviteStatus"]) == ("ACTIVE", "PENDING")
        assert (await ben.post(f"/jobs/{job}/accept-invite"))["status"] == "IN_PROGRESS"
        return
    assert seen["status"] == "CANCELLED"
    for who in (ana, ben):
        assert (await who.notices())[0] == (
            "Invitation expired",
            "The invitation to Repair gate was not answered in time",
        )
    assert (await ben.post(f"/jobs/{job}/accept-invite", status=409))["code"] == "INVITE_NOT_PENDING"
