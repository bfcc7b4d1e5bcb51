"""Look at what is deployed: rows of a node, answers to a person's own SELECT."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ffc.adapter.state import Build
from ffc.auth import Principal, authorize
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse, table_of
from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.errors import BadRequest, NotFound
from ffc.core.names import DEFAULT_VARIANT, split_variant
from ffc.manifest.records import AnyNode
from ffc.registry import Registry, StateRegistry
from ffc.sql import build

if TYPE_CHECKING:
    import pyarrow as pa

_CALL: Final = re.compile(
    r"\{\{-?\s*(?P<name>\w+)\s*\(\s*(?P<first>'[^']*'|\"[^\"]*\")"
    r"\s*(,\s*(?P<second>'[^']*'|\"[^\"]*\")\s*)?\)\s*-?\}\}"
)
_READS: Final = ("transformation", "feature_view", "label", "training_set")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows as Arrow batches that can be read once, at most `limit` of them if there is one."""

    batches: Iterator[pa.RecordBatch]
    schema: pa.Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A node as it is deployed, and the build that its name means; none if it was never built."""

    node: AnyNode
    build: Build | None


def find_node(registry: Registry, text: str) -> AnyNode:
    """Return the deployed node that a name means: an id, a name, a name and a variant.

    Raises NotFound, which lists what is close, and BadRequest where several are meant.
    """
    nodes = registry.nodes()
    if text in nodes:
        return nodes[text]
    name, variant = split_variant(text)
    named = [node for node in nodes.values() if node.name == name]
    found = [node for node in named if variant in ("", None, node.variant)]
    if len(found) > 1:
        default = [node for node in found if node.variant == DEFAULT_VARIANT]
        found = default if len(default) == 1 else found
    if not found:
        hints = did_you_mean(name, {node.name for node in nodes.values()})
        help_ = hints or ("`ffc run` builds and deploys what the project declares",)
        raise NotFound(f"no node named `{text}` is deployed", help=help_)
    if len(found) > 1:
        ids = listed((node.id for node in found), "or")
        raise BadRequest(f"`{text}` may be several nodes", field="node", help=[f"write {ids}"])
    return found[0]


def deployed_node(session: Session, text: str, *, principal: Principal) -> Deployed:
    """Return a deployed node by what it is called; raises NotFound, BadRequest."""
    registry = StateRegistry(session.state, session.target.name)
    node = find_node(registry, text)
    authorize(principal, "read", node.id)
    return Deployed(node=node, build=registry.build(node.id))


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


def ask(session: Session, sql: str, limit: int | None, *, principal: Principal) -> Rows:
    """Return the answer to a SELECT over what is deployed, at most `limit` rows.

    `{{ ref('x') }}` and `{{ source('group', 'table') }}` stand for the good builds. Raises
    BadRequest for anything but one SELECT, NotFound for a node that is not deployed.
    """
    authorize(principal, "read")
    registry = StateRegistry(session.state, session.target.name)
    dialect = session.offline.dialect
    text = _bound(registry, sql, dialect).strip().rstrip(";")
    _check_select(text, dialect)
    if limit is not None:
        outer = exp.select("*").from_(build.reference("asked")).limit(limit)
        warehouse = Warehouse(session.offline, session.schema)
        text = warehouse.bound(warehouse.text(outer), {"asked": text})
    return _read(session, text)


def _bound(registry: Registry, sql: str, dialect: str) -> str:
    """Put relations where the SQL calls `ref` and `source`."""

    def relation(match: re.Match[str]) -> str:
        first = match["first"][1:-1]
        second = match["second"][1:-1] if match["second"] else None
        if match["name"] == "source" and second is not None:
            node = find_node(registry, f"source.{first}.{second}")
        elif match["name"] == "ref" and second is None:
            node = find_node(registry, first)
        else:
            raise _no_template(match[0])
        return table_of(registry.relation(node.id)).sql(dialect=dialect)

    bound = _CALL.sub(relation, sql)
    if left := re.search(r"\{\{.*?\}\}|\{%.*?%\}", bound, re.DOTALL):
        raise _no_template(left[0])
    return bound


def _no_template(text: str) -> BadRequest:
    return BadRequest(
        f"`{text}` means nothing here",
        field="sql",
        help=["a query may have `{{ ref('x') }}` and `{{ source('group', 'table') }}`"],
    )


def _check_select(text: str, dialect: str) -> None:
    try:
        found = [tree for tree in sqlglot.parse(text, read=dialect) if tree is not None]
    except SqlglotError as problem:
        first = re.sub(r"\x1b\[\d*m", "", str(problem)).strip().splitlines()
        raise BadRequest("this is no SQL", field="sql", help=first[:2]) from problem
    if len(found) != 1 or not isinstance(found[0], exp.Query):
        what = "nothing" if not found else f"{len(found)} statements" if len(found) > 1 else ""
        kind = what or f"a statement that is no SELECT ({found[0].key.upper()})"
        raise BadRequest(f"a query is one SELECT; this is {kind}", field="sql")


def _read(session: Session, text: str) -> Rows:
    batches = session.offline.submit(text).batches()
    first = next(batches)

    def all_of() -> Iterator[pa.RecordBatch]:
        yield first
        yield from batches

    return Rows(batches=all_of(), schema=first.schema)


def json_value(value: object) -> object:
    """Return any value of a warehouse as JSON has it; what JSON doesn't know is text."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
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
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
