"""Pictures in a conversation."""

from typing import Any
from uuid import uuid4

import httpx

from iayos.core.db import Database
from tests import make
from tests.chat.conftest import Chat, Pair
from tests.conftest import Sandbox
from tests.media.pictures import picture


async def send(chat: Chat, pair: Pair, **form: Any) -> httpx.Response:
    """The client's picture."""
    file = ("photo.jpg", form.pop("file", picture()), "image/jpeg")
    return await chat.as_(pair.client).request("POST", f"{pair.path}/attachments", files={"file": file}, data=form)


async def upload(chat: Chat, someone: make.Someone, purpose: str = "CHAT") -> int:
    """A file for later; its id."""
    answer = await chat.as_(someone).request(
        "POST", "/api/media", files={"file": ("a.jpg", picture(), "image/jpeg")}, data={"purpose": purpose}
    )
    assert answer.status_code == 201, answer.text
    return int(answer.json()["mediaID"])


async def test_a_picture_is_a_message_that_both_see_and_only_they_open(
    chat: Chat, sandbox: Sandbox, db: Database
) -> None:
    pair, name = await chat.pair(), str(uuid4())
    async with chat.phone(pair.worker, pair) as ben:
        sent = await send(chat, pair, message="The leak", clientID=name)
        assert sent.status_code == 201, sent.text
        assert await ben.next("chat_message") == sent.json()
    (attached,) = sent.json()["attachments"]
    assert (sent.json()["message"], attached["contentType"]) == ("The leak", "image/jpeg")
    again = await send(chat, pair, message="The leak", clientID=name)
    assert (again.status_code, again.json()) == (200, sent.json())
    assert (await chat.as_(pair.worker).get(pair.path)).json()["lastMessage"] == sent.json()

    path = f"{pair.path}/attachments/{attached['mediaID']}"
    for someone in (pair.client, pair.worker):
        found = (await chat.as_(someone).get(path)).json()
        assert (await sandbox.http.get(found["fileURL"])).status_code == 200
        assert found["fileURL"] != found["thumbnailURL"]
    stranger = await chat.pair()
    assert (await chat.as_(stranger.client).get(path)).status_code == 404
    other = f"{stranger.path}/attachments/{attached['mediaID']}"
    assert (await chat.as_(stranger.client).get(other)).status_code == 404


async def test_a_picture_needs_no_words_and_is_told_of(chat: Chat) -> None:
    pair = await chat.pair()
    sent = await send(chat, pair)
    assert (sent.status_code, sent.json()["message"]) == (201, "")
    (notice,) = (await chat.as_(pair.worker).get("/api/notifications")).json()["items"]
    assert notice["body"].endswith(": 📷")


async def test_what_is_no_picture_or_not_mine_to_send_is_refused(chat: Chat, db: Database) -> None:
    pair = await chat.pair()
    bad = await send(chat, pair, file=b"MZ not a picture")
    assert (bad.status_code, bad.json()["code"]) == (400, "BAD_FILE")
    assert (await send(chat, pair, clientID="b")).status_code == 400
    stranger = await chat.pair()
    assert (await send(chat, Pair(stranger.client, pair.worker, pair.job, pair.id))).status_code == 404
    json_body = await chat.as_(pair.client).post(f"{pair.path}/attachments", {"message": "no form"})
    assert json_body.status_code == 415
    assert await chat.stored(pair) == []


async def test_uploaded_files_travel_with_a_frame_once(chat: Chat) -> None:
    pair, name = await chat.pair(), str(uuid4())
    first, second = await upload(chat, pair.client), await upload(chat, pair.client)
    theirs, other = await upload(chat, pair.worker), await upload(chat, pair.client, "JOB_PHOTO")
    async with chat.phone(pair.client, pair) as ana:
        ack = await ana.say("Two", name, attachments=[second, first])
        seen = await ana.until("chat_message", seq=1)
        assert [one["mediaID"] for one in seen["attachments"]] == [second, first]
        assert await ana.say("Two", name, attachments=[second, first]) == ack
        for wrong in ([first], [theirs], [other], [2**60], ["1"], list(range(1, 12))):
            await ana.send(message="Not these", attachments=wrong)
            assert (await ana.next("error"))["code"] == "VALIDATION_ERROR"
    assert await chat.stored(pair) == [(1, "Two")]
