"""Whatever a caller sends: never a 5xx (SPEC 1, Errors), and never a code that the document does not tell."""

import asyncio
import json
import re
from typing import Any, Final
from urllib.parse import quote

import httpx
import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from iayos.core.db import Database
from tests import make
from tests.conftest import Sandbox
from tests.contract import Contract

ODD: Final[list[Any]] = [
    None, True, False, 0, -1, 1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 1.5, -0.0, 1e308, 5e-324, 100.001, "", " ",
    "a", "\x00", "a\x00b", "\ud800", "\U0001f6b0", "x" * 501, "x" * 5000, "12", "1e9", "NaN", "null", "'; DROP TABLE jobs;--",
    "%s%d{0}", "../../etc/passwd", "<script>", "2026-02-30", "2026-11-22T08:30:00Z", "CLIENT", "GCASH", "ana@example.com",
    [], [None], [1, 1], [[[]]], {}, {"a": 1}, {"": None},
]  # fmt: skip
texts = st.sampled_from([one if isinstance(one, str) else str(one) for one in ODD]) | st.text(max_size=8)
values = st.recursive(
    st.sampled_from(ODD) | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
LEFT_OUT: Final = frozenset(
    {"/api/accounts/logout", "/api/mobile/auth/logout", "/api/accounts/switch-profile", "/api/accounts/erase"}
)
"""They end the session of the one who asks."""
FORM: Final = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--x--\r\n'
FORM_KIND: Final = "multipart/form-data; boundary=x"
ids = st.sampled_from(["1", "2", "0", "-1", str(10**30), str(2**63 - 1), "x", "%00", "%ff", "escrow:1"])


class Asked(msgspec.Struct, frozen=True):
    """A request to send."""

    who: int
    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


@st.composite
def requests(draw: st.DrawFn, method: str, path: str, operation: dict[str, Any]) -> Asked:
    """One operation, asked oddly."""
    url = re.sub(r"\{\w+\}", lambda _: draw(ids), path)
    names = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
    if method == "GET" or draw(st.integers(0, 5)) == 0:
        pairs = draw(st.lists(st.tuples(st.sampled_from([*names, "limit", "nonsense"]), texts), max_size=4))
        url += "?" + "&".join(f"{name}={quote(text.encode('utf-8', 'surrogatepass'))}" for name, text in pairs)
    who = draw(st.integers(0, 3))
    if method == "GET":
        return Asked(who, method, url, {}, None)
    content = operation.get("requestBody", {}).get("content", {})
    kind = next(iter(content), "application/json")
    kind = FORM_KIND if kind.startswith("multipart") else kind
    headers = {"Content-Type": draw(st.sampled_from([kind] * 9 + ["text/plain", FORM_KIND, "/;="]))}
    if draw(st.integers(0, 3)) == 0:
        headers["Idempotency-Key"] = draw(st.sampled_from(["", "a", "b", "k" * 300]))
    return Asked(who, method, url, headers, draw(bodies(content.get(kind, {}).get("example"))))


def bodies(good: Any) -> st.SearchStrategy[bytes]:
    """Mostly what the document shows with one field made odd, else anything at all."""
    anything = st.sampled_from([b"", b"{", b"\xff", b"[]", b"nul", FORM]) | values.map(dumped)
    if not isinstance(good, dict) or not good:
        return anything
    one_odd = st.tuples(st.sampled_from(sorted(good)), values).map(lambda odd: dumped(good | {odd[0]: odd[1]}))
    return st.one_of(one_odd, one_odd, one_odd, st.just(dumped(good)), anything)


async def askers(http: httpx.AsyncClient, db: Database) -> list[dict[str, str]]:
    """Headers of a client, a worker, an admin and nobody; there are two jobs."""
    client, worker = await make.account(db, "CLIENT"), await make.account(db, "WORKER", trades=(1,))
    admin = await make.account(db, None, role="ADMIN")
    await make.job(db, client=client, worker=worker)
    await make.job(db, client=client)
    return [{"Cookie": f"session_id={one.cookie}"} for one in (client, worker, admin)] + [{}]


@pytest.mark.parametrize(("methods", "examples"), [({"GET"}, 20), ({"POST", "PATCH", "PUT", "DELETE"}, 30)])
async def test_never_a_5xx(
    http: httpx.AsyncClient, db: Database, contract: Contract, sandbox: Sandbox, methods: set[str], examples: int
) -> None:
    broken: list[str] = []
    people, loop = await askers(http, db), asyncio.get_running_loop()

    async def send(asked: Asked) -> httpx.Response:
        headers = people[asked.who] | asked.headers
        return await http.request(asked.method, asked.url, content=asked.body, headers=headers)

    def hunt(method: str, path: str, operation: dict[str, Any]) -> None:
        @settings(max_examples=examples, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
        @given(requests(method, path, operation))
        def survives(asked: Asked) -> None:
            answer = asyncio.run_coroutine_threadsafe(send(asked), loop).result(timeout=30)
            assert answer.status_code < 500, (asked, answer.text)

        try:
            survives()
        except AssertionError as fault:
            broken.append(str(fault))

    def hunt_all() -> int:
        found = [
            (method.upper(), path, operation)
            for path, item in contract.document["paths"].items()
            for method, operation in item.items()
            if method.upper() in methods and path not in LEFT_OUT
        ]
        for one in found:
            hunt(*one)
        return len(found)

    assert await asyncio.to_thread(hunt_all) > 20
    assert not broken, "\n".join(broken)
