"""What training sets and models ask for: which features, of which views, as of when."""

from __future__ import annotations

from dataclasses import dataclass

from ffc.core.characters import visible
from ffc.manifest.records import AnyNode, Column, Model, TrainingSet, ViewPlan
from ffc.site.atlas import Atlas, Piece, described
from ffc.site.facts import Pieces, commas, default_text, duration, plain
from ffc.site.texts import one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFeature:
    """A feature as a column."""

    feature: Piece
    column: Piece
    type: str
    default: str = ""
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedView:
    """What is asked of one view; `when` is in words."""

    view: Piece
    when: Pieces
    features: tuple[AskedFeature, ...]


def asked_views(atlas: Atlas, node: AnyNode) -> list[AskedView]:
    """Return what a training set or a model asks of each view, in order."""
    if isinstance(node, TrainingSet):
        return [_of_plan(atlas, node, plan) for plan in node.plan.views]
    if isinstance(node, Model):
        return _of_model(atlas, node)
    return []


def _of_plan(atlas: Atlas, node: TrainingSet, plan: ViewPlan) -> AskedView:
    words = _words(atlas, plan.view)
    return AskedView(
        view=atlas.link(plan.view),
        when=(*plain(_when(node, plan)), *_keys(atlas, node, plan)),
        features=tuple(
            AskedFeature(
                feature=atlas.column_link(plan.view, pick.feature),
                column=atlas.column_link(node.id, pick.column),
                type=pick.type,
                default=default_text(pick.default),
                description=words.get(pick.feature, ""),
            )
            for pick in plan.picks
        ),
    )


def _keys(atlas: Atlas, node: TrainingSet, plan: ViewPlan) -> Pieces:
    keys = commas(atlas.column_link(node.label, pair.label) for pair in plan.keys)
    return (Piece(text=", for "), *keys) if keys else ()


def _when(node: TrainingSet, plan: ViewPlan) -> str:
    """Say which row of a view counts for a row of the label."""
    if not plan.event_time:
        return "the one row of each key"
    if not node.plan.timestamp:
        return "the newest row"
    word = "before" if plan.boundary == "exclusive" else "up to"
    moment = node.plan.timestamp
    if plan.lag:
        moment = f"{duration(plan.lag)} before {moment}"
    known = bool(plan.as_known and (plan.created or plan.delay))
    parts = [f"the newest row {word} {moment}"]
    parts += ["known by then"] if known else []
    parts += [f"not older than {duration(plan.ttl)}"] if plan.ttl is not None else []
    return visible(", ".join(parts))


def _of_model(atlas: Atlas, node: Model) -> list[AskedView]:
    views: dict[str, list[AskedFeature]] = {}
    for asked in node.features:
        column = Piece(text=visible(asked.column), mark="code")
        feature = atlas.column_link(asked.view, asked.feature)
        if node.training_set:
            column = atlas.column_link(node.training_set, asked.column)
        types = {each.name: each.type for each in _columns(atlas, asked.view)}
        views.setdefault(asked.view, []).append(
            AskedFeature(
                feature=feature,
                column=column,
                type=types.get(asked.feature, ""),
                description=_words(atlas, asked.view).get(asked.feature, ""),
            )
        )
    return [
        AskedView(
            view=atlas.link(view) if view else Piece(text="computed on demand"),
            when=(),
            features=tuple(found),
        )
        for view, found in views.items()
    ]


def _columns(atlas: Atlas, view: str) -> tuple[Column, ...]:
    node = atlas.nodes.get(view)
    return node.columns if node else ()


def _words(atlas: Atlas, view: str) -> dict[str, str]:
    """Return what a view says of its columns."""
    node = atlas.nodes.get(view)
    found = described(node) if node else []
    return {each.column.name: one_line(each.description) for each in found}
