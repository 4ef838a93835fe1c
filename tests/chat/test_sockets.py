"""Two people talk; what each of them sees, and in which order."""

from uuid import uuid4

import pytest

from iayos.core.db import Database
from tests import make
from tests.chat.conftest import Chat


async def test_a_message_is_numbered_stored_and_seen_by_both(chat: Chat) -> None:
    pair = await chat.pair()
    name = str(uuid4())
    async with chat.phone(pair.client, pair) as ana, chat.phone(pair.worker, pair) as ben:
        ack = await ana.say("  Hello  ", name)
        seen = [await phone.until("chat_message", seq=1) for phone in (ana, ben)]
    assert ack["seq"] == 1
    assert ack["clientID"] == name
    assert ack["conversationID"] == pair.id
    assert seen[0] == seen[1]
    assert seen[1] == {
        "type": "chat_message", "seq": 1, "messageID": ack["messageID"], "message": "Hello",
        "sender_id": pair.client.account_id, "clientID": name, "createdAt": ack["createdAt"], "attachments": [],
        "conversationID": pair.id,
    }  # fmt: skip
    assert await chat.stored(pair) == [(1, "Hello")]


async def test_the_frame_of_the_reference_is_understood_and_its_sender_id_ignored(chat: Chat) -> None:
    pair = await chat.pair()
    async with chat.phone(pair.client, pair) as ana, chat.phone(pair.worker, pair) as ben:
        await ben.send(message="Hello", sender_id=pair.client.account_id)
        seen = await ana.next("chat_message")
    assert seen["sender_id"] == pair.worker.account_id
    assert seen["clientID"] is None


async def test_the_same_client_id_is_the_same_message_also_when_sent_twice_at_once(chat: Chat) -> None:
    pair = await chat.pair()
    name = str(uuid4())
    async with (
        chat.phone(pair.client, pair) as phone, chat.phone(pair.client, pair) as tablet,
        chat.phone(pair.worker, pair) as ben,
    ):  # fmt: skip
        await phone.send(message="Once", clientID=name)
        await tablet.send(message="Once", clientID=name)
        acks = [await one.until("ack", clientID=name) for one in (phone, tablet)]
        again = await ben.say("Mine", name)
        await ben.until("chat_message", seq=2)
    assert acks[0] == acks[1]
    assert acks[0]["seq"] == 1
    assert again["seq"] == 2  # another sender's name for another message
    assert ben.seqs() == [1, 2]


async def test_without_a_client_id_a_repeat_is_a_new_message(chat: Chat) -> None:
    pair = await chat.pair()
    async with chat.phone(pair.client, pair) as ana:
        for _ in range(2):
            await ana.send(message="Hello?")
        await ana.next("chat_message", seq=2)
    assert await chat.stored(pair) == [(1, "Hello?"), (2, "Hello?")]


async def test_typing_is_seen_by_the_other_and_not_by_oneself(chat: Chat) -> None:
    pair = await chat.pair()
    async with chat.phone(pair.client, pair) as ana, chat.phone(pair.worker, pair) as ben:
        await ana.send(type="typing")
        seen = await ben.next("typing")
        await ana.say("Done")
        await ana.until("chat_message", seq=1)
    assert seen == {"type": "typing", "accountID": pair.client.account_id, "conversationID": pair.id}
    assert "typing" not in {frame["type"] for frame in ana.frames}


async def test_read_marks_go_forward_only_and_never_beyond_the_last(chat: Chat) -> None:
    pair = await chat.pair()
    async with chat.phone(pair.client, pair) as ana, chat.phone(pair.worker, pair) as ben:
        for text in "abc":
            await ana.say(text)
        await ben.send(type="read", seq=2)
        assert (await ana.next("read"))["seq"] == 2
        await ben.send(type="read", seq=1)
        await ben.send(type="read", seq=99)
        seen = await ana.next("read")
    assert seen == {"type": "read", "accountID": pair.worker.account_id, "seq": 3, "conversationID": pair.id}


async def test_one_sees_who_comes_and_who_goes(chat: Chat) -> None:
    pair = await chat.pair()
    async with chat.phone(pair.client, pair) as ana:
        async with chat.phone(pair.worker, pair) as ben:
            came = await ana.next("presence")
            there = await ben.next("presence")
            async with chat.phone(pair.worker):
                pass
        gone = await ana.next("presence", online=False)
    assert came == {"type": "presence", "accountID": pair.worker.account_id, "online": True, "conversationID": pair.id}
    assert there["accountID"] == pair.client.account_id
    assert there["online"]
    assert gone["accountID"] == pair.worker.account_id
    assert [frame["online"] for frame in ana.frames if frame["type"] == "presence"] == [True, False]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("no json", "VALIDATION_ERROR"), ("[]", "VALIDATION_ERROR"), ("7", "VALIDATION_ERROR"), ("", "VALIDATION_ERROR"),
        ("{}", "VALIDATION_ERROR"), ('{"message": ""}', "VALIDATION_ERROR"), ('{"message": "   "}', "VALIDATION_ERROR"),
        ('{"message": 7}', "VALIDATION_ERROR"), ('{"message": null}', "VALIDATION_ERROR"),
        ('{"message": "' + "x" * 4001 + '"}', "VALIDATION_ERROR"), ('{"message": "a\\u0000b"}', "VALIDATION_ERROR"),
        ('{"message": "\\ud800"}', "VALIDATION_ERROR"), ('{"message": "a", "clientID": "b"}', "VALIDATION_ERROR"),
        ('{"message": "a", "clientID": 7}', "VALIDATION_ERROR"), ('{"type": "dance"}', "VALIDATION_ERROR"),
        ('{"type": 7}', "VALIDATION_ERROR"), ('{"type": "read"}', "VALIDATION_ERROR"),
        ('{"type": "read", "seq": "1"}', "VALIDATION_ERROR"), ('{"type": "read", "seq": -1}', "VALIDATION_ERROR"),
        ('{"type": "resume", "after": 1e30}', "VALIDATION_ERROR"), ('{"type": "resume", "after": 18446744073709551616}', "VALIDATION_ERROR"),
        ("[" * 50_000, "VALIDATION_ERROR"), ('{"message": "' + "x" * 70_000 + '"}', "TOO_LARGE"),
        (b'{"message": "binary"}', "VALIDATION_ERROR"),
    ],
)  # fmt: skip
async def test_a_bad_frame_gets_an_error_and_the_socket_stays_open(chat: Chat, frame: str | bytes, code: str) -> None:
    pair = await chat.pair()
    async with chat.phone(pair.client, pair) as ana:
        await ana.ws.send(frame)
        error = await ana.next()
        assert error["type"] == "error"
        assert error["code"] == code
        assert error["error"]
        assert (await ana.say("x" * 4000))["seq"] == 1
    assert len(await chat.stored(pair)) == 1


async def test_an_unverified_account_may_look_and_not_write(chat: Chat, db: Database) -> None:
    pair = await chat.pair(worker=await make.account(db, "WORKER", verified=False))
    name = str(uuid4())
    async with chat.phone(pair.worker, pair) as ben:
        await ben.send(message="Hello", clientID=name)
        error = await ben.next("error")
        assert (await ben.resume(0))["complete"]
    assert error["code"] == "EMAIL_UNVERIFIED"
    assert error["clientID"] == name
    assert await chat.stored(pair) == []


async def test_all_conversations_and_notices_come_on_one_socket(chat: Chat) -> None:
    first = await chat.pair()
    second = await chat.pair(client=first.client)
    async with chat.phone(first.client) as ana, chat.phone(first.worker, first) as ben:
        await ben.say("From Ben")
        notice = await ana.until("notification")
        assert (await ana.until("chat_message"))["conversationID"] == first.id
        assert (await ana.say("To the other", conversationID=second.id))["conversationID"] == second.id
        await ana.send(message="To whom?")
        assert (await ana.next("error"))["code"] == "VALIDATION_ERROR"
        third = await chat.pair(client=first.client)  # opened while the socket is
        assert (await chat.as_(third.worker).post(f"{third.path}/messages", {"message": "New"})).status_code == 201
        await ana.next("chat_message", conversationID=third.id)
        stranger = await chat.pair()
        await ana.send(message="Hello?", conversationID=stranger.id)
        assert (await ana.next("error"))["code"] == "NOT_FOUND"
    assert notice["event"] == "NEW_MESSAGE"
    assert notice["title"] == "New message"
    assert notice["isRead"] is False
    assert notice["body"].endswith(": From Ben")
    assert notice["data"]["conversationID"] == first.id
    assert await chat.stored(stranger) == []
