import json
from collections.abc import Awaitable, Callable

import httpx

from iayos.core.db import Database
from tests import make
from tests.cli.conftest import Iayos
from tests.conftest import Sandbox
from tests.media.pictures import picture

SignIn = Callable[..., Awaitable[None]]


async def certificate(http: httpx.AsyncClient, db: Database, name: str = "NC II Plumbing") -> str:
    worker = make.as_(http, await make.account(db, "WORKER"))
    form = {"name": name, "issuedBy": "TESDA", "expiresOn": "2029-01-05"}
    made = await worker.request("POST", "/api/profile/certifications", data=form, files={"file": picture("PNG")})
    return str(made.json()["certificationID"])


async def test_certificates_are_listed_looked_at_and_decided(
    http: httpx.AsyncClient, db: Database, sandbox: Sandbox, iayos: Iayos, signed_in: SignIn
) -> None:
    await signed_in()
    good, bad = await certificate(http, db), await certificate(http, db, "Doctor of Pipes")
    said = await iayos("certificates", "list")
    assert [line.split("\t")[0] for line in said.out.splitlines()] == [good, bad]
    shown = dict(line.split("\t") for line in (await iayos("certificates", "show", good)).out.splitlines())
    assert (shown["NAME"], shown["ISSUED BY"], shown["VERIFIED"]) == ("NC II Plumbing", "TESDA", "")
    assert (await sandbox.http.get(shown["FILE"])).status_code == 200

    dry = await iayos("certificates", "verify", good, "--reason", "TESDA confirms it", "--dry-run", "--json")
    assert (json.loads(dry.out)["is_verified"], "dry run" in dry.err) == (True, True)
    assert len((await iayos("certificates", "list")).out.splitlines()) == 2
    done = await iayos("certificates", "verify", good, "--reason", "TESDA confirms it", "--yes", "--json")
    assert json.loads(done.out)["is_verified"]
    refused = await iayos("certificates", "reject", bad, "--reason", "There is no such thing", "--yes")
    assert (refused.code, refused.out.split("\t")[-1]) == (0, "no\n")
    assert (await iayos("certificates", "list")).out == ""
    again = await iayos("certificates", "reject", good, "--reason", "Too late", "--yes")
    assert (again.code, f"Try:   iayos certificates show {good}" in again.err) == (5, True)


async def test_what_is_not_there_and_who_may_not(iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in()
    assert (await iayos("certificates", "show", "999")).code == 3
    await signed_in("sam")
    assert (await iayos("certificates", "list")).code == 4
