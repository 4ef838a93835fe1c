"""Flow 3 of the reference: a client hires an agency, which sends an employee and gets all of the money."""

from iayos.accounts.models import AccountTable
from tests.flows.test_flow_1 import Person, Story
from tests.flows.test_flow_1 import story as story  # noqa: PLC0414 - a fixture

INVITE = {
    "title": "Wire the shop", "description": "Twelve outlets", "categoryID": 2, "budget": 15000.01,
    "location": "Zamboanga City", "jobType": "INVITE",
}  # fmt: skip


async def known(story: Story, who: Person) -> None:
    """Its papers are in order."""
    async with story.db.transaction() as tx:
        await tx.update(AccountTable, who.account_id, kyc_verified=True)


async def employed(story: Story, boss: Person, first: str) -> Person:
    """A worker who registers, is asked by email and joins."""
    worker = await story.person(first, "WORKER")
    asked = await boss.post("/agency/employees", {"email": worker.email, "role": "Electrician"}, status=201)
    assert asked["status"] == "INVITED"
    [seen] = (await worker.get("/agency/invitations"))["items"]
    await worker.post(f"/agency/invitations/{seen['employeeID']}/accept")
    return worker


async def reviewed_and_measured(ana: Person, boss: Person, ben: Person, carl: Person, job: int) -> None:
    """What the client says is of the agency, and counts to the performance of the employee who came."""
    await ana.post(f"/jobs/{job}/review", {"rating": 4, "comment": "Neat work"}, status=201)
    refused = await ben.post(f"/jobs/{job}/review", {"rating": 5, "comment": "Kind"}, status=403)
    assert refused["code"] == "AGENCY_REVIEWS"
    await boss.post(f"/jobs/{job}/review", {"rating": 5, "comment": "Paid at once"}, status=201)
    measured = {one["workerID"]: one for one in (await boss.get("/agency/employees"))["items"]}
    his, hers = measured[ben.account_id], measured[carl.account_id]
    assert (his["totalJobsCompleted"], his["totalEarnings"], his["rating"]) == (1, 15000.01, 4)
    assert (hers["totalJobsCompleted"], hers["totalEarnings"], hers["rating"]) == (0, 0, None)
    assert await boss.get("/agency/performance") == {
        "employees": 2, "currentlyAssigned": 1, "totalJobsCompleted": 1, "totalEarnings": 15000.01, "rating": 4,
        "reviewsCount": 1,
    }  # fmt: skip
    assert (await ben.get("/profile"))["totalEarningGross"] == 0
    done = (await boss.get("/agency/jobs?status=COMPLETED"))["items"]
    assert [one["jobID"] for one in done] == [job]
    card = await ana.get(f"/agencies/{boss.account_id}")
    assert (card["name"], card["rating"], card["jobsCompleted"]) == ("Ayos Builders", 4, 1)
    assert [one["comment"] for one in card["reviews"]] == ["Neat work"]


async def test_an_agency_sends_an_employee_and_is_paid_in_full(story: Story) -> None:
    ana = await story.person("Ana", "CLIENT")
    boss = await story.person("Bos", "AGENCY", businessName="Ayos Builders")
    ben, carl = await employed(story, boss, "Ben"), await employed(story, boss, "Carl")
    invite = INVITE | {"assignedAgencyFK": boss.account_id}
    created = await ana.post("/jobs/create", invite, status=201)
    job = created["jobID"]
    assert (created["status"], created["inviteStatus"], created["agency"]["name"]) == (
        "ACTIVE",
        "PENDING",
        "Ayos Builders",
    )
    assert (created["assignedAgencyFK"], created["assignedWorkerID"]) == (boss.account_id, None)
    assert (await boss.notices())[0] == ("New job invitation", "Ana Santos invited you to Wire the shop for ₱15,000.01")

    # the agency sends Ben, once its papers are in order
    send = {"assignedWorkerID": ben.account_id}
    assert (await boss.post(f"/agency/jobs/{job}/accept", send, status=403))["code"] == "KYC_REQUIRED"
    await known(story, boss)
    accepted = await boss.post(f"/agency/jobs/{job}/accept", send)
    assert (accepted["status"], accepted["inviteStatus"], accepted["agreedPrice"]) == (
        "IN_PROGRESS",
        "ACCEPTED",
        15000.01,
    )
    assert (accepted["assignedWorkerID"], accepted["worker"]["name"]) == (ben.account_id, "Ben Santos")
    assert (await ana.notices())[0] == (
        "Invitation accepted!",
        "Ayos Builders accepted your invitation to Wire the shop",
    )
    assert (await ben.notices())[0] == ("New assignment", "Ayos Builders assigned you to Wire the shop")
    for side in (ana, boss, ben):
        assert (await side.get(f"/jobs/{job}"))["conversationID"] == accepted["conversationID"]
    await carl.get(f"/jobs/{job}", status=404)
    at_work = {one["workerID"]: one["isCurrentlyAssigned"] for one in (await boss.get("/agency/employees"))["items"]}
    assert at_work == {ben.account_id: True, carl.account_id: False}

    # one job at a time for Ben; Carl is free
    other = (await ana.post("/jobs/create", invite | {"budget": 500}, status=201))["jobID"]
    assert (await boss.post(f"/agency/jobs/{other}/accept", send, status=409))["code"] == "EMPLOYEE_BUSY"
    await boss.post(f"/agency/jobs/{other}/accept", {"assignedWorkerID": carl.account_id})

    # escrow, work, approval, the rest
    escrow = await ana.post("/payments/create-escrow", {"jobID": job, "paymentMethod": "GCASH"}, status=201)
    await story.paid(ana, escrow)
    await story.books(**{f"escrow_{job}": 7500_00, "fees": 375_00})
    assert (await boss.notices())[0] == ("Payment received", "Client paid ₱7,500.00 escrow for Wire the shop")
    assert (await boss.get("/accounts/wallet"))["held"] == 7500
    assert (await ben.get("/accounts/wallet"))["held"] == 0
    await ben.post(f"/jobs/{job}/complete", {"notes": "All twelve work"})
    await ben.post(f"/jobs/{job}/approve-completion", status=403)
    await ana.post(f"/jobs/{job}/approve-completion")
    at_work = {one["workerID"]: one["isCurrentlyAssigned"] for one in (await boss.get("/agency/employees"))["items"]}
    assert at_work == {ben.account_id: False, carl.account_id: True}
    final = await ana.post("/payments/final-payment", {"jobID": job, "paymentMethod": "GCASH"}, status=201)
    await story.paid(ana, final)
    await story.books(
        **{f"escrow_{job}": 0, "fees": 750_00, f"wallet_{boss.account_id}": 15000_01, f"wallet_{ben.account_id}": 0}
    )
    assert (await boss.notices())[0] == ("Payment received", "You received ₱15,000.01 for Wire the shop")

    await reviewed_and_measured(ana, boss, ben, carl, job)


async def test_the_agency_itself_may_say_that_the_work_is_done(story: Story) -> None:
    ana = await story.person("Ana", "CLIENT")
    boss = await story.person("Bos", "AGENCY", businessName="Ayos Builders")
    rival = await story.person("Riv", "AGENCY", businessName="Rivals")
    ben = await employed(story, boss, "Ben")
    await known(story, boss)
    job = (await ana.post("/jobs/create", INVITE | {"assignedAgencyFK": boss.account_id, "budget": 500}, status=201))[
        "jobID"
    ]
    await boss.post(f"/agency/jobs/{job}/accept", {"assignedWorkerID": ben.account_id})
    assert (await boss.post(f"/jobs/{job}/complete", status=409))["code"] == "ESCROW_UNPAID"
    await story.paid(
        ana, await ana.post("/payments/create-escrow", {"jobID": job, "paymentMethod": "GCASH"}, status=201)
    )
    await rival.post(f"/jobs/{job}/complete", status=404)
    assert (await boss.post(f"/jobs/{job}/complete"))["workerMarkedComplete"] is True
    told = ("Job completion pending approval", "Ayos Builders marked Wire the shop as complete")
    assert told in await ana.notices()
    assert (await ben.post(f"/jobs/{job}/complete", status=409))["code"] == "ALREADY_MARKED_COMPLETE"
