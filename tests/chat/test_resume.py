"""After any break, `resume` brings exactly what was missed, in order."""

import asyncio

from sqlalchemy import BigInteger, bindparam, text

from iayos.core.db import Database, Statement
from iayos.web.bus import APPLICATION
from tests.chat.conftest import Chat, Pair, Phone, eventually

_POST = Statement(
    text("SELECT message_id FROM post_message(:conversation_id, :sender_id, NULL, 'Hello', '[]', now())").bindparams(
        bindparam("conversation_id", type_=BigInteger, required=True),
        bindparam("sender_id", type_=BigInteger, required=True),
    )
)


async def post(chat: Chat, pair: Pair, count: int) -> None:
    """Messages of the worker, without a socket."""
    for _ in range(count):
        async with chat.db.transaction() as tx:
            await tx.value(_POST, conversation_id=pair.id, sender_id=pair.worker.account_id)


async def test_resume_brings_what_was_missed_and_live_messages_follow(chat: Chat) -> None:
    pair = await chat.pair()
    await post(chat, pair, 250)
    async with chat.phone(pair.client, pair) as ana:
        done = await ana.resume(3)
        await post(chat, pair, 2)
        await ana.next("chat_message", seq=252)
    assert done == {"type": "resumed", "from": 4, "to": 250, "complete": True, "conversationID": pair.id}
    assert ana.seqs() == list(range(4, 253))


async def test_a_resume_with_nothing_missed_or_from_beyond_the_end_brings_nothing(chat: Chat) -> None:
    pair = await chat.pair()
    await post(chat, pair, 2)
    async with chat.phone(pair.client, pair) as ana:
        for after in (2, 3, 2**62):
            done = await ana.resume(after)
            assert (done["from"], done["to"]) == (3, 2)
        await post(chat, pair, 1)
        await ana.next("chat_message", seq=3)
        assert (await ana.resume(0))["to"] == 3
    assert ana.seqs() == [3, 1, 2, 3]


async def test_a_resume_asked_at_once_comes_before_what_is_said_meanwhile(chat: Chat) -> None:
    pair = await chat.pair()
    await post(chat, pair, 30)
    going = asyncio.create_task(post(chat, pair, 60))
    async with chat.phone(pair.client, pair) as ana:
        await asyncio.sleep(0.1)  # some of the sixty are there before the question
        await ana.resume(10)
        await going
        await ana.until("chat_message", seq=90)
    assert ana.seqs() == list(range(11, 91))


async def test_who_does_not_resume_gets_what_is_said_from_now_on(chat: Chat) -> None:
    pair = await chat.pair()
    await post(chat, pair, 3)
    async with chat.phone(pair.client, pair) as ana:
        await post(chat, pair, 2)
        await ana.next("chat_message", seq=5)
    assert ana.seqs() == [4, 5]


async def test_a_question_repeated_in_the_middle_starts_again(chat: Chat) -> None:
    pair = await chat.pair()
    await post(chat, pair, 300)
    async with chat.phone(pair.client, pair) as ana:
        await ana.send(type="resume", after=0)
        await ana.send(type="resume", after=0)
        await ana.next("resumed")
        await ana.quiet()
    last = max(place for place, seq in enumerate(ana.seqs()) if seq == 1)
    assert ana.seqs()[last:] == list(range(1, 301))


async def test_all_conversations_resume_on_one_socket(chat: Chat) -> None:
    first = await chat.pair()
    pairs = [first, *[await chat.pair(client=first.client) for _ in range(4)]]
    for number, pair in enumerate(pairs):
        await post(chat, pair, number)
    async with chat.phone(first.client) as ana:
        for pair in pairs:
            await ana.send(type="resume", after=0, conversationID=pair.id)
        done = [await ana.until("resumed", conversationID=pair.id) for pair in pairs]
    assert [one["to"] for one in done] == [0, 1, 2, 3, 4]
    assert sorted(ana.seqs()) == [1, 1, 1, 1, 2, 2, 2, 3, 3, 4]


async def test_nothing_is_missed_when_the_listening_connection_breaks(chat: Chat, db: Database) -> None:
    pair = await chat.pair()
    async with chat.phone(pair.client, pair) as ana, chat.phone(pair.worker, pair) as ben:
        await ben.quiet()
        before = await listeners(db)
        for backend in before:
            await db.pool.execute("SELECT pg_terminate_backend($1)", backend)
        await post(chat, pair, 5)  # told to nobody: no socket of this process sent them
        await reach(ana, 5)
        assert (await ben.say("Still there?"))["seq"] == 6
        await reach(ana, 6)

        async def is_back() -> bool:
            return bool(set(await listeners(db)) - set(before))

        await eventually(is_back)
        await post(chat, pair, 1)
        await reach(ana, 7)
    assert ana.seqs() == [1, 2, 3, 4, 5, 6, 7]


async def reach(phone: Phone, seq: int) -> None:
    await phone.until("chat_message", seq=seq)


async def listeners(db: Database) -> list[int]:
    rows = await db.pool.fetch(
        "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()", APPLICATION
    )
    return [row[0] for row in rows]
