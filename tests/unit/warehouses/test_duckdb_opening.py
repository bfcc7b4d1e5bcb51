"""DuckDB files opened: who else has them, how, and what else may stand against it."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from support.holder import held

from ffc.adapter import DataError, Options, Unreachable
from ffc_duckdb import DuckDBOfflineStore
from ffc_duckdb.files import open_file
from ffc_duckdb.holders import described

Patience = Callable[[float], None]


def open_store(path: Path, *, read_only: bool = False, **more: object) -> DuckDBOfflineStore:
    values = {"path": path.name, **more}
    return DuckDBOfflineStore(
        Options(where="offline", folder=path.parent, values=values, read_only=read_only)
    )


def first(store: DuckDBOfflineStore, query: str) -> object:
    (batch,) = store.submit(query).batches()
    return batch.column(0)[0].as_py()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "x.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute("CREATE TABLE t AS SELECT 7 AS a")
    return path


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Patience:
    return lambda seconds: monkeypatch.setitem(open_file.__kwdefaults__, "patience", seconds)


# Reading


def test_a_reader_reads_and_writes_nothing(file: Path) -> None:
    before = file.read_bytes()
    store = open_store(file, read_only=True)
    assert first(store, "SELECT a FROM t") == 7
    with pytest.raises(DataError, match="read-only"):
        store.submit("CREATE TABLE other AS SELECT 1 AS a").wait()
    store.close()
    assert file.read_bytes() == before
    assert sorted(p.name for p in file.parent.iterdir()) == ["x.duckdb"]


def test_a_reader_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="there is no DuckDB file") as caught:
        open_store(tmp_path / "no" / "x.duckdb", read_only=True).submit("SELECT 1")
    assert "run `ffc run`" in caught.value.help[0]
    assert list(tmp_path.iterdir()) == []


def test_readers_of_several_processes_share(file: Path, tmp_path: Path) -> None:
    with held(file, "read", tmp_path / "notebook.py"):
        store = open_store(file, read_only=True)
        assert first(store, "SELECT a FROM t") == 7
        store.close()


def test_a_reader_lets_go_when_it_is_closed(file: Path, tmp_path: Path) -> None:
    store = open_store(file, read_only=True)
    first(store, "SELECT a FROM t")
    store.close()
    with held(file, "write", tmp_path / "other.py"):
        pass


def test_a_killed_writer_leaves_what_can_be_read(file: Path, tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(
        "import duckdb, os, signal, sys\n"
        "c = duckdb.connect(sys.argv[1])\n"
        "c.execute('CREATE TABLE u AS SELECT 8 AS a')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, str(script), str(file)], check=False)
    assert file.with_name("x.duckdb.wal").exists()
    store = open_store(file, read_only=True)
    assert first(store, "SELECT a FROM u") == 8
    store.close()


# Others who have it


@pytest.mark.parametrize(("way", "read_only"), [("write", True), ("write", False), ("read", False)])
def test_who_holds_the_file_is_told(
    file: Path, tmp_path: Path, patience: Patience, way: str, read_only: bool
) -> None:
    patience(0.2)
    with (
        held(file, way, tmp_path / "notebook.py") as holder,
        pytest.raises(Unreachable) as caught,
    ):
        open_store(file, read_only=read_only).submit("SELECT 1")
    said = caught.value.message
    head = f"the DuckDB file `x.duckdb` is in use by the process {holder.pid} (`python"
    assert said.startswith(head)
    assert " notebook.py x.duckdb" in said
    assert f"`, user {getpass.getuser()}, since 2" in said
    assert "close the connection" in caught.value.help[1]


@pytest.mark.parametrize("way", ["read", "write"])
def test_opening_waits_until_the_other_lets_go(
    file: Path, tmp_path: Path, patience: Patience, way: str
) -> None:
    patience(20)
    with held(file, way, tmp_path / "notebook.py") as holder:
        timer = threading.Timer(0.4, holder.let_go)
        timer.start()
        started = time.monotonic()
        store = open_store(file)
        assert first(store, "SELECT a FROM t") == 7
        assert 0.3 < time.monotonic() - started < 15
        store.close()
        timer.join()


def test_a_holder_that_is_killed_lets_go(file: Path, tmp_path: Path, patience: Patience) -> None:
    patience(20)
    with held(file, "write", tmp_path / "run.py") as holder:
        holder.kill()
        store = open_store(file, read_only=True)
        assert first(store, "SELECT a FROM t") == 7
        store.close()


# The same process


def test_a_reader_beside_a_writer_of_this_process(file: Path) -> None:
    writer, reader = open_store(file), open_store(file, read_only=True)
    writer.submit("INSERT INTO t VALUES (1)").wait()
    assert first(reader, "SELECT count(*) FROM t") == 2
    reader.close()
    assert first(writer, "SELECT count(*) FROM t") == 2
    writer.close()


def test_a_writer_beside_a_reader_of_this_process(file: Path, patience: Patience) -> None:
    patience(0.1)
    reader, writer = open_store(file, read_only=True), open_store(file)
    first(reader, "SELECT a FROM t")
    with pytest.raises(Unreachable, match="open in this process in another way") as caught:
        writer.submit("SELECT 1")
    assert "close the other connection" in caught.value.help[0]
    reader.close()
    assert first(writer, "SELECT a FROM t") == 7
    writer.close()


def test_other_settings_in_this_process(file: Path, patience: Patience) -> None:
    patience(0.1)
    one, other = open_store(file), open_store(file, read_only=True, memory_limit="512MB")
    first(one, "SELECT a FROM t")
    with pytest.raises(Unreachable, match="open in this process in another way") as caught:
        other.submit("SELECT 1")
    assert "close the other connection" in caught.value.help[0]
    one.close()


# Files that are none


def damaged(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[12388:] = bytes(255 - byte for byte in data[12388:])
    file.write_bytes(data)


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "no database": (lambda f: f.write_bytes(b"junk" * 5000), "restore a backup"),
    "empty": (lambda f: f.write_bytes(b""), "restore a backup"),
    "cut": (lambda f: f.write_bytes(f.read_bytes()[:100_000]), "restore a backup"),
    "head only": (lambda f: f.write_bytes(f.read_bytes()[:100]), "restore a backup"),
    "damaged": (damaged, "restore a backup"),
    "a folder": (lambda f: (f.unlink(), f.mkdir()), "names a file"),
}


@pytest.mark.parametrize("way", [True, False])
@pytest.mark.parametrize("case", SPOILED)
def test_a_file_that_is_no_database(file: Path, case: str, way: bool) -> None:
    spoil, hint = SPOILED[case]
    spoil(file)
    started = time.monotonic()
    with pytest.raises(Unreachable, match=r"x\.duckdb`") as caught:
        open_store(file, read_only=way).submit("SELECT 1")
    assert time.monotonic() - started < 2
    assert hint in "".join(caught.value.help)


def test_a_path_through_a_file(file: Path) -> None:
    with pytest.raises(Unreachable, match="can't be made"):
        open_store(file / "y.duckdb").submit("SELECT 1")


@pytest.mark.skipif(not hasattr(os, "setuid") or os.getuid() != 0, reason="needs two users")
def test_a_file_that_one_may_not_open(tmp_path: Path) -> None:
    script = """
import os, sys
from pathlib import Path
import duckdb
from ffc.adapter import Options, Unreachable
from ffc_duckdb import DuckDBOfflineStore
folder = Path(sys.argv[1])
duckdb.connect(folder / "x.duckdb").close()
(folder / "x.duckdb").chmod(0)
import tempfile
DuckDBOfflineStore(Options(where="", folder=folder, values={"path": "y.duckdb"})).submit("select 1").wait()
os.setgroups([]); os.setgid(65534); os.setuid(65534)
for read_only in (True, False):
    options = Options(where="", folder=folder, values={"path": "x.duckdb"}, read_only=read_only)
    try:
        DuckDBOfflineStore(options).submit("select 1")
    except Unreachable as problem:
        print(problem.message, "|", *problem.help)
"""
    # The folders that pytest made, which only their owner may go through.
    made = [f for f in tmp_path.parents if f.name.startswith(("pytest-", "popen-"))]
    for folder in (tmp_path, *made):
        folder.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 2, done
    for line in lines:
        assert "Permission denied" in line
        assert "you may not open it: ask its owner" in line


# Holders


def test_a_holder_in_words(tmp_path: Path) -> None:
    program = "/usr/bin/python3"
    assert described(77, program, tmp_path) == "the process 77 (`python3`)"
    (tmp_path / "77").mkdir()
    command = "/usr/bin/python3\0-m\0ffc\0run\0--vars\0{password: x}\0"
    (tmp_path / "77" / "cmdline").write_text(command)
    (tmp_path / "77" / "stat").write_text(f"77 (a) b) S {' '.join(['0'] * 18)} 200 0 0")
    (tmp_path / "stat").write_text("cpu 1\nbtime 1700000000\n")
    user = getpass.getuser()
    assert described(77, program, tmp_path) == (
        f"the process 77 (`python3 -m ffc run`, user {user}, since 2023-11-14 22:13:22Z)"
    )
    (tmp_path / "77" / "cmdline").write_text("python\0postgres://me:secret@host\0")
    assert described(77, program, tmp_path).startswith("the process 77 (`python`, user")
    (tmp_path / "77" / "cmdline").write_text("python\0" + "x" * 99 + "\0")
    assert f"(`python {'x' * 53}…`, " in described(77, program, tmp_path)
    assert described(os.getpid(), program).startswith("this process itself")
