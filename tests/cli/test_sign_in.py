import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
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
    _, *who, until, where = piped.out.rstrip("\n").split("\t")
    assert (who, where, piped.err) == (["maria@example.com", "maria Lim", "ADMIN"], settings.public_url, "")
    assert timedelta(days=6) < datetime.fromisoformat(until) - datetime.now(UTC) < timedelta(days=7)
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


async def test_a_suspended_member_of_staff_is_told_so(
    iayos: Iayos, signed_in: SignIn, settings: Settings, db: Database
) -> None:
    await signed_in("sam")
    await db.pool.execute("UPDATE accounts SET suspended_at = created_at WHERE email = 'sam@example.com'")
    said = await iayos("kyc", "list")
    assert (said.code, said.out) == (4, "")
    assert "This account is suspended" in said.err
    again = await iayos(
        "login", "--url", settings.public_url, "--email", "sam@example.com", "--password-stdin", stdin=f"{PASSWORD}\n"
    )
    assert again.code == 4
    assert "ACCOUNT_SUSPENDED" in again.err


@pytest.mark.parametrize(
    ("url", "overheard"),
    [
        ("http://203.0.113.7:9", True), ("http://api.invalid", True), ("https://api.invalid", False),
        ("http://127.0.0.1:9", False), ("http://localhost:9", False), ("http://[::1]:9", False),
    ],
)  # fmt: skip
def test_a_password_does_not_leave_the_machine_unencrypted_without_a_word(url: str, overheard: bool) -> None:
    from cli.sign_in import overheard as found  # noqa: PLC0415 - the CLI is imported where it is needed

    assert found(url) is overheard


async def test_the_word_comes_before_the_password_goes(iayos: Iayos) -> None:
    said = await iayos(
        "login", "--url", "http://api.invalid", "--email", "a@example.com", "--password-stdin", stdin="x\n"
    )
    assert said.code == 1
    assert said.err.startswith("Warning: http://api.invalid is not encrypted")


@pytest.fixture
def safe(tmp_path: Path) -> dict[str, str]:
    return {
        "PYTHON_KEYRING_BACKEND": "tests.cli.a_keyring.InAFile", "KEYRING_FILE": str(tmp_path / "keyring.json"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip


async def test_tokens_in_the_keyring_are_nowhere_else(
    iayos: Iayos, people: None, settings: Settings, config_dir: Path, safe: dict[str, str]
) -> None:
    login = ("login", "--url", settings.public_url, "--email", "maria@example.com", "--password-stdin")
    said = await iayos(*login, "--keyring", stdin=f"{PASSWORD}\n", **safe)
    assert said.code == 0, said.err
    found = profile(config_dir)
    assert (found["token"], found["refresh_token"], found["kept_in"]) == ("", "", "keyring")
    (kept,) = json.loads(Path(safe["KEYRING_FILE"]).read_text()).values()
    assert (await iayos("whoami", **safe)).code == 0

    worn = json.loads(kept) | {"token": json.loads(kept)["token"][:-4] + "AAAA"}
    entry = f"iayos {config_dir}:default"
    Path(safe["KEYRING_FILE"]).write_text(json.dumps({entry: json.dumps(worn)}))
    assert (await iayos("whoami", **safe)).code == 0  # renewed, and kept where the old one was
    (renewed,) = json.loads(Path(safe["KEYRING_FILE"]).read_text()).values()
    assert json.loads(renewed)["refresh_token"] != worn["refresh_token"]
    assert profile(config_dir)["token"] == ""

    locked = await iayos("whoami", KEYRING_LOCKED="1", **safe)
    assert (locked.code, "it is locked" in locked.err) == (1, True)
    assert (await iayos("logout", **safe)).code == 0
    assert json.loads(Path(safe["KEYRING_FILE"]).read_text()) == {}
    assert (await iayos("whoami", **safe)).code == 4


async def test_signing_in_again_without_it_empties_the_keyring(
    iayos: Iayos, signed_in: SignIn, settings: Settings, config_dir: Path, safe: dict[str, str]
) -> None:
    login = ("login", "--url", settings.public_url, "--email", "maria@example.com", "--password-stdin")
    assert (await iayos(*login, "--keyring", stdin=f"{PASSWORD}\n", **safe)).code == 0
    assert (await iayos(*login, stdin=f"{PASSWORD}\n", **safe)).code == 0
    assert profile(config_dir)["token"] != ""
    assert json.loads(Path(safe["KEYRING_FILE"]).read_text()) == {}


@pytest.mark.parametrize("backend", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"])
async def test_a_machine_without_a_keyring_says_so(iayos: Iayos, config_dir: Path, backend: str) -> None:
    said = await iayos(
        "login", "--email", "a@example.com", "--keyring", "--password-stdin", PYTHON_KEYRING_BACKEND=backend
    )
    assert (said.code, said.out) == (2, "")
    assert not (config_dir / "profiles.json").exists()


def test_without_the_package_it_says_how_to_get_it() -> None:
    code = "import sys; sys.modules['keyring'] = None; from cli import main; sys.argv = ['iayos', 'login', '--email', 'a', '--keyring']; main.run()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 2
    assert "pip install 'iayos[keyring]'" in done.stderr


COMPLETIONS = {
    "bash": {"COMP_WORDS": "iayos {}", "COMP_CWORD": "{n}"},
    "zsh": {"_TYPER_COMPLETE_ARGS": "iayos {}"},
    "fish": {"_TYPER_COMPLETE_ARGS": "iayos {}", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
}


@pytest.mark.parametrize(
    ("shell", "typed", "offered"),
    [
        ("bash", "led", {"ledger"}), ("bash", "kyc cl", {"claim"}), ("bash", "kyc list --status P", {"PENDING"}),
        ("bash", "whoami --profile w", {"work", "wide"}), ("zsh", "whoami --profile w", {"work", "wide"}),
        ("fish", "whoami --profile w", {"work", "wide"}),
    ],
)  # fmt: skip
async def test_a_shell_completes_commands_and_profiles(
    iayos: Iayos, config_dir: Path, shell: str, typed: str, offered: set[str]
) -> None:
    config_dir.mkdir()
    profiles = {name: {"url": "http://127.0.0.1:9"} for name in ("work", "wide", "home")}
    (config_dir / "profiles.json").write_text(json.dumps({"profiles": profiles}))
    asked = {name: value.format(typed, n=len(typed.split())) for name, value in COMPLETIONS[shell].items()}
    script = Path(sys.executable).with_name("iayos")
    env = {**os.environ, "IAYOS_CONFIG_DIR": str(config_dir), "_IAYOS_COMPLETE": f"complete_{shell}", **asked}
    done = subprocess.run([script], env=env, capture_output=True, text=True, check=False)
    words = {line.split("\t")[0] for line in done.stdout.splitlines()}
    if shell == "zsh":
        words = {part.split('"')[1] for part in done.stdout.split("(")[2:] for part in part.split("\n") if '"' in part}
    assert (words, done.stderr) == (offered, "")


@pytest.mark.parametrize("shell", COMPLETIONS)
def test_how_a_shell_learns_it(shell: str, tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("iayos")
    env = os.environ | {
        "HOME": str(tmp_path),
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }  # it would find this one
    shown = subprocess.run([script, "--show-completion", shell], capture_output=True, text=True, check=True, env=env)
    assert "_IAYOS_COMPLETE=complete_" in shown.stdout
    done = subprocess.run([script, "--install-completion", shell], capture_output=True, text=True, check=True, env=env)
    assert f"{shell} completion installed" in done.stdout
    assert any("_IAYOS_COMPLETE" in path.read_text() for path in tmp_path.rglob("*") if path.is_file())


def test_bash_itself_completes(tmp_path: Path) -> None:
    script = Path(sys.executable).with_name("iayos")
    learn = f'eval "$({script} --show-completion bash)"; COMP_WORDS=(iayos dis); COMP_CWORD=1; _iayos_completion {script}; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(
        ["bash", "-c", learn], capture_output=True, text=True, check=True, env=os.environ | {"HOME": str(tmp_path)}
    )
    assert done.stdout == "disputes\n"
