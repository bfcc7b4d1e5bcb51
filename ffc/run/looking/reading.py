"""Look at what is deployed: rows of a node, answers to a person's own SELECT."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeGuard

from sqlglot import exp

from ffc.adapter.state import Build
from ffc.auth import Principal, authorize
from ffc.connect.session import Session
from ffc.connect.warehouse import table_of
from ffc.core.arrow import typed
from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.errors import BadRequest, NotFound
from ffc.core.names import split_variant
from ffc.core.types import known_type
from ffc.manifest.names import has_relation, meant
from ffc.manifest.records import AnyNode
from ffc.registry import StateRegistry

if TYPE_CHECKING:
    import pyarrow as pa

BATCH: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows as Arrow batches that can be read once, at most `limit` of them if there is one."""

    batches: Iterator[pa.RecordBatch]
    schema: pa.Schema

    def values(self) -> Iterator[tuple[object, ...]]:
        """Yield the rows, values in the order of the columns, which may share a name."""
        for batch in self.batches:
            yield from zip(*map(_values, batch.columns), strict=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A node as it is deployed, and the build that its name means; none if it was never built."""

    node: AnyNode
    build: Build | None


def find_node(nodes: Mapping[str, AnyNode], text: str) -> AnyNode:
    """Return the node that a name means: an id, a name, a name and a variant.

    `nodes` are those that are deployed, by id. Raises NotFound, which lists what is close, and
    BadRequest where several are meant.
    """
    if text in nodes:
        return nodes[text]
    name, variant = split_variant(text)
    named = [node for node in nodes.values() if node.name == name]
    found = meant(named, variant)
    if not found:
        hints = did_you_mean(name, {node.name for node in nodes.values()})
        help_ = hints or ("`ffc run` builds and deploys what the project declares",)
        raise NotFound(f"no node named `{text}` is deployed", help=help_)
    if len(found) > 1:
        ids = listed((node.id for node in found), "or")
        raise BadRequest(f"`{text}` may be several nodes", field="node", help=[f"write {ids}"])
    return found[0]


def deployed_node(session: Session, text: str, *, principal: Principal) -> Deployed:
    """Return a deployed node by what it is called; raises NotFound, BadRequest.

    Of a node that nothing is ever built of, as of a model, there is no build.
    """
    registry = StateRegistry(session.state, session.target.name)
    built = registry.nodes()
    never = {n.id: n for n in registry.declared().values() if n.id not in built}
    # What is meant to be built, and was not, is told as the project has it.
    never = {name: node for name, node in never.items() if not has_relation(node)}
    node = find_node({**never, **built}, text)
    authorize(principal, "read", node.id)
    return Deployed(node=node, build=registry.build(node.id) if node.id in built else None)


def read_rows(
    session: Session, deployed: Deployed, limit: int | None, *, principal: Principal
) -> Rows:
    """Return the rows of a node's good build, in no order; raises NotFound where it has none."""
    authorize(principal, "read", deployed.node.id)
    registry = StateRegistry(session.state, session.target.name)
    query = exp.select("*").from_(table_of(registry.relation(deployed.node.id)))
    if limit is not None:
        query = query.limit(limit)
    return _read(session, query.sql(dialect=session.offline.dialect))


def typed_rows(
    session: Session, text: str, limit: int | None, *, principal: Principal
) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Return the rows of a node by what it is called, their columns as they are declared.

    Raises NotFound where there is none, or where it has no good build.
    """
    found = deployed_node(session, text, principal=principal)
    rows = read_rows(session, found, limit, principal=principal)
    types = {c.name: known_type(c.type) if c.type else None for c in found.node.columns}
    return typed(rows.batches, {column: types.get(column) for column in rows.schema.names})


def ask(session: Session, sql: str, limit: int | None, *, principal: Principal) -> Rows:
    """Return the answer to a SELECT in the warehouse's own SQL, at most `limit` rows.

    Raises what the warehouse has to say, with the place where it tells.
    """
    authorize(principal, "read")
    return _read(session, sql.rstrip().rstrip(";"), limit)


def _read(session: Session, text: str, limit: int | None = None) -> Rows:
    handle = session.offline.submit(text)
    try:
        batches = handle.batches() if limit is None else handle.batches(max(1, min(limit, BATCH)))
        first = next(batches)
    except KeyboardInterrupt:
        handle.cancel()
        raise
    return Rows(batches=first_rows(chain([first], batches), limit), schema=first.schema)


def first_rows(batches: Iterator[pa.RecordBatch], limit: int | None) -> Iterator[pa.RecordBatch]:
    """Yield the batches of the first rows, one at the least; all without a limit."""
    left = limit
    for batch in batches:
        yield batch if left is None else batch.slice(0, left)
        left = None if left is None else max(0, left - batch.num_rows)
        if left == 0:
            return


# How engines write the end of all times: the greatest and the least of 64 or 32 bits.
_ENDS: Final = {
    **dict.fromkeys((2**63 - 1, 2**31 - 1), "infinity"),
    **dict.fromkeys((1 - 2**63, 1 - 2**31), "-infinity"),
}


def _values(column: pa.Array) -> list[object]:
    """Return a column's values; those that Python has no type for as texts."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pa.timestamp("us", tz=kind.tz), safe=False)
    try:
        found: list[object] = column.to_pylist()
    except (ValueError, OverflowError):
        found = [_value(scalar) for scalar in column]
    return found


def _value(scalar: pa.Scalar) -> object:
    """Return a value; a year that Python does not know, and infinity, as a text."""
    import pyarrow as pa

    try:
        found: object = scalar.as_py()
    except (ValueError, OverflowError):
        if isinstance(scalar, pa.ListScalar):
            return [_value(item) for item in scalar.values]
        number = getattr(scalar, "value", None)
        found = _ENDS.get(number) if isinstance(number, int) else None
        if found is None:
            return str(scalar.cast(pa.string())) if number is not None else "out of range"
    return found


def json_value(value: object) -> object:
    """Return any value of a warehouse as JSON has it; what JSON doesn't know is text."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if _is_interval(value):
        return text_value(value)
    if isinstance(value, Mapping):
        return {str(key): json_value(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(each) for each in value]
    plain = value is None or isinstance(value, bool | int | float | str)
    return value if plain else text_value(value)


def text_value(value: object) -> str:
    """Return a value as people read it."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ").removesuffix("+00:00")
    if isinstance(value, date):
        return value.isoformat()
    if _is_interval(value):
        return _interval(*value)
    if isinstance(value, Mapping):
        pairs = (f"{_within(key)}: {_within(each)}" for key, each in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple):
        inner = ", ".join(_within(each) for each in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _within(value: object) -> str:
    """Return a value as it stands in another one."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    return repr(value) if isinstance(value, str) else text_value(value)


def _is_interval(value: object) -> TypeGuard[tuple[int, int, int]]:
    return isinstance(value, tuple) and hasattr(value, "nanoseconds")


def _interval(months: int, days: int, nanoseconds: int) -> str:
    """Return an interval as SQL writes it, such as `1 month 2 days 3.5 seconds`."""
    seconds = Decimal(nanoseconds) / 1_000_000_000
    parts = [(Decimal(months), "month"), (Decimal(days), "day"), (seconds.normalize(), "second")]
    told = [f"{n:f} {unit}{'' if n == 1 else 's'}" for n, unit in parts if n]
    return " ".join(told) or "0 seconds"
