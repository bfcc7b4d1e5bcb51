"""Feature views: their keys, times and features checked against their source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from ffc.compiler.aggregates import check_aggregate
from ffc.compiler.catalog import resolve_relation
from ffc.compiler.compilation import Compilation, as_written, missing_column
from ffc.compiler.keys import check_key
from ffc.compiler.oracle import Oracle, Refusal
from ffc.compiler.sources import check_timezone
from ffc.compiler.values import BadValue, default_value
from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, listed, warning
from ffc.core.errors import InternalError
from ffc.core.facts import key_of
from ffc.core.names import node_id
from ffc.core.types import Type, known_type, widens
from ffc.manifest import records
from ffc.project.resources import Aggregate, Feature, FeatureView
from ffc.project.template import Unresolved
from ffc.sql.build import generate
from ffc.sql.history import HistoryColumn, history

TIMESTAMP = Type(name="timestamp")
# What a target calls its online store where it has but one.
DEFAULT_STORE = "default"


def type_feature_view(state: Compilation, view: FeatureView, oracle: Oracle) -> None:
    """Check one feature view and make its node."""
    node = node_id("feature_view", view.name, view.variant)
    entity = state.resolve(node, view.entity, view.at("entity"), "entity")
    try:
        source = resolve_relation(state.catalog, view.source)
    except Unresolved:
        return  # reported when relations were put in order
    columns = state.columns(source.id) if source else None
    state.report(node, *_check_times(view), *_check_schedule(view))
    if source is None or columns is None:
        state.failed.add(node)
        return
    checker = _Checker(state, node, view, source.id, columns, oracle)
    keys = checker.keys(state.nodes[entity.id].columns) if entity is not None else []
    times = checker.times()
    features = checker.features()
    checker.clashes(keys, times, features)
    store = checker.online()
    if node not in state.failed:
        shape = _Shape(keys=keys, times=times, features=features)
        state.nodes[node] = _node(state, node, view, source.id, shape, store, oracle)
        for feature in view.features:
            if feature.aggregate is not None:
                place = feature.at.key("aggregate")
                state.aggregates.add((node, feature.name))
                state.not_yet(node, feature.LATER["aggregate"], place)


class _Made(Struct, frozen=True, kw_only=True):
    """A feature and its type; an aggregate is no column of the view's history."""

    written: Feature
    type: Type
    column: HistoryColumn | None = None


class _Shape(Struct, frozen=True, kw_only=True):
    """The columns of a view's history."""

    keys: list[HistoryColumn]
    times: list[HistoryColumn]
    features: list[_Made]

    @property
    def kept(self) -> list[HistoryColumn]:
        """The features that are columns of the history."""
        return [feature.column for feature in self.features if feature.column is not None]

    @property
    def columns(self) -> list[records.Column]:
        """Every name that the view has, with its type."""
        named = {c.name: c.type for c in (*self.keys, *self.times)}
        named |= {feature.written.name: feature.type for feature in self.features}
        return [records.Column(name=name, type=str(type_)) for name, type_ in named.items()]


def _node(
    state: Compilation,
    node: str,
    view: FeatureView,
    source: str,
    shape: _Shape,
    store: str,
    oracle: Oracle,
) -> records.FeatureView:
    sql, found = _history(state, node, source, shape, oracle)
    own, project = view.as_known, state.project
    times = [column.name for column in shape.times]
    return records.FeatureView(
        **as_written(node, view),
        depends_on=tuple(sorted((source, node_id("entity", view.entity)))),
        columns=found,
        entity=view.entity,
        source=source,
        keys=tuple(key.name for key in shape.keys),
        source_keys=tuple(key.source.name for key in shape.keys),
        event_time=times[0] if times else "",
        created=times[1] if len(times) > 1 else "",
        delay=None if view.delay is None else int(view.delay),
        ttl=None if view.ttl is None else int(view.ttl),
        boundary=view.boundary,
        as_known=own,
        online=store,
        online_boundary=view.boundary or project.boundary,
        online_as_known=project.as_known if own is None else own,
        schedule=_schedule(view),
        features=tuple(map(_feature, shape.features)),
        sql=sql,
    )


class _History(Struct, frozen=True):
    """The query of a view's history, as the target is told it, and its columns."""

    sql: str
    columns: tuple[records.Column, ...]


def _history(
    state: Compilation, node: str, source: str, shape: _Shape, oracle: Oracle
) -> tuple[str, tuple[records.Column, ...]]:
    """Return the query of a view's history and its columns; aggregates have no history."""
    if len(shape.kept) < len(shape.features):
        return "", oracle.declare_source(node, shape.columns)
    parts = [
        [(column.name, column.source, str(column.type)) for column in columns]
        for columns in (shape.keys, shape.times, shape.kept)
    ]
    key = key_of("history", source, parts, state.target.offline, state.target.dialect)
    known = state.facts.find(key, _History)
    if known is None:
        known = state.facts.keep(key, _made_history(state, node, source, shape, oracle))
    return known.sql, known.columns


def _made_history(
    state: Compilation, node: str, source: str, shape: _Shape, oracle: Oracle
) -> _History:
    query = history(source, shape.keys, shape.times, shape.kept)
    found = oracle.describe(generate(query, "duckdb"))
    if isinstance(found, Refusal):
        raise InternalError(f"the history of {node} does not bind: {found.message}")
    return _History(state.text(query), found)


def _schedule(view: FeatureView) -> records.Schedule | None:
    if view.schedule is None:
        return None
    return records.Schedule(cron=view.schedule.cron, timezone=view.schedule.timezone)


def _feature(made: _Made) -> records.Feature:
    feature = made.written
    return records.Feature(
        name=feature.name,
        column=feature.source_column,
        type=str(made.type),
        default=default_value(feature.default, made.type),
        description=feature.description,
        tags=feature.tags,
    )


def _check_schedule(view: FeatureView) -> list[Diagnostic]:
    schedule = view.schedule
    return check_timezone(schedule.timezone, schedule.at("timezone")) if schedule else []


def _check_times(view: FeatureView) -> list[Diagnostic]:
    problems: list[Diagnostic] = []
    if view.timestamp is None:
        for name in ("created", "delay", "ttl"):
            if getattr(view, name) is not None:
                message = f"a view without `timestamp` is static: `{name}` has no meaning there"
                help_ = f"say when its rows became true (`timestamp:`), or leave `{name}` out"
                problems.append(error("FF501", message, view.at.key(name), help=[help_]))
        return problems
    if view.ttl == 0:
        message = "`ttl` must be longer than nothing: no value would ever count"
        help_ = "leave it out if values don't grow old"
        problems.append(error("FF105", message, view.at("ttl"), help=[help_]))
    if view.created is not None and view.delay is not None:
        message = "`created` and `delay` both say when a row was learned: keep one"
        related = [view.at.key("created").labelled("and this")]
        problems.append(error("FF502", message, view.at.key("delay"), related=related))
    if view.created is None and view.delay is None:
        message = f"`{view.name}` does not say when its rows were learned"
        help_ = (
            "add `created: COLUMN` or `delay: 1h`; without it a training set may hold values that "
            "serving did not know yet"
        )
        problems.append(warning("FF503", message, view.at("name"), help=[help_]))
    if view.created is not None and view.created == view.timestamp:
        message = "`created` is the `timestamp`: it does not say when rows were learned"
        help_ = "name the column that does; where each is known at once, write `delay: 0s`"
        related = [view.at("timestamp").labelled("the same column")]
        problems.append(
            warning("FF503", message, view.at("created"), related=related, help=[help_])
        )
    return problems


class _Checker:
    """Checks one view against its source's columns, reporting as it goes."""

    def __init__(
        self,
        state: Compilation,
        node: str,
        view: FeatureView,
        source: str,
        columns: Mapping[str, records.Column],
        oracle: Oracle,
    ) -> None:
        self._state = state
        self._node = node
        self._view = view
        self._source = source
        self._columns = columns
        self._oracle = oracle

    def _report(self, diagnostic: Diagnostic) -> None:
        self._state.report(self._node, diagnostic)

    def _column(self, name: str, span: Span) -> records.Column | None:
        column = self._columns.get(name)
        if column is None:
            where = f"`{self._view.source.strip()}`"
            self._report(missing_column(name, self._columns, where, span))
        return column

    def keys(self, keys: Iterable[records.Column]) -> list[HistoryColumn]:
        """Check the key columns against the entity's."""
        view = self._view
        found: list[HistoryColumn] = []
        names = {key.name for key in keys}
        for name in view.keys:
            if name not in names:
                message = f"the entity `{view.entity}` has no key `{name}`"
                hints = did_you_mean(name, names) or (f"it has {listed(sorted(names))}",)
                self._report(error("FF207", message, view.at.key("keys", name), help=hints))
        for key in keys:
            place = view.at("keys", key.name) if key.name in view.keys else view.at("entity")
            column = self._column(view.keys.get(key.name, key.name), place)
            if column is None:
                continue
            check_key(self._state, self._node, view.entity, key, column, self._source, place)
            if any(column is other.source for other in found):
                message = f"the column `{column.name}` stands for two keys of `{view.entity}`"
                self._report(error("FF207", message, place))
            found.append(HistoryColumn(name=key.name, source=column, type=known_type(key.type)))
        return found

    def times(self) -> list[HistoryColumn]:
        """Check the event time and created; of a static view there are none."""
        view, found = self._view, []
        for what, name in (("timestamp", view.timestamp), ("created", view.created)):
            column = self._column(name, view.at(what)) if name else None
            if column is None or name is None:
                continue
            if column.type not in ("timestamp", "date"):
                message = f"`{what}` must be a timestamp or a date; `{name}` is "
                message += column.type or column.native
                help_ = "cast it in a transformation"
                self._report(error("FF403", message, view.at(what), help=[help_]))
                continue
            if column.type == "date" and what == "timestamp" and view.delay is None:
                message = f"`{name}` is a date: its midnight comes before the day is over"
                help_ = "add `delay: 1d` if a day's value is known when the day is over"
                self._report(warning("FF504", message, view.at(what), help=[help_]))
            found.append(HistoryColumn(name=name, source=column, type=TIMESTAMP))
        return found

    def features(self) -> list[_Made]:
        """Check the features' columns, types and defaults."""
        view = self._view
        found = [
            self._feature(feature)
            if feature.aggregate is None
            else self._aggregate(feature, feature.aggregate)
            for feature in view.features
        ]
        return [feature for feature in found if feature is not None]

    def _aggregate(self, feature: Feature, aggregate: Aggregate) -> _Made | None:
        state, view = self._state, self._view
        given, problems = check_aggregate(
            self._oracle,
            view,
            feature,
            aggregate,
            self._source,
            self._columns,
            state.project.dialect,
        )
        state.report(self._node, *problems)
        wanted = self._typed(feature, given) if given is not None else None
        return _Made(written=feature, type=wanted) if wanted is not None else None

    def _feature(self, feature: Feature) -> _Made | None:
        place = feature.at("column") if feature.column else feature.at("name")
        column = self._column(feature.source_column, place)
        if column is None:
            return None
        if not column.type:
            message = f"the column `{column.name}` is {column.native}, which no feature can be"
            help_ = "cast it in a transformation, to int64 or float64 for example"
            self._report(error("FF403", message, place, help=[help_]))
            return None
        wanted = self._typed(feature, known_type(column.type))
        if wanted is None:
            return None
        kept = HistoryColumn(name=feature.name, source=column, type=wanted)
        return _Made(written=feature, type=wanted, column=kept)

    def _typed(self, feature: Feature, given: Type) -> Type | None:
        """Return the type that a feature is kept as; None where its values don't fit it."""
        wanted = feature.type or given
        if not widens(given, wanted):
            what = "its column" if feature.aggregate is None else "the aggregate"
            message = f"`{feature.name}` is declared {wanted}, but {what} is {given}"
            help_ = f"declare it {given}"
            if feature.aggregate is None:
                help_ += ", or cast the column in a transformation"
            self._report(error("FF403", message, feature.at("type"), help=[help_]))
            return None
        try:
            default_value(feature.default, wanted)
        except BadValue as problem:
            message = f"the default of `{feature.name}` is no {wanted}"
            place = feature.at("default")
            self._report(error("FF404", message, place, help=[str(problem)]))
        return wanted

    def clashes(
        self,
        keys: Sequence[HistoryColumn],
        times: Sequence[HistoryColumn],
        features: Sequence[_Made],
    ) -> None:
        """Report names that two different columns of the history would share.

        A feature that is just the key or the time under its own name is no clash.
        """
        seen = {column.name.lower(): column for column in (*keys, *times)}
        taken: dict[str, str] = {}
        for feature in features:
            name = feature.written.name
            folded = name.lower()
            first = taken.get(folded) or (seen[folded].name if folded in seen else "")
            if folded in taken or seen.get(folded, feature.column) != feature.column:
                message = f"two columns of one name: {listed(dict.fromkeys((first, name)))}"
                help_ = "give the feature a name of its own, and say which `column:` it is"
                place = feature.written.at("name")
                self._report(error("FF405", message, place, help=[help_]))
            taken[folded] = name

    def online(self) -> str:
        """Return the online store that the view is synced to, or nothing."""
        view, stores = self._view, self._state.target.online
        if view.online is False:
            return ""
        if view.online is True and len(stores) == 1:
            return stores[0]
        if isinstance(view.online, str) and view.online in stores:
            return view.online
        place = view.at("online")
        if not stores:
            if self._state.no_store:
                self._state.failed.add(self._node)  # said of another view
                return ""
            self._state.no_store = True
            message = f"the target `{self._state.target.name}` has no online store"
            help_ = "add `online:` to the target in profiles.yml"
        elif view.online is True:
            message = "the target has several online stores: name one"
            help_ = f"write {listed((f'online: {store}' for store in stores), 'or')}"
        else:
            message = f"no online store is named `{view.online}`"
            some = [store for store in stores if store != DEFAULT_STORE]
            help_ = f"write {listed((f'online: {store}' for store in some or ['true']), 'or')}"
        self._report(error("FF209", message, place, help=[help_]))
        return ""
