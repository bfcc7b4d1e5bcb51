"""The lookups of a plan: which views are asked, for whom, as of when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ffc.manifest.records import (
    Boundary,
    Entity,
    FeatureView,
    KeyPair,
    LabelRole,
    Pick,
    ViewPlan,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is said of time, where a view has no word of its own."""

    boundary: Boundary
    as_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """A feature of a view as a column; `lag` is how many seconds before the label's time."""

    view: FeatureView
    role: str
    lag: int
    pick: Pick


def lookups(
    picks: Sequence[Picked],
    roles: Sequence[LabelRole],
    entities: Mapping[str, Entity],
    words: Words,
) -> tuple[ViewPlan, ...]:
    """Return a lookup for each view, role and lag that is asked for; entities are by name.

    Views of one entity, source, keys and times have the same instants: the first one's are looked
    up for all. The rest of what decides them is in the lookup itself.
    """
    asked: dict[tuple[str, str, int], list[Picked]] = {}
    for each in picks:
        asked.setdefault((each.view.id, each.role, each.lag), []).append(each)
    searched: dict[tuple[object, ...], str] = {}
    found = []
    for own in asked.values():
        view = own[0].view
        instants = (view.source, view.entity, view.source_keys, view.event_time, view.created)
        first = searched.setdefault(instants, view.id)
        found.append(_lookup(own, roles, entities[view.entity], words, first))
    return tuple(found)


def _lookup(
    picks: Sequence[Picked],
    roles: Sequence[LabelRole],
    entity: Entity,
    words: Words,
    searched: str,
) -> ViewPlan:
    first = picks[0]
    view = first.view
    role = next(role for role in roles if role.role == first.role)
    return ViewPlan(
        view=view.id,
        entity=view.entity,
        label_role=first.role,
        searched=searched,
        keys=tuple(
            KeyPair(view=own, label=asked, type=key.type)
            for own, asked, key in zip(view.keys, role.keys, entity.columns, strict=True)
        ),
        event_time=view.event_time,
        created=view.created,
        delay=view.delay or 0,
        ttl=view.ttl,
        lag=first.lag,
        # Spec, section 3: the view's own word goes before the set's, that before the project's.
        boundary=view.boundary or words.boundary,
        as_known=words.as_known if view.as_known is None else view.as_known,
        picks=tuple(each.pick for each in picks),
    )
