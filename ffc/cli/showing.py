"""A node as `ffc show` tells of it: facts, columns, the first rows of its build."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from ffc.adapter.state import Build
from ffc.cli.characters import visible
from ffc.cli.frames import WIDTH
from ffc.cli.listing import node_facts
from ffc.cli.tables import cut, render_rows, render_table
from ffc.manifest.names import BUILT
from ffc.manifest.records import AnyNode, Transformation
from ffc.run.reading import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The first rows of something; `more` says that there are others."""

    columns: tuple[tuple[str, str], ...]
    rows: list[list[object]]
    more: bool

    @staticmethod
    def of(found: Rows, limit: int | None) -> Preview:
        """Read the first rows."""
        rows, more = found.take(limit)
        return Preview(columns=found.columns, rows=rows, more=more)

    def document(self) -> dict[str, Any]:
        """Return what JSON documents have of it."""
        columns = [{"name": name, "type": kind} for name, kind in self.columns]
        return {"columns": columns, "rows": self.rows, "more": self.more}

    def text(self) -> str:
        """Return it as a table."""
        return render_rows([name for name, _ in self.columns], self.rows)


def shown_document(
    target: str, node: AnyNode, deployed: bool, build: Build | None, preview: Preview | None
) -> dict[str, Any]:
    """Return the `ffc.node/v1` document."""
    good = build and {
        "id": build.id,
        "relation": ".".join(build.relation),
        "rows": build.rows,
        "created": build.created,
    }
    return {
        "schema": "ffc.node/v1",
        "target": target,
        **node_facts(node),
        "description": node.description,
        "deployed": deployed,
        "columns": [
            {"name": c.name, "type": c.type, "description": c.description, "tags": c.tags}
            for c in node.columns
        ],
        "build": good,
        "preview": preview.document() if preview is not None else None,
    }


def render_node(node: AnyNode, deployed: bool, build: Build | None, preview: Preview | None) -> str:
    """Return a node as text of 80 columns."""
    parts = ["\n".join([click.style(node.id, bold=True), *_facts(node, deployed, build)])]
    if node.columns:
        parts.append(_columns(node))
    if preview is not None:
        parts.append(preview.text())
    return "\n\n".join(parts)


def _facts(node: AnyNode, deployed: bool, build: Build | None) -> Iterator[str]:
    facts = {
        "about": node.description,
        "file": f"{node.path}:{node.line}",
        "owner": node.owner,
        "tags": ", ".join(node.tags),
        "made of": ", ".join(node.depends_on),
        "built as": node.materialized if isinstance(node, Transformation) else "",
        "build": _build(node, deployed, build),
        "table": ".".join(build.relation) if build is not None else "",
    }
    width = max(map(len, facts))
    for name, text in facts.items():
        if text:
            yield from _wrapped(f"  {name:<{width}}  ", visible(text))


def _build(node: AnyNode, deployed: bool, build: Build | None) -> str:
    if build is None:
        ephemeral = isinstance(node, Transformation) and node.materialized == "ephemeral"
        if node.kind not in BUILT or ephemeral:
            return "" if deployed else "not deployed yet: `ffc run` does it"
        return "never built in this target: `ffc run` builds it"
    rows = "a view" if build.rows is None else f"{build.rows:,} rows"
    return f"{build.id}, {rows}, {build.created[:19].replace('T', ' ')}Z"


def _columns(node: AnyNode) -> str:
    described = any(column.description for column in node.columns)
    tagged = any(column.tags for column in node.columns)
    header = ["column", "type", *(["tags"] if tagged else []), *(["is"] if described else [])]
    rows = [
        [
            *(column.name, column.type or column.native),
            *([", ".join(column.tags)] if tagged else []),
            *([column.description] if described else []),
        ]
        for column in node.columns
    ]
    return cut(render_table(header, rows))


def _wrapped(head: str, text: str) -> Iterator[str]:
    import textwrap

    lines = textwrap.wrap(text, WIDTH - len(head), break_on_hyphens=False) or [""]
    yield f"{head}{lines[0]}"
    yield from (f"{'':{len(head)}}{line}" for line in lines[1:])
