"""What there is to say of each kind of node, as pairs of words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ffc.core.characters import visible
from ffc.core.diagnostics import shortened
from ffc.core.names import node_id
from ffc.manifest.records import (
    AnyNode,
    Entity,
    FeatureView,
    Freshness,
    Label,
    Model,
    Source,
    TrainingSet,
    Transformation,
)
from ffc.site.atlas import Atlas, Piece, owner_link, tag_link
from ffc.site.texts import paragraphs

Pieces = tuple[Piece, ...]

_MATERIALIZED: Final = {
    "incremental": "a table that takes batches",
    "ephemeral": "a part of what reads it",
    "snapshot": "versions of what it reads",
}
_BOUNDARY: Final = {
    "exclusive": "before the instant that is asked for",
    "inclusive": "up to the instant that is asked for, itself too",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that is known of a node."""

    what: str
    how: Pieces


def facts(atlas: Atlas, node: AnyNode) -> list[Fact]:
    """Return what is known of a node, without what it does not say."""
    found = [
        *_of_its_kind(atlas, node),
        ("owner", (owner_link(node.owner),) if node.owner else ()),
        ("tags", commas(tag_link(tag) for tag in node.tags)),
        ("defined in", code(f"{node.path}:{node.line}" if node.path else "")),
    ]
    return [Fact(what=what, how=how) for what, how in found if how]


def _of_its_kind(atlas: Atlas, node: AnyNode) -> list[tuple[str, Pieces]]:
    if isinstance(node, Source):
        return _of_source(node)
    if isinstance(node, Transformation):
        return _of_transformation(atlas, node)
    if isinstance(node, Entity):
        return [("keys", _columns(atlas, node, [c.name for c in node.columns]))]
    if isinstance(node, FeatureView):
        return _of_view(atlas, node)
    if isinstance(node, Label):
        return _of_label(atlas, node)
    if isinstance(node, TrainingSet):
        return _of_training_set(atlas, node)
    return _of_model(atlas, node)


def _of_source(node: Source) -> list[tuple[str, Pieces]]:
    return [
        ("group", _said(node.group_description)),
        ("table", code(node.table)),
        ("file", code(node.file)),
        ("format", plain(node.format if node.file else "")),
        ("time zone", plain(node.timezone)),
        ("freshness", _freshness(node.freshness)),
    ]


def _said(text: str) -> Pieces:
    """Return a description as one paragraph."""
    return next(iter(paragraphs(" ".join(text.split()))), ())


def _freshness(said: Freshness | None) -> Pieces:
    if said is None:
        return ()
    bounds = (("warns", said.warn_after), ("fails", said.error_after))
    told = " and ".join(f"{word} after {duration(age)}" for word, age in bounds if age is not None)
    return (*code(said.column), Piece(text=f" {told}"))


def _of_transformation(atlas: Atlas, node: Transformation) -> list[tuple[str, Pieces]]:
    return [
        ("materialized", _materialized(node)),
        ("time column", _columns(atlas, node, [node.time_column])),
        ("unique key", _columns(atlas, node, node.unique_key)),
        ("lookback", plain(duration(node.lookback) if node.lookback else "")),
        ("on schema change", plain(node.on_schema_change)),
        ("strategy", plain(node.strategy)),
        ("updated at", _columns(atlas, node, [node.updated_at])),
        ("check columns", _columns(atlas, node, node.check_columns)),
        ("dialect", plain(node.dialect)),
    ]


def _materialized(node: Transformation) -> Pieces:
    told = _MATERIALIZED.get(node.materialized, "")
    return (*code(node.materialized), *(_aside(told) if told else ()))


def _of_view(atlas: Atlas, node: FeatureView) -> list[tuple[str, Pieces]]:
    schedule = node.schedule
    when = (*code(schedule.cron), *_aside(schedule.timezone)) if schedule else ()
    known = {None: "", True: "only what was known by then", False: "whatever is known now"}
    return [
        ("entity", (atlas.link(node_id("entity", node.entity), node.entity),)),
        ("source", (atlas.link(node.source),)),
        ("keys", _columns(atlas, node, node.keys)),
        ("event time", _columns(atlas, node, [node.event_time]) or plain("none: it is static")),
        ("created", _columns(atlas, node, [node.created])),
        ("delay", plain(duration(node.delay) if node.delay is not None else "")),
        ("ttl", plain(duration(node.ttl) if node.ttl is not None else "")),
        ("counts", plain(_BOUNDARY[node.boundary] if node.boundary else "")),
        ("as known", plain(known[node.as_known])),
        ("online store", code(node.online)),
        ("schedule", when),
    ]


def _of_label(atlas: Atlas, node: Label) -> list[tuple[str, Pieces]]:
    roles = [
        (
            *((Piece(text=f"{visible(role.role)}: "),) if role.role != role.entity else ()),
            atlas.link(node_id("entity", role.entity), role.entity),
            Piece(text=" by "),
            *_columns(atlas, node, role.keys),
        )
        for role in node.roles
    ]
    return [
        ("label", _columns(atlas, node, [node.column])),
        ("time", _columns(atlas, node, [node.timestamp]) or plain("none: newest values")),
        ("about", joined(roles)),
        ("source", (atlas.link(node.source),)),
    ]


def _of_training_set(atlas: Atlas, node: TrainingSet) -> list[tuple[str, Pieces]]:
    plan = node.plan
    picks = sum(len(view.picks) for view in plan.views)
    views = len({view.view for view in plan.views})
    return [
        ("label", (atlas.link(node.label),)),
        ("predicts", (atlas.column_link(node.label, plan.label_column),)),
        ("as of", (atlas.column_link(node.label, plan.timestamp),) if plan.timestamp else ()),
        ("features", plain(f"{counted(picks, 'feature')} of {counted(views, 'view')}")),
    ]


def _of_model(atlas: Atlas, node: Model) -> list[tuple[str, Pieces]]:
    asked = (atlas.link(node_id("entity", entity), entity) for entity in node.entities)
    return [
        ("about", commas(asked)),
        ("training set", (atlas.link(node.training_set),) if node.training_set else ()),
        ("asks for", plain(counted(len(node.features), "feature"))),
    ]


def _columns(atlas: Atlas, node: AnyNode, names: Iterable[str]) -> Pieces:
    return commas(atlas.column_link(node.id, name) for name in names if name)


def code(text: str) -> Pieces:
    """Return a text that is typed somewhere; nothing for nothing."""
    return (Piece(text=visible(text), mark="code"),) if text else ()


def plain(text: str) -> Pieces:
    """Return plain words; nothing for nothing."""
    return (Piece(text=visible(text)),) if text else ()


def _aside(text: str) -> Pieces:
    return (Piece(text=f" {visible(text)}", mark="aside"),)


def commas(pieces: Iterable[Piece]) -> Pieces:
    """Return pieces with commas between them."""
    return joined([(piece,) for piece in pieces])


def joined(parts: Sequence[Pieces]) -> Pieces:
    """Return lists of pieces as one, with commas between them."""
    found: list[Piece] = []
    for part in parts:
        found += [Piece(text=", "), *part] if found else part
    return tuple(found)


def counted(number: int, word: str, many: str = "") -> str:
    """Return a number and its noun: `1 view`, `1,200 views`."""
    return f"{number:,} {word if number == 1 else many or f'{word}s'}"


def duration(seconds: int) -> str:
    """Return seconds in the largest unit up to a day that they are whole in: `30d`."""
    units = (("d", 86_400), ("h", 3_600), ("m", 60))
    unit, size = next(((u, s) for u, s in units if seconds and not seconds % s), ("s", 1))
    return f"{seconds // size}{unit}"


def default_text(value: Any) -> str:
    """Return a feature's default as YAML has it; nothing where there is none."""
    return "" if value is None else shortened(visible(json.dumps(value, ensure_ascii=False)), 40)
