import json
import stat
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from iayos.core.db import Database
from iayos.settings import Settings
from tests.cli.conftest import PASSWORD, Iayos

SignIn = Callable[..., Awaitable[None]]


def profile(config_dir: Path, name: str = "default") -> dict[str, str]:
    kept: dict[str, str] = json.loads((config_dir / "profiles.json").read_text())["profiles"][name]
    return kept


async def test_a_sign_in_is_kept_where_only_its_owner_reads(iayos: Iayos, signed_in: SignIn, config_dir: Path) -> None:
    await signed_in()
    assert stat.S_IMODE((config_dir / "profiles.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(config_dir.stat().st_mode) == 0o700
    assert PASSWORD not in (config_dir / "profiles.json").read_text()
    assert (await iayos("whoami")).code == 0


async def test_whoami_piped_is_tab_separated_and_json_is_the_account(
    iayos: Iayos, signed_in: SignIn, settings: Settings
) -> None:
    await signed_in()
    piped = await iayos("whoami")
    assert piped.out.rstrip("\n").split("\t")[1:] == ["maria@example.com", "maria Lim", "ADMIN", settings.public_url]
    assert piped.err == ""
    told = json.loads((await iayos("whoami", "--json")).out)
    assert (told["email"], told["role"], told["profileType"]) == ("maria@example.com", "ADMIN", None)


async def test_without_a_sign_in_the_exit_code_is_4_and_says_what_to_do(iayos: Iayos) -> None:
    said = await iayos("whoami")
    assert (said.code, said.out) == (4, "")
    assert "iayos login" in said.err


@pytest.mark.parametrize("email", ["maria@example.com", "nobody@example.com"])
async def test_a_wrong_password_is_4_and_keeps_nothing(
    iayos: Iayos, people: None, settings: Settings, config_dir: Path, email: str
) -> None:
    said = await iayos("login", "--url", settings.public_url, "--email", email, "--password-stdin", stdin="wrong\n")
    assert (said.code, said.out) == (4, "")
    assert "AUTH_FAILED" in said.err
    assert not (config_dir / "profiles.json").exists()


async def test_usage_is_2(iayos: Iayos) -> None:
    assert (await iayos("whoami", "--nonsense")).code == 2
    assert (await iayos("nonsense")).code == 2
    asked = await iayos("login", "--email", "maria@example.com")
    assert asked.code == 2
    assert "--password-stdin" in asked.err


async def test_no_server_is_1(iayos: Iayos) -> None:
    said = await iayos("whoami", IAYOS_URL="http://127.0.0.1:9", IAYOS_TOKEN="any")
    assert said.code == 1
    assert "cannot be reached" in said.err


async def test_url_and_token_of_the_environment_win(
    iayos: Iayos, signed_in: SignIn, config_dir: Path, settings: Settings
) -> None:
    await signed_in("ana", profile="ana")
    token = profile(config_dir, "ana")["token"]
    await signed_in("maria")
    said = await iayos("whoami", "--json", IAYOS_URL=settings.public_url, IAYOS_TOKEN=token)
    assert json.loads(said.out)["email"] == "ana@example.com"
    assert (await iayos("whoami", IAYOS_URL=settings.public_url, IAYOS_TOKEN="made up")).code == 4


async def test_profiles_are_several_sign_ins(iayos: Iayos, signed_in: SignIn) -> None:
    await signed_in("ana", profile="ana")
    await signed_in("maria", profile="work")
    assert "maria@" in (await iayos("whoami")).out
    assert "ana@" in (await iayos("whoami", "--profile", "ana")).out
    assert "ana@" in (await iayos("whoami", IAYOS_PROFILE="ana")).out
    assert (await iayos("logout", "--profile", "ana")).code == 0
    assert (await iayos("whoami", "--profile", "ana")).code == 4
    assert "maria@" in (await iayos("whoami")).out


async def test_logout_ends_the_session_at_the_server_too(
    iayos: Iayos, signed_in: SignIn, config_dir: Path, settings: Settings
) -> None:
    await signed_in()
    token = profile(config_dir)["token"]
    assert (await iayos("logout")).code == 0
    assert (await iayos("whoami", IAYOS_URL=settings.public_url, IAYOS_TOKEN=token)).code == 4
    assert (await iayos("logout")).code == 4


async def test_a_token_that_is_over_is_refreshed_and_kept(
    iayos: Iayos, signed_in: SignIn, config_dir: Path, db: Database
) -> None:
    await signed_in()
    path = config_dir / "profiles.json"
    kept = json.loads(path.read_text())
    before = kept["profiles"]["default"]
    kept["profiles"]["default"] = before | {"token": before["token"][:-4] + "AAAA"}
    path.write_text(json.dumps(kept))
    begun = time.time()
    assert (await iayos("whoami")).code == 0
    after = profile(config_dir)
    assert after["refresh_token"] != before["refresh_token"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_mtime >= begun - 1
    assert (await iayos("whoami")).code == 0
    assert profile(config_dir) == after


async def test_a_session_that_was_ended_is_not_brought_back(iayos: Iayos, signed_in: SignIn, db: Database) -> None:
    await signed_in()
    await db.pool.execute("UPDATE sessions SET ended_at = created_at")
    said = await iayos("whoami")
    assert said.code == 4
    assert "iayos login" in said.err


async def test_a_damaged_book_is_named(iayos: Iayos, config_dir: Path) -> None:
    config_dir.mkdir()
    (config_dir / "profiles.json").write_text("{")
    said = await iayos("whoami")
    assert said.code == 1
    assert "profiles.json" in said.err
