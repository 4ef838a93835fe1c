"""Who may come in, by which proof; and who has to leave."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from iayos.core.db import Database
from iayos.settings import Settings
from tests import make
from tests.chat.conftest import Chat, Pair

NOT_SIGNED_IN, NOT_YOURS = 4401, 4403


async def token_of(http: httpx.AsyncClient, email: str) -> dict[str, Any]:
    """What a phone gets when it signs in."""
    answer = await http.post("/api/mobile/auth/login", json={"email": email, "password": make.PASSWORD})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    http.cookies.clear()
    return found


async def test_three_proofs_let_in(chat: Chat) -> None:
    pair = await chat.pair()
    token = (await token_of(chat.http, pair.worker.email))["token"]
    async with chat.phone(pair.client, pair) as ana:
        assert (await ana.say("by cookie"))["seq"] == 1
    async with chat.phone(pair.worker, pair, headers={"Authorization": f"Bearer {token}"}) as ben:
        assert (await ben.say("by header"))["seq"] == 2
    async with chat.phone(pair.worker, pair, headers={}, subprotocols=["iayos", f"bearer.{token}"]) as ben:
        assert ben.ws.subprotocol == "iayos"
        assert (await ben.say("by subprotocol"))["seq"] == 3


@pytest.mark.parametrize("everything", [True, False])
async def test_who_is_not_signed_in_stays_out(chat: Chat, everything: bool) -> None:
    pair = await chat.pair()
    where = None if everything else pair
    pair_of = await token_of(chat.http, pair.worker.email)
    wrong: list[dict[str, Any]] = [
        {"headers": {}},
        {"headers": {"Cookie": "session_id=nonsense"}},
        {"headers": {"Authorization": "Bearer nonsense"}},
        {"headers": {"Authorization": f"Bearer {pair_of['refreshToken']}"}},
        {"headers": {}, "subprotocols": ["iayos", "bearer.nonsense"]},
        {"headers": {}, "subprotocols": ["iayos"]},
        {"subprotocols": ["iayos", "bearer.nonsense"]},  # a cookie beside it does not help
    ]
    for options in wrong:
        assert await chat.refused(pair.client, where, **options) == NOT_SIGNED_IN


async def test_strangers_and_who_asks_for_nothing_look_the_same(chat: Chat, db: Database) -> None:
    pair = await chat.pair()
    stranger = await make.account(db, "WORKER")
    assert await chat.refused(stranger, pair) == NOT_YOURS
    for number in (pair.id + 1, 0, -1, 2**63, "abc", "1.5", "²"):
        nowhere = Pair(pair.client, pair.worker, pair.job, number)  # type: ignore[arg-type]
        assert await chat.refused(pair.client, nowhere) == NOT_YOURS


async def test_a_cookie_is_not_taken_from_a_foreign_page(chat: Chat, settings: Settings) -> None:
    pair = await chat.pair()
    token = (await token_of(chat.http, pair.client.email))["token"]
    cookie = {"Cookie": f"session_id={pair.client.cookie}"}
    for origin in ("https://evil.example", "null", "http://[", f"{settings.public_url}.evil.example"):
        assert await chat.refused(pair.client, pair, headers=cookie | {"Origin": origin}) == NOT_YOURS
        assert await chat.refused(pair.client, None, headers=cookie | {"Origin": origin}) == NOT_YOURS
    async with chat.phone(pair.client, pair, headers=cookie | {"Origin": settings.public_url}) as ana:
        assert (await ana.say("from our own page"))["seq"] == 1
    foreign = {"Authorization": f"Bearer {token}", "Origin": "https://evil.example"}
    async with chat.phone(pair.client, pair, headers=foreign) as ana:  # a token is nobody's by accident
        assert (await ana.say("with a token"))["seq"] == 2


@pytest.mark.parametrize("reason", ["logout", "password", "switch", "suspension"])
async def test_what_ends_a_sign_in_ends_its_sockets_within_a_second(chat: Chat, db: Database, reason: str) -> None:
    pair = await chat.pair()
    ana, phone = chat.as_(pair.client), await token_of(chat.http, pair.client.email)
    bearer = {"Authorization": f"Bearer {phone['token']}"}
    changes = {
        "logout": ("/api/accounts/logout", {}),
        "password": (
            "/api/accounts/change-password", {"currentPassword": make.PASSWORD, "newPassword": "another-long-Phrase-8"}
        ),
        "switch": ("/api/accounts/switch-profile", {"profileType": "WORKER"}),
    }  # fmt: skip
    async with (
        chat.phone(pair.client, pair) as one,
        chat.phone(pair.client) as all_,
        chat.phone(pair.client, pair, headers=bearer) as other,
        chat.phone(pair.worker, pair) as ben,
    ):
        for socket in (one, all_, other, ben):
            await socket.quiet()
        begun = time.monotonic()
        if reason == "suspension":
            await db.pool.execute("UPDATE accounts SET suspended_at = now() WHERE id = $1", pair.client.account_id)
        else:
            path, body = changes[reason]
            assert (await ana.post(path, body or None)).status_code == 200
        ended = [one, all_] if reason == "logout" else [one, all_, other]
        codes = await asyncio.gather(*(socket.close_code() for socket in ended))
        assert time.monotonic() - begun < 1
        assert set(codes) == {NOT_SIGNED_IN}
        await ben.quiet()
        if reason == "logout":  # another device has a sign-in of its own
            await other.quiet()


async def test_an_end_that_nobody_told_of_is_noticed_within_a_second(chat: Chat, db: Database) -> None:
    pair = await chat.pair()
    async with chat.phone(pair.client, pair) as ana:
        await ana.quiet()
        begun = time.monotonic()
        await db.pool.execute(
            "UPDATE sessions SET expires_at = now() - interval '1 second' WHERE account_id = $1", pair.client.account_id
        )
        assert await ana.close_code() == NOT_SIGNED_IN
        assert time.monotonic() - begun < 1.2


async def test_who_leaves_the_conversation_loses_its_socket(chat: Chat, db: Database) -> None:
    pair = await chat.pair()
    async with chat.phone(pair.worker, pair) as ben, chat.phone(pair.worker) as everything:
        await everything.quiet()
        await db.pool.execute("DELETE FROM conversation_participants WHERE account_id = $1", pair.worker.account_id)
        assert await ben.close_code() == NOT_YOURS
        await chat.as_(pair.client).post(f"{pair.path}/messages", {"message": "Not for Ben"})
        await everything.send(message="Let me in", conversationID=pair.id)
        assert (await everything.next("error"))["code"] == "NOT_FOUND"
    assert everything.seqs() == []
