"""Warnings about the SQL that features are made of: the clock, chance, and the future."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set

import msgspec

from ffc.compiler.compilation import Compilation
from ffc.compiler.expressions import Written
from ffc.compiler.queries.lexing import lex
from ffc.compiler.queries.unstable import CHANCE, SESSION, Unstable, unstable_calls
from ffc.compiler.queries.windows import looks_ahead, times_of, windows
from ffc.core.diagnostics import Diagnostic, Span, warning
from ffc.core.names import node_id
from ffc.manifest.records import FeatureView, Transformation
from ffc.project import resources
from ffc.project.rendered import Rendered

TIMES = ("timestamp", "date")


def warn_hazards(state: Compilation) -> None:
    """Warn of what makes features differ from run to run, and of windows that look ahead."""
    written = {node_id("feature_view", v.name, v.variant): v for v in state.resources.feature_views}
    for node, views in _readers(state).items():
        state.say(node, *hazards_of(state, node, views, lambda view: written[view.id].at("name")))
    for view in state.resources.feature_views:
        state.say(node_id("feature_view", view.name, view.variant), *_conditions(state, view))
    for feature in state.resources.on_demand:
        node = node_id("on_demand", feature.name, feature.variant)
        if node in state.on_demand and feature.sql:
            state.say(node, *_expression(state, "sql", feature.sql, feature.at("sql")))


def hazards_of(
    state: Compilation,
    node: str,
    views: Sequence[FeatureView],
    place: Callable[[FeatureView], Span],
) -> Iterator[Diagnostic]:
    """Yield what is to be warned of in a transformation that these views are made of."""
    timed = [view for view in views if view.event_time]
    keys = {key.lower() for view in timed for key in view.source_keys}
    for rendered in (state.rendered[node], state.following.get(node)):
        if rendered is not None and views:
            yield from _unstable(state, rendered, place(views[0]))
        if rendered is not None and timed:
            yield from _ahead(state, rendered, keys, place(timed[0]))


def _readers(state: Compilation) -> dict[str, list[FeatureView]]:
    """Return the feature views that each transformation reaches, in the order written."""
    found: dict[str, list[FeatureView]] = {}
    for written in state.resources.feature_views:
        view = state.nodes.get(node_id("feature_view", written.name, written.variant))
        if not isinstance(view, FeatureView):
            continue
        waiting, seen = [view.source], {view.id}
        while waiting:
            name = waiting.pop()
            node = state.nodes.get(name)
            if name in seen or node is None:
                continue
            seen.add(name)
            waiting += node.depends_on
            if isinstance(node, Transformation):
                found.setdefault(name, []).append(view)
    return found


def _unstable(state: Compilation, rendered: Rendered, view: Span) -> Iterator[Diagnostic]:
    def columns() -> set[str]:
        return {name for ref in rendered.refs for name in state.columns(ref) or ()}

    for call in unstable_calls(rendered.sql, columns):
        span = rendered.map.span(call.start, call.end)
        yield _placed(rendered, _changing(call, span, (view.labelled("is made of it"),)))


def _ahead(
    state: Compilation, rendered: Rendered, keys: Set[str], view: Span
) -> Iterator[Diagnostic]:
    if "over" not in rendered.sql.lower():
        return
    read = [column for ref in rendered.refs for column in (state.columns(ref) or {}).values()]
    tokens = lex(rendered.sql)
    times = times_of(tokens, {column.name for column in read if column.type in TIMES})
    for window in windows(tokens) if times else ():
        found = looks_ahead(window, times, keys)
        if found is not None:
            message = f"`{window.name}()` {found.what}"
            help_ = "a feature may see what was there at its row's time, not what came after it"
            span = rendered.map.span(found.start, found.end)
            related = (view.labelled("is made of it"),)
            yield _placed(rendered, warning("FF510", message, span, related=related, help=[help_]))


def _placed(rendered: Rendered, found: Diagnostic) -> Diagnostic:
    """Add the macro that made what is warned of."""
    second = rendered.map.seconds.get(found.span)
    if second is None:
        return found
    return msgspec.structs.replace(found, related=(second, *found.related))


def _conditions(state: Compilation, view: resources.FeatureView) -> Iterator[Diagnostic]:
    for feature in view.features:
        if feature.aggregate is not None and feature.aggregate.where:
            where = feature.aggregate.where
            yield from _expression(state, "where", where, feature.aggregate.at("where"))


def _expression(state: Compilation, key: str, text: str, place: Span) -> Iterator[Diagnostic]:
    written = Written(key=key, text=text, span=place, dialect=state.project.dialect)
    for call in unstable_calls(text, tuple):
        place = written.part(call.start, call.end)
        yield msgspec.structs.replace(
            _changing(call, place), help=("use a value of the row, or of the request",)
        )


def _changing(call: Unstable, span: Span, related: tuple[Span, ...] = ()) -> Diagnostic:
    message = f"`{call.shown}` is another value in each run: it depends on {call.cause}"
    if call.shown.endswith("sample"):
        message = f"`{call.shown}` takes other rows in each run"
    help_ = "use a time of the row itself, or a variable: `{{ var('as_of') }}`"
    if call.cause == CHANCE:
        help_ = "use what is the same each time, such as a hash of the key"
    if call.cause == SESSION:
        help_ = "use a variable: `{{ var('name') }}`"
    return warning("FF509", message, span, related=related, help=[help_])
