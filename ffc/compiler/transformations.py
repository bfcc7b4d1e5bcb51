"""Transformations: rendered, checked to be one SELECT, and given columns with types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

import msgspec
from sqlglot import exp

from ffc.compiler.catalog import find_source
from ffc.compiler.compilation import Compilation
from ffc.compiler.defaults import folder_default
from ffc.compiler.dialects import dialect_of, foreign_columns, tied_elsewhere
from ffc.compiler.oracle import Oracle, Reader, Refusal
from ffc.compiler.queries.check import check_query, read_bound, refused
from ffc.compiler.queries.lexing import without_end
from ffc.compiler.readings import Reading, read_query
from ffc.compiler.settings import (
    COLUMNS,
    TIMES,
    check_settings,
    columns_of,
    materialized,
    settings_of,
)
from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, listed
from ffc.core.facts import key_of
from ffc.core.names import node_id
from ffc.manifest.records import Column, Materialized, Transformation
from ffc.project.kept import Keeper
from ffc.project.reader import SqlFile
from ffc.project.resources import TransformationNotes
from ffc.project.template import (
    RESERVED,
    Rendered,
    Resolver,
    check_macros,
    read_macros,
    render_plainly,
)
from ffc.sql import build
from ffc.sql.snapshots import TIMES as TIMES_OF_VERSIONS

# So many columns that there are not are told of one query.
MOST_COLUMNS: Final = 20


def render_transformations(
    state: Compilation, answers: Mapping[tuple[str, ...], str] | None = None
) -> None:
    """Render every SQL file; of an incremental one also what follows the first build.

    `answers` are the ids that names stand for, where the catalog need not be asked.
    """
    library, problems = read_macros(state.macros, RESERVED)

    def found(*words: str) -> str:
        if answers is not None:
            return answers.get(words, "?")
        return _id(state, *words) if len(words) == 1 else _source_id(state, *words)

    resolver = Resolver(
        ref=found,
        source=found,
        variables=state.project.vars,
        environment=state.environment,
        target={
            "name": state.target.name,
            "type": state.target.offline,
            "dialect": state.target.dialect,
        },
        library=library,
    )
    state.diagnostics += [*problems, *check_macros(resolver)]
    state.macro_names |= {*library.macros, *library.broken}
    keeper = Keeper(state.facts, resolver, state.macros, render_plainly)
    for file in state.resources.sql:
        _render(state, file, keeper)


def _render(state: Compilation, file: SqlFile, keeper: Keeper) -> None:
    node = node_id("transformation", file.name, file.variant)
    rendered = keeper.rendered(file, node)
    state.rendered[node] = rendered
    default, place = _default(state, file)
    state.report(node, *rendered.diagnostics, *check_settings(rendered, default, place))
    elsewhere = tied_elsewhere(state, rendered)
    if elsewhere is not None:
        state.report(node, elsewhere)
    if rendered.hidden:
        state.failed.add(node)
    if materialized(rendered, default) == "incremental" and not rendered.incomplete:
        following = keeper.rendered(file, node, incremental=True)
        state.following[node] = following
        said = set(rendered.diagnostics)
        state.report(node, *(d for d in following.diagnostics if d not in said))
    state.environment_read |= rendered.environment


def _default(state: Compilation, file: SqlFile) -> tuple[str, Span | None]:
    """Return how the folders of a file say that it is built, and where they do."""
    found = folder_default(state.project, file.path, "materialized")
    return (str(found[0]), found[1]) if found is not None else ("view", None)


def _id(state: Compilation, name: str) -> str:
    entry = state.catalog.find(name, "transformation", "feature_view")
    return entry.id if entry else "?"


def _source_id(state: Compilation, group: str, table: str) -> str:
    entry = find_source(state.catalog, group, table)
    return entry.id if entry else "?"


def type_transformation(state: Compilation, node: str, oracle: Oracle) -> None:
    """Check one transformation's SQL and find its columns."""
    rendered = state.rendered[node]
    columns = _columns(state, node, rendered, oracle)
    if columns is None:
        return
    file = rendered.file
    kind = materialized(rendered, _default(state, file)[0])
    notes = _notes(state, file.name, file.variant)
    made = Transformation(
        id=node,
        name=file.name,
        variant=file.variant,
        path=file.path,
        line=1,
        description=notes.description if notes else "",
        owner=notes.owner if notes else "",
        tags=notes.tags if notes else (),
        described_in=_described_in(notes, file),
        depends_on=tuple(sorted(rendered.refs)),
        columns=columns,
        materialized=cast(Materialized, kind),
        raw=file.text,
        sql=_query(state, rendered),
    )
    _check_columns(state, node, rendered, columns)
    if kind == "snapshot":
        made = msgspec.structs.replace(made, columns=(*columns, *_version_columns()))
        _check_versions(state, node, rendered, columns)
    if node not in state.failed:
        made = msgspec.structs.replace(made, **settings_of(rendered, kind))
        made = _with_following(state, made, oracle)
    if node not in state.failed:
        state.nodes[node] = made


def _columns(
    state: Compilation, node: str, rendered: Rendered, oracle: Oracle
) -> tuple[Column, ...] | None:
    """Return a query's columns; None where it is wrong, or where what it reads is."""
    if rendered.incomplete:
        state.failed.add(node)
        return None
    dialect = state.project.dialect
    if dialect_of(state, rendered) != dialect:
        return foreign_columns(state, node, rendered, oracle)
    key = _key(state, rendered, oracle)
    known = state.facts.find(key, Reading) if key is not None else None
    if known is not None:
        state.readings[node, rendered.incremental] = known
        return known.columns
    # Where a value is missing the text means nothing; where a name is, a stand-in is there.
    whole = all(problem.code == "FF201" for problem in rendered.diagnostics)
    parser = oracle.parser if key is None else Reader(oracle, rendered.sql)
    wrong = check_query(rendered, dialect, parser) if whole else []
    _report(state, node, rendered, wrong)
    reads = (read for read in rendered.refs if read != node)
    if "?" in rendered.refs or any(r in state.failed or r not in state.nodes for r in reads):
        state.failed.add(node)
    if wrong or node in state.failed:
        return None
    columns = oracle.describe(rendered.sql)
    if isinstance(columns, Refusal):
        _report(state, node, rendered, _refusals(rendered, columns, oracle))
        return None
    tree = read_bound(rendered, columns, dialect)
    if isinstance(tree, Diagnostic):
        _report(state, node, rendered, [tree])
        return None
    query = without_end(rendered.sql).strip()
    reading = read_query(query, tree, dialect, columns, oracle.names(rendered.sql))
    if key is not None:
        state.facts.keep(key, reading)
    state.readings[node, rendered.incremental] = reading
    return columns


def _key(state: Compilation, rendered: Rendered, oracle: Oracle) -> bytes | None:
    """Return the key of what a query is; None where something was said about it already."""
    node = rendered.node
    reads = [read for read in rendered.refs if read != node]
    if node in state.failed or any(
        read not in state.nodes or read in state.failed for read in reads
    ):
        return None
    return key_of("reading", rendered.sql, node, sorted(rendered.refs), oracle.marks(rendered.sql))


def _query(state: Compilation, rendered: Rendered) -> str:
    """Return rendered SQL without what ends it."""
    reading = state.readings.get((rendered.node, rendered.incremental))
    return reading.query if reading is not None else without_end(rendered.sql).strip()


def _refusals(rendered: Rendered, refusal: Refusal, oracle: Oracle) -> list[Diagnostic]:
    """Return why a query does not bind: of columns that there are not, each.

    The binder stops at the first; a null in its place, as long as the name, lets it go on.
    """
    problems: list[Diagnostic] = []
    sql = rendered.sql
    found: tuple[Column, ...] | Refusal = refusal
    for _ in range(MOST_COLUMNS):
        if not isinstance(found, Refusal):
            break
        problem = refused(rendered, found, oracle.parser)
        length = found.end - found.start
        if problems and problem.code != "FF303":
            break
        problems += [problem] if problem not in problems else []
        if problem.code != "FF303" or not 0 < length < len(sql):
            break
        null = "null" if length >= len("null") else "0"
        sql = sql[: found.start] + null.ljust(length) + sql[found.end :]
        found = oracle.describe(sql)
    return problems


def _report(
    state: Compilation, node: str, rendered: Rendered, problems: Sequence[Diagnostic]
) -> None:
    """Report what is wrong with rendered SQL, with the macro that made it as a second place."""
    for problem in problems:
        second = rendered.map.seconds.get(problem.span)
        if second is not None:
            related = (*problem.related, second)
            problem = msgspec.structs.replace(problem, related=related)
        state.report(node, problem)


def _version_columns() -> list[Column]:
    """Return the columns that a snapshot adds to those of its query."""
    return [Column(name=name, type="timestamp", native="TIMESTAMP") for name in TIMES_OF_VERSIONS]


def _check_versions(
    state: Compilation, node: str, rendered: Rendered, columns: Sequence[Column]
) -> None:
    """Report columns of a snapshot's query that have the names of those that it adds."""
    clashes = [c.name for c in columns if c.name.lower() in TIMES_OF_VERSIONS]
    if clashes:
        message = f"a snapshot adds {listed(TIMES_OF_VERSIONS)}; its query has {listed(clashes)}"
        help_ = "give the column of the query another name"
        state.report(node, error("FF405", message, rendered.file.span, help=[help_]))


def _check_columns(
    state: Compilation, node: str, rendered: Rendered, columns: Sequence[Column]
) -> None:
    """Report settings that name columns which the query does not have."""
    given = {name: rendered.settings[name] for name in COLUMNS if name in rendered.settings}
    known = {column.name: column for column in columns} if given else {}
    for name, setting in given.items():
        for index, column in enumerate(columns_of(setting)):
            _check_column(state, node, (name, column), known.get(column), setting.at(index), known)


def _check_column(
    state: Compilation,
    node: str,
    named: tuple[str, str],
    found: Column | None,
    place: Span,
    known: Mapping[str, Column],
) -> None:
    """Report a setting that names a column which is not there, or which is no time."""
    name, column = named
    if found is None:
        hints = did_you_mean(column, known) or (f"it has {listed(known)}",)
        message = f"`{name}` names no column of this query: `{column}`"
        state.report(node, error("FF303", message, place, help=hints))
    elif name in TIMES and found.type not in ("timestamp", "date"):
        message = f"`{name}` must be a timestamp or a date; `{column}` is "
        message += found.type or found.native
        state.report(node, error("FF403", message, place, help=["cast it in the query"]))


def _with_following(state: Compilation, made: Transformation, oracle: Oracle) -> Transformation:
    """Add the query of the builds that follow the first one, which is checked too."""
    following = state.following.get(made.id)
    if following is None:
        return made
    if not oracle.knows(made.id):
        oracle.declare(made.id, made.sql)
    time = following.settings.get("time_column")
    if time is not None:
        newest = exp.Max(this=build.column(str(time.value))).as_("watermark", quoted=True)
        query = exp.select(newest).from_(build.reference(made.id))
        oracle.declare(f"watermark.{made.id}", query.sql(dialect="duckdb"))
    state.nodes[made.id] = made
    columns = _columns(state, made.id, following, oracle)
    del state.nodes[made.id]
    if columns is None:
        return made
    first, then = ([(c.name, c.native) for c in each] for each in (made.columns, columns))
    if first != then:
        other = [n for n, _ in set(first) ^ set(then)]
        message = f"the builds after the first one have other columns: {listed(sorted(set(other)))}"
        help_ = "what `is_incremental()` adds may choose rows, not columns"
        state.report(made.id, error("FF408", message, following.file.span, help=[help_]))
    reads = {*made.depends_on, *following.refs} - {made.id}
    sql = _query(state, following)
    return msgspec.structs.replace(made, depends_on=tuple(sorted(reads)), sql_next=sql)


def _notes(state: Compilation, name: str, variant: str) -> TransformationNotes | None:
    if not state.notes:
        for notes in state.resources.transformations:
            state.notes.setdefault((notes.name, notes.variant), notes)
    return state.notes.get((name, variant))


def _described_in(notes: TransformationNotes | None, file: SqlFile) -> str:
    """Return the file of YAML that describes a file; what folders say of it is in none."""
    place = notes.at("name").file if notes is not None else ""
    return place if place != file.path else ""


def check_notes(state: Compilation) -> None:
    """Report YAML notes on a transformation that has no file."""
    for notes in state.resources.transformations:
        state.resolve("", f"{notes.name}@{notes.variant}", notes.at("name"), "transformation")
