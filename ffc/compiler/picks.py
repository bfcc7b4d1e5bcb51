"""What a training set picks: features of views, of a role and from before, on-demand features."""

from __future__ import annotations

from msgspec import Struct

from ffc.compiler.compilation import Compilation, missing_column
from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, listed
from ffc.core.types import known_type, widens
from ffc.manifest import records
from ffc.manifest.names import feature_column
from ffc.project.resources import OnDemand, Pick


class Picked(Struct, frozen=True, kw_only=True):
    """A feature as a column; `view` is None for an on-demand feature.

    `reads` are the ids of the views that it comes from. `role` is that of the label which is asked
    for, `lag` how many seconds before its time.
    """

    view: records.FeatureView | None
    feature: str
    type: str
    default: object
    column: str
    span: Span
    role: str = ""
    lag: int = 0
    reads: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """Where the column comes from."""
        return f"{self.view.id}.{self.feature}" if self.view else f"on_demand.{self.feature}"


class Picker:
    """Resolves the items of one training set or of one model, reporting as it goes.

    A model is not built: what it picks need not be in this version.
    """

    def __init__(
        self, state: Compilation, node: str, label: records.Label | None, built: bool = True
    ) -> None:
        self._state = state
        self._node = node
        self._label = label
        self._built = built

    def pick(self, item: str | Pick, span: Span) -> list[Picked]:
        """Return the columns that one item of `features` stands for."""
        pick = item if isinstance(item, Pick) else None
        text = pick.feature if pick else str(item)
        place = pick.at("feature") if pick else span
        view_name, dot, name = text.partition(".")
        if not dot:
            return self._on_demand(text, pick, place)
        state = self._state
        entry = state.resolve(self._node, view_name, place, "feature_view")
        view = state.nodes.get(entry.id) if entry else None
        if not isinstance(view, records.FeatureView):
            state.failed.add(self._node)
            return []
        problems = self._check(view, name, pick, place)
        state.report(self._node, *problems)
        if problems:
            return []
        named = pick.at("as") if pick and pick.alias else span
        return [
            Picked(
                view=view,
                feature=feature.name,
                type=feature.type,
                default=feature.default,
                column=_column(view, feature.name, pick),
                span=named,
                role=self._role(view, pick),
                lag=int(pick.lag or 0) if pick else 0,
                reads=(view.id,),
            )
            for feature in view.features
            if name in ("*", feature.name)
        ]

    def _role(self, view: records.FeatureView, pick: Pick | None) -> str:
        """Return the role of the label that a view is asked for."""
        if pick is not None and pick.role is not None:
            return str(pick.role)
        roles = self._label.roles if self._label is not None else ()
        fitting = [role.role for role in roles if role.entity == view.entity]
        return view.entity if view.entity in fitting or not fitting else fitting[0]

    def _check(
        self, view: records.FeatureView, name: str, pick: Pick | None, place: Span
    ) -> list[Diagnostic]:
        problems = self._check_role(view, pick, place)
        names = [f.name for f in view.features]
        missing = not problems and name != "*" and name not in names
        if missing and self._state.catalog.hides(name):
            self._state.failed.add(self._node)  # it is there, and was reported
        elif missing:
            hints = did_you_mean(name, names) or (f"it has {listed(names)}",)
            message = f"the feature view `{view.name}` has no feature `{name}`"
            problems.append(error("FF212", message, place, help=hints))
        problems += self._check_time(view, name, pick, place)
        if pick is not None and pick.alias and name == "*":
            message = "`as` names one column, but `*` stands for several"
            help_ = "pick the features one by one to name them"
            problems.append(error("FF210", message, pick.at("as"), help=[help_]))
        return problems

    def _check_role(
        self, view: records.FeatureView, pick: Pick | None, place: Span
    ) -> list[Diagnostic]:
        """Report a role that the label doesn't have, and one that can't be told."""
        label = self._label
        if label is None:
            return []
        roles = {role.role: role.entity for role in label.roles}
        fitting = [role for role, entity in roles.items() if entity == view.entity]
        if pick is not None and pick.role is not None:
            return _check_for(label, roles, view, pick)
        if not fitting:
            message = (
                f"the label `{label.name}` names no `{view.entity}`, which `{view.name}` is about"
            )
            help_ = f"add `{view.entity}: KEY_COLUMN` to the label's `entities`"
            return [error("FF211", message, place, help=[help_])]
        if len(fitting) > 1 and view.entity not in fitting:
            message = f"the label `{label.name}` has several roles of `{view.entity}`"
            help_ = f"say which: {listed((f'for: {role}' for role in fitting), 'or')}"
            return [error("FF213", message, place, help=[help_])]
        return []

    def _check_time(
        self, view: records.FeatureView, name: str, pick: Pick | None, place: Span
    ) -> list[Diagnostic]:
        """Report a lag or a window where there is no time to count from."""
        problems: list[Diagnostic] = []
        timeless = self._label if self._label is not None and not self._label.timestamp else None
        no_time = f"the label `{timeless.name}` has no `timestamp`" if timeless else ""
        aggregates = {f.name for f in view.features if (view.id, f.name) in self._state.aggregates}
        if pick is not None and pick.lag is not None:
            where = pick.at.key("lag")
            if not pick.lag:
                message = "`lag` must be longer than nothing"
                problems.append(error("FF105", message, pick.at("lag"), help=["leave it out"]))
            elif not view.event_time:
                message = f"`{view.name}` is static: `lag` has no meaning there"
                help_ = "a view without `timestamp` has no past"
                problems.append(error("FF501", message, where, help=[help_]))
            elif timeless:
                message = "a lag needs the label's time to count from"
                problems.append(error("FF508", message, where, help=[no_time]))
        if timeless and not problems and (name in aggregates or (name == "*" and aggregates)):
            message = "the window of an aggregate needs the label's time to end at"
            problems.append(error("FF508", message, place, help=[no_time]))
        return problems

    def _on_demand(self, text: str, pick: Pick | None, place: Span) -> list[Picked]:
        """Return the column of an on-demand feature."""
        state, known = self._state, [f.name for f in self._state.resources.on_demand]
        if text.partition("@")[0] not in known and not state.catalog.hides(text):
            help_ = "write `view.feature`, or `view.*` for all features of a view"
            hints = did_you_mean(text, known) or (help_,)
            state.report(self._node, error("FF210", f"`{text}` is no feature", place, help=hints))
            return []
        entry = state.resolve(self._node, text, place, "on_demand")
        found = state.on_demand.get(entry.id) if entry else None
        if entry is None or found is None:
            state.failed.add(self._node)
            return []
        named = (entry.name, entry.variant)
        feature = next(f for f in state.resources.on_demand if (f.name, f.variant) == named)
        problems = self._check_on_demand(feature, found, pick, place)
        state.report(self._node, *problems)
        if problems:
            return []
        if self._built:
            message = "an on-demand feature in a training set is not in this version of ffc yet"
            state.not_yet(self._node, message, place)
            state.unbuilt.add(entry.id)
        alias = pick.alias if pick is not None else None
        return [
            Picked(
                view=None,
                feature=feature.name,
                type=str(feature.type),
                default=None,
                column=alias or feature.name,
                span=pick.at("as") if pick is not None and alias else place,
                reads=found,
            )
        ]

    def _check_on_demand(
        self, feature: OnDemand, views: tuple[str, ...], pick: Pick | None, place: Span
    ) -> list[Diagnostic]:
        """Report words that an on-demand feature can't have, and what the label lacks for it."""
        problems: list[Diagnostic] = []
        for key, value in (("lag", pick and pick.lag), ("for", pick and pick.role)):
            if pick is not None and value is not None:
                message = f"`{key}` goes with a feature of a view; `{feature.name}` is on-demand"
                problems.append(error("FF210", message, pick.at.key(key)))
        label = self._label
        if label is None:
            return problems
        columns = {column.name: column for column in label.columns}
        for name, wanted in feature.request.items():
            column = columns.get(name)
            if column is None:
                where = f"the source of the label `{label.name}`"
                problem = missing_column(name, columns, where, place)
                asked = feature.at.key("request", name).labelled("asked for here")
                problems.append(_beside(problem, asked))
            elif not column.type or not widens(known_type(column.type), wanted):
                message = f"`request.{name}` is {wanted}, but the label's column is "
                message += column.type or column.native
                asked = feature.at("request", name).labelled("asked for here")
                problems.append(error("FF403", message, place, related=[asked]))
        for view_id in views:
            view = self._state.nodes.get(view_id)
            if isinstance(view, records.FeatureView):
                problems += self._check_role(view, None, place)
        return problems


def _beside(problem: Diagnostic, place: Span) -> Diagnostic:
    return error(problem.code, problem.message, problem.span, related=[place], help=problem.help)


def _check_for(
    label: records.Label, roles: dict[str, str], view: records.FeatureView, pick: Pick
) -> list[Diagnostic]:
    """Report a `for` that is no role of the label, or a role of another entity."""
    role, place = str(pick.role), pick.at("for")
    if role not in roles:
        hints = did_you_mean(role, roles) or (f"it has {listed(roles)}",)
        return [error("FF213", f"the label `{label.name}` has no role `{role}`", place, help=hints)]
    if roles[role] == view.entity:
        return []
    message = f"`{role}` is a `{roles[role]}`, but `{view.name}` is about a `{view.entity}`"
    fitting = [name for name, entity in roles.items() if entity == view.entity]
    hints = (f"write {listed((f'for: {name}' for name in fitting), 'or')}",) if fitting else ()
    return [error("FF211", message, place, help=hints)]


def _column(view: records.FeatureView, feature: str, pick: Pick | None) -> str:
    """Return the name of a pick's column."""
    if pick is None:
        return feature_column(view.name, view.variant, feature)
    if pick.alias:
        return pick.alias
    name = feature_column(view.name, view.variant, feature)
    role = f"{pick.role}__" if pick.role else ""
    lag = f"__lag_{pick.lag}" if pick.lag is not None else ""
    return f"{role}{name}{lag}"
