"""A node on a terminal: what it is, its columns, its SQL, its builds, its first rows."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

import click

from ffc.auth import local_user
from ffc.cli.building import commit_text
from ffc.cli.facts import Facts, column_facts, node_facts, notes_on, origin_text, type_of
from ffc.cli.looking import render_rows, rows_document
from ffc.cli.streams import answer, answer_exactly, talk
from ffc.cli.widths import answer_width, table_width
from ffc.core.characters import cells, leading, visible
from ffc.core.diagnostics import shortened
from ffc.core.errors import NotFound
from ffc.core.tables import fitted
from ffc.manifest.columns import roles
from ffc.manifest.files import NO_SQL, encode
from ffc.manifest.lineage import dependents, origins
from ffc.manifest.names import has_relation
from ffc.manifest.records import AnyNode, Manifest, TrainingSet, Transformation
from ffc.run.looking.builds import BuildFacts
from ffc.run.looking.reading import Rows, read_rows
from ffc.run.point_in_time.searching import Searched, deployed_searches
from ffc.workspace.nodes import SeenNode, Where, seen_node

# So many builds and lines of SQL are shown.
_BUILDS: Final = 5
_LINES: Final = 16
# With less room than this beside a column's type, its sources stand below it.
_NARROW: Final = 28
_INDENT: Final = " " * 4
# A type or tags that are longer are shown whole where one column is.
_LONGEST: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of a node: so many rows, or its SQL alone; the project's word or what runs."""

    rows: int
    sql: bool = False
    raw: bool = False
    deployed: bool = False


def show_node(where: Where, text: str, wanted: Wanted, output: str, quiet: bool) -> None:
    """Write what NODE or NODE.COLUMN is; raises NotFound."""
    principal = local_user()
    with seen_node(
        where, text, principal=principal, as_deployed=wanted.deployed, builds=_BUILDS
    ) as seen:
        for note in seen.notes if not quiet else ():
            talk(f"note: {note}")
        if (wanted.sql or wanted.raw) and output != "json":
            _answer_sql(sql_text(seen.node, raw=wanted.raw))
            return
        built = seen.deployed is not None and seen.deployed.build is not None
        sample, searches = None, tuple[Searched, ...]()
        if seen.deployed is not None and built and not seen.column:
            if wanted.rows:
                sample = read_rows(seen.session, seen.deployed, wanted.rows, principal=principal)
            if isinstance(seen.deployed.node, TrainingSet):
                searches = deployed_searches(seen.session, seen.deployed.node)
        if output == "json":
            answer_exactly(encode(node_document(seen, searches, sample)).decode())
        else:
            answer(render_node(seen, searches, sample))


def node_document(
    seen: SeenNode, searches: Sequence[Searched] = (), sample: Rows | None = None
) -> dict[str, Any]:
    """Return the `ffc.node/v1` document."""
    shown = rows_document(sample) if sample else {"columns": [], "rows": []}
    found = origins(seen.manifest, seen.node)
    return {
        **shown,
        "schema": "ffc.node/v1",
        "target": seen.session.target.name,
        "node": seen.node,
        "column": seen.column or None,
        "deployed": seen.standing,
        "dependents": dependents(seen.manifest, seen.node.id),
        "origins": [
            {
                "column": name,
                "kind": origin.kind,
                "sources": [{"node": p.node, "column": p.column} for p in origin.sources],
            }
            for name, origin in found.items()
        ],
        "build": seen.deployed.build if seen.deployed is not None else None,
        "builds": seen.builds,
        "searches": list(searches),
    }


def render_node(
    seen: SeenNode, searches: Sequence[Searched] = (), sample: Rows | None = None
) -> str:
    """Return a node, or a column of it, as text that fits."""
    if seen.column:
        (column,) = (each for each in seen.node.columns if each.name == seen.column)
        return render_facts(column_facts(seen.node, column, seen.manifest))
    searched = [("search", f"{each.view}: {each.shape} ({each.reason})") for each in searches]
    facts = [*node_facts(seen.node, seen.manifest), *_standing(seen), *searched]
    blocks = [
        render_facts(facts),
        render_columns(seen.node, seen.manifest),
        render_sql(seen.node),
        render_builds(seen.builds),
        render_rows(sample)[0] if sample else "",
    ]
    return "\n\n".join(block for block in blocks if block)


def _standing(seen: SeenNode) -> Facts:
    """Return what is built of a node, and whether that is what is shown."""
    build = seen.deployed.build if seen.deployed is not None else None
    otherwise = "as the project had it before: `ffc run` deploys it as it is now"
    deployed = otherwise if seen.standing == "otherwise" else ""
    if build is not None:
        rows = "" if build.rows is None else f", {build.rows:,} rows"
        found = [
            ("deployed", deployed),
            ("build", f"{build.id}{rows}"),
            ("built", build.created),
            ("relation", ".".join(build.relation)),
        ]
    elif seen.standing == "never" and has_relation(seen.node):
        found = [("build", "none yet: `ffc run` deploys it")]
    else:
        found = [("deployed", deployed)]
    return [(what, how) for what, how in found if how]


def render_facts(facts: Facts) -> str:
    """Return facts, a line or more each."""
    width = max(len(what) for what, _ in facts)
    lines = []
    for what, how in facts:
        first, *more = _wrapped(visible(how), answer_width() - width - 2)
        lines.append(f"{click.style(f'{what:<{width}}', bold=True)}  {first}")
        lines += [f"{'':<{width}}  {line}" for line in more]
    return "\n".join(lines)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def render_columns(node: AnyNode, manifest: Manifest) -> str:
    """Return the columns of a node: types, tags, and the columns of sources that each is made of.

    What is said of a column stands below it, and its sources too where there is no room beside it.
    """
    if not node.columns:
        return ""
    head, table = fitted(*_column_table(node), table_width())
    width = cells(head[-1]) if head else answer_width()
    sources = [origin_text(origin) for origin in origins(manifest, node).values()]
    room = answer_width() - width - 2
    beside = any(sources) and room >= _NARROW
    if beside:
        head = [f"{head[0]:<{width}}  comes from", f"{head[1]}  {'-' * room}"]
    found = [click.style(head[0].rstrip(), bold=True), head[1]] if head else []
    notes = notes_on(node)
    for column, lines, source in zip(node.columns, table, sources, strict=True):
        found += _beside(lines[0], width, source) if beside else [*lines, *_below(source, "from ")]
        below = _below(notes.get(column.name, ""))
        found += [click.style(each, dim=True) for each in below]
    return "\n".join(found)


def _column_table(node: AnyNode) -> tuple[list[str], list[list[str]]]:
    """Return the heads of the columns of a node, and a row for each."""
    told = {
        "column": [column.name for column in node.columns],
        "type": [shortened(type_of(column), _LONGEST) for column in node.columns],
        "tags": [shortened(", ".join(column.tags), _LONGEST) for column in node.columns],
        "role": [
            roles(node)[c.name] if isinstance(node, TrainingSet) else "" for c in node.columns
        ],
    }
    shown = {head: texts for head, texts in told.items() if any(texts)}
    return list(shown), [list(row) for row in zip(*shown.values(), strict=True)]


def _beside(line: str, width: int, source: str) -> Iterator[str]:
    told = _wrapped(visible(source), answer_width() - width - 2)
    for left, right in zip_longest([line], told, fillvalue=""):
        yield f"{left}{' ' * (width - cells(left))}  {right}".rstrip()


def _below(text: str, word: str = "") -> Iterator[str]:
    if text:
        lines = _wrapped(f"{word}{visible(text)}", answer_width() - len(_INDENT))
        yield from (f"{_INDENT}{line}" for line in lines)


def render_sql(node: AnyNode) -> str:
    """Return the beginning of a node's SQL: as it is written, if it is, else as it is compiled."""
    if isinstance(node, NO_SQL):
        return ""
    written = isinstance(node, Transformation)
    lines = (node.raw if isinstance(node, Transformation) else node.sql).strip("\n").splitlines()
    head = "SQL as written; `--sql`: as compiled" if written else "SQL as compiled"
    shown = [f"  {_cut(visible(line.expandtabs(4)))}".rstrip() for line in lines[:_LINES]]
    rest = len(lines) - len(shown)
    if rest or any(line.endswith("…") for line in shown):
        told = f"{rest} more lines" if rest else "lines are cut"
        option = "--raw" if written else "--sql"
        shown.append(click.style(f"  {told}: `{option}` shows all", dim=True))
    return "\n".join([click.style(head, bold=True), *shown])


def _cut(line: str) -> str:
    """Return a line of code that fits behind its indentation."""
    room = answer_width() - 2
    return line if cells(line) <= room else f"{line[: leading(line, room - 1)]}…"


def _answer_sql(text: str) -> None:
    """Write SQL to be used elsewhere; on a terminal, without what a terminal would obey."""
    if sys.stdout.isatty():
        answer("\n".join(visible(line.expandtabs(4)) for line in text.splitlines()))
    else:
        answer_exactly(text)


def sql_text(node: AnyNode, *, raw: bool) -> str:
    """Return all SQL of a node, to be used elsewhere; raises NotFound where it has none.

    As compiled it is in the target's dialect, an incremental's later builds after its first.
    """
    if isinstance(node, NO_SQL):
        raise NotFound(f"`{node.id}` has no SQL", help=["transformations are written in SQL"])
    if isinstance(node, Transformation):
        if raw:
            return f"{node.raw.strip()}\n"
        first, later = node.target_sql or node.sql, node.target_sql_next or node.sql_next
        if not later:
            return f"{first.strip()}\n"
        return f"-- the first build\n{first.strip()}\n;\n-- builds after it\n{later.strip()}\n"
    if raw:
        hint = f"`{node.path}` declares it, and `--sql` is what it is compiled to"
        raise NotFound(f"`{node.id}` is not written in SQL", help=[hint])
    return f"{node.sql.strip()}\n"


def render_builds(builds: Sequence[BuildFacts]) -> str:
    """Return the newest builds of a node as a table."""
    if not builds:
        return ""
    heads = ["build", "built (UTC)", "rows", "by", "commit", "now"]
    rows = [
        [
            build.id,
            build.created[:16].replace("T", " "),
            "" if build.rows is None else f"{build.rows:,}",
            build.principal,
            commit_text(build.commit, build.dirty),
            "current" if build.current else "collected" if build.collected else "",
        ]
        for build in builds
    ]
    head, table = fitted(heads, rows, table_width())
    top = [click.style(head[0], bold=True), head[1]] if head else [click.style("builds", bold=True)]
    return "\n".join([*top, *(line for lines in table for line in lines)])
