import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import psycopg
import pytest

from iayos.core import embedded
from iayos.core.embedded import Embedded, EmbeddedError

HOLDER = """
import sys
from pathlib import Path
from iayos.core.embedded import Embedded

with Embedded.start(Path(sys.argv[1])) as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


async def value(url: str, query: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def postmaster(data_dir: Path) -> psutil.Process:
    return psutil.Process(int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0]))


def processes(data_dir: Path) -> list[int]:
    return [pid for pid in psutil.pids() if embedded.lives_in(pid, data_dir.resolve() / "postgres")]


@contextmanager
def holder(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """Run another process that uses the directory until its stdin closes."""
    command = [sys.executable, "-c", HOLDER, str(data_dir)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=60) == 0


async def test_data_outlives_a_stop_and_no_process_does(tmp_path: Path) -> None:
    with Embedded.start(tmp_path / "data") as server:
        await value(server.url, "CREATE TABLE kept AS SELECT 42 AS number")
        assert await value(server.url, "SELECT current_database()") == "iayos"
        assert processes(tmp_path / "data")
    assert processes(tmp_path / "data") == []
    with Embedded.start(tmp_path / "data") as server:
        assert await value(server.url, "SELECT number FROM kept") == 42


async def test_the_url_suits_psycopg_too(tmp_path: Path) -> None:
    with Embedded.start(tmp_path / "data", database='odd "name" & more') as server:
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == ('odd "name" & more',)
        assert await value(server.url, "SELECT current_database()") == 'odd "name" & more'


async def test_it_listens_for_its_owner_alone(tmp_path: Path) -> None:
    with Embedded.start(tmp_path / "data") as server:
        assert await value(server.url, "SHOW listen_addresses") == ""
        assert (tmp_path / "data" / "socket").stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "data" / "postgres").stat().st_mode & 0o777 == 0o700


async def test_what_is_committed_is_on_disk(tmp_path: Path) -> None:
    with Embedded.start(tmp_path / "data") as server:
        assert await value(server.url, "SHOW fsync") == "on"
        assert await value(server.url, "SHOW synchronous_commit") == "on"
        assert await value(server.url, "SHOW max_connections") == "200"


async def test_letters_beyond_ascii_are_letters(tmp_path: Path) -> None:
    with Embedded.start(tmp_path / "data") as server:
        assert (
            await value(server.url, "SELECT upper('Parañaque') || ' ' || ('ñ' ~ '^[[:alpha:]]$')") == "PARAÑAQUE true"
        )


async def test_the_last_user_stops_the_server(tmp_path: Path) -> None:
    with holder(tmp_path / "data") as first, holder(tmp_path / "data") as second:
        assert url_of(first) == (url := url_of(second))
        let_go(first)
        assert await value(url, "SELECT 1") == 1
        let_go(second)
    assert processes(tmp_path / "data") == []


async def test_one_process_may_hold_it_twice(tmp_path: Path) -> None:
    first, second = Embedded.start(tmp_path / "data"), Embedded.start(tmp_path / "data")
    first.stop()
    first.stop()
    assert await value(second.url, "SELECT 1") == 1
    second.stop()
    assert processes(tmp_path / "data") == []


async def test_four_processes_at_once_start_one_server(tmp_path: Path) -> None:
    with holder(tmp_path / "data") as a, holder(tmp_path / "data") as b, holder(tmp_path / "data") as c:
        with Embedded.start(tmp_path / "data") as server:
            started = postmaster(tmp_path / "data").pid
            assert {url_of(process) for process in (a, b, c)} == {server.url}
            assert postmaster(tmp_path / "data").pid == started
        for process in (a, b, c):
            let_go(process)
    assert processes(tmp_path / "data") == []


async def test_two_directories_are_two_servers(tmp_path: Path) -> None:
    with Embedded.start(tmp_path / "one") as one, Embedded.start(tmp_path / "two") as two:
        await value(one.url, "CREATE TABLE only_here AS SELECT 1")
        assert await value(two.url, "SELECT to_regclass('only_here')") is None


async def test_after_a_killed_user_the_next_one_finds_the_server_and_stops_it(tmp_path: Path) -> None:
    with holder(tmp_path / "data") as process:
        await value(url_of(process), "CREATE TABLE kept AS SELECT 42 AS number")
        process.kill()
        process.wait()
    left = postmaster(tmp_path / "data")
    with Embedded.start(tmp_path / "data") as server:
        assert postmaster(tmp_path / "data").pid == left.pid
        assert await value(server.url, "SELECT number FROM kept") == 42
    assert processes(tmp_path / "data") == []


async def test_a_user_killed_while_it_starts_costs_nothing(tmp_path: Path) -> None:
    for delay in (0.25, 0.4, 0.55, 0.7):
        with holder(tmp_path / "data") as process:
            time.sleep(delay)
            process.kill()
    with Embedded.start(tmp_path / "data") as server:
        assert await value(server.url, "SELECT 1") == 1
    assert processes(tmp_path / "data") == []
    (tmp_path / "data" / "postgres.new-left").mkdir()
    Embedded.start(tmp_path / "data").stop()
    assert not (tmp_path / "data" / "postgres.new-left").exists()


async def test_a_killed_server_starts_again_with_its_data(tmp_path: Path) -> None:
    first = Embedded.start(tmp_path / "data")
    busy = await asyncpg.connect(first.url)
    await value(first.url, "CREATE TABLE kept AS SELECT 42 AS number")
    postmaster(tmp_path / "data").kill()
    with Embedded.start(tmp_path / "data") as second:
        assert second.url == first.url
        assert await value(first.url, "SELECT number FROM kept") == 42
    busy.terminate()
    first.stop()
    assert processes(tmp_path / "data") == []


async def test_a_killed_server_whose_number_belongs_to_another_process_now(tmp_path: Path) -> None:
    first = Embedded.start(tmp_path / "data")
    pid_file = tmp_path / "data" / "postgres" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    os.kill(int(lines[0]), signal.SIGKILL)
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    with Embedded.start(tmp_path / "data") as second:
        assert await value(second.url, "SELECT 1") == 1
        assert postmaster(tmp_path / "data").pid != os.getpid()
    first.stop()


async def test_a_directory_deleted_under_its_server_starts_anew(tmp_path: Path) -> None:
    first = Embedded.start(tmp_path / "data")
    await value(first.url, "CREATE TABLE lost AS SELECT 42 AS number")
    shutil.rmtree(tmp_path / "data")
    with Embedded.start(tmp_path / "data") as second:
        assert await value(second.url, "SELECT to_regclass('lost')") is None
    first.stop()
    assert processes(tmp_path / "data") == []


@pytest.mark.parametrize("name", ["long" * 30, 'odd \' $HOME, "name" ñ'])
async def test_a_path_that_no_socket_can_have(tmp_path: Path, name: str) -> None:
    with Embedded.start(tmp_path / name) as server:
        assert await value(server.url, "SELECT 1") == 1
        place = Path(server.url.partition("host=")[2].partition("&")[0])
        assert place.stat().st_mode & 0o777 == 0o700
    assert not place.exists()


async def test_nobody_elses_permissions_change(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    before = [(path, path.stat().st_mode, path.stat().st_uid) for path in (private, *private.parents)]
    with Embedded.start(private / "data") as server:
        assert await value(server.url, "SELECT 1") == 1
    assert before == [(path, path.stat().st_mode, path.stat().st_uid) for path in (private, *private.parents)]


async def test_settings_of_the_surroundings_do_not_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGPORT", "PGDATA", "PGOPTIONS", "PGDATABASE"):
        monkeypatch.setenv(name, "7")
    server = Embedded.start(tmp_path / "data")
    monkeypatch.undo()
    assert await value(server.url, "SELECT 1") == 1
    server.stop()


def test_a_data_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedError, match="cannot make the data directory"):
        Embedded.start(tmp_path / "file" / "data")


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EmbeddedError, match=r"iayos\[embedded\]"):
        Embedded.start(tmp_path / "data")


def test_a_server_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Embedded.start(tmp_path / "data").stop()
    (tmp_path / "data" / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedError, match="initialized by PostgreSQL version 12"):
        Embedded.start(tmp_path / "data")
