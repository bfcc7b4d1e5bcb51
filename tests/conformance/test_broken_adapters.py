"""Adapters that break one promise each: the suite finds which, and says it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from conformance.adapters import ADAPTERS, in_a_file
from msgspec import structs
from sqlglot import exp

from ffc.adapter import (
    Build,
    Capabilities,
    Given,
    Handle,
    Lease,
    Load,
    ModelUse,
    Options,
    Relation,
    RunRecord,
    StateStore,
)
from ffc.adapter.sql import CORE, Translation
from ffc.conformance import Broken
from ffc.conformance.offline import order
from ffc.conformance.places import offline_place
from ffc.conformance.suite import checks_of, named
from ffc.conformance.values import EXTREMES, NESTED
from ffc_duckdb import DuckDBOfflineStore
from ffc_duckdb.offline import DuckDBHandle
from ffc_sqlite import SQLiteOnlineStore, SQLiteStateStore


class Torn(DuckDBOfflineStore):
    """Statements of a submit are a transaction each."""

    def submit(self, *statements: str) -> Handle:
        for statement in statements[:-1]:
            super().submit(statement).wait()
        return super().submit(statements[-1])


class _Gathered(DuckDBHandle):
    def batches(self, rows: int = 65_536) -> Iterator[pa.RecordBatch]:
        yield from list(super().batches(rows))


class Gathers(DuckDBOfflineStore):
    """All rows are there before the first is given."""

    def submit(self, *statements: str) -> Handle:
        return _Gathered(self._pool, self._cursor(), statements)


class _Large(DuckDBHandle):
    def batches(self, rows: int = 65_536) -> Iterator[pa.RecordBatch]:
        return super().batches(65_536)


class LargeBatches(DuckDBOfflineStore):
    """Batches are as large as the engine likes."""

    def submit(self, *statements: str) -> Handle:
        return _Large(self._pool, self._cursor(), statements)


class Folds(DuckDBOfflineStore):
    """Names are told in small letters."""

    def columns(self, relation: Relation) -> list[tuple[str, str]]:
        return [(name.lower(), native) for name, native in super().columns(relation)]


class Trims(DuckDBOfflineStore):
    """Text loses the spaces at its end when it is loaded."""

    def load(self, load: Load) -> Handle:
        super().load(load).wait()
        table = exp.table_(load.relation.name, db=load.relation.schema, quoted=True)
        changes = {
            f'"{name}"': exp.func("rtrim", exp.column(exp.to_identifier(name, quoted=True)))
            for name, kind in load.columns
            if kind.name == "string"
        }
        return self.submit(exp.update(table, changes).sql("duckdb") if changes else "SELECT 1")


class Rounds(DuckDBOfflineStore):
    """Times lose what is less than a millisecond when they are loaded."""

    def load(self, load: Load) -> Handle:
        super().load(load).wait()
        name = f'"{load.relation.schema}"."{load.relation.name}"'
        changes = [
            f'"{column}" = date_trunc(\'millisecond\', "{column}")'
            for column, kind in load.columns
            if kind.name == "timestamp"
        ]
        return self.submit(f"UPDATE {name} SET {', '.join(changes)}" if changes else "SELECT 1")


class OneVersion(DuckDBOfflineStore):
    """A table never changes."""

    def version(self, relation: Relation) -> str | None:
        return "1"


class CountsOnly(DuckDBOfflineStore):
    """A hash is how many rows there are."""

    def content_hash(self, relation: Relation, columns: Sequence[str]) -> exp.Select | None:
        table = exp.table_(relation.name, db=relation.schema, quoted=True)
        return exp.select(exp.cast(exp.Count(this=exp.Star()), exp.DType.TEXT)).from_(table)


class SaysTooMuch(DuckDBOfflineStore):
    """It declares names that are longer than it lets be."""

    capabilities: Any = replace(DuckDBOfflineStore.capabilities, max_identifier=10)

    def columns(self, relation: Relation) -> list[tuple[str, str]]:
        return [(name[:8], native) for name, native in super().columns(relation)]


class WrongWord(DuckDBOfflineStore):
    """It translates a word into another one."""

    translations = {
        "duckdb": Translation(
            words=CORE, rewrites={"upper": lambda node: exp.Lower(this=node.this)}
        )
    }


def with_columns(batch: pa.RecordBatch, **changes: Callable[[Any], Any]) -> pa.RecordBatch:
    """Return a batch with the values of some columns changed."""
    arrays = [
        pa.array(
            [changes.get(name, lambda value: value)(v) for v in batch.column(name).to_pylist()],
            pa.binary(),
        )
        for name in batch.schema.names
    ]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


class Overwrites(SQLiteOnlineStore):
    """What is written last wins."""

    def write(self, batch: pa.RecordBatch, given: Given | None = None) -> int:
        return super().write(with_columns(batch, version=lambda _: b"\xff"), given)


class Signed(SQLiteOnlineStore):
    """Versions are compared by their first byte, as a signed one."""

    def write(self, batch: pa.RecordBatch, given: Given | None = None) -> int:
        def turned(version: bytes | None) -> bytes | None:
            return version and bytes([version[0] ^ 0x80]) + version[1:]

        return super().write(with_columns(batch, version=turned, expected=turned), given)


class Heedless(SQLiteOnlineStore):
    """Nobody looks at what is given."""

    def write(self, batch: pa.RecordBatch, given: Given | None = None) -> int:
        return super().write(batch)


class Piecemeal(SQLiteOnlineStore):
    """A batch is written row by row."""

    def write(self, batch: pa.RecordBatch, given: Given | None = None) -> int:
        rows = (super(Piecemeal, self).write(batch.slice(n, 1)) for n in range(batch.num_rows))
        return super().write(batch.slice(0, 0), given) + sum(rows)


class SmallLetters(SQLiteOnlineStore):
    """Keys are text of one case."""

    def read(self, keys: Sequence[bytes]) -> list[dict[bytes, bytes]]:
        return super().read([key.lower() for key in keys])

    def write(self, batch: pa.RecordBatch, given: Given | None = None) -> int:
        given = given and given._replace(key=given.key.lower())
        return super().write(with_columns(batch, key=bytes.lower), given)


class CutsShort(SQLiteOnlineStore):
    """A value is a megabyte at the most."""

    def write(self, batch: pa.RecordBatch, given: Given | None = None) -> int:
        return super().write(with_columns(batch, value=lambda v: v and v[: 2**20]), given)


class Remembers(SQLiteOnlineStore):
    """What was read once is not read again."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._known: dict[bytes, dict[bytes, bytes]] = {}

    def read(self, keys: Sequence[bytes]) -> list[dict[bytes, bytes]]:
        missing = [key for key in keys if key not in self._known]
        self._known |= dict(zip(missing, super().read(missing), strict=True))
        return [self._known[key] for key in keys]


class TakesMore(SQLiteOnlineStore):
    """A field is taken away whatever its value is, at one stroke."""

    def remove(self, prefix: bytes, field: bytes, value: bytes | None = None) -> Iterator[int]:
        yield sum(super().remove(prefix, field))


class OneToken(SQLiteStateStore):
    """Every holder of a lock has the same token."""

    def acquire(self, name: str, owner: str, now: float, seconds: float, dead: str = "") -> Lease:
        self._real = super().acquire(name, owner, now, seconds, dead)
        return structs.replace(self._real, token=1)

    def release(self, lease: Lease) -> None:
        super().release(self._real)


class Unfenced(SQLiteStateStore):
    """Whoever held a lock once may finish a build."""

    def finish_build(self, lease: Lease, target: str, build: Build, definition: bytes) -> None:
        own = super().acquire("another", "me", 0.0, 1e9, "me")
        super().finish_build(own, target, build, definition)


class Forgetful(SQLiteStateStore):
    """Who used what is forgotten."""

    def record_use(self, use: ModelUse) -> None:
        return None


class EachIsNew(SQLiteStateStore):
    """The same manifest again is a new deployment."""

    def deploy(self, target: str, manifest: bytes, now: str, principal: str) -> str:
        super().deploy(target, b"", now, principal)
        return super().deploy(target, manifest, now, principal)


class Backwards(SQLiteStateStore):
    """The oldest run comes first."""

    def runs(self, target: str, limit: int) -> list[RunRecord]:
        return super().runs(target, limit)[::-1]


# Each of these breaks a check of which the name begins so, and the words are said.
BROKEN: Mapping[type[Any], tuple[str, str]] = {
    Torn: ("offline.transactions.what_fails_at_the_end", "what ran before the failure is there"),
    Gathers: ("offline.rows.a_large_answer", "go by are kept"),
    LargeBatches: ("offline.statements.batches_are", "a batch is too large"),
    Folds: ("offline.identifiers.case_is_kept", "are called otherwise"),
    Trims: ("offline.keys.string", "gets the row of another one"),
    Rounds: ("offline.point_in_time.microsecond_apart", "not so"),
    OneVersion: ("offline.rows.a_version_changes", "another value does not change it"),
    CountsOnly: ("offline.rows.a_hash_tells", "other rows have the same hash"),
    SaysTooMuch: ("offline.identifiers.the_longest_name", "long names are cut"),
    WrongWord: ("offline.translations.upper", "`upper(s)` has other values"),
    Overwrites: ("online.newer.7634_expecting_nothing", "another value stays"),
    Signed: ("online.newer.versions_are_compared", "is not newer"),
    Heedless: ("online.batches.given_nothing_where_there_is_1", "something else is there"),
    Piecemeal: ("online.batches.a_batch_that_cannot", "half a batch is written"),
    SmallLetters: ("online.rows.look_alike_keys", "has the row of another one"),
    CutsShort: ("online.rows.a_huge_row", "another value"),
    Remembers: ("online.rows.a_reader_sees", "a reader sees an older value"),
    TakesMore: ("online.removing.only_a_given_value", "another count"),
    OneToken: ("state.locks.a_token_never_returns", "a token returns"),
    Unfenced: ("state.locks.finish_build_needs", "it is done without the lock"),
    Forgetful: ("state.builds.models_use_builds", "other uses"),
    EachIsNew: ("state.deployments.the_same_manifest", "the same is a new one"),
    Backwards: ("state.runs.runs_come_newest_first", "another order"),
}


@pytest.mark.parametrize("adapter", BROKEN, ids=lambda adapter: adapter.__name__)
def test_a_broken_promise_is_found(adapter: type[Any], tmp_path: Path) -> None:
    name, words = BROKEN[adapter]
    (check,) = [c for c in checks_of(adapter) if str(c).startswith(name)]
    with pytest.raises(Broken) as caught:
        check.hold(adapter, in_a_file("x.db")(tmp_path))
    assert words in str(caught.value)
    assert caught.value.expected or caught.value.got


def test_what_is_not_declared_is_not_claimed() -> None:
    class Poor(DuckDBOfflineStore):
        capabilities = Capabilities()

    from ffc.conformance import offline_checks

    claimed = {str(check) for check in offline_checks(Poor)}
    rich = {str(check) for check in offline_checks(DuckDBOfflineStore)}
    assert {name.split(".")[1] for name in rich - claimed} == {"transactions", "capabilities"}
    assert claimed < rich


def test_a_word_that_nothing_proves_is_broken(tmp_path: Path) -> None:
    class Sure(DuckDBOfflineStore):
        translations = {"duckdb": Translation(words=CORE | {"unheard_of()"})}

    (check,) = named(checks_of(Sure), ["offline.translations.unheard_of()"])
    with pytest.raises(Broken, match=r"nothing proves what `unheard_of\(\)` means"):
        check.hold(Sure, in_a_file("x.db")(tmp_path))


def test_every_method_of_a_state_store_is_asked(tmp_path: Path) -> None:
    asked: set[str] = set()

    class Heard(SQLiteStateStore):
        def __getattribute__(self, name: str) -> Any:
            asked.add(name)
            return super().__getattribute__(name)

    for number, check in enumerate(checks_of(SQLiteStateStore)):
        if "processes" not in str(check):
            check.hold(Heard, in_a_file(f"{number}.db")(tmp_path))
    assert StateStore.__abstractmethods__ - asked - {"__init__"} == set()


def test_lists_within_lists_have_an_order_too(tmp_path: Path) -> None:
    with offline_place(DuckDBOfflineStore, in_a_file("x.db")(tmp_path)) as place:
        order.hold_order(NESTED, EXTREMES[NESTED], place)


def test_every_check_has_a_name_of_its_own_and_a_claim() -> None:
    for tried in ADAPTERS:
        checks = checks_of(tried.adapter)
        names = [str(check) for check in checks]
        assert len(set(names)) == len(names)
        assert all(check.claim and check.help for check in checks)
