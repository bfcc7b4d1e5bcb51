"""Warnings about what training sets and models read that they would not have at the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from functools import cache
from typing import NamedTuple

from ffc.compiler.compilation import Compilation
from ffc.core.cron import longest_gap
from ffc.core.diagnostics import Diagnostic, Span, listed, warning
from ffc.core.durations import Duration
from ffc.core.names import node_id
from ffc.manifest.records import FeatureView, Label, TrainingSet, ViewPlan
from ffc.project import resources
from ffc.project.resources import Pick
from ffc.project.template import Unresolved

Column = tuple[str, str]
# The columns of sources that a column's value is computed from, through all that lies between.
Sources = Callable[[str, str], Set[Column]]


def warn_leaks(state: Compilation, sources: Sources | None = None) -> None:
    """Warn of leaks and traps; `sources` is the lineage of values, by default as nodes have it."""
    sources = sources or traced(state)
    views = {node_id("feature_view", v.name, v.variant): v for v in state.resources.feature_views}
    for node, view in views.items():
        state.say(node, *_expired(view))
    for asked in state.resources.labels:
        state.say(node_id("label", asked.name, asked.variant), *_asked_by(state, asked))
    told: set[str] = set()
    for written in state.resources.training_sets:
        made = state.nodes.get(node_id("training_set", written.name, written.variant))
        label = state.nodes.get(made.label) if isinstance(made, TrainingSet) else None
        if not isinstance(made, TrainingSet) or not isinstance(label, Label):
            continue
        picks = list(_picks(state, written))
        state.say(made.id, *_included(written, label, sources))
        for leaking, said in _leaked(state, made, label, picks, sources):
            told.add(leaking)
            state.say(made.id, said)
        for pick in picks:
            if label.timestamp and pick.view not in told:
                told.add(pick.view)
                state.say(pick.view, *_static(views[pick.view], label, pick))
    for model in state.resources.models:
        node = node_id("model", model.name)
        if node not in state.failed:
            state.say(node, *_unserved(state, model))


def traced(state: Compilation) -> Sources:
    """Return the lineage of values as the nodes have it, down to columns of sources."""

    @cache
    def sources(node: str, column: str) -> Set[Column]:
        found: set[Column] = set()
        seen: set[Column] = set()
        waiting = [(node, column)]
        while waiting:
            at = waiting.pop()
            if at in seen:
                continue
            seen.add(at)
            made = state.nodes.get(at[0])
            if made is None or not made.lineage:
                found.add(at)
            elif at[1] in made.lineage:
                waiting += made.lineage[at[1]].values
        return found

    return sources


class _Place(NamedTuple):
    """Where a training set picks features of a view; `name` may be `*`."""

    view: str
    name: str
    lag: Duration | None
    span: Span


def _picks(state: Compilation, written: resources.TrainingSet) -> Iterator[_Place]:
    for index, item in enumerate(written.features):
        pick = item if isinstance(item, Pick) else None
        text = pick.feature if pick is not None else str(item)
        view, dot, name = text.partition(".")
        try:
            entry = state.catalog.find(view, "feature_view") if dot else None
        except Unresolved:
            continue
        if entry is not None:
            span = pick.at("feature") if pick is not None else written.at("features", index)
            yield _Place(entry.id, name, pick.lag if pick is not None else None, span)


def _expired(view: resources.FeatureView) -> Iterator[Diagnostic]:
    """Warn of values that are too old before they are there, or before new ones are."""
    if not view.ttl or view.timestamp is None:
        return
    place = view.at("ttl")
    if view.delay is not None and view.ttl <= view.delay:
        message = f"`ttl` is {view.ttl}: a value is too old when it is learned, {view.delay} after "
        message += "it became true"
        related = [view.at("delay").labelled("the delay")]
        help_ = f"make `ttl` longer than {view.delay}"
        yield warning("FF513", message, place, related=related, help=[help_])
    gap = longest_gap(view.schedule.cron) if view.schedule is not None else 0
    if view.ttl < gap:
        message = f"`ttl` is {view.ttl}, but its schedule leaves up to {Duration(gap)} between "
        message += "two runs: until the next one there is no value"
        related = [view.at("schedule").labelled("the schedule")]
        help_ = f"make `ttl` longer than {Duration(gap)}, or build more often"
        yield warning("FF513", message, place, related=related, help=[help_])


def _static(view: resources.FeatureView, label: Label, pick: _Place) -> Iterator[Diagnostic]:
    """Warn of a view without event time; `timestamp: null` says that nothing is missing."""
    if view.timestamp is not None or view.at.key("timestamp") != view.at.whole:
        return
    message = f"`{view.name}` has no event time, but the label `{label.name}` has one: each row "
    message += "gets the values of today"
    help_ = "add `timestamp: COLUMN`, or `timestamp: null` if its values never change"
    related = [pick.span.labelled("picked here")]
    yield warning("FF511", message, view.at("name"), related=related, help=[help_])


def _answer(label: Label, sources: Sources) -> Set[Column]:
    """Return what a label's answer is computed from, what the row is asked by aside.

    Where lineage can't be told every column comes from all: of those nothing is left.
    """
    asked = {key for role in label.roles for key in role.keys} | {label.timestamp}
    answer = set(sources(label.id, label.column))
    others = asked - {label.column, ""}
    return answer.difference(*(sources(label.id, name) for name in others))


def _included(
    written: resources.TrainingSet, label: Label, sources: Sources
) -> Iterator[Diagnostic]:
    """Warn of the label itself among the columns that are passed through."""
    answer = _answer(label, sources)
    for index, name in enumerate(written.include):
        same = name == label.column
        if same or (answer and sources(label.id, name) == answer):
            what = "is the column" if same else "comes from what makes the column"
            message = f"`{name}` {what} of the label `{label.name}`: a model would read the answer"
            help_ = f"leave it out: the label is there, as `{label.name}`"
            yield warning("FF512", message, written.at("include", index), help=[help_])


def _leaked(
    state: Compilation, made: TrainingSet, label: Label, picks: list[_Place], sources: Sources
) -> Iterator[tuple[str, Diagnostic]]:
    """Yield warnings of features that the label's own row can be in, each with its view."""
    answer = _answer(label, sources)
    for lookup in made.plan.views:
        view = state.nodes[lookup.view]
        if not isinstance(view, FeatureView) or not _own_row(view, lookup, label):
            continue
        for pick in lookup.picks:
            if not sources(view.id, pick.feature) & answer:
                continue
            place = _place_of(picks, view.id, pick.feature, lookup.lag)
            if place is not None:
                yield view.id, _leak(view, pick.feature, label, place)


def _own_row(view: FeatureView, lookup: ViewPlan, label: Label) -> bool:
    """Tell whether a label's row may get what happened at its own instant, or later."""
    if not view.event_time or not label.timestamp:
        return not view.event_time
    waits = bool(lookup.lag) or bool(lookup.delay and lookup.as_known)
    return lookup.boundary == "inclusive" and not waits


def _place_of(picks: list[_Place], view: str, feature: str, lag: int) -> Span | None:
    for pick in picks:
        if (pick.view, int(pick.lag or 0)) == (view, lag) and pick.name in (feature, "*"):
            return pick.span
    return None


def _leak(view: FeatureView, feature: str, label: Label, place: Span) -> Diagnostic:
    why = "`boundary: inclusive` lets a row's own label in"
    help_ = "leave the feature out, or use `boundary: exclusive`"
    if not view.event_time:
        why = "without event time a row's own label is in it"
        help_ = "leave the feature out, or give its view a `timestamp`"
    message = f"`{view.name}.{feature}` is computed from the label `{label.name}`: {why}"
    return warning("FF512", message, place, help=[help_])


def _asked_by(state: Compilation, written: resources.Label) -> Iterator[Diagnostic]:
    """Warn of a label whose answer is what it is asked by."""
    label = state.nodes.get(node_id("label", written.name, written.variant))
    if isinstance(label, Label):
        keys = {key for role in label.roles for key in role.keys}
        if label.column in keys | {label.timestamp}:
            what = "a key" if label.column in keys else "the time"
            message = f"`{label.column}` is {what} of the label `{label.name}`: a model would read "
            yield warning("FF512", message + "the answer", written.at("column"))


def _unserved(state: Compilation, model: resources.Model) -> Iterator[Diagnostic]:
    """Warn of a model that asks for what no online store has: history, and views offline."""
    written = _set_of(state, model)
    items = written.features if written is not None else model.features
    lagged = [item for item in items if isinstance(item, Pick) and item.lag]
    place = model.at("training_set") if model.training_set else model.at("features")
    if lagged:
        names = listed(dict.fromkeys(item.feature for item in lagged))
        message = f"`{model.name}` can't be served: {names} with a `lag` needs history, "
        message += "which no online store has"
        help_ = "make a feature of the older value in a transformation, or leave it out"
        related = [item.at.key("lag").labelled("asked for here") for item in lagged[:1]]
        yield warning("FF514", message, place, related=related, help=[help_])
    offline = {
        view.name: state.catalog.place("feature_view", view.name, view.variant)
        for item in items
        for view in _read(state, item.feature if isinstance(item, Pick) else item)
        if not view.online
    }
    if offline:
        are = "is" if len(offline) == 1 else "are"
        message = f"`{model.name}` can't be served: {listed(offline)} {are} in no online store"
        related = [view.labelled("not online") for view in offline.values() if view is not None]
        help_ = "say `online: true` there"
        yield warning("FF514", message, place, related=related, help=[help_])


def _set_of(state: Compilation, model: resources.Model) -> resources.TrainingSet | None:
    try:
        entry = state.catalog.find(model.training_set, "training_set")
    except Unresolved:
        return None
    for written in state.resources.training_sets if entry is not None else ():
        if entry is not None and entry.id == node_id("training_set", written.name, written.variant):
            return written
    return None


def _read(state: Compilation, text: str) -> Iterator[FeatureView]:
    """Yield the views that an item of `features` reads."""
    name, dot, _ = text.partition(".")
    try:
        entry = state.catalog.find(name, "feature_view" if dot else "on_demand")
    except Unresolved:
        return
    ids = (entry.id,) if entry is not None else ()
    for view_id in ids if dot else [view for id_ in ids for view in state.on_demand.get(id_, ())]:
        view = state.nodes.get(view_id)
        if isinstance(view, FeatureView):
            yield view
