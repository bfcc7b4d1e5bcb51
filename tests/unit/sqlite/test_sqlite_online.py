"""What is SQLite's own of its online store: one file, damage, and readers that never wait."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from ffc.adapter import WRITE_SCHEMA, Options, ProfileError, StoreError, Unreachable
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


def some_rows(store: SQLiteOnlineStore, count: int, size: int = 100) -> None:
    """Write two fields of so many keys, and one of a key with another prefix."""
    for field in (b"f", b"g"):
        rows: list[Row] = [(b"p%06d" % i, field, bytes(size), b"v", None) for i in range(count)]
        store.write(a_batch(*rows))
    store.write(a_batch((b"q", b"f", b"1", b"v", None), (b"o\xff", b"f", b"1", b"v", None)))


def store_file(store: SQLiteOnlineStore) -> Path:
    return store._database.path


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
