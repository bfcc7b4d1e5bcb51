"""What is said of a name that somebody points at: type, words, where it comes from, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ffc.compiler.catalog import WORDS, Entry
from ffc.core.diagnostics import listed
from ffc.core.names import DEFAULT_VARIANT
from ffc.lsp.keys import keys_at
from ffc.lsp.knowledge import Known
from ffc.lsp.mentions import Mention
from ffc.manifest.records import AnyNode, Column, FeatureView, Label, Source, Transformation

# So many columns, and so many neighbours, are shown.
_COLUMNS: Final = 30
_NEIGHBOURS: Final = 8


def hover(known: Known, file: str, found: Mention) -> str:
    """Return what there is to say of a mention; nothing where nothing is known."""
    if found.about == "macro":
        macro = known.macros[found.name]
        return f"**macro** `{macro.name}({macro.arguments})`\n\n{macro.span.file}"
    if found.about == "variable":
        place = known.variables.get(found.name)
        return f"**variable** `{found.name}`" + (f"\n\n{place.file}" if place else "")
    if found.about == "key":
        return _key(file, found)
    if found.entry is None:
        return ""
    if found.about == "column":
        return _column(known, found.entry, found.name)
    return _node(known, found.entry)


def signature(entry: Entry) -> str:
    """Return a resource's name as people write it."""
    if entry.variant == DEFAULT_VARIANT:
        return entry.name
    return f"{entry.name}@{entry.variant}"


def _key(file: str, found: Mention) -> str:
    key = next((k for k in keys_at(file, found.path) if k.name == found.name), None)
    if key is None:
        return ""
    must = ", required" if key.required else ""
    holds = f": {key.holds}{must}" if key.holds else ""
    return _paragraphs(f"`{key.name}`{holds}", key.about)


def _node(known: Known, entry: Entry) -> str:
    node = known.nodes.get(entry.id)
    record = known.records.get(entry.id)
    told: Any = node or record
    kind = WORDS[entry.kind]
    if isinstance(node, Transformation):
        kind = f"{kind}, {node.materialized}"
    said = (getattr(told, name, "") for name in ("description", "group_description"))
    parts = [f"**{kind}** `{signature(entry)}`", *said]
    parts.append(_facts(node or record))
    columns = known.columns(entry.id)
    if columns:
        parts.append(_table(columns))
    parts.append(_lineage(known, node))
    return _paragraphs(*parts)


def _facts(told: Any) -> str:
    """Return what else a resource says of itself, in a line."""
    found: list[str] = []
    if isinstance(told, FeatureView):
        found.append(f"entity `{told.entity.partition('.')[2] or told.entity}`")
        if told.event_time:
            found.append(f"event time `{told.event_time}`")
        if told.created:
            found.append(f"created `{told.created}`")
    elif isinstance(told, Label):
        found.append(f"column `{told.column}`")
    elif isinstance(told, Source):
        found.append(f"`{told.file or told.table}`")
    elif hasattr(told, "sql") and hasattr(told, "request"):
        found += [f"type `{told.type}`", f"`{told.sql or told.python}`"]
    if getattr(told, "owner", ""):
        found.append(f"owner {told.owner}")
    if getattr(told, "tags", ()):
        found.append(f"tags {listed(told.tags)}")
    return " · ".join(found)


def _column(known: Known, entry: Entry, name: str) -> str:
    columns = {c.name: c for c in (*known.columns(entry.id), *known.features(entry.id))}
    column = columns.get(name)
    if column is None:
        return ""
    head = f"**{'feature' if entry.kind == 'feature_view' else 'column'}** `{name}`"
    type_ = column.type or column.native
    head = f"{head}: `{type_}`" if type_ else head
    tags = f"tags {listed(column.tags)}" if column.tags else ""
    of = f"of {WORDS[entry.kind]} `{signature(entry)}`"
    return _paragraphs(head, of, column.description, tags, _comes_from(known, entry.id, name))


def _comes_from(known: Known, node: str, column: str) -> str:
    """Say which columns a column is computed from, and which only choose its rows."""
    found = known.nodes.get(node)
    lineage = found.lineage.get(column) if found is not None else None
    if lineage is None:
        return ""
    lines = []
    if lineage.values:
        lines.append(f"comes from {_places(lineage.values)}")
    if lineage.rows:
        lines.append(f"rows chosen by {_places(lineage.rows)}")
    return "  \n".join(lines)


def _places(found: Iterable[tuple[str, str]]) -> str:
    return _some([f"`{node.partition('.')[2]}.{column}`" for node, column in found])


def _lineage(known: Known, node: AnyNode | None) -> str:
    if node is None:
        return ""
    lines = []
    if node.depends_on:
        lines.append(f"comes from {_some([f'`{name}`' for name in node.depends_on])}")
    if into := known.children.get(node.id):
        lines.append(f"goes into {_some([f'`{name}`' for name in into])}")
    return "  \n".join(lines)


def _some(names: list[str]) -> str:
    more = len(names) - _NEIGHBOURS
    shown = ", ".join(names[:_NEIGHBOURS])
    return f"{shown} and {more} more" if more > 0 else shown


def _table(columns: list[Column]) -> str:
    rows = [
        f"| `{_cell(c.name)}` | {c.type or c.native} | {_cell(c.description)} |" for c in columns
    ]
    more = len(rows) - _COLUMNS
    rest = [f"| … | | {more} more |"] if more > 0 else []
    return "\n".join(["| column | type | |", "| --- | --- | --- |", *rows[:_COLUMNS], *rest])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)
