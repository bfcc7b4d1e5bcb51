"""The builds of a node in two targets: their columns, how many rows, which rows differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct, field

from ffc.adapter.offline import Relation
from ffc.auth import Principal, authorize
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse, table_of
from ffc.core.arrow import arrow_type, conform, typed
from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.errors import Cancelled, Misuse, NotFound, StoreError, Unreachable
from ffc.core.types import Type, known_type, widens
from ffc.manifest.names import has_relation
from ffc.manifest.records import (
    AnyNode,
    Column,
    FeatureView,
    Label,
    TrainingSet,
    Transformation,
)
from ffc.registry import Registry, StateRegistry
from ffc.run.looking.differing import KINDS, Differing, Side, differing, positions
from ffc.run.looking.reading import Rows, find_node, json_value
from ffc.sql import relations
from ffc.sql.comparison import (
    CLOSE,
    SIDES,
    Comparison,
    Kind,
    Tolerance,
    differs_name,
    identity_name,
    value_name,
)

if TYPE_CHECKING:
    import pyarrow as pa

SAMPLE: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How rows are compared: by which key, how far floats may differ, how many are shown.

    Without a key it is the node's own.
    """

    key: tuple[str, ...] = ()
    tolerance: Tolerance = CLOSE
    sample: int = SAMPLE


class ComparedColumn(Struct, frozen=True, kw_only=True):
    """A column that differs: its type on each side, null where there is none.

    `rows` is in how many changed rows its values differ, null where they were not compared.
    """

    name: str
    types: tuple[str | None, str | None]
    rows: int | None = None


class ComparedRow(Struct, frozen=True, kw_only=True):
    """A row that differs: `changed`, or in the `first` or the `second` target only.

    `values` are those of each side, by column; of a changed row those that differ.
    """

    kind: Kind
    key: dict[str, Any]
    values: dict[str, tuple[Any, Any]]


class Compared(Struct, frozen=True, kw_only=True):
    """How the builds of a node compare: `same`, `different`, or `error`, with `code` and `help`.

    What comes in twos is of the first and the second target. `only` are rows that one side alone
    has, `changed` those whose key both have; without a key no row is changed but in its floats.
    """

    node: str
    status: str
    reason: str = ""
    code: str = ""
    help: tuple[str, ...] = ()
    builds: tuple[str, str] = ("", "")
    same_definition: bool = True
    key: tuple[str, ...] = ()
    rows: tuple[int | None, int | None] = (None, None)
    changed: int = 0
    only: tuple[int, int] = (0, 0)
    columns: tuple[ComparedColumn, ...] = ()
    samples: tuple[ComparedRow, ...] = field(default=())


class Comparing:
    """Two open targets, as they are when this is made."""

    def __init__(self, first: Session, second: Session) -> None:
        self.sessions = (first, second)
        self.names = (first.target.name, second.target.name)
        self.registries = tuple(StateRegistry(s.state, s.target.name) for s in self.sessions)
        self._nodes = tuple(_built(registry) for registry in self.registries)

    def meant(self, texts: Sequence[str]) -> list[str]:
        """Return the ids of the nodes that names mean in either; raises NotFound, BadRequest."""
        return [find_node({**self._nodes[1], **self._nodes[0]}, text).id for text in texts]

    def all(self) -> list[str]:
        """Return the ids of all that is built in either target."""
        return list({**self._nodes[0], **self._nodes[1]})

    def compare(
        self,
        node: str,
        how: How,
        *,
        principal: Principal,
        report: Callable[[int], None] = lambda _: None,
    ) -> Compared:
        """Compare the good builds of a node; raises Unreachable, and Misuse for a key it lacks.

        `report` is told after each batch how many rows were read so far.
        """
        authorize(principal, "read", node)
        absent = [n for n, nodes in zip(self.names, self._nodes, strict=True) if node not in nodes]
        if absent:
            reason = f"it is not built in {listed(absent)}: `ffc run --target {absent[0]}`"
            return Compared(node=node, status="different", reason=reason)
        try:
            return self._compared(node, how, _Counter(report))
        except (Unreachable, Cancelled):
            raise
        except (NotFound, StoreError) as problem:
            return Compared(
                node=node,
                status="error",
                reason=problem.message,
                code=problem.code,
                help=problem.help,
            )

    def _compared(self, node: str, how: How, counter: _Counter) -> Compared:
        first, second = (
            _Read.of(*each, node) for each in zip(self.sessions, self.registries, strict=True)
        )
        columns = _columns(first, second)
        shared = {name: both for name, both in columns.items() if both.kind is not None}
        key = _key(how, first.node, columns)
        asked = _comparison(shared, key, how)
        sides = (first.side(shared, counter), second.side(shared, counter))
        found = differing(asked, sides, how.sample) if shared else _counted(first, second)
        names = dict(zip(positions(len(shared)), shared, strict=True))
        unlike = tuple(_unlike(columns, names, found))
        whole = found.rows[0] == found.rows[1] and not found.changed and not any(found.only)
        return Compared(
            node=node,
            status="same" if whole and not unlike else "different",
            builds=(first.build, second.build),
            same_definition=first.node.data_fingerprint == second.node.data_fingerprint,
            key=tuple(key),
            rows=found.rows,
            changed=found.changed,
            only=found.only,
            columns=unlike,
            samples=tuple(_samples(asked, names, found)),
        )


@dataclass(slots=True)
class _Counter:
    """Rows counted as they are read."""

    report: Callable[[int], None]
    rows: int = 0

    def add(self, rows: int) -> None:
        self.rows += rows
        self.report(self.rows)


def _built(registry: Registry) -> dict[str, AnyNode]:
    return {name: node for name, node in registry.nodes().items() if has_relation(node)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A node's good build in one target, and the Arrow type that each of its columns has there."""

    node: AnyNode
    build: str
    warehouse: Warehouse
    relation: Relation
    arrow: Mapping[str, pa.DataType]

    @classmethod
    def of(cls, session: Session, registry: Registry, name: str) -> _Read:
        """Look at a build; raises StoreError where it can't be read."""
        node, build = registry.nodes()[name], registry.build(name)
        warehouse = Warehouse(session.offline, session.schema)
        relation = Relation(*build.relation)
        query = relations.rows(table_of(relation), [c.name for c in node.columns]).limit(0)
        schema, batches = typed(warehouse.batches(query), _kinds(node.columns))
        for _ in batches:
            # Read to its end, so that the store lets go of it.
            pass
        arrow = dict(zip(schema.names, schema.types, strict=True))
        return cls(node=node, build=build.id, warehouse=warehouse, relation=relation, arrow=arrow)

    def side(self, shared: Mapping[str, _Both], counter: _Counter) -> Side:
        """Return the rows with the columns that both sides have, by their positions."""
        import pyarrow as pa

        columns = {column.name: column for column in self.node.columns if column.name in shared}
        chosen = [columns[name] for name in shared]
        kinds = [both.kind for both in shared.values()]
        fields = zip(positions(len(shared)), kinds, strict=True)
        schema = pa.schema([pa.field(name, kind) for name, kind in fields])
        rewritten = {i: canonical_json for i, c in enumerate(chosen) if c.type == "json"}
        query = relations.rows(table_of(self.relation), list(shared))

        def read() -> Iterator[pa.RecordBatch]:
            _, batches = typed(self.warehouse.batches(query), _kinds(chosen))
            for batch in batches:
                counter.add(batch.num_rows)
                yield conform(_rewritten(batch, rewritten), schema)

        return Side(schema=schema, read=read)


def _counted(first: _Read, second: _Read) -> Differing:
    """Return how many rows there are, where there is no column to compare."""
    one, other = (each.warehouse.count(each.relation) for each in (first, second))
    return Differing(rows=(one, other))


def _kinds(columns: Sequence[Column]) -> dict[str, Type | None]:
    return {c.name: known_type(c.type) if c.type else None for c in columns}


def _rewritten(
    batch: pa.RecordBatch, how: Mapping[int, Callable[[pa.Array], pa.Array]]
) -> pa.RecordBatch:
    import pyarrow as pa

    arrays = [how.get(index, lambda c: c)(column) for index, column in enumerate(batch.columns)]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def canonical_json(column: pa.Array) -> pa.Array:
    """Return JSON texts that are equal where the values are: keys in order, no blanks."""
    import pyarrow as pa

    return pa.array([_canonical(text) for text in column.to_pylist()], pa.string())


def _canonical(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return msgspec.json.encode(msgspec.json.decode(text), order="sorted").decode()
    except msgspec.DecodeError:
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Both:
    """A column on both sides: its types, and the Arrow type that holds the values of both."""

    types: tuple[str | None, str | None]
    kind: pa.DataType | None
    is_float: bool = False

    @property
    def differs(self) -> bool:
        """Whether the sides say different things of it."""
        return self.types[0] != self.types[1] or self.kind is None


def _columns(first: _Read, second: _Read) -> dict[str, _Both]:
    """Return the columns of either side, in the order of the first."""
    sides = [{column.name: column for column in each.node.columns} for each in (first, second)]
    return {
        name: _both(name, sides[0].get(name), sides[1].get(name), first, second)
        for name in {**sides[0], **sides[1]}
    }


def _both(
    name: str, one: Column | None, other: Column | None, first: _Read, second: _Read
) -> _Both:
    if one is None or other is None:
        shown = tuple(None if c is None else c.type or c.native for c in (one, other))
        return _Both(types=(shown[0], shown[1]), kind=None)
    types = (one.type or one.native, other.type or other.native)
    if not one.type or not other.type:
        # What is none of our types is compared where both stores give it alike.
        alike = first.arrow[name] == second.arrow[name]
        return _Both(types=types, kind=first.arrow[name] if alike else None)
    given, wanted = known_type(one.type), known_type(other.type)
    wider = wanted if widens(given, wanted) else given if widens(wanted, given) else None
    kind = None if wider is None else arrow_type(wider)
    return _Both(types=types, kind=kind, is_float=wider is not None and wider.is_float)


def _key(how: How, node: AnyNode, columns: Mapping[str, _Both]) -> list[str]:
    """Return the columns that say which rows belong together; raises Misuse for unknown ones."""
    for name in how.key:
        if name not in columns or columns[name].kind is None:
            hints = did_you_mean(name, columns)
            there = f"`{node.name}` has no column `{name}` on both sides"
            raise Misuse("; ".join([there, *hints]), option="--key")
    own = list(how.key) or key_of(node)
    return own if all(columns[name].kind is not None for name in own if name in columns) else []


def key_of(node: AnyNode) -> list[str]:
    """Return the columns that tell a node's rows apart; none where it does not say."""
    if isinstance(node, FeatureView):
        return [name for name in (*node.keys, node.event_time, node.created) if name]
    if isinstance(node, Label):
        keys = [key for role in node.roles for key in role.keys]
        return list(dict.fromkeys([*keys, *([node.timestamp] if node.timestamp else [])]))
    if isinstance(node, TrainingSet):
        return [c.name for c in node.plan.output if c.role in ("key", "timestamp")]
    if isinstance(node, Transformation) and node.unique_key:
        return list(node.unique_key)
    unique = [test.column for test in node.tests if test.test == "unique" and test.column]
    return unique[:1]


def _comparison(shared: Mapping[str, _Both], key: Sequence[str], how: How) -> Comparison:
    """Return what is compared, by position; without a key all columns but floats are the key."""
    places = dict(zip(shared, positions(len(shared)), strict=True))
    near = frozenset(places[name] for name, both in shared.items() if both.is_float)
    identity = [places[name] for name in key] or [p for p in places.values() if p not in near]
    return Comparison(
        identity=tuple(identity),
        compared=tuple(place for place in places.values() if place not in identity),
        near=near.difference(identity),
        tolerance=how.tolerance,
    )


def _unlike(
    columns: Mapping[str, _Both], names: Mapping[str, str], found: Differing
) -> Iterator[ComparedColumn]:
    rows = {names[place]: count for place, count in found.columns.items()}
    for name, both in columns.items():
        if both.differs or rows.get(name):
            count = None if both.kind is None else rows.get(name, 0)
            yield ComparedColumn(name=name, types=both.types, rows=count)


def _samples(
    asked: Comparison, names: Mapping[str, str], found: Differing
) -> Iterator[ComparedRow]:
    for kind in KINDS:
        table = found.samples.get(kind)
        if table is None:
            continue
        rows = Rows(batches=iter(table.to_batches()), schema=table.schema)
        for row in rows.values():
            yield _row(asked, names, kind, dict(zip(table.schema.names, row, strict=True)))


def _row(
    asked: Comparison, names: Mapping[str, str], kind: Kind, row: Mapping[str, object]
) -> ComparedRow:
    shown = [c for c in asked.compared if kind != "changed" or row[differs_name(c)]]
    values = {c: [json_value(row[value_name(c, side)]) for side in SIDES] for c in shown}
    return ComparedRow(
        kind=kind,
        key={names[c]: json_value(row[identity_name(c)]) for c in asked.identity},
        values={names[c]: (both[0], both[1]) for c, both in values.items()},
    )
