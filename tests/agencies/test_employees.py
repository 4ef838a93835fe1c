"""Employees: asked, joined, parted with; one agency at a time."""

import asyncio

import httpx

from iayos.core import clock
from iayos.core.db import Database
from tests import make
from tests.jobs.test_progress import notices

EMPLOYEES = "/api/agency/employees"


async def agency(db: Database, name: str = "Ayos Builders") -> make.Someone:
    return await make.account(db, "AGENCY", business_name=name, kyc_verified=True)


async def invited(http: httpx.AsyncClient, boss: make.Someone, worker: make.Someone) -> int:
    answer = await make.as_(http, boss).post(EMPLOYEES, {"email": worker.email.upper(), "role": "Plumber"})
    assert (answer.status_code, answer.json()["status"]) == (201, "INVITED"), answer.text
    return int(answer.json()["employeeID"])


async def answer(http: httpx.AsyncClient, worker: make.Someone, employee_id: int, how: str) -> tuple[int, str]:
    found = await make.as_(http, worker).post(f"/api/agency/invitations/{employee_id}/{how}")
    return found.status_code, found.json().get("code") or found.json()["status"]


async def part(http: httpx.AsyncClient, boss: make.Someone, employee_id: int) -> tuple[int, str]:
    found = await make.as_(http, boss).post(f"{EMPLOYEES}/{employee_id}/deactivate")
    return found.status_code, found.json().get("code") or found.json()["status"]


async def test_a_worker_joins_and_leaves(http: httpx.AsyncClient, db: Database) -> None:
    boss, worker = await agency(db), await make.account(db, "WORKER", first_name="Ben", last_name="Santos")
    employee = await invited(http, boss, worker)
    assert await notices(http, worker) == [("EMPLOYEE_INVITED", "Ayos Builders invites you to work for them")]
    [seen] = (await make.as_(http, worker).get("/api/agency/invitations")).json()["items"]
    assert (seen["employeeID"], seen["agencyID"], seen["agencyName"]) == (employee, boss.account_id, "Ayos Builders")
    assert (seen["role"], seen["status"]) == ("Plumber", "INVITED")
    again = await make.as_(http, boss).post(EMPLOYEES, {"email": worker.email})
    assert (again.status_code, again.json()["code"]) == (409, "ALREADY_INVITED")

    assert await answer(http, worker, employee, "leave") == (409, "NOT_EMPLOYED")
    assert await answer(http, worker, employee, "accept") == (200, "ACTIVE")
    assert await notices(http, boss) == [("EMPLOYEE_ACCEPTED", "Ben Santos joined your agency")]
    assert await answer(http, worker, employee, "accept") == (409, "NOT_INVITED")
    assert await answer(http, worker, employee, "decline") == (409, "NOT_INVITED")
    again = await make.as_(http, boss).post(EMPLOYEES, {"email": worker.email})
    assert (again.status_code, again.json()["code"]) == (409, "ALREADY_EMPLOYED")
    [listed] = (await make.as_(http, boss).get(EMPLOYEES)).json()["items"]
    assert {name: listed[name] for name in ("workerID", "name", "status", "isCurrentlyAssigned", "totalJobsCompleted")} == {
        "workerID": worker.account_id, "name": "Ben Santos", "status": "ACTIVE", "isCurrentlyAssigned": False,
        "totalJobsCompleted": 0,
    }  # fmt: skip
    assert (listed["totalEarnings"], listed["rating"]) == (0, None)

    assert await answer(http, worker, employee, "leave") == (200, "INACTIVE")
    assert (await notices(http, boss))[0] == ("EMPLOYEE_LEFT", "Ben Santos left your agency")
    assert (await make.as_(http, worker).get("/api/agency/invitations")).json()["items"] == []
    assert await invited(http, boss, worker) == employee


async def test_a_worker_declines_and_may_be_asked_again(http: httpx.AsyncClient, db: Database) -> None:
    boss, worker = await agency(db), await make.account(db, "WORKER")
    employee = await invited(http, boss, worker)
    assert await answer(http, worker, employee, "decline") == (200, "DECLINED")
    assert (await notices(http, boss))[0][0] == "EMPLOYEE_DECLINED"
    assert await answer(http, worker, employee, "accept") == (409, "NOT_INVITED")
    assert await part(http, boss, employee) == (409, "EMPLOYMENT_ENDED")
    assert await invited(http, boss, worker) == employee
    assert await answer(http, worker, employee, "accept") == (200, "ACTIVE")


async def test_an_agency_parts_with_an_employee_or_takes_an_invitation_back(
    http: httpx.AsyncClient, db: Database
) -> None:
    boss, worker, other = await agency(db), await make.account(db, "WORKER"), await make.account(db, "WORKER")
    employee, offered = await invited(http, boss, worker), await invited(http, boss, other)
    await answer(http, worker, employee, "accept")
    assert await part(http, boss, employee) == (200, "INACTIVE")
    assert (await notices(http, worker))[0] == ("EMPLOYMENT_ENDED", "Ayos Builders ended your work with them")
    assert await part(http, boss, employee) == (409, "EMPLOYMENT_ENDED")
    assert await part(http, boss, offered) == (200, "INACTIVE")
    assert await answer(http, other, offered, "accept") == (409, "NOT_INVITED")


async def test_whom_an_agency_cannot_ask(http: httpx.AsyncClient, db: Database) -> None:
    boss = await agency(db)
    client, away = await make.account(db), await make.account(db, "WORKER", suspended_at=clock.now())
    for email in (client.email, away.email, boss.email, "nobody@example.com"):
        refused = await make.as_(http, boss).post(EMPLOYEES, {"email": email})
        assert (refused.status_code, refused.json()["code"]) == (404, "WORKER_NOT_FOUND")
    assert (await make.as_(http, boss).post(EMPLOYEES, {"email": "Ben"})).status_code == 400
    worker = await make.account(db, "WORKER")
    for someone in (client, worker):
        refused = await make.as_(http, someone).post(EMPLOYEES, {"email": worker.email})
        assert (refused.status_code, refused.json()["code"]) == (403, "WRONG_PROFILE")
    assert (await http.post(EMPLOYEES, json={"email": worker.email})).status_code == 401


async def test_employees_of_another_agency_are_not_there(http: httpx.AsyncClient, db: Database) -> None:
    boss, rival = await agency(db), await agency(db, "Rivals")
    worker, stranger = await make.account(db, "WORKER"), await make.account(db, "WORKER")
    employee = await invited(http, boss, worker)
    assert await part(http, rival, employee) == (404, "NOT_FOUND")
    assert (await make.as_(http, rival).patch(f"{EMPLOYEES}/{employee}", {"role": "Boss"})).status_code == 404
    for how in ("accept", "decline", "leave"):
        assert await answer(http, stranger, employee, how) == (404, "NOT_FOUND")
    assert (await make.as_(http, rival).get(EMPLOYEES)).json()["items"] == []
    changed = await make.as_(http, boss).patch(f"{EMPLOYEES}/{employee}", {"role": "Foreman"})
    assert (changed.status_code, changed.json()["role"]) == (200, "Foreman")
    assert (await make.as_(http, boss).patch(f"{EMPLOYEES}/{employee}", {"role": ""})).json()["role"] is None


async def test_of_two_agencies_at_once_one_employs_the_worker(http: httpx.AsyncClient, db: Database) -> None:
    for _ in range(5):
        worker = await make.account(db, "WORKER")
        offers = [await invited(http, await agency(db), worker) for _ in range(2)]
        answers = await asyncio.gather(*(answer(http, worker, offer, "accept") for offer in offers))
        assert sorted(answers) == [(200, "ACTIVE"), (409, "ALREADY_EMPLOYED")]


async def test_of_four_same_invitations_one_counts(http: httpx.AsyncClient, db: Database) -> None:
    boss, worker = await agency(db), await make.account(db, "WORKER")
    him = make.as_(http, boss)
    answers = await asyncio.gather(*(him.post(EMPLOYEES, {"email": worker.email}) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]


async def test_pages_of_employees(http: httpx.AsyncClient, db: Database) -> None:
    boss = await agency(db)
    expected = [await invited(http, boss, await make.account(db, "WORKER")) for _ in range(3)][::-1]
    me, found = make.as_(http, boss), list[int]()
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        shown = (await me.get(EMPLOYEES, params=params)).json()
        found += [one["employeeID"] for one in shown["items"]]
        cursor = shown["nextCursor"]
    assert found == expected
    assert (await me.get(EMPLOYEES, params={"status": "ACTIVE"})).json()["items"] == []
    assert (await me.get(EMPLOYEES, params={"status": "GONE"})).status_code == 400
    assert (await make.as_(http, await make.account(db)).get(EMPLOYEES)).status_code == 403
