"""What the SQLite online store keeps: newer values win, readers never wait."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ffc.adapter import (
    WRITE_SCHEMA,
    Given,
    Locked,
    Options,
    ProfileError,
    StatementFailed,
    StoreError,
    Unreachable,
)
from ffc_sqlite import SQLiteOnlineStore, connection, online

Row = tuple[bytes | None, bytes | None, bytes | None, bytes | None, bytes | None]


def open_store(folder: Path, **values: object) -> SQLiteOnlineStore:
    return SQLiteOnlineStore(
        Options(where="target dev, online", folder=folder, values={"path": ".ffc/o.db"} | values)
    )


def a_batch(*rows: Row, names: Sequence[str] = WRITE_SCHEMA) -> pa.RecordBatch:
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    return pa.RecordBatch.from_arrays(
        [pa.array(column, pa.binary()) for column in columns], names=list(names)
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteOnlineStore]:
    store = open_store(tmp_path)
    yield store
    store.close()


def test_settings(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="has no setting `url`"):
        open_store(tmp_path, url="x")
    assert list(tmp_path.iterdir()) == []


def test_a_new_store_is_empty(store: SQLiteOnlineStore) -> None:
    store.ping()
    assert store.read([]) == []
    assert store.read([b"a", b"b"]) == [{}, {}]
    assert store.write(a_batch()) == 0


def test_fields_come_by_key_in_the_order_asked(store: SQLiteOnlineStore, tmp_path: Path) -> None:
    rows: list[Row] = [
        (b"a", b"f", b"1", b"v1", None),
        (b"a", b"g", b"2", b"v1", None),
        (b"a\x00", b"f", b"3", b"v1", None),
        (b"", b"", b"", b"", None),
    ]
    assert store.write(a_batch(*rows)) == 4
    expected = [{b"f": b"3"}, {}, {b"f": b"1", b"g": b"2"}, {b"f": b"3"}, {b"": b""}]
    assert store.read([b"a\x00", b"b", b"a", b"a\x00", b""]) == expected
    store.close()
    again = open_store(tmp_path)
    assert again.read([b"a"]) == [{b"f": b"1", b"g": b"2"}]
    again.close()


@pytest.mark.parametrize(
    ("there", "expected", "holds"),
    [
        (None, None, True),
        (None, b"1", False),
        (None, b"", False),
        (b"1", None, False),
        (b"1", b"1", True),
        (b"1", b"2", False),
        (b"", b"", True),
        (b"", None, False),
    ],
)
def test_a_batch_is_written_where_the_store_holds_what_is_given(
    store: SQLiteOnlineStore, there: bytes | None, expected: bytes | None, holds: bool
) -> None:
    if there is not None:
        store.write(a_batch((b"k", b"mark", there, b"", b"")))
    before = store.read([b"a", b"k"])
    batch = a_batch((b"a", b"f", b"new", b"v1", None), (b"k", b"mark", b"3", b"", b""))
    if holds:
        assert store.write(batch, Given(b"k", b"mark", expected)) == 2
        assert store.read([b"a", b"k"]) == [{b"f": b"new"}, {b"mark": b"3"}]
    else:
        with pytest.raises(Locked, match="another process has written"):
            store.write(batch, Given(b"k", b"mark", expected))
        assert store.read([b"a", b"k"]) == before


def test_columns_are_taken_by_name(store: SQLiteOnlineStore) -> None:
    names = ("expected", "version", "value", "field", "key")
    assert store.write(a_batch((None, b"v1", b"1", b"f", b"a"), names=names)) == 1
    assert store.read([b"a"]) == [{b"f": b"1"}]


@pytest.mark.parametrize(
    ("version", "expected", "wins"),
    [
        (b"v6", None, True),
        (b"v5", None, True),
        (b"v4", None, False),
        (b"v4", b"v5", True),
        (b"v4", b"v4", False),
        (b"v4", b"v6", False),
        (b"v6", b"v1", True),
        (b"v50", None, True),
        (b"v", None, False),
        (b"", b"", False),
    ],
)
def test_newer_is_never_overwritten_unless_expected(
    store: SQLiteOnlineStore, version: bytes, expected: bytes | None, wins: bool
) -> None:
    store.write(a_batch((b"a", b"f", b"old", b"v5", None), (b"a", b"g", b"old", b"v9", None)))
    assert store.write(a_batch((b"a", b"f", b"new", version, expected))) == int(wins)
    assert store.read([b"a"]) == [{b"f": b"new" if wins else b"old", b"g": b"old"}]
    # The version moved with the value: what was expected no longer is.
    assert store.write(a_batch((b"a", b"f", b"again", b"", b"v5"))) == int(
        not wins or version == b"v5"
    )


def test_bytes_sort_unsigned(store: SQLiteOnlineStore) -> None:
    store.write(a_batch((b"a", b"f", b"old", b"\x80", None)))
    assert store.write(a_batch((b"a", b"f", b"new", b"\x7f\xff", None))) == 0
    assert store.write(a_batch((b"a", b"f", b"new", b"\xff", None))) == 1


def test_values_that_were_set_are_counted(store: SQLiteOnlineStore) -> None:
    store.write(a_batch((b"a", b"f", b"1", b"v5", None), (b"b", b"f", b"1", b"v5", None)))
    batch = a_batch(
        (b"a", b"f", b"1", b"v5", None),
        (b"b", b"f", b"2", b"v4", None),
        (b"c", b"f", b"2", b"v4", None),
    )
    assert store.write(batch) == 2
    assert store.read([b"a", b"b", b"c"]) == [{b"f": b"1"}, {b"f": b"1"}, {b"f": b"2"}]


def test_a_batch_is_written_whole_or_not_at_all(store: SQLiteOnlineStore) -> None:
    store.write(a_batch((b"a", b"f", b"old", b"v1", None)))
    batch = a_batch((b"a", b"f", b"new", b"v2", None), (b"b", b"f", None, b"v2", None))
    with pytest.raises(StatementFailed, match="NOT NULL"):
        store.write(batch)
    assert store.read([b"a", b"b"]) == [{b"f": b"old"}, {}]
    assert store.write(a_batch((b"a", b"f", b"new", b"v2", None))) == 1


small = st.binary(max_size=2)
write = st.tuples(small, small, small, small, st.none() | small)


@settings(max_examples=50, deadline=None)
@given(batches=st.lists(st.lists(write, max_size=6), max_size=4))
def test_writes_are_those_of_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Row]]
) -> None:
    store = open_store(tmp_path_factory.mktemp("online"))
    held: dict[bytes, dict[bytes, tuple[bytes, bytes]]] = {}
    for rows in batches:
        changed = 0
        for key, field, value, version, expected in rows:
            assert key is not None
            assert field is not None
            assert value is not None
            assert version is not None
            before = held.get(key, {}).get(field)
            if before is None or before[1] <= version or before[1] == expected:
                held.setdefault(key, {})[field] = (value, version)
                changed += 1
        assert store.write(a_batch(*rows)) == changed
    keys = [*held, b"unknown"]
    found = [{field: value for field, (value, _) in held[key].items()} for key in held]
    assert store.read(keys) == [*found, {}]
    store.close()


def test_a_reader_is_not_blocked_by_a_write_and_sees_none_of_it(store: SQLiteOnlineStore) -> None:
    store.write(a_batch((b"a", b"f", b"old", b"v1", None)))
    inside, go_on = threading.Event(), threading.Event()

    class Paused:
        """A batch whose writing stops half-way."""

        def column(self, name: str) -> Paused:
            self.name = name
            return self

        def to_pylist(self) -> Iterator[bytes | None]:
            value = {"key": b"a", "field": b"f", "value": b"new", "version": b"v2"}.get(self.name)
            return halting(value) if self.name == "key" else iter([value, value])

    def halting(value: bytes | None) -> Iterator[bytes | None]:
        yield value
        inside.set()
        assert go_on.wait(10)
        yield value

    writer = threading.Thread(target=store.write, args=(Paused(),), daemon=True)
    writer.start()
    assert inside.wait(10)
    seen: list[list[dict[bytes, bytes]]] = []
    reader = threading.Thread(target=lambda: seen.append(store.read([b"a"])), daemon=True)
    reader.start()
    reader.join(10)
    assert seen == [[{b"f": b"old"}]]
    go_on.set()
    writer.join(10)
    assert store.read([b"a"]) == [{b"f": b"new"}]


def test_a_read_of_many_keys_sees_one_moment(tmp_path: Path) -> None:
    reading, writing = open_store(tmp_path), open_store(tmp_path)
    writing.write(a_batch(*((key, b"f", b"1", b"1", None) for key in (b"a", b"b"))))

    class Keys(list[bytes]):
        """Keys between which somebody writes."""

        def __iter__(self) -> Iterator[bytes]:
            yield b"a"
            writing.write(a_batch(*((key, b"f", b"2", b"2", None) for key in (b"a", b"b"))))
            yield b"b"

    assert reading.read(Keys([b"a", b"b"])) == [{b"f": b"1"}, {b"f": b"1"}]
    assert reading.read([b"a", b"b"]) == [{b"f": b"2"}, {b"f": b"2"}]
    reading.close()
    writing.close()


def test_readers_and_writers_together(tmp_path: Path) -> None:
    store, other = open_store(tmp_path), open_store(tmp_path)
    keys = [b"%d" % number for number in range(50)]
    problems: list[object] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                values = {row.get(b"f") for row in store.read(keys)}
                if len(values) != 1:
                    problems.append(values)
        except StoreError as problem:
            problems.append(problem)

    readers = [threading.Thread(target=read, daemon=True) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for version in range(1, 31):
            text = b"%03d" % version
            writing = (store, other)[version % 2]
            assert writing.write(a_batch(*((key, b"f", text, text, None) for key in keys))) == 50
    finally:
        done.set()
        for reader in readers:
            reader.join(10)
    assert problems == []
    assert store.read([b"7"]) == [{b"f": b"030"}]
    store.close()
    other.close()


WRITER = """
import sys
from pathlib import Path
from unit.test_sqlite_online import a_batch, open_store
store, number = open_store(Path(sys.argv[1])), int(sys.argv[2])
for step in range(25):
    version = b"%04d" % (step * 4 + number)
    store.write(a_batch(*((b"%d" % key, b"f", version, version, None) for key in range(200))))
    values = {row[b"f"] for row in store.read([b"%d" % key for key in range(200)])}
    assert len(values) == 1, values
    assert values.pop() >= version
store.close()
"""


def test_many_processes_write_and_read(tmp_path: Path) -> None:
    """Each sees whole batches only, and never an older one than its own; the newest stays."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(number)],
            cwd=Path(__file__).parent.parent,
            stderr=subprocess.PIPE,
        )
        for number in range(4)
    ]
    for writer in writers:
        _, told = writer.communicate(timeout=60)
        assert writer.returncode == 0, told
    store = open_store(tmp_path)
    assert {row[b"f"] for row in store.read([b"%d" % key for key in range(200)])} == {b"0099"}
    store.check()
    store.close()


def test_ping_of_a_store_that_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / ".ffc").write_text("")
    with pytest.raises(Unreachable, match="online store"):
        open_store(tmp_path).ping()


def test_ping_of_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / ".ffc").mkdir()
    (tmp_path / ".ffc" / "o.db").write_bytes(b"not a database at all" * 100)
    store = open_store(tmp_path)
    with pytest.raises(Unreachable, match="file is not a database") as caught:
        store.ping()
    assert caught.value.help == ("move the file away: the next `ffc sync` fills a new one",)
    with pytest.raises(StoreError, match="file is not a database"):
        store.read([b"a"])


def damaged(folder: Path, rows: int) -> Path:
    """Return the file of a store of so many rows, a page in its middle overwritten."""
    store = open_store(folder)
    store.write(a_batch(*((b"%08d" % i, b"f", bytes(100), b"v", None) for i in range(rows))))
    store.close()
    file = folder / ".ffc" / "o.db"
    with file.open("r+b") as opened:
        opened.seek(file.stat().st_size // 2 // 4096 * 4096)
        opened.write(bytes(4096))
    return file


def test_a_damaged_file_is_found_when_it_is_opened(tmp_path: Path) -> None:
    file = damaged(tmp_path, 2_000)
    store = open_store(tmp_path)
    for use in (lambda: store.read([b"00000001"]), lambda: store.write(a_batch()), store.check):
        with pytest.raises(StoreError, match=rf"online store {file} is damaged: .*Page"):
            use()
    with pytest.raises(Unreachable, match="is damaged") as caught:
        store.ping()
    assert caught.value.help == ("move the file away: the next `ffc sync` fills a new one",)
    store.close()


def test_a_large_file_is_not_read_to_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is damaged is told when it is met, or when it is looked for."""
    damaged(tmp_path, 2_000)
    monkeypatch.setattr(connection, "CHECKED_BYTES", 4096)
    store = open_store(tmp_path)
    assert store.read([b"00000001"]) == [{b"f": bytes(100)}]
    with pytest.raises(StoreError, match="malformed") as caught:
        store.read([b"%08d" % i for i in range(2_000)])
    assert caught.value.help == ("move the file away: the next `ffc sync` fills a new one",)
    with pytest.raises(StoreError, match=r"is damaged: .*Page"):
        store.check()
    store.close()


def test_a_file_that_was_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = damaged(tmp_path, 2_000)
    os.truncate(file, file.stat().st_size // 2)
    monkeypatch.setattr(connection, "CHECKED_BYTES", 4096)
    store = open_store(tmp_path)
    with pytest.raises(StoreError, match="malformed"):
        store.read([b"00000001"])
    store.close()


def test_a_file_is_checked_once(store: SQLiteOnlineStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.ping()
    store.check()

    checked: list[object] = []
    monkeypatch.setattr(connection.Database, "_check", lambda *given: checked.append(given))
    read: list[object] = []
    other = threading.Thread(target=lambda: read.append(store.read([b"a"])))
    other.start()
    other.join(10)
    assert (read, checked) == ([[{}]], [])


def test_a_closed_store_says_so(store: SQLiteOnlineStore) -> None:
    store.ping()
    store.close()
    with pytest.raises(Unreachable, match="is closed"):
        store.ping()


def some_rows(store: SQLiteOnlineStore, count: int, size: int = 100) -> None:
    """Write two fields of so many keys, and one of a key with another prefix."""
    for field in (b"f", b"g"):
        rows: list[Row] = [(b"p%06d" % i, field, bytes(size), b"v", None) for i in range(count)]
        store.write(a_batch(*rows))
    store.write(a_batch((b"q", b"f", b"1", b"v", None), (b"o\xff", b"f", b"1", b"v", None)))


def test_a_field_is_taken_away_in_parts(
    store: SQLiteOnlineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(online, "PART", 100)
    some_rows(store, 1_000)
    parts = store.remove(b"p", b"f")
    assert next(parts) == 50, "a part looks at a hundred rows"
    assert [dict(r) for r in store.read([b"p000049", b"p000050"])] == [
        {b"g": bytes(100)}, {b"f": bytes(100), b"g": bytes(100)},
    ]  # fmt: skip
    # Others write between two parts.
    other = SQLiteOnlineStore(
        Options(where="x", folder=Path(), values={"path": str(store_file(store))})
    )
    assert other.write(a_batch((b"p000049", b"h", b"2", b"v", None))) == 1
    other.close()
    parts.close()
    assert sum(store.remove(b"p", b"f")) == 950, "begun again it takes what is left"
    assert sum(store.remove(b"p", b"f")) == 0
    assert store.read([b"q", b"o\xff"]) == [{b"f": b"1"}] * 2
    assert all(set(row) <= {b"g", b"h"} for row in store.read([b"p%06d" % i for i in range(1_000)]))


def store_file(store: SQLiteOnlineStore) -> Path:
    return store._database.path


@pytest.mark.parametrize("prefix", [b"a", b"a\xff", b"a\xff\xff", b"\x01\x00"])
def test_only_keys_that_begin_so(store: SQLiteOnlineStore, prefix: bytes) -> None:
    inside = [prefix, prefix + b"\0", prefix + b"\xff", prefix + b"\xff" * 9, prefix + b"z"]
    outside = [prefix[:-1], b"b", b"\x01\x01", b"\0", b"a\xfe", b"a!", b"\x01", b"a\xfe\xff\xff"]
    outside = [key for key in outside if not key.startswith(prefix)]
    for key in (*inside, *outside):
        store.write(a_batch((key, b"f", b"1", b"v", None)))
    assert sum(store.remove(prefix, b"f")) == len(inside)
    assert store.read(inside) == [{}] * len(inside)
    assert store.read(outside) == [{b"f": b"1"}] * len(outside)


def test_only_values_that_are_just_that(store: SQLiteOnlineStore) -> None:
    rows: list[Row] = [(b"p%d" % i, b"f", b"%d" % (i % 2), b"v", None) for i in range(6)]
    store.write(a_batch(*rows))
    assert sum(store.remove(b"p", b"f", b"1")) == 3
    assert store.read([b"p0", b"p1"]) == [{b"f": b"0"}, {}]
    assert sum(store.remove(b"p", b"g", b"0")) == 0


def test_room_is_used_again_and_given_back(
    store: SQLiteOnlineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    some_rows(store, 10_000)
    file = store_file(store)
    assert store.shrink() == 0, "all of it is used"
    (size,) = size_of(store)
    sum(store.remove(b"p", b"f"))
    some_rows(store, 10_000)
    assert size_of(store) == (size,), "its room was used again"
    sum(store.remove(b"p", b"f"))
    with monkeypatch.context() as patch:
        patch.setattr(online, "LARGE", 1000)
        assert store.shrink() == 0, "that would take too long"
    freed = store.shrink()
    assert freed > 0.4 * size
    assert size_of(store) == (size - freed,)
    assert file.stat().st_size == size - freed
    assert Path(f"{file}-wal").stat().st_size == 0
    assert store.shrink() == 0
    store.check()
    assert store.read([b"p000001"]) == [{b"g": bytes(100)}]


def size_of(store: SQLiteOnlineStore) -> tuple[int]:
    ((size,),) = store._database.rows(
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", ()
    )
    return (size,)


def test_readers_go_on_while_a_file_is_rewritten(store: SQLiteOnlineStore) -> None:
    """One that reads what was there before is waited for by nobody for long."""
    some_rows(store, 10_000)
    with sqlite3.connect(store_file(store), isolation_level=None) as reader:
        reader.execute("begin")
        (count,) = reader.execute("select count(*) from rows").fetchone()
        sum(store.remove(b"p", b"f"))
        began = time.monotonic()
        assert store.shrink() > 0
        assert time.monotonic() - began < connection.BUSY_SECONDS / 2
        assert reader.execute("select count(*) from rows").fetchone() == (count,)
        assert reader.execute("select count(value) from rows").fetchone() == (count,)
    reader.close()
    assert store.write(a_batch((b"a", b"f", b"1", b"v", None))) == 1


def test_a_small_file_is_left_alone(store: SQLiteOnlineStore) -> None:
    some_rows(store, 1_000)
    sum(store.remove(b"p", b"f"))
    sum(store.remove(b"p", b"g"))
    assert store.shrink() == 0
