"""The OpenAPI document: whole, true to itself, and changed only on purpose."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.contract import BrokenContract, Contract

SNAPSHOT: Final = Path(__file__).with_name("openapi.json")
WRITE: Final = "IAYOS_UPDATE=1 .venv/bin/python -m pytest tests/web/test_openapi.py"
METHODS: Final = {"get", "post", "put", "patch", "delete"}


def operations(contract: Contract) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in contract.document["paths"].items():
        for method, operation in item.items():
            assert method in METHODS, f"{path}: {method}"
            yield f"{method.upper()} {path}", operation


def condensed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the codes alone of what is refused, to be read in a diff."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    for item in copy["paths"].values():
        for operation in item.values():
            for status, answer in operation["responses"].items():
                if not status.startswith("2"):
                    operation["responses"][status] = ", ".join(answer["content"]["application/json"]["examples"])
    return copy


def everything(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    for part in node if isinstance(node, list) else ():
        yield from everything(part)


def test_the_document_changes_only_on_purpose(contract: Contract) -> None:
    found = condensed(contract.document)
    text = json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    if os.environ.get("IAYOS_UPDATE"):
        SNAPSHOT.write_text(text)
    kept = SNAPSHOT.read_text() if SNAPSHOT.exists() else ""
    if kept == text:
        return
    before, now = (json.loads(kept) if kept else {"paths": {}})["paths"], found["paths"]
    changed = sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))
    pytest.fail(
        f"The API is not what {SNAPSHOT.name} says (paths: {', '.join(changed) or 'none; schemas only'}). If that is "
        f"meant, write it anew and read the difference before you commit it:\n    {WRITE}",
        pytrace=False,
    )


def test_it_has_what_openapi_3_1_asks_for(contract: Contract) -> None:
    document = contract.document
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["title"] == "iAyos"
    assert document["info"]["version"]
    names = [operation["operationId"] for _, operation in operations(contract)]
    assert len(names) == len(set(names))
    for asked, operation in operations(contract):
        in_path = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", asked)), asked
        for parameter in operation.get("parameters", ()):
            assert parameter["in"] in {"path", "query", "header", "cookie"}, asked
            assert parameter["required"] or parameter["in"] != "path", asked
            assert "schema" in parameter, asked
        for status, answer in operation["responses"].items():
            assert re.fullmatch(r"[2-5]\d\d", status), asked
            assert answer["description"], asked
        assert [list(one) for one in operation.get("security", ())] in ([], [["cookie"], ["bearer"]]), asked
    assert set(document["components"]["securitySchemes"]) == {"cookie", "bearer"}
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in document["components"]["schemas"])


def test_every_reference_leads_somewhere(contract: Contract) -> None:
    refs = {node["$ref"] for node in everything(contract.document) if isinstance(node.get("$ref"), str)}
    assert "#/components/schemas/ErrorBody" in refs
    for ref in refs:
        assert contract.resolve(ref), ref
    unused = {f"#/components/schemas/{name}" for name in contract.document["components"]["schemas"]} - refs
    assert not unused


def test_a_route_is_listed_once(contract: Contract) -> None:
    for path in contract.document["paths"]:
        assert not path.endswith("/"), path
        if path.startswith("/api/mobile/"):
            assert path.startswith("/api/mobile/auth/"), path
            assert path.replace("/mobile", "", 1) not in contract.document["paths"], path


def test_every_operation_says_what_it_does_and_shows_it(contract: Contract) -> None:
    for asked, operation in operations(contract):
        assert operation["summary"], asked
        assert operation["description"], asked
        shown = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        assert shown, asked
        for part in [operation["requestBody"], *shown] if "requestBody" in operation else shown:
            for media in part["content"].values():
                contract.check(media["example"], media["schema"], asked)


def test_every_operation_tells_its_errors(contract: Contract) -> None:
    for asked, operation in operations(contract):
        refusals = {status: answer for status, answer in operation["responses"].items() if status[0] in "45"}
        assert {"429", "500", "503"} <= refusals.keys(), asked
        assert ("401" in refusals) or "security" not in operation, asked
        assert ("404" in refusals) or "{" not in asked, asked
        assert ({"400", "413"} <= refusals.keys()) or "requestBody" not in operation, asked
        for status, answer in refusals.items():
            media = answer["content"]["application/json"]
            assert media["examples"], (asked, status)
            for code, given in media["examples"].items():
                contract.check(given["value"], media["schema"], f"{asked} {status}")
                assert code == given["value"]["code"]
                assert code in answer["description"]
                assert re.fullmatch(r"[A-Z][A-Z0-9_]+", code), code


async def test_an_answer_that_is_not_declared_is_noticed(contract: Contract, http: httpx.AsyncClient) -> None:
    asked = httpx.Request("GET", "http://x/api/mobile/jobs/17")

    async def noticed(status: int, body: Any) -> str:
        with pytest.raises(BrokenContract) as found:
            await contract.hold(httpx.Response(status, json=body, request=asked))
        return str(found.value)

    assert "418" in await noticed(418, {})
    assert "404 TEAPOT" in await noticed(404, {"error": "?", "code": "TEAPOT", "details": {}})
    assert "lacks" in await noticed(200, {"jobID": 17})
    assert contract.operation("GET", "/api/jobs/my-jobs") != contract.operation("GET", "/api/jobs/17")
    await contract.hold(httpx.Response(404, json={"code": "NOT_FOUND"}, request=asked))


async def test_the_document_is_served_with_its_viewer(http: httpx.AsyncClient, contract: Contract) -> None:
    document = await http.get("/schema/openapi.json")
    assert document.headers["content-type"].startswith("application/vnd.oai.openapi+json")
    page = await http.get("/schema")
    assert page.headers["content-type"].startswith("text/html")
    assert page.text.count("<details>") == len(list(operations(contract)))
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "://" not in page.text.replace("https://checkout.example", "")
