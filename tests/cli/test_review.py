"""Identity checks reviewed at a terminal of 80 by 24, against the real service."""

import asyncio
import json
import os
import signal
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfWriter
from sqlalchemy import select

from iayos.accounts.actions import create_staff
from iayos.accounts.passwords import Passwords
from iayos.accounts.states import Role
from iayos.core import clock
from iayos.core.db import Statement
from iayos.kyc.models import KYCViewTable
from tests import make
from tests.cli.conftest import PASSWORD, Iayos
from tests.cli.terminal import ENTERED, LEFT, Sit, Terminal
from tests.cli.terminal import sit as sit  # noqa: PLC0414 - a fixture
from tests.cli.test_kyc import SignIn
from tests.kyc.conftest import Bench
from tests.kyc.conftest import bench as bench  # noqa: PLC0414 - a fixture
from tests.make import As
from tests.media.pictures import photo

KINDS = ("FRONTID", "BACKID", "SELFIE")
KEYS = """\
[a] good  [b] blurred  [e] expired  [m] does not match  [d] wrong document
[o] other  [z] zoom  [w] open in browser  [u] back  [s] skip  [q] leave"""
LOOKS = Statement(select(KYCViewTable.purpose, KYCViewTable.document_types).order_by(KYCViewTable.id))


async def case_of(bench: Bench, first: str = "Ben", last: str = "Santos") -> tuple[As, int]:
    """A case with three documents that can be told apart."""
    who = await bench.person(first_name=first, last_name=last)
    kyc_id = await bench.opened(who)
    for seed, kind in enumerate(KINDS, start=1):
        assert (await bench.upload(who, kyc_id, kind, photo(seed))).status_code == 201
    assert (await who.post(f"/api/kyc/{kyc_id}/finalize")).status_code == 200
    return who, kyc_id


async def seen_by_staff(bench: Bench, kyc_id: int) -> Any:
    return (await (await bench.reviewer()).get(f"/api/admin/kyc/{kyc_id}")).json()


async def answered(person: Terminal, *keys_and_what_follows: str) -> None:
    """A key, what is on the screen then, a key …"""
    for key, then in zip(keys_and_what_follows[::2], keys_and_what_follows[1::2], strict=True):
        person.press(key)
        await person.until(then)


async def test_a_case_takes_four_keys(bench: Bench, sit: Sit, signed_in: SignIn) -> None:
    await signed_in()
    who, kyc_id = await case_of(bench)
    person = sit("kyc", "next")
    before = person.settings()
    screen = (await person.until("[q] leave")).splitlines()
    assert screen[0] == f"{f'Case {kyc_id} · Ben Santos · individual worker, round 1':<53}  yours for 15 min · 1 of 3"
    assert screen[1].startswith("FRONTID · 640×480, JPEG, ")
    assert {len(line) for line in screen[2:22]} == {
        53
    }  # 20 rows of a picture of 4 : 3, characters twice as high as wide
    assert "\n".join(screen[22:]) == KEYS
    await answered(person, "a", "BACKID · ", "a", "SELFIE · ", "a", "[Enter] approve")
    assert person.lines()[1:6] == ["", *(f"  {kind:<16}good" for kind in KINDS), ""]
    assert "  They are verified." in person.lines()
    person.press("\r")
    assert await person.ended() == 0
    assert await bench.verified(who.someone)
    assert person.settings() == before
    drawn, _, after = person.raw.decode().rpartition(LEFT)
    assert drawn.count(ENTERED) == 1
    assert "▀" not in drawn.partition(ENTERED)[0] + after  # nothing of a document stays where one comes back to
    assert "Ben Santos  individual" in after
    assert "No case waits." in after
    assert [tuple(row) for row in await bench.db.reads.all(LOOKS)] == [("CLAIM", []), ("REVIEW", list(KINDS))]


async def test_what_is_wrong_is_said_by_keys_and_words(bench: Bench, sit: Sit, signed_in: SignIn) -> None:
    await signed_in()
    who, kyc_id = await case_of(bench)
    person = sit("kyc", "next", "--json")
    await answered(person, "", "FRONTID · ", "b", "BACKID · ", "o", "What is wrong with BACKID?")
    await answered(person, "Half of it is missinh\x7fg.\n", "SELFIE · ", "e", "[Enter] reject")
    await answered(
        person, "u", "SELFIE · ", "m", "[Enter] reject", "n", "Note to them:", "See you.\n", "Note: See you."
    )
    assert "They are asked for FRONTID, BACKID, SELFIE again." in person.seen
    person.press("\r")
    assert await person.ended() == 0
    (decided,) = json.loads(person.raw.decode().rpartition(LEFT)[2].partition("]\r\n")[0].partition("No case")[0] + "]")
    assert (decided["kycID"], decided["status"]) == (kyc_id, "REJECTED")
    (said,) = (await seen_by_staff(bench, kyc_id))["decisions"]
    assert [one["code"] for one in said["reasons"]] == ["UNCLEAR_IMAGE", "OTHER", "MISMATCH"]
    assert said["notes"] == "BACKID: Half of it is missing.\nSee you."

    for kind in KINDS:
        await bench.upload(who, kyc_id, kind, photo(7))
    await who.post(f"/api/kyc/{kyc_id}/finalize")
    again = sit("kyc", "next")
    await again.until("round 2")
    assert "Round 1: UNCLEAR_IMAGE “BACKID: Half of it is missing. See you.”" in again.seen
    again.press("q")
    assert await again.ended() == 0


@pytest.mark.parametrize("way_out", ["q", "\x03", "\x04", signal.SIGTERM])
async def test_a_case_that_is_left_is_free_again(bench: Bench, sit: Sit, signed_in: SignIn, way_out: Any) -> None:
    await signed_in()
    _, kyc_id = await case_of(bench)
    person = sit("kyc", "next")
    before = person.settings()
    await answered(person, "", "FRONTID · ", "a", "BACKID · ")
    assert (await seen_by_staff(bench, kyc_id))["claimedByName"] == "maria Lim"
    if isinstance(way_out, str):
        person.press(way_out)
    else:
        os.kill(person.pid, way_out)
    assert await person.ended() == (0 if way_out in {"q", "\x04"} else 1)
    assert person.settings() == before
    assert person.raw.count(LEFT.encode()) == 1
    assert b"Traceback" not in person.raw
    found = await seen_by_staff(bench, kyc_id)
    assert (found["claimedBy"], found["status"]) == (None, "PENDING")


async def test_a_line_that_breaks_gives_the_case_back(bench: Bench, sit: Sit, signed_in: SignIn) -> None:
    await signed_in()
    _, kyc_id = await case_of(bench)
    person = sit("kyc", "next")
    await person.until("[q] leave")
    assert (await seen_by_staff(bench, kyc_id))["claimedBy"] is not None
    await person.hung_up()
    assert (await seen_by_staff(bench, kyc_id))["claimedBy"] is None


async def test_a_case_that_is_skipped_is_free_and_does_not_come_again(
    bench: Bench, sit: Sit, signed_in: SignIn
) -> None:
    await signed_in()
    _, first = await case_of(bench)
    _, second = await case_of(bench, "Ana", "Cruz")
    person = sit("kyc", "next")
    await answered(person, "", "[q] leave", "s", "Ana Cruz", "", "[q] leave")
    assert person.lines()[0].startswith(f"Case {second} · ")
    assert (await seen_by_staff(bench, first))["claimedBy"] is None
    person.press("s")
    assert await person.ended() == 0
    assert "No other case is free." in person.seen


async def test_two_reviewers_at_once_get_two_cases(bench: Bench, sit: Sit, signed_in: SignIn) -> None:
    passwords = Passwords()
    await create_staff(
        bench.db, passwords, email="sol@example.com", password=PASSWORD, role=Role.KYC_REVIEWER, first_name="Sol",
        last_name="Uy",
    )  # fmt: skip
    passwords.close()
    await signed_in("maria", profile="maria")
    await signed_in("sol", profile="sol")
    cases = {(await case_of(bench, first))[1] for first in ("Ben", "Ana")}
    people = [sit("kyc", "next", "--profile", name) for name in ("maria", "sol")]
    screens = await asyncio.gather(*(person.until("FRONTID · ") for person in people))
    assert {int(screen.split()[1]) for screen in screens} == cases
    assert {(await seen_by_staff(bench, kyc_id))["claimedByName"] for kyc_id in cases} == {"maria Lim", "Sol Uy"}


async def test_the_queue_says_how_long_each_waits_and_who_holds_it(bench: Bench, sit: Sit, signed_in: SignIn) -> None:
    await signed_in()
    _, first = await case_of(bench)
    await case_of(bench, "Ana", "Cruz")
    other = make.as_(
        bench.http, await make.account(bench.db, None, role="KYC_REVIEWER", first_name="Sol", last_name="Uy")
    )
    assert (await other.post(f"/api/admin/kyc/{first}/claim")).status_code == 200
    person = sit("kyc", "list")
    assert await person.ended() == 0
    rows = [line.split("  ") for line in person.lines() if line]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert cells[0] == ["CASE", "NAME", "KIND", "ROUND", "WAITING", "DUE", "CLAIMED BY", "STATUS"]
    assert [(row[1], row[2], row[6], row[7]) for row in cells[1:3]] == [
        ("Ben Santos", "individual", "Sol Uy", "PENDING"), ("Ana Cruz", "individual", "-", "PENDING"),
    ]  # fmt: skip
    assert cells[1][4].endswith(" s")
    assert person.lines()[3] == "  2 cases · `iayos kyc next` claims the most urgent"


async def test_a_document_that_changes_meanwhile_is_shown_again(bench: Bench, sit: Sit, signed_in: SignIn) -> None:
    await signed_in()
    who, kyc_id = await case_of(bench)
    person = sit("kyc", "next")
    await answered(person, "", "FRONTID · ", "a", "BACKID · ", "a", "SELFIE · ", "a", "[Enter] approve")
    assert (await bench.upload(who, kyc_id, "SELFIE", photo(9))).status_code == 201
    await answered(person, "\r", "FRONTID · ")
    told = f"! Case {kyc_id} · Ben Santos: A document was changed after you opened this. Please look again."
    assert " ".join(person.lines()[1:3]) == told
    assert not await bench.verified(who.someone)
    await answered(person, "a", "BACKID · ", "a", "SELFIE · ", "a", "[Enter] approve")
    person.press("\r")
    assert await person.ended() == 0
    assert await bench.verified(who.someone)


async def test_what_somebody_else_decided_after_the_claim_ran_out_is_told_kindly(
    bench: Bench, sit: Sit, signed_in: SignIn
) -> None:
    await signed_in()
    _, kyc_id = await case_of(bench)
    person = sit("kyc", "next")
    await answered(person, "", "FRONTID · ", "b", "BACKID · ", "a", "SELFIE · ", "a", "[Enter] reject")
    clock.advance(timedelta(minutes=16).total_seconds())
    other = await bench.reviewer()
    await other.post(f"/api/admin/kyc/{kyc_id}/review", {"approved": True})
    _, next_one = await case_of(bench, "Ana", "Cruz")
    await answered(person, "\r", "FRONTID · ")
    assert person.lines()[0].startswith(f"Case {next_one} · Ana Cruz")
    assert f"! Case {kyc_id} · Ben Santos: This check is decided already." in person.seen
    person.press("q")
    assert await person.ended() == 0
    assert (await seen_by_staff(bench, kyc_id))["status"] == "APPROVED"


async def test_a_document_that_cannot_be_fetched_is_not_judged(bench: Bench, sit: Sit, signed_in: SignIn) -> None:
    await signed_in()
    await case_of(bench)
    fault = [{"match": "supabase.download", "kind": "500", "times": 1}]
    await bench.sandbox.http.put("/_sandbox/faults", json=fault)
    person = sit("kyc", "next")
    screen = await person.until("[q] leave")
    assert "This document could not be fetched: storage answered 500." in screen
    assert "[a] good" not in screen
    await answered(person, "a", "could not be fetched", "r", "[a] good", "a", "BACKID · ")


async def test_without_a_browser_the_address_is_shown(bench: Bench, sit: Sit, signed_in: SignIn) -> None:
    await signed_in()
    await case_of(bench)
    person = sit("kyc", "next")
    await answered(person, "", "FRONTID · ", "w", "There is no browser here.")
    address = "".join("".join(person.lines()).partition("http")[1:]).partition("[Enter]")[0]
    assert (await bench.sandbox.http.get(address)).status_code == 200
    await answered(person, "\r", "[a] good")


async def test_an_agency_takes_five_keys_and_a_pdf_is_described(bench: Bench, sit: Sit, signed_in: SignIn) -> None:
    await signed_in()
    who = await bench.person("AGENCY", business_name="Ayos Builders")
    kyc_id = await bench.opened(who, "AGENCY", "AGENCY")
    writer, pdf = PdfWriter(), BytesIO()
    for _ in range(3):
        writer.add_blank_page(200, 200)
    writer.write(pdf)
    papers = (
        ("BUSINESS_PERMIT", pdf.getvalue()),
        ("REGISTRATION", photo(1)),
        ("OWNER_ID", photo(2)),
        ("PROFILE_PHOTO", photo(3)),
    )
    for kind, content in papers:
        assert (await bench.upload(who, kyc_id, kind, content)).status_code == 201
    await who.post(f"/api/kyc/{kyc_id}/finalize")
    person = sit("kyc", "next")
    await person.until("BUSINESS_PERMIT · PDF, 3 pages, ")
    address = "".join("".join(person.lines()).partition("http")[1:]).partition("[a]")[0]
    assert (await bench.sandbox.http.get(address)).content.startswith(b"%PDF")
    await answered(person, "a", "REGISTRATION · ", "a", "OWNER_ID · ", "a", "PROFILE_PHOTO · ", "a", "[Enter] approve")
    person.press("\r")
    assert await person.ended() == 0
    assert await bench.verified(who.someone)


async def test_keys_that_mean_nothing_judge_nothing(bench: Bench, sit: Sit, signed_in: SignIn) -> None:
    await signed_in()
    _, kyc_id = await case_of(bench)
    person = sit("kyc", "next")
    await person.until("FRONTID · ")
    person.press("\x1b[A\x1bOB\x1b[?62;4c\x1b[6;20;10t\x1bP>|late(1)\x1b\\\x1b[1;5CAñx \r\x1a")
    person.press("z")
    await asyncio.sleep(0)
    await answered(person, "b", "BACKID · ")
    person.press("q")
    assert await person.ended() == 0
    assert (await seen_by_staff(bench, kyc_id))["decisions"] == []


async def test_zoom_and_a_window_that_grows(bench: Bench, sit: Sit, signed_in: SignIn) -> None:
    await signed_in()
    await case_of(bench)
    person = sit("kyc", "next", COLORTERM="truecolor")
    await person.until("[q] leave")
    pictures = [person.colours()]
    for key in ("z", "\x1b[C", "\x1b[B", "z"):
        person.press(key)
        await person.until(lambda seen: person.colours() != pictures[-1] and "[q] leave" in seen)
        pictures.append(person.colours())
    person.resize(100, 40)
    await person.until(lambda seen: seen.splitlines()[-1].endswith("[q] leave") and seen.count("\n") == 39)
    assert len([line for line in person.lines() if "▀" in line]) >= 35
    await answered(person, "a", "BACKID · ")


async def test_without_a_terminal_there_is_nothing_to_review_at(iayos: Iayos, signed_in: SignIn) -> None:
    assert (await iayos("kyc", "next")).code == 4
    await signed_in("sam")
    assert (await iayos("kyc", "next")).code == 4
    await signed_in()
    said = await iayos("kyc", "next")
    assert (said.code, said.out) == (2, "")
    assert "there is no terminal" in said.err


async def test_nothing_to_do(bench: Bench, sit: Sit, signed_in: SignIn) -> None:
    await signed_in()
    person = sit("kyc", "next")
    assert await person.ended() == 0
    assert person.raw.decode().rpartition(LEFT)[2].strip() == "No case waits."


HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31mBen\u202e"


async def test_what_people_call_themselves_is_not_obeyed(
    bench: Bench, sit: Sit, signed_in: SignIn, iayos: Iayos
) -> None:
    await signed_in()
    _, kyc_id = await case_of(bench, HOSTILE, "[red]Santos[/]")
    shown = "�]0;owned��[2J�31mBen� [red]Santos[/]"
    listed = sit("kyc", "list")
    assert await listed.ended() == 0
    shown_by = [listed.raw.decode()]
    person = sit("kyc", "next")
    await answered(person, "", "FRONTID · ", "q", "")
    assert await person.ended() == 0
    shown_by.append(person.raw.decode())
    assert shown[:20] in person.seen + shown_by[1]
    elsewhere = (("list",), ("show", str(kyc_id)), ("list", "--json"), ("claim", str(kyc_id)))
    shown_by += [(await iayos("kyc", *words)).out for words in elsewhere]
    for raw in shown_by:
        assert not any(bad in raw for bad in ("\x1b]0", "\x1b[2JB", "\x9b", "\u202e"))
    (one,) = json.loads(shown_by[4])
    assert one["name"] == f"{HOSTILE} [red]Santos[/]"


async def test_open_names_the_addresses(bench: Bench, iayos: Iayos, signed_in: SignIn, sit: Sit) -> None:
    await signed_in()
    _, kyc_id = await case_of(bench)
    said = await iayos("kyc", "open", str(kyc_id), "--purpose", "Second look")
    rows = dict(line.split("\t") for line in said.out.splitlines())
    assert list(rows) == list(KINDS)
    assert (await bench.sandbox.http.get(rows["SELFIE"])).status_code == 200
    assert [tuple(row) for row in await bench.db.reads.all(LOOKS)] == [("Second look", list(KINDS))]
    one = await iayos("kyc", "open", str(kyc_id), "--document", "selfie")
    assert one.out.startswith("SELFIE\thttp")
    assert (await iayos("kyc", "open", str(kyc_id), "--document", "PASSPORT")).code == 3
    far_away = sit("kyc", "open", str(kyc_id))
    assert await far_away.ended() == 0
    assert "There is no browser here" in far_away.seen


async def test_open_opens_the_browser_that_there_is(bench: Bench, signed_in: SignIn, sit: Sit, tmp_path: Any) -> None:
    await signed_in()
    _, kyc_id = await case_of(bench)
    browser, visited = tmp_path / "browser", tmp_path / "visited"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {visited}\n')
    browser.chmod(0o755)
    person = sit("kyc", "open", str(kyc_id), BROWSER=str(browser))
    assert await person.ended() == 0
    assert visited.read_text().count("http") == 3


async def test_show_draws_the_documents_below(bench: Bench, signed_in: SignIn, sit: Sit) -> None:
    await signed_in()
    _, kyc_id = await case_of(bench)
    person = sit("kyc", "show", str(kyc_id), "--pictures")
    assert await person.ended() == 0
    assert "SELFIE  640×480, JPEG" in person.seen
    assert sum("▀" in line for line in person.lines()) >= 20
