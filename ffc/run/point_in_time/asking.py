"""What features are asked for of any table of keys and times: picks, roles, a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.durations import Duration, parse_duration
from ffc.core.errors import BadRequest, NotFound
from ffc.core.names import is_column_name
from ffc.manifest.names import feature_column
from ffc.manifest.plans import Picked, Words, lookups
from ffc.manifest.records import (
    Entity,
    Feature,
    FeatureView,
    LabelRole,
    OutputColumn,
    Pick,
    Plan,
)
from ffc.registry import Registry

# What the table is called in the plan, and its columns beside the keys: the number of a row, and
# the instant that it asks of.
SPINE: Final = "spine"
ROW: Final = "__row"
TIME: Final = "__time"

_WORDS: Final = ("feature", "as", "lag", "for")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Features that are asked for: the views that hold them, and what each column is."""

    plan: Plan
    columns: tuple[OutputColumn, ...]
    roles: tuple[LabelRole, ...]


def plan_for(
    registry: Registry,
    known: Mapping[str, Entity],
    features: Sequence[object],
    entities: Mapping[str, object] | None,
    words: Words,
    *,
    timed: bool,
) -> Asked:
    """Return the plan that looks features up for the rows of a table.

    `known` are the entities by name. A feature is `view.feature`, `view@variant.feature`,
    `view.*`, or a mapping of `feature` with `as`, `lag` and `for`. `entities` are the roles as a
    label has them: the entity's own name, or a role, to its key columns in the table; an entity
    that is not there has its keys under their own names. Raises NotFound for what is not deployed,
    BadRequest for what means nothing.
    """
    _check_words(features, entities)
    wanted = [
        found for index, item in enumerate(features) for found in _items(registry, item, index)
    ]
    roles = _roles(entities or {}, known, [view for view, *_ in wanted])
    picks = [
        _picked(view, feature, item, roles, timed, f"features[{index}]")
        for view, feature, item, index in wanted
    ]
    columns = tuple(
        OutputColumn(
            name=each.pick.column,
            role="feature",
            type=each.pick.type,
            origin=f"{each.view.id}.{each.pick.feature}",
        )
        for each in picks
    )
    used = {each.role for each in picks}
    roles = [role for role in roles if role.role in used]
    row = OutputColumn(name=ROW, role="include", type="int64", origin=ROW)
    plan = Plan(
        label=SPINE,
        timestamp=TIME if timed else "",
        label_column="",
        views=lookups(picks, _as_asked(roles), known, words),
        output=(row, *columns),
    )
    return Asked(plan=plan, columns=columns, roles=tuple(roles))


def question_names(roles: Sequence[LabelRole]) -> dict[str, str]:
    """Return what each key column is called where the warehouse is asked.

    A table of somebody's has any names: some that are ours there, some that differ in case alone.
    """
    keys = dict.fromkeys(key for role in roles for key in role.keys)
    return {key: f"__key_{index}" for index, key in enumerate(keys)}


def _as_asked(roles: Sequence[LabelRole]) -> list[LabelRole]:
    names = question_names(roles)
    return [
        msgspec.structs.replace(role, keys=tuple(names[key] for key in role.keys)) for role in roles
    ]


def _check_words(features: object, entities: object) -> None:
    """Return if features are a list, and entities a mapping; raises BadRequest."""
    if isinstance(features, str) or not isinstance(features, Sequence):
        hints = ["write `['view.feature', ...]`"]
        raise BadRequest("features are a list", field="features", help=hints)
    if not features:
        hints = ["write `['view.feature', ...]`, or `['view.*']`"]
        raise BadRequest("no feature is asked for", field="features", help=hints)
    if entities is not None and not isinstance(entities, Mapping):
        message = "entities are a mapping, of each to the columns of its keys"
        raise BadRequest(message, field="entities", help=["write `{'user': 'customer_id'}`"])


def find_view(registry: Registry, text: str) -> FeatureView:
    """Return a deployed feature view by `name` or `name@variant`; raises NotFound."""
    found = registry.find("feature_view", text)
    assert isinstance(found, FeatureView)
    return found


def _items(
    registry: Registry, item: object, index: int
) -> list[tuple[FeatureView, Feature, Mapping[str, Any], int]]:
    """Return the features that one item stands for, with the words beside it."""
    field = f"features[{index}]"
    said: Mapping[str, Any] = item if isinstance(item, Mapping) else {"feature": item}
    unknown = [word for word in said if word not in _WORDS]
    if unknown:
        message = f"a feature has no `{unknown[0]}`"
        raise BadRequest(message, field=field, help=[f"it has {listed(_WORDS)}"])
    text = said.get("feature")
    view_name, dot, name = text.partition(".") if isinstance(text, str) else ("", "", "")
    if not dot or not name:
        message = f"{text!r} is no feature"
        raise BadRequest(message, field=field, help=["write `view.feature`, or `view.*`"])
    view = find_view(registry, view_name)
    found = [feature for feature in view.features if name in ("*", feature.name)]
    if not found:
        names = [feature.name for feature in view.features]
        message = f"the feature view `{view.name}` has no feature `{name}`"
        raise NotFound(message, help=did_you_mean(name, names) or [f"it has {listed(names)}"])
    if len(found) > 1 and said.get("as"):
        message = "`as` names one column, but `*` stands for several"
        raise BadRequest(message, field=field, help=["write each feature by itself"])
    return [(view, feature, said, index) for feature in found]


def _roles(
    said: Mapping[str, object], known: Mapping[str, Entity], views: Sequence[FeatureView]
) -> list[LabelRole]:
    roles = [_role(name, value, known) for name, value in said.items()]
    covered = {role.entity for role in roles}
    for view in views:
        if view.entity not in covered:
            covered.add(view.entity)
            keys = tuple(column.name for column in known[view.entity].columns)
            roles.append(LabelRole(role=view.entity, entity=view.entity, keys=keys))
    return roles


def _role(name: str, value: object, known: Mapping[str, Entity]) -> LabelRole:
    field = f"entities.{name}"
    entity, keys = name, value
    if isinstance(value, Mapping):
        entity, keys = str(value.get("entity", name)), value.get("keys")
    if entity not in known:
        hints = did_you_mean(entity, known) or (f"there is {listed(sorted(known))}",)
        raise NotFound(f"no entity named `{entity}` is deployed", help=hints)
    columns = (keys,) if isinstance(keys, str) else keys if isinstance(keys, list | tuple) else ()
    own = [column.name for column in known[entity].columns]
    if len(columns) != len(own):
        message = f"`{name}` needs a column for each key of `{entity}`: {listed(own)}"
        raise BadRequest(message, field=field, help=["name the spine's columns, in that order"])
    return LabelRole(role=name, entity=entity, keys=tuple(map(str, columns)))


def _picked(
    view: FeatureView,
    feature: Feature,
    said: Mapping[str, Any],
    roles: Sequence[LabelRole],
    timed: bool,
    field: str,
) -> Picked:
    role = _role_of(view, said.get("for"), roles, field)
    lag = _lag(view, said.get("lag"), timed, field)
    column = feature_column(view.name, view.variant, feature.name)
    column = f"{said['for']}__{column}" if said.get("for") else column
    column += f"__lag_{lag}" if lag else ""
    pick = Pick(
        feature=feature.name,
        column=column if said.get("as") is None else _named(said["as"], field),
        type=feature.type,
        default=feature.default,
    )
    return Picked(view=view, role=role, lag=int(lag), pick=pick)


def _named(said: object, field: str) -> str:
    if isinstance(said, str) and is_column_name(said):
        return said
    hints = ["letters, digits and underscores, a letter first"]
    raise BadRequest(f"`as` says {said!r}, which is no name", field=field, help=hints)


def _role_of(view: FeatureView, said: object, roles: Sequence[LabelRole], field: str) -> str:
    fitting = [role.role for role in roles if role.entity == view.entity]
    if said is None:
        if view.entity in fitting or len(fitting) == 1:
            return view.entity if view.entity in fitting else fitting[0]
        message = f"`{view.name}` may be of several roles"
        raise BadRequest(message, field=field, help=[f"say `for`: {listed(fitting, 'or')}"])
    if said in fitting:
        return str(said)
    message = f"`{said}` is no role of a `{view.entity}`, which `{view.name}` is about"
    raise BadRequest(message, field=field, help=[f"`entities` has {listed(fitting)}"])


def _lag(view: FeatureView, said: object, timed: bool, field: str) -> Duration:
    if said is None:
        return Duration(0)
    lag = parse_duration(said) if isinstance(said, str) else None
    if not lag:
        message = f"{said!r} is no lag"
        raise BadRequest(message, field=field, help=["a lag is such as `7d`, `12h`, `30m`"])
    if not view.event_time:
        message = f"`{view.name}` is static: `lag` has no meaning there"
        raise BadRequest(message, field=field, help=["leave out `lag`"])
    if not timed:
        hints = ["leave out `lag`, or name the spine's times with `timestamp`"]
        raise BadRequest("a lag needs a time to count from", field=field, help=hints)
    return lag
