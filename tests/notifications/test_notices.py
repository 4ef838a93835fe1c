import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from iayos.core.db import Database, Statement
from iayos.notifications import events
from iayos.notifications.actions import notify, notify_each, notify_staff
from tests import make

ROWS = Statement[Any](text("SELECT account_id, type, title, body FROM notifications ORDER BY id"))
REFERENCE = {
    "JOB_CREATED": ("New job in your area", "{category} job - ₱{budget}"),
    "APPLICATION_RECEIVED": ("New job application", "{workerName} applied to {jobTitle}"),
    "APPLICATION_ACCEPTED": ("Application accepted!", "Your application for {jobTitle} was accepted"),
    "APPLICATION_REJECTED": ("Application not selected", "Your application for {jobTitle} was not selected"),
    "ESCROW_PAID": ("Payment received", "Client paid ₱{amount} escrow for {jobTitle}"),
    "JOB_COMPLETED_BY_WORKER": ("Job completion pending approval", "{workerName} marked {jobTitle} as complete"),
    "JOB_APPROVED_BY_CLIENT": ("Job completed!", "{clientName} approved completion of {jobTitle}"),
    "FINAL_PAYMENT_RECEIVED": ("Payment received", "You received ₱{amount} for {jobTitle}"),
    "REVIEW_RECEIVED": ("New review", "{reviewerName} left you a {rating}-star review"),
    "KYC_APPROVED": ("KYC verified!", "Your identity verification was approved"),
    "KYC_REJECTED": ("KYC verification failed", "Please resubmit with correct documents"),
    "WALLET_DEPOSIT": ("Deposit successful", "₱{amount} added to your wallet"),
    "NEW_MESSAGE": ("New message", "{senderName}: {messagePreview}"),
}
SNAKE = {
    "{workerName}": "{worker_name}", "{jobTitle}": "{job_title}", "{clientName}": "{client_name}",
    "{reviewerName}": "{reviewer_name}", "{senderName}": "{sender_name}", "{messagePreview}": "{message_preview}",
}  # fmt: skip


async def told(db: Database, someone: make.Someone, count: int, **columns: Any) -> None:
    async with db.transaction() as tx:
        for number in range(count):
            await notify(
                tx,
                someone.account_id,
                events.APPLICATION_ACCEPTED,
                data={"jobID": number},
                job_title=f"Job {number}",
                **columns,
            )


@pytest.mark.parametrize("kind", REFERENCE)
def test_the_references_texts_stand_to_the_letter(kind: str) -> None:
    event = next(event for event in events.EVENTS if event.type == kind)
    title, body = REFERENCE[kind]
    for theirs, ours in SNAKE.items():
        body = body.replace(theirs, ours)
    assert (event.title, event.body) == (title, body)


def test_every_type_is_there_once_and_both_languages_tell_the_same_facts() -> None:
    assert len({event.type for event in events.EVENTS}) == len(events.EVENTS)
    assert set(events.EVENTS) == {found for found in vars(events).values() if isinstance(found, events.Event)}
    for event in events.EVENTS:
        english = events.Event(event.type, event.title, event.body, event.title, event.body)
        filipino = events.Event(event.type, event.title_fil, event.body_fil, event.title_fil, event.body_fil)
        assert english.facts == filipino.facts, event.type


async def test_money_and_names_are_told_in_the_readers_language(http: httpx.AsyncClient, db: Database) -> None:
    ana, ben = await make.account(db, "WORKER"), await make.account(db, "WORKER", language="fil")
    async with db.transaction() as tx:
        for one in (ana, ben):
            await notify(
                tx, one.account_id, events.ESCROW_PAID, data={"jobID": 7}, amount=123450, job_title="Fix {a} leak"
            )
    english = (await make.as_(http, ana).get("/api/notifications")).json()["items"]
    assert len(english) == 1
    assert set(english[0]) == {"notificationID", "type", "title", "body", "data", "isRead", "createdAt"}
    assert english[0]["type"] == "ESCROW_PAID"
    assert english[0]["title"] == "Payment received"
    assert english[0]["body"] == "Client paid ₱1,234.50 escrow for Fix {a} leak"
    assert english[0]["data"] == {"jobID": 7}
    assert english[0]["isRead"] is False
    assert english[0]["createdAt"].endswith("Z")
    filipino = (await make.as_(http, ben).get("/api/mobile/notifications")).json()["items"]
    assert filipino[0]["body"] == "Nagbayad ang kliyente ng ₱1,234.50 na escrow para sa Fix {a} leak"


@pytest.mark.parametrize("facts", [{}, {"amount": 5}, {"amount": 5, "job_title": "x", "more": 1}])
async def test_a_fact_that_is_missing_or_unknown_is_an_error(db: Database, facts: dict[str, Any]) -> None:
    someone = await make.account(db)
    with pytest.raises(TypeError, match="needs exactly the facts"):
        async with db.transaction() as tx:
            await notify(tx, someone.account_id, events.ESCROW_PAID, data={}, **facts)


async def test_a_key_tells_once_also_at_the_same_time(db: Database) -> None:
    someone = await make.account(db)

    async def tell() -> None:
        async with db.transaction() as tx:
            await notify(tx, someone.account_id, events.KYC_APPROVED, data={}, once_key="kyc:1")

    await asyncio.gather(*(tell() for _ in range(8)))
    assert len(await db.reads.all(ROWS)) == 1


async def test_a_fan_out_that_runs_again_tells_only_those_who_were_not_told(db: Database) -> None:
    ids = [(await make.account(db, "WORKER")).account_id for _ in range(5)]

    async def tell(some: list[int]) -> int:
        async with db.transaction() as tx:
            return await notify_each(
                tx,
                some,
                events.JOB_CREATED,
                data={"jobID": 9},
                once_prefix="nearby:9",
                category="Plumbing",
                budget=100000,
            )

    assert await tell(ids[:3]) == 3
    assert sum(await asyncio.gather(tell(ids), tell(list(reversed(ids))))) == 2
    rows = await db.reads.all(ROWS)
    assert sorted(row["account_id"] for row in rows) == ids
    assert {row["body"] for row in rows} == {"Plumbing job - ₱1,000.00"}


async def test_staff_in_charge_and_admins_are_told_and_no_one_else(db: Database) -> None:
    finance = await make.account(db, None, role="FINANCE")
    admin = await make.account(db, None, role="ADMIN")
    await make.account(db, None, role="SUPPORT")
    await make.account(db, "CLIENT")
    async with db.transaction() as tx:
        await notify_staff(
            tx,
            ["FINANCE"],
            events.PAYMENT_FLAGGED,
            data={"transactionID": 4},
            transaction_id=4,
            reason="AMOUNT_MISMATCH",
        )
    rows = await db.reads.all(ROWS)
    assert [row["account_id"] for row in rows] == [finance.account_id, admin.account_id]
    assert rows[0]["body"] == "Payment 4 needs a look: AMOUNT_MISMATCH"


async def test_pages_go_from_the_newest_to_the_oldest(http: httpx.AsyncClient, db: Database) -> None:
    someone = await make.account(db)
    await told(db, someone, 5)
    me = make.as_(http, someone)
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = (
            await me.get("/api/notifications", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        ).json()
        assert len(answer["items"]) <= 2
        seen += [item["data"]["jobID"] for item in answer["items"]]
        cursor = answer["nextCursor"]
    assert seen == [4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "cursor=nonsense", "cursor=WyJ4Il0", "unread=perhaps"]
)
async def test_a_bad_page_is_a_400(http: httpx.AsyncClient, db: Database, query: str) -> None:
    answer = await make.as_(http, await make.account(db)).get(f"/api/notifications?{query}")
    assert answer.status_code == 400
    assert answer.json()["code"] == "VALIDATION_ERROR"
    assert answer.json()["details"]["field"] == query.partition("=")[0]


async def test_reading_lowers_the_count_once(http: httpx.AsyncClient, db: Database) -> None:
    someone = await make.account(db)
    await told(db, someone, 3)
    me = make.as_(http, someone)
    first = (await me.get("/api/notifications")).json()["items"][0]
    assert (await me.get("/api/notifications/unread-count")).json() == {"unreadCount": 3}
    for _ in range(2):
        answer = await me.post(f"/api/notifications/{first['notificationID']}/read")
        assert answer.status_code == 200
        assert answer.json() == first | {"isRead": True}
    assert (await me.get("/api/notifications/unread-count")).json() == {"unreadCount": 2}


@pytest.mark.parametrize("query", ["unread", "unread=", "unread=true", "unread=1"])
async def test_the_unread_ones_alone(http: httpx.AsyncClient, db: Database, query: str) -> None:
    someone = await make.account(db)
    await told(db, someone, 3)
    me = make.as_(http, someone)
    newest = (await me.get("/api/notifications")).json()["items"][0]["notificationID"]
    await me.post(f"/api/notifications/{newest}/read")
    unread = (await me.get(f"/api/notifications?{query}")).json()["items"]
    assert [item["data"]["jobID"] for item in unread] == [1, 0]
    assert len((await me.get("/api/notifications?unread=false")).json()["items"]) == 3


async def test_all_can_be_read_at_once(http: httpx.AsyncClient, db: Database) -> None:
    someone, other = await make.account(db), await make.account(db)
    await told(db, someone, 3)
    await told(db, other, 1)
    me = make.as_(http, someone)
    assert (await me.post("/api/notifications/read-all")).json() == {"updated": 3}
    assert (await me.post("/api/notifications/read-all")).json() == {"updated": 0}
    assert (await make.as_(http, other).get("/api/notifications/unread-count")).json() == {"unreadCount": 1}


async def test_nobody_reads_the_notices_of_another(http: httpx.AsyncClient, db: Database) -> None:
    someone, other = await make.account(db), await make.account(db)
    await told(db, someone, 1)
    mine = (await make.as_(http, someone).get("/api/notifications")).json()["items"][0]["notificationID"]
    assert (await make.as_(http, other).get("/api/notifications")).json() == {"items": [], "nextCursor": None}
    for absent in (mine, mine + 1, 2**63 + 5):
        answer = await make.as_(http, other).post(f"/api/notifications/{absent}/read")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert (await make.as_(http, someone).get("/api/notifications/unread-count")).json() == {"unreadCount": 1}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "/unread-count"), ("POST", "/1/read"), ("POST", "/read-all")],
)
async def test_one_must_be_signed_in(http: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await http.request(method, f"/api/notifications{path}")
    assert (answer.status_code, answer.json()["code"]) == (401, "AUTH_REQUIRED")
