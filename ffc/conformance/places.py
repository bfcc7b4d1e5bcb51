"""Scratch places: where a check may do what it likes, taken away whatever happens."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from sqlglot import exp

from ffc.adapter import Handle, OfflineStore, OnlineStore, Options, StateStore
from ffc.conformance.ledger import Ledger
from ffc.conformance.scratch import scratch_name
from ffc.connect.warehouse import Warehouse
from ffc.core.clock import utc_now
from ffc.online.keys import prefix_of
from ffc.sql import build

if TYPE_CHECKING:
    import pyarrow as pa

# A statement longer than a page is none that a person reads.
_LONGEST: Final = 100_000
S = TypeVar("S", OfflineStore, OnlineStore, StateStore)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflinePlace:
    """A schema of a warehouse that is there for one check, and a folder.

    `statements` are those that were run so far, `handles` what follows them.
    """

    adapter: type[OfflineStore]
    options: Options
    store: OfflineStore
    schema: str
    folder: Path
    statements: list[str]
    handles: list[Handle]

    @property
    def warehouse(self) -> Warehouse:
        """The schema as builds are made in it."""
        return Warehouse(self.store, self.schema)

    def table(self, name: str) -> exp.Table:
        """Return a table of the schema, for a statement."""
        return build.table(name, self.schema)

    def text(self, *statements: exp.Expr | str) -> list[str]:
        """Return statements as the store has them."""
        warehouse = self.warehouse
        return [s if isinstance(s, str) else warehouse.text(s) for s in statements]

    def submit(self, *statements: exp.Expr | str) -> Handle:
        """Submit statements."""
        return self.store.submit(*self.text(*statements))

    def do(self, *statements: exp.Expr | str) -> None:
        """Run statements to their end."""
        self.submit(*statements).wait()

    def batches(self, query: exp.Expr | str, rows: int = 65_536) -> Iterator[pa.RecordBatch]:
        """Yield a query's rows."""
        return self.submit(query).batches(rows)

    def rows(self, query: exp.Expr | str) -> list[tuple[object, ...]]:
        """Return a query's rows."""
        found: list[tuple[object, ...]] = []
        for batch in self.batches(query):
            found += zip(*(column.to_pylist() for column in batch.columns), strict=True)
        return found

    @contextmanager
    def again(self) -> Iterator[OfflineStore]:
        """Open the store a second time."""
        with opened(self.adapter, self.options) as store:
            yield store


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlinePlace:
    """A prefix of an online store's keys that is there for one check, and a folder.

    `name` is that of the project that the prefix is of.
    """

    adapter: type[OnlineStore]
    options: Options
    store: OnlineStore
    name: str
    folder: Path

    @property
    def prefix(self) -> bytes:
        """What every key of the place begins with."""
        return prefix_of(self.name)

    def key(self, suffix: bytes = b"") -> bytes:
        """Return a key of the place."""
        return self.prefix + suffix

    def read(self, *suffixes: bytes) -> list[dict[bytes, bytes]]:
        """Return the fields of keys."""
        return self.store.read([self.key(suffix) for suffix in suffixes])

    @contextmanager
    def again(self, *, read_only: bool = False) -> Iterator[OnlineStore]:
        """Open the store a second time, as another process would."""
        with opened(self.adapter, replace(self.options, read_only=read_only)) as store:
            yield store


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePlace:
    """A state store that is there for one check."""

    adapter: type[StateStore]
    options: Options
    store: StateStore

    @contextmanager
    def again(self) -> Iterator[StateStore]:
        """Open the store a second time, as another process would."""
        with opened(self.adapter, self.options) as store:
            yield store


@contextmanager
def opened(adapter: type[S], options: Options) -> Iterator[S]:
    """Open a store, and close it at the end."""
    store = adapter(options)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def offline_place(adapter: type[OfflineStore], options: Options) -> Iterator[OfflinePlace]:
    """Make a schema in a warehouse, and drop it at the end with all that is in it."""
    statements: list[str] = []
    handles: list[Handle] = []
    schema = scratch_name(utc_now())
    with (
        tempfile.TemporaryDirectory(prefix="ffc-conformance-") as folder,
        opened(_followed(adapter, statements, handles), options) as store,
    ):
        place = OfflinePlace(
            adapter=adapter,
            options=options,
            store=store,
            schema=schema,
            folder=Path(folder),
            statements=statements,
            handles=handles,
        )
        try:
            place.do(create_schema(schema))
            yield place
        finally:
            # Whoever closes the store, or drops what is read, waits for what runs in it.
            try:
                for handle in handles:
                    handle.cancel()
            finally:
                drop_schema(store, schema)


def _followed(
    adapter: type[OfflineStore], statements: list[str], handles: list[Handle]
) -> type[OfflineStore]:
    """Return an adapter that notes what it is asked to run."""

    def submit(store: OfflineStore, *texts: str) -> Handle:
        statements.extend(text[:_LONGEST] for text in texts)
        handle = adapter.submit(store, *texts)
        handles.append(handle)
        return handle

    return type(adapter.__name__, (adapter,), {"submit": submit})


def create_schema(schema: str) -> exp.Create:
    """Return `CREATE SCHEMA`."""
    return exp.Create(this=exp.Table(db=build.name(schema)), kind="SCHEMA")


def drop_schema(store: OfflineStore, schema: str) -> None:
    """Drop a schema, and that of its builds; raises StoreError."""
    warehouse = Warehouse(store, schema)
    for name in (warehouse.schema, warehouse.builds_schema):
        place = exp.Table(db=build.name(name))
        warehouse.do(exp.Drop(tables=[place], kind="SCHEMA", exists=True, cascade=True))


@contextmanager
def online_place(adapter: type[OnlineStore], options: Options) -> Iterator[OnlinePlace]:
    """Note a prefix in an online store, and take away at the end what was written under it."""
    name = scratch_name(utc_now())
    with (
        tempfile.TemporaryDirectory(prefix="ffc-conformance-") as folder,
        opened(adapter, options) as plain,
    ):
        ledger = Ledger(plain)
        with opened(_noted(adapter, ledger, name), options) as store:
            try:
                yield OnlinePlace(
                    adapter=adapter, options=options, store=store, name=name, folder=Path(folder)
                )
            finally:
                ledger.clear(name)


def _noted(adapter: type[OnlineStore], ledger: Ledger, name: str) -> type[OnlineStore]:
    """Return an adapter that notes each field before anything is written under it."""
    write: Callable[..., int] = adapter.write

    def noting(store: OnlineStore, batch: pa.RecordBatch, *given: object, **named: object) -> int:
        fields = batch.column("field").to_pylist()
        ledger.note(name, {each for each in fields if each is not None})
        return write(store, batch, *given, **named)

    return type(adapter.__name__, (adapter,), {"write": noting})


@contextmanager
def state_place(adapter: type[StateStore], options: Options) -> Iterator[StatePlace]:
    """Open a state store beside that of the options, or that one itself where there is no other.

    The one beside it is taken away at the end.
    """
    beside = adapter.scratch(options, scratch_name(utc_now()))
    with opened(adapter, beside or options) as store:
        try:
            yield StatePlace(adapter=adapter, options=beside or options, store=store)
        finally:
            if beside is not None:
                store.destroy()
