"""Labels: whom a row is about, when it asks, what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from ffc.compiler.catalog import resolve_relation
from ffc.compiler.compilation import Compilation, as_written, missing_column
from ffc.compiler.keys import check_key
from ffc.compiler.oracle import Oracle, Refusal
from ffc.core.diagnostics import Span, did_you_mean, error, listed
from ffc.core.errors import InternalError
from ffc.core.names import is_name, node_id
from ffc.core.types import known_type
from ffc.manifest import records
from ffc.project.resources import Label, Role
from ffc.project.template import Unresolved
from ffc.sql.build import column as sql_column
from ffc.sql.build import generate, named, reference
from ffc.sql.types import converted


def type_labels(state: Compilation, oracle: Oracle) -> None:
    """Check every label and make its node."""
    for label in state.resources.labels:
        _type_label(state, oracle, label)


def _type_label(state: Compilation, oracle: Oracle, label: Label) -> None:
    node = node_id("label", label.name, label.variant)
    try:
        source = resolve_relation(state.catalog, label.source)
    except Unresolved as problem:
        state.report(node, problem.at(label.at("source")))
        return
    columns = state.columns(source.id) if source else None
    if source is None or columns is None:
        state.failed.add(node)
        for name, written in label.entities.items():
            state.resolve(node, *_named_entity(label, name, written), "entity")
        return
    roles = [
        role
        for name, written in label.entities.items()
        if (role := _role(state, node, label, name, written, source.id, columns)) is not None
    ]
    if not label.entities:
        message = "a label needs an entity: `entities: {customer: customer_id}`"
        state.report(node, error("FF106", message, label.at("entities")))
    _check_columns(state, node, label, columns)
    if node in state.failed:
        return
    query = _projection(source.id, columns)
    found = oracle.describe(generate(query, "duckdb"))
    if isinstance(found, Refusal):
        raise InternalError(f"{node} does not bind: {found.message}")
    state.nodes[node] = records.Label(
        **as_written(node, label),
        depends_on=tuple(sorted({source.id, *(f"entity.{role.entity}" for role in roles)})),
        columns=found,
        source=source.id,
        roles=tuple(roles),
        timestamp=label.timestamp or "",
        column=label.column,
        sql=state.text(query),
    )


def _projection(source: str, columns: Mapping[str, records.Column]) -> exp.Select:
    """Return every column of a label's source, instants as zone-less UTC."""
    selected = []
    for column in columns.values():
        value: exp.Expr = sql_column(column.name)
        if column.type == "timestamp":
            value = converted(value, column.native, known_type("timestamp"))
        selected.append(named(value, column.name))
    return exp.select(*selected).from_(reference(source))


def _named_entity(
    label: Label, name: str, written: str | tuple[str, ...] | Role
) -> tuple[str, Span]:
    """Return the entity that a role names, and where."""
    if isinstance(written, Role):
        return str(written.entity), written.at("entity")
    return name, label.at.key("entities", name)


def _role(
    state: Compilation,
    node: str,
    label: Label,
    name: str,
    written: str | tuple[str, ...] | Role,
    source: str,
    columns: Mapping[str, records.Column],
) -> records.LabelRole | None:
    wanted, where = _named_entity(label, name, written)
    place = written.at("keys") if isinstance(written, Role) else label.at("entities", name)
    if not is_name(name):
        message = f"a role must have a name, not `{name}`"
        help_ = "a name has letters, digits and single underscores, a letter first"
        place = label.at.key("entities", name)
        state.report(node, error("FF105", message, place, help=[help_]))
        return None
    entity = state.resolve(node, wanted, where, "entity")
    if entity is None:
        return None
    keys = state.nodes[entity.id].columns
    named = _named_keys(state, node, written, keys)
    if named is None:
        return None
    if len(named) != len(keys):
        own = listed(key.name for key in keys)
        message = f"the entity `{wanted}` has {_counted(len(keys))}, but here are {len(named)}"
        state.report(node, error("FF207", message, place, help=[f"name a column for {own}"]))
        return None
    mixed = _mixed_up([key.name for key in keys], named)
    if mixed:
        help_ = f"name a column for {listed(key.name for key in keys)}, in this order"
        state.report(node, error("FF207", mixed, place, help=[help_]))
        return None
    pairs = list(zip(keys, named, strict=True))
    _check_keys(state, node, label, wanted, pairs, source, columns, place)
    return records.LabelRole(role=name, entity=wanted, keys=named)


def _named_keys(
    state: Compilation,
    node: str,
    written: str | tuple[str, ...] | Role,
    keys: Sequence[records.Column],
) -> tuple[str, ...] | None:
    """Return the columns in the order of an entity's keys; None where a key is unknown."""
    if not isinstance(written, Role):
        return (written,) if isinstance(written, str) else written
    given = written.keys
    if not isinstance(given, dict):
        return (given,) if isinstance(given, str) else given
    names = [key.name for key in keys]
    unknown = [name for name in given if name not in names]
    for name in unknown:
        hints = did_you_mean(name, names) or (f"it has {listed(names)}",)
        message = f"the entity `{written.entity}` has no key `{name}`"
        state.report(node, error("FF207", message, written.at.key("keys", name), help=hints))
    return None if unknown else tuple(given[name] for name in names if name in given)


def _check_keys(
    state: Compilation,
    node: str,
    label: Label,
    entity: str,
    pairs: Sequence[tuple[records.Column, str]],
    source: str,
    columns: Mapping[str, records.Column],
    place: Span,
) -> None:
    for key, column_name in pairs:
        column = columns.get(column_name)
        if column is None:
            where = f"`{label.source.strip()}`"
            state.report(node, missing_column(column_name, columns, where, place))
        else:
            check_key(state, node, entity, key, column, source, place)


def _mixed_up(keys: Sequence[str], columns: Sequence[str]) -> str:
    """Say what is wrong with columns that can't stand for the keys; nothing if they can."""
    twice = [name for name in columns if columns.count(name) > 1]
    if twice:
        return f"the column `{twice[0]}` stands for two keys"
    if sorted(keys) == sorted(columns) and list(keys) != list(columns):
        return "these are the keys, but in another order"
    return ""


def _counted(keys: int) -> str:
    return f"{keys} key{'' if keys == 1 else 's'}"


def _check_columns(
    state: Compilation, node: str, label: Label, columns: Mapping[str, records.Column]
) -> None:
    where = f"`{label.source.strip()}`"
    if label.column not in columns:
        place = label.at("column")
        state.say(node, missing_column(label.column, columns, where, place))
        state.unbuilt.add(node)
    if label.timestamp is None:
        return
    column = columns.get(label.timestamp)
    if column is None:
        place = label.at("timestamp")
        state.report(node, missing_column(label.timestamp, columns, where, place))
    elif column.type not in ("timestamp", "date"):
        message = f"`timestamp` must be a timestamp or a date; `{column.name}` is "
        message += column.type or column.native
        help_ = "cast it in a transformation"
        state.report(node, error("FF403", message, label.at("timestamp"), help=[help_]))
