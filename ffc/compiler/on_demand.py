"""On-demand features: one expression over a request and other features, or a Python function."""

from __future__ import annotations

import re
from typing import Final

from sqlglot import exp

from ffc.compiler.compilation import Compilation
from ffc.compiler.expressions import Written, check_row, parse_expression, type_of
from ffc.compiler.oracle import Oracle
from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, listed, warning
from ffc.core.names import is_name, node_id
from ffc.core.types import Type, known_type, widens
from ffc.manifest.records import FeatureView
from ffc.project.resources import OnDemand
from ffc.sql import build
from ffc.sql.types import sql_type

REQUEST: Final = "request"
_FUNCTION: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
# The tables of a trial query: the request, and each view by the name it is written with.
_Tables = dict[str, dict[str, Type]]


def check_on_demand(state: Compilation, oracle: Oracle) -> None:
    """Check every on-demand feature; note which views each reads."""
    for feature in state.resources.on_demand:
        node = node_id("on_demand", feature.name, feature.variant)
        if node in state.failed:
            continue
        state.report(node, *_check_request(feature))
        views: list[str] = []
        if feature.python:
            state.report(node, *_check_python(feature))
        else:
            views = _check_sql(state, oracle, node, feature)
        if node not in state.failed:
            state.on_demand[node] = tuple(dict.fromkeys(views))


def _check_request(feature: OnDemand) -> list[Diagnostic]:
    return [
        error(
            "FF105",
            f"a field of a request must have a name, not `{name}`",
            feature.at.key("request", name),
            help=["a name has letters, digits and single underscores, a letter first"],
        )
        for name in feature.request
        if not is_name(name)
    ]


def _check_python(feature: OnDemand) -> list[Diagnostic]:
    if _FUNCTION.fullmatch(feature.python):
        return []
    message = f"`{feature.python}` names no Python function"
    help_ = "write `module:function`, such as `scoring.ratios:amount_vs_avg`"
    return [error("FF105", message, feature.at("python"), help=[help_])]


def _check_sql(state: Compilation, oracle: Oracle, node: str, feature: OnDemand) -> list[str]:
    """Return the views that an expression reads, having reported what is wrong with it."""
    place = feature.at("sql")
    written = Written(
        key="sql",
        text=feature.sql,
        span=place,
        dialect=state.project.dialect,
        example="request.amount / 100",
    )
    tree = parse_expression(written)
    if isinstance(tree, Diagnostic):
        state.report(node, tree)
        return []
    state.report(node, *check_row(written, tree))
    tables: _Tables = {REQUEST: dict(feature.request)}
    views: list[str] = []
    used: set[str] = set()
    for column in tree.find_all(exp.Column):
        span = written.of(column.this)
        if column.table == REQUEST:
            used.add(column.name)
            state.report(node, *_check_field(feature, column.name, span))
        elif view := _view_of(state, node, column, written):
            views.append(view.id)
            types = {f.name: known_type(f.type) for f in view.features if f.type}
            tables[column.table] = types
    if node not in state.failed:
        unused = [name for name in feature.request if name not in used]
        state.report(node, *(_unused(feature, name) for name in unused))
        state.report(node, *_check_type(oracle, feature, written, tree, tables))
    return views


def _unused(feature: OnDemand, name: str) -> Diagnostic:
    message = f"`{feature.name}` asks for `{name}` and does not use it"
    help_ = f"write `request.{name}` in its `sql`, or leave it out"
    return warning("FF214", message, feature.at.key("request", name), help=[help_])


def _check_field(feature: OnDemand, name: str, span: Span) -> list[Diagnostic]:
    if name in feature.request:
        return []
    close = did_you_mean(name, feature.request)
    there = f"its `request` has {listed(feature.request)}" if feature.request else ""
    hints = close or (there or f"declare it: `request: {{{name}: float64}}`",)
    return [error("FF212", f"the request has no field `{name}`", span, help=hints)]


def _view_of(
    state: Compilation, node: str, column: exp.Column, written: Written
) -> FeatureView | None:
    """Return the view that `view.feature` names, having reported a name that is none."""
    span = written.of(column.this)
    if not column.table:
        message = f"`{column.name}` is neither of the request nor of a feature view"
        help_ = f"write `request.{column.name}`, or `view.{column.name}`"
        state.report(node, error("FF210", message, span, help=[help_]))
        return None
    place = written.of(column.args["table"])
    entry = state.resolve(node, column.table, place, "feature_view")
    view = state.nodes.get(entry.id) if entry else None
    if not isinstance(view, FeatureView):
        state.failed.add(node)
        return None
    names = [feature.name for feature in view.features]
    if column.name not in names and state.catalog.hides(column.name):
        state.failed.add(node)  # it is there, and was reported
        return None
    if column.name not in names:
        hints = did_you_mean(column.name, names) or (f"it has {listed(names)}",)
        message = f"the feature view `{view.name}` has no feature `{column.name}`"
        state.report(node, error("FF212", message, span, help=hints))
        return None
    return view


def _check_type(
    oracle: Oracle, feature: OnDemand, written: Written, tree: exp.Expr, tables: _Tables
) -> list[Diagnostic]:
    """Report an expression that does not bind, or gives another type than it is declared."""
    query = exp.select(build.named(tree.copy(), "value"))
    for name, types in tables.items():
        if types:
            values = [build.named(exp.cast(exp.null(), sql_type(t)), n) for n, t in types.items()]
            query = query.join(exp.select(*values).subquery(build.name(name)), join_type="cross")
    found = type_of(oracle, written, _from_first(query))
    if isinstance(found, Diagnostic):
        return [found]
    if found.type and widens(known_type(found.type), feature.type):
        return []
    message = f"`{feature.name}` is declared {feature.type}, but its `sql` gives "
    message += found.type or found.native
    help_ = f"cast it: `cast(... as {sql_type(feature.type).sql(dialect='duckdb').lower()})`"
    return [error("FF403", message, feature.at("type"), help=[help_])]


def _from_first(query: exp.Select) -> exp.Select:
    """Return a query whose first join is its FROM."""
    joins = query.args.get("joins") or []
    if joins:
        query.set("joins", joins[1:])
        query = query.from_(joins[0].this)
    return query
