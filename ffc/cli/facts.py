"""What there is to say of a node, and of one of its columns, as (what, how)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ffc.cli.looking import duration
from ffc.core.diagnostics import shortened
from ffc.manifest.columns import defaults, descriptions, roles
from ffc.manifest.lineage import Origin, Place, column_graph, dependents, origins
from ffc.manifest.records import (
    AnyNode,
    Column,
    Entity,
    FeatureView,
    Freshness,
    Label,
    Manifest,
    Model,
    Source,
    TrainingSet,
    Transformation,
)

Facts = list[tuple[str, str]]

# So many names are listed of those that read a node.
_LISTED: Final = 12


def node_facts(node: AnyNode, manifest: Manifest) -> Facts:
    """Return what a node is: where it is written, what is said of it, what it reads."""
    found = [
        ("node", node.id),
        ("file", f"{node.path}:{node.line}"),
        ("described in", getattr(node, "described_in", "")),
        ("description", node.description),
        ("owner", node.owner),
        ("tags", ", ".join(node.tags)),
        ("variant", "the one that its name means" if node.preferred else ""),
        *_of_its_kind(node),
        ("reads", ", ".join(node.depends_on)),
        ("read by", _few(dependents(manifest, node.id))),
        ("tests", ", ".join(test.name for test in node.tests)),
    ]
    return [(what, how) for what, how in found if how]


def _few(names: Sequence[str]) -> str:
    rest = len(names) - _LISTED
    shown = names if rest <= 0 else [*names[:_LISTED], f"and {rest} more (`ffc lineage`)"]
    return ", ".join(shown)


def _of_its_kind(node: AnyNode) -> Iterator[tuple[str, str]]:
    match node:
        case Source():
            yield from _of_a_source(node)
        case Transformation():
            yield from _of_a_transformation(node)
        case Entity():
            yield "keys", ", ".join(column.name for column in node.columns)
        case FeatureView():
            yield from _of_a_view(node)
        case Label():
            yield "label", node.column
            yield "entities", ", ".join(f"{r.role} ({', '.join(r.keys)})" for r in node.roles)
            yield "timestamp", node.timestamp or "none: it has the newest rows"
        case TrainingSet():
            yield from _of_a_training_set(node)
        case Model():
            yield "entity", ", ".join(node.entities)
            yield "asks for", _counted(len(node.columns), "feature")


def _of_a_source(node: Source) -> Iterator[tuple[str, str]]:
    yield "group", node.group_description
    yield "table", node.table
    yield "files", f"{node.file} ({node.format})" if node.file else ""
    yield "timezone", "" if node.timezone == "UTC" else node.timezone
    yield "freshness", _freshness(node.freshness) if node.freshness is not None else ""


def _freshness(found: Freshness) -> str:
    bounds = (("warn", found.warn_after), ("error", found.error_after))
    told = [f"{word} after {duration(after)}" for word, after in bounds if after is not None]
    return f"{found.column}: {', '.join(told)}"


def _of_a_transformation(node: Transformation) -> Iterator[tuple[str, str]]:
    yield "materialized", node.materialized
    yield "time column", node.time_column
    yield "unique key", ", ".join(node.unique_key)
    yield "lookback", duration(node.lookback) if node.lookback else ""
    yield "new columns", node.on_schema_change
    yield "strategy", node.strategy
    yield "updated at", node.updated_at
    yield "checked", ", ".join(node.check_columns)
    yield "dialect", node.dialect


def _of_a_view(node: FeatureView) -> Iterator[tuple[str, str]]:
    named = zip(node.keys, node.source_keys or node.keys, strict=True)
    yield "entity", node.entity
    yield "keys", ", ".join(key if key == own else f"{key} (from {own})" for key, own in named)
    yield "timestamp", node.event_time or "none: it is static"
    yield "created", node.created
    yield "delay", duration(node.delay) if node.delay else ""
    yield "ttl", duration(node.ttl) if node.ttl is not None else ""
    yield "boundary", node.boundary or ""
    yield "as known", "" if node.as_known is None else str(node.as_known).lower()
    yield "online", node.online
    if node.schedule is not None:
        yield "schedule", f"{node.schedule.cron} ({node.schedule.timezone})"


def _of_a_training_set(node: TrainingSet) -> Iterator[tuple[str, str]]:
    counted = [column.role for column in node.plan.output].count("feature")
    yield "label", node.label
    yield "timestamp", node.plan.timestamp
    yield "asks for", _counted(counted, "feature")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def column_facts(node: AnyNode, column: Column, manifest: Manifest) -> Facts:
    """Return what a column is, and where it comes from and goes to: the next columns, and sources.

    Those that only choose its rows are not told: `ffc lineage` does.
    """
    place, graph = Place(node.id, column.name), column_graph(manifest)
    up = [link.parent for link in graph.around(place, True) if link.kind == "value"]
    down = [link.child for link in graph.around(place, False) if link.kind == "value"]
    origin = origins(manifest, node)[column.name]
    known = defaults(node)
    found = [
        ("column", str(place)),
        ("file", f"{node.path}:{node.line}"),
        ("type", type_of(column)),
        ("description", descriptions(node).get(column.name, "")),
        ("owner", node.owner),
        ("tags", ", ".join(column.tags)),
        ("role", roles(node).get(column.name, "")),
        ("default", value_text(known[column.name]) if column.name in known else ""),
        ("comes from", ", ".join(map(str, up))),
        ("sources", "" if list(origin.sources) == up else origin_text(origin)),
        ("goes into", _few([str(each) for each in dict.fromkeys(down)])),
        ("tests", ", ".join(t.name for t in node.tests if t.column == column.name)),
    ]
    return [(what, how) for what, how in found if how]


def type_of(column: Column) -> str:
    """Return the type of a column; in the dialect's words where ours have none."""
    return column.type or column.native


def value_text(value: Any) -> str:
    """Return a default as it stands in YAML, shortened."""
    return shortened(json.dumps(value, ensure_ascii=False), 40)


def origin_text(origin: Origin) -> str:
    """Return columns of sources, those of a source together: `source.raw.events (amount, seen)`."""
    nodes: dict[str, list[str]] = {}
    for place in origin.sources:
        nodes.setdefault(place.node, []).append(place.column)
    if origin.kind == "row":
        return f"rows of {', '.join(nodes)}" if nodes else ""
    return ", ".join(f"{node} ({', '.join(columns)})" for node, columns in nodes.items())


def notes_on(node: AnyNode) -> Mapping[str, str]:
    """Return what stands below the columns of a node: descriptions, and defaults of features."""
    said, known = descriptions(node), defaults(node)
    told = {name: f"default {value_text(default)}" for name, default in known.items()}
    both = {name: f"{text} ({told[name]})" for name, text in said.items() if name in told}
    return {**told, **said, **both}
