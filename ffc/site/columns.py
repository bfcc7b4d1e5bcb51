"""A node's columns: what they are for, where each comes from, and what is made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ffc.core.characters import visible
from ffc.manifest.lineage import Place
from ffc.manifest.records import AnyNode, Entity, FeatureView, Label, TrainingSet, Transformation
from ffc.site.atlas import Atlas, Described, Piece, described, tag_link
from ffc.site.facts import Pieces, commas, default_text
from ffc.site.names import column_anchor
from ffc.site.texts import one_line

# So many places are named in a row of a table; the rest are counted.
SHOWN: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRow:
    """A column as its row of the table shows it."""

    anchor: str
    name: str
    type: str
    role: str
    default: str
    description: str
    tags: tuple[Piece, ...]
    comes_from: Pieces
    goes_into: Pieces

    @property
    def words(self) -> bool:
        """Whether there is anything to say of it in words."""
        return bool(self.description or self.tags or self.default)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsOf:
    """Columns, and the columns elsewhere that only choose, order or group their rows."""

    columns: str
    chosen_by: Pieces


def column_rows(atlas: Atlas, node: AnyNode) -> list[ColumnRow]:
    """Return a row for each column of a node."""
    roles, defaults = _roles(node), _defaults(node)
    return [_row(atlas, node, found, roles, defaults) for found in described(node)]


def _row(
    atlas: Atlas,
    node: AnyNode,
    found: Described,
    roles: Mapping[str, str],
    defaults: Mapping[str, str],
) -> ColumnRow:
    column, lineage = found.column, node.lineage.get(found.column.name)
    links = atlas.columns.around(Place(node.id, column.name), False)
    children = sorted({link.child for link in links if link.kind == "value"})
    return ColumnRow(
        anchor=column_anchor(column.name),
        name=visible(column.name),
        type=visible(column.type or column.native),
        role=roles.get(column.name, ""),
        default=defaults.get(column.name, ""),
        description=one_line(found.description),
        tags=tuple(map(tag_link, found.tags)),
        comes_from=_places(atlas, map(tuple, lineage.values if lineage else ())),
        goes_into=_places(atlas, ((place.node, place.column) for place in children)),
    )


def _places(atlas: Atlas, places: Iterable[tuple[str, ...]]) -> Pieces:
    """Return columns elsewhere, those of a node together: `clean: amount, seen; users: name`."""
    nodes: dict[str, list[str]] = {}
    for node, column in places:
        nodes.setdefault(node, []).append(column)
    found: list[Piece] = []
    room = SHOWN
    for node, columns in nodes.items():
        if room > 0:
            found += [Piece(text="; ")] if found else []
            named = commas(atlas.column_link(node, column) for column in columns[:room])
            found += [atlas.link(node), Piece(text=": "), *named]
        room -= len(columns)
    rest = (Piece(text=f"; {-room:,} more", mark="aside"),) if room < 0 else ()
    return (*found, *rest)


def rows_of(atlas: Atlas, node: AnyNode) -> list[RowsOf]:
    """Return what chooses the rows of a node's columns, columns of one mind together."""
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for column in node.columns:
        lineage = node.lineage.get(column.name)
        if lineage and lineage.rows:
            groups.setdefault(lineage.rows, []).append(column.name)
    every = len(node.columns)
    return [
        RowsOf(
            columns="every column" if len(names) == every > 1 else visible(", ".join(names)),
            chosen_by=_places(atlas, map(tuple, rows)),
        )
        for rows, names in groups.items()
    ]


def _roles(node: AnyNode) -> dict[str, str]:
    """Return what columns are for, as far as their node says."""
    if isinstance(node, FeatureView):
        named = {feature.name: "feature" for feature in node.features}
        times = {node.event_time: "event time", node.created: "created"}
        return {**named, **times, **dict.fromkeys(node.keys, "key")}
    if isinstance(node, Entity):
        return {column.name: "key" for column in node.columns}
    if isinstance(node, Label):
        keys = {key: "key" for role in node.roles for key in role.keys}
        return {**keys, node.timestamp: "time", node.column: "label"}
    if isinstance(node, TrainingSet):
        words = {"timestamp": "time", "include": "passed through"}
        return {out.name: words.get(out.role, out.role) for out in node.plan.output}
    if isinstance(node, Transformation):
        keys = dict.fromkeys(node.unique_key, "unique key")
        return {**keys, node.time_column: "time", node.updated_at: "updated at"}
    return {}


def _defaults(node: AnyNode) -> dict[str, str]:
    if isinstance(node, FeatureView):
        return {each.name: default_text(each.default) for each in node.features}
    if isinstance(node, TrainingSet):
        picks = (pick for view in node.plan.views for pick in view.picks)
        return {pick.column: default_text(pick.default) for pick in picks}
    return {}
