import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from iayos.core import clock
from iayos.core.db import Database
from iayos.profiles.models import PortfolioTable
from tests import make
from tests.conftest import Sandbox
from tests.make import As
from tests.media.pictures import picture
from tests.media.test_corpus import document

Drain = Callable[[], Awaitable[int]]
AVATAR, CERTIFICATIONS, PORTFOLIO = "/api/profile/avatar", "/api/profile/certifications", "/api/profile/portfolio"


async def avatar(me: As, content: bytes | None = None) -> httpx.Response:
    return await me.request("POST", AVATAR, files={"photo": content or picture()})


async def certify(me: As, content: bytes | None = None, **form: Any) -> httpx.Response:
    data = {"name": "NC II"} | form
    return await me.request("POST", CERTIFICATIONS, data=data, files={"file": content or picture()})


async def show(me: As, *photos: bytes) -> httpx.Response:
    return await me.request("POST", PORTFOLIO, files=[("photos", photo) for photo in photos])


async def count(sandbox: Sandbox, bucket: str) -> int:
    return len((await sandbox.http.get(f"/_sandbox/supabase/objects?bucket={bucket}")).json())


async def test_a_new_picture_takes_the_place_of_the_old_one(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox, drain: Drain
) -> None:
    someone = await make.account(db, "CLIENT")
    me = make.as_(http, someone)
    first, second = (await avatar(me)).json(), (await avatar(me)).json()
    assert first["avatarURL"] != second["avatarURL"]
    assert first["profile_completion_percentage"] is None
    await drain()
    assert await count(sandbox, "avatars") == 2
    assert (await sandbox.http.get(first["avatarURL"])).status_code == 400
    assert (await me.get(AVATAR)).json() == second
    assert (await me.request("DELETE", AVATAR)).json()["avatarURL"] is None
    assert (await me.request("DELETE", AVATAR)).status_code == 200
    await drain()
    assert await count(sandbox, "avatars") == 0


async def test_of_four_pictures_at_once_one_stays(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox, drain: Drain
) -> None:
    me = make.as_(http, await make.account(db, "WORKER"))
    answers = await asyncio.gather(*(avatar(me) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    await drain()
    assert await count(sandbox, "avatars") == 2
    kept = (await me.get(AVATAR)).json()["avatarURL"]
    assert (await sandbox.http.get(kept)).status_code == 200


async def test_a_certificate_may_be_a_pdf_and_is_for_its_owner_alone(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox
) -> None:
    me = make.as_(http, await make.account(db, "WORKER"))
    other = make.as_(http, await make.account(db, "WORKER"))
    made = (await certify(me, document(Author="Planted"))).json()
    assert (made["contentType"], made["thumbnailURL"], made["profile_completion_percentage"]) == (
        "application/pdf",
        None,
        14,
    )
    assert (await sandbox.http.get(made["fileURL"])).content.startswith(b"%PDF-")
    one = f"{CERTIFICATIONS}/{made['certificationID']}"
    assert (await me.get(one)).json()["name"] == "NC II"
    assert (await other.get(one)).status_code == 404
    assert (await other.request("DELETE", one)).status_code == 404
    assert (await other.get(CERTIFICATIONS)).json()["items"] == []
    clock.advance(301)
    assert (await sandbox.http.get(made["fileURL"])).status_code == 400
    fresh = (await me.get(one)).json()["fileURL"]
    assert (await sandbox.http.get(fresh)).status_code == 200


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"issuedOn": "yesterday"}, "issuedOn"),
        ({"issuedOn": "2024-02-01", "expiresOn": "2024-01-01"}, "expiresOn"),
    ],
)
async def test_a_certificate_that_does_not_fit_names_its_field(
    http: httpx.AsyncClient, db: Database, form: dict[str, Any], field: str
) -> None:
    answer = await certify(make.as_(http, await make.account(db, "WORKER")), **form)
    assert (answer.status_code, answer.json()["details"]["field"]) == (400, field)


async def test_bad_files_change_nothing(http: httpx.AsyncClient, db: Database, sandbox: Sandbox) -> None:
    me = make.as_(http, await make.account(db, "WORKER"))
    refused = await show(me, picture(), b"<svg onload=alert(1)>")
    assert (refused.status_code, refused.json()["code"]) == (400, "BAD_FILE")
    details = refused.json()["details"]
    assert (details["field"], details["reason"], details["fields"][0]["field"]) == ("photos", "UNKNOWN_TYPE", "photos")
    assert (await avatar(me, b"MZ")).json()["details"]["field"] == "photo"
    assert (await avatar(me, document())).json()["details"]["reason"] == "PDF_NOT_ALLOWED"
    assert (await certify(me, picture()[:200])).json()["details"]["reason"] == "TRUNCATED"
    assert (await me.request("POST", PORTFOLIO, files={"other": b"x"})).json()["details"]["field"] == "photos"
    assert (await show(me, *[picture()] * 21)).json()["details"]["field"] == "photos"
    profile = (await me.get("/api/profile")).json()
    assert (profile["profile_completion_percentage"], profile["avatarURL"]) == (0, None)


async def test_pictures_come_in_pages_and_everybody_sees_them(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox
) -> None:
    worker = await make.account(db, "WORKER")
    me, visitor = make.as_(http, worker), make.as_(http, await make.account(db, "CLIENT"))
    ids = (await show(me, *[picture()] * 5)).json()["portfolioIDs"]
    assert ids == sorted(ids)
    seen: list[int] = []
    cursor: Any = None
    while True:
        query = f"?limit=2{f'&cursor={cursor}' if cursor else ''}"
        page = (await visitor.get(f"/api/workers/{worker.account_id}/portfolio{query}")).json()
        seen += [one["portfolioID"] for one in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]
    assert (await me.get(f"{PORTFOLIO}/{ids[0]}")).json()["profile_completion_percentage"] == 14
    assert (await visitor.get(f"/api/workers/{visitor.someone.account_id}/portfolio")).status_code == 404
    assert (await visitor.get(f"{PORTFOLIO}/{ids[0]}")).json()["code"] == "WRONG_PROFILE"
    other = make.as_(http, await make.account(db, "WORKER"))
    assert (await other.request("DELETE", f"{PORTFOLIO}/{ids[0]}")).status_code == 404


async def test_a_portfolio_that_is_full_takes_no_more(http: httpx.AsyncClient, db: Database, sandbox: Sandbox) -> None:
    worker = await make.account(db, "WORKER")
    async with db.transaction() as tx:
        for number in range(99):
            await tx.insert(PortfolioTable, account_id=worker.account_id, media_id=-number)
    me = make.as_(http, worker)
    full = await show(me, picture(), picture())
    assert (full.status_code, full.json()["code"], full.json()["details"]["most"]) == (409, "TOO_MANY_FILES", 100)
    last = await asyncio.gather(show(me, picture()), show(me, picture()))
    assert sorted(answer.status_code for answer in last) == [201, 409]


async def test_only_workers_have_certificates_and_a_portfolio(http: httpx.AsyncClient, db: Database) -> None:
    me = make.as_(http, await make.account(db, "CLIENT"))
    for answer in (await certify(me), await show(me, picture()), await me.get(CERTIFICATIONS), await me.get(PORTFOLIO)):
        assert (answer.status_code, answer.json()["code"]) == (403, "WRONG_PROFILE")
    assert (await http.get(AVATAR)).status_code == 401
    assert (await http.post(AVATAR, files={"photo": picture()})).status_code == 401


@pytest.mark.parametrize("kind", ["500", "drop_before"])
async def test_a_storage_that_is_away_leaves_the_profile_as_it_was(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox, kind: str
) -> None:
    me = make.as_(http, await make.account(db, "WORKER"))
    await sandbox.http.put("/_sandbox/faults", json=[{"match": "supabase.upload", "kind": kind}])
    assert (await avatar(me)).status_code == 503
    assert (await me.get("/api/profile")).json()["avatarURL"] is None
    assert (await avatar(me)).status_code == 200
