"""Conversations over HTTP."""

from uuid import uuid4

from iayos.core import clock
from iayos.core.db import Database
from tests import make
from tests.chat.conftest import Chat

DAY = 86_400


async def test_a_message_over_http_is_the_one_that_sockets_see(chat: Chat) -> None:
    pair = await chat.pair()
    ana, name = chat.as_(pair.client), str(uuid4())
    async with chat.phone(pair.worker, pair) as ben:
        sent = await ana.post(f"{pair.path}/messages", {"message": " Hello ", "clientID": name})
        again = await ana.post(f"{pair.path}/messages", {"message": "Hello", "clientID": name})
        assert (sent.status_code, again.status_code) == (201, 200)
        assert sent.json() == again.json() == await ben.next("chat_message")
    assert sent.json()["sender_id"] == pair.client.account_id
    mobile = await ana.get(f"/api/mobile/chat/conversations/{pair.id}/messages")
    assert mobile.json() == {"items": [sent.json()], "nextCursor": None}


async def test_bad_messages_are_refused(chat: Chat) -> None:
    pair = await chat.pair()
    ana = chat.as_(pair.client)
    for body in (
        {},
        {"message": ""},
        {"message": " "},
        {"message": "x" * 4001},
        {"message": 7},
        {"message": "a", "clientID": "b"},
    ):
        assert (await ana.post(f"{pair.path}/messages", body)).status_code == 400
    assert await chat.stored(pair) == []


async def test_only_participants_see_a_conversation(chat: Chat, db: Database) -> None:
    pair = await chat.pair()
    stranger = chat.as_(await make.account(db, "CLIENT"))
    for path in (pair.path, f"{pair.path}/messages"):
        assert (await stranger.get(path)).status_code == 404
        assert (await chat.http.get(path)).status_code == 401
    for path, body in ((f"{pair.path}/messages", {"message": "Hello"}), (f"{pair.path}/read", {"seq": 1})):
        assert (await stranger.post(path, body)).status_code == 404
        assert (await chat.http.post(path, json=body)).status_code == 401
    assert (await stranger.get("/api/chat/conversations")).json()["items"] == []


async def test_writing_needs_a_confirmed_email(chat: Chat, db: Database) -> None:
    pair = await chat.pair(client=await make.account(db, "CLIENT", verified=False))
    answer = await chat.as_(pair.client).post(f"{pair.path}/messages", {"message": "Hello"})
    assert (answer.status_code, answer.json()["code"]) == (403, "EMAIL_UNVERIFIED")
    assert (await chat.as_(pair.client).get(pair.path)).status_code == 200


async def test_the_list_shows_the_newest_first_with_what_is_unread(chat: Chat) -> None:
    old = await chat.pair(title="Paint the gate")
    new = await chat.pair(client=old.client)
    ana, ben = chat.as_(old.client), chat.as_(old.worker)
    for text in ("one", "two", "three"):
        await ben.post(f"{old.path}/messages", {"message": text})
    await ana.post(f"{old.path}/messages", {"message": "four"})
    listed = (await ana.get("/api/chat/conversations")).json()["items"]
    assert [one["conversationID"] for one in listed] == [old.id, new.id]
    first = listed[0]
    assert (first["jobID"], first["jobTitle"], first["closedAt"]) == (old.job.id, "Paint the gate", None)
    assert (first["lastSeq"], first["readSeq"], first["unreadCount"]) == (4, 0, 3)
    assert (first["lastMessage"]["seq"], first["lastMessage"]["message"]) == (4, "four")
    assert first["lastMessage"] == (await ana.get(f"{old.path}/messages?after=3")).json()["items"][0]
    assert [(one["accountID"], one["profileType"]) for one in first["participants"]] == [
        (old.client.account_id, "CLIENT"), (old.worker.account_id, "WORKER"),
    ]  # fmt: skip
    assert (listed[1]["lastMessage"], listed[1]["lastSeq"], listed[1]["unreadCount"]) == (None, 0, 0)
    assert (await ana.get(old.path)).json() == first
    assert (await ben.get(old.path)).json()["unreadCount"] == 1  # one's own do not count


async def test_read_marks_over_http(chat: Chat) -> None:
    pair = await chat.pair()
    ana, ben = chat.as_(pair.client), chat.as_(pair.worker)
    for text in ("one", "two", "three"):
        await ben.post(f"{pair.path}/messages", {"message": text})
    async with chat.phone(pair.worker, pair) as phone:
        for asked, read, unread in ((2, 2, 1), (1, 2, 1), (0, 2, 1), (2**62, 3, 0)):
            mark = await ana.post(f"{pair.path}/read", {"seq": asked})
            assert mark.status_code == 200
            assert mark.json() == {"conversationID": pair.id, "readSeq": read, "lastSeq": 3, "unreadCount": unread}
        await phone.next("read", seq=3)
    assert [frame["seq"] for frame in phone.frames if frame["type"] == "read"] == [2, 3]
    assert (await ana.post(f"{pair.path}/read", {"seq": -1})).status_code == 400


async def test_messages_are_turned_in_both_directions(chat: Chat) -> None:
    pair = await chat.pair()
    ana = chat.as_(pair.client)
    for number in range(1, 8):
        await ana.post(f"{pair.path}/messages", {"message": str(number)})

    async def walk(query: str) -> list[list[int]]:
        pages, cursor = [], ""
        while True:
            answer = (await ana.get(f"{pair.path}/messages?{query}&limit=3{cursor}")).json()
            pages.append([one["seq"] for one in answer["items"]])
            if answer["nextCursor"] is None:
                return pages
            cursor = f"&cursor={answer['nextCursor']}"

    assert await walk("") == [[5, 6, 7], [2, 3, 4], [1]]
    assert await walk("before=6") == [[3, 4, 5], [1, 2]]
    assert await walk("after=1") == [[2, 3, 4], [5, 6, 7]]
    assert await walk("after=7") == [[]]
    for bad in ("limit=0", "limit=101", "after=x", "before=-1", "cursor=nonsense"):
        assert (await ana.get(f"{pair.path}/messages?{bad}")).status_code == 400


async def test_conversations_are_paged(chat: Chat) -> None:
    first = await chat.pair()
    pairs = [first, *[await chat.pair(client=first.client) for _ in range(4)]]
    ana, seen = chat.as_(first.client), list[int]()
    cursor: str | None = ""
    while cursor is not None:
        answer = (await ana.get(f"/api/chat/conversations?limit=2{cursor}")).json()
        seen += [one["conversationID"] for one in answer["items"]]
        cursor = answer["nextCursor"] and f"&cursor={answer['nextCursor']}"
    assert seen == [pair.id for pair in reversed(pairs)]


async def test_thirty_days_after_the_job_nothing_new_is_taken(chat: Chat, db: Database) -> None:
    pair = await chat.pair()
    await db.pool.execute(
        "UPDATE jobs SET cancelled_at = $2, status = 'CANCELLED' WHERE id = $1", pair.job.id, clock.now()
    )
    ana = chat.as_(pair.client)
    assert (await ana.post(f"{pair.path}/messages", {"message": "Thanks"})).status_code == 201
    clock.advance(30 * DAY - 60)
    ana = chat.as_(await make.signed_in_again(db, pair.client))
    assert (await ana.post(f"{pair.path}/messages", {"message": "Once more"})).status_code == 201
    clock.advance(120)
    async with chat.phone(ana.someone, pair) as phone:
        await phone.send(message="Too late")
        assert (await phone.next("error"))["code"] == "CONVERSATION_CLOSED"
        assert (await phone.resume(0))["to"] == 2
    late = await ana.post(f"{pair.path}/messages", {"message": "Too late"})
    assert (late.status_code, late.json()["code"]) == (409, "CONVERSATION_CLOSED")
    shown = (await ana.get(pair.path)).json()
    assert shown["closedAt"] is not None
    assert shown["lastSeq"] == 2
    assert (await ana.get(f"{pair.path}/messages")).status_code == 200


async def test_a_streak_of_unread_messages_is_one_notice(chat: Chat) -> None:
    pair = await chat.pair()
    ana, ben = chat.as_(pair.client), chat.as_(pair.worker)

    async def told() -> list[str]:
        return [
            one["body"] for one in (await ben.get("/api/notifications")).json()["items"] if one["type"] == "NEW_MESSAGE"
        ]

    for text in ("x" * 100, "two", "three"):
        await ana.post(f"{pair.path}/messages", {"message": text})
    (body,) = await told()
    name, _, preview = body.partition(": ")
    assert (len(preview), preview[-1]) == (80, "…")
    assert name.startswith("Ana Reyes")
    await ben.post(f"{pair.path}/read", {"seq": 3})
    await ana.post(f"{pair.path}/messages", {"message": "four"})
    assert len(await told()) == 2
    async with chat.phone(pair.worker, pair) as open_now:
        await ben.post(f"{pair.path}/read", {"seq": 4})
        await ana.post(f"{pair.path}/messages", {"message": "five"})
        await open_now.next("chat_message", seq=5)
    assert len(await told()) == 2  # it is before his eyes
    assert "NEW_MESSAGE" not in {one["type"] for one in (await ana.get("/api/notifications")).json()["items"]}
