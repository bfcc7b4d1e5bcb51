"""Queries for a target that speaks another dialect than the one they are written in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ffc.compiler.compilation import Compilation
from ffc.compiler.oracle import Oracle
from ffc.compiler.queries.lexing import Token, lex, without_end
from ffc.compiler.settings import DIALECTS
from ffc.core.diagnostics import Diagnostic, Span, error, warning
from ffc.manifest.records import Column, Transformation
from ffc.project.template import Rendered
from ffc.sql.translation import (
    NoTranslation,
    Translation,
    Untranslated,
    translated,
    untranslated,
    with_types,
)
from ffc.sql.types import type_of_sql

# What stands for a node that is no call, where that is not its name.
_SYMBOLS: Final = {"div": ["/"], "intdiv": ["//"], "mod": ["%"], "dpipe": ["||"], "tuple": ["("]}


def translate_all(state: Compilation) -> None:
    """Give every transformation its SQL in the target's dialect, or say what has none."""
    dialect, target = state.project.dialect, state.target.dialect
    made = (node for node in state.nodes.values() if node.id in state.rendered)
    foreign = [node for node in made if isinstance(node, Transformation)]
    if dialect == target or not foreign:
        return
    translation = state.translations.get(dialect)
    if translation is None:
        message = f"the target `{state.target.name}` speaks {target}: there is no translation"
        help_ = f"from {dialect} to {target}; write `dialect: {target}` if the project is"
        place = state.project.at("dialect")
        state.say("", error("FF603", message, place, help=[help_]))
        return
    for node in foreign:
        rendered = state.rendered[node.id]
        if dialect_of(state, rendered) != dialect:
            own = dialect_of(state, rendered)
            state.nodes[node.id] = msgspec.structs.replace(
                node, dialect=own, target_sql=node.sql, target_sql_next=node.sql_next
            )
            continue
        text = _translate(state, node.id, rendered, translation)
        following = state.following.get(node.id)
        then = "" if following is None else _translate(state, node.id, following, translation)
        if text is not None and then is not None:
            state.nodes[node.id] = msgspec.structs.replace(
                node, target_sql=text, target_sql_next=then
            )


def _translate(
    state: Compilation, node: str, rendered: Rendered, translation: Translation
) -> str | None:
    """Return a query in the target's dialect, having reported what can't be said in it."""
    sql = without_end(rendered.sql)
    dialect, target = state.project.dialect, state.target.dialect
    tree = sqlglot.parse_one(sql, read=dialect)
    missing = untranslated(tree, translation)
    if missing:
        tokens = lex(sql)
        found = [_said(state, rendered, tokens, each) for each in missing]
        state.report(node, *found)
        return None
    columns = _read_by(state, rendered)
    try:
        made = _columns(state, node)
        return translated(tree, columns, translation, dialect, target, made)
    except NoTranslation as problem:
        found = [_misused(state, rendered, lex(sql), each) for each in problem.nodes]
        state.report(node, *found)
        return None
    except SqlglotError as problem:
        message = f"ffc can't translate this query to {target}"
        help_ = str(problem).splitlines()[0]
        state.report(node, error("FF602", message, rendered.file.span, help=[help_]))
        return None


def _columns(state: Compilation, ref: str) -> Sequence[Column]:
    known = state.nodes.get(ref)
    return known.columns if known is not None else ()


def _read_by(state: Compilation, rendered: Rendered) -> dict[str, Sequence[Column]]:
    """Return what a query reads, with its columns: nodes, and what was built before."""
    columns = {ref: _columns(state, ref) for ref in rendered.refs}
    made = state.nodes.get(rendered.node)
    if rendered.incremental and isinstance(made, Transformation):
        times = [column for column in made.columns if column.name == made.time_column]
        watermark = [msgspec.structs.replace(column, name="watermark") for column in times]
        columns |= {made.id: made.columns, f"watermark.{made.id}": watermark}
    return columns


def _said(
    state: Compilation,
    rendered: Rendered,
    tokens: Sequence[Token],
    missing: Untranslated,
    of_it: str = "",
    *more: str,
) -> Diagnostic:
    """Report a word that has no translation, at its first place."""
    start, end = _place(missing, tokens)
    typed = rendered.sql[start:end].lower()
    called = next((token.text == "(" for token in tokens if token.start >= end), False)
    called = called and isinstance(missing.node, exp.Func)
    named = typed if typed in _SYMBOLS.get(missing.word, ()) else missing.word
    what = f"the function `{typed}`" if called else f"`{named}`"
    message = f"{of_it}{what} has no translation from {state.project.dialect} to "
    message += state.target.dialect
    help_ = (
        "say it in other words, or write this file for the one target: "
        f"`{{{{ config(dialect='{state.target.dialect}') }}}}`"
    )
    return error("FF602", message, rendered.map.span(start, end), help=[*more, help_])


def _misused(
    state: Compilation, rendered: Rendered, tokens: Sequence[Token], node: exp.Expr
) -> Diagnostic:
    """Report a word that has a translation, but not as it is used."""
    missing = Untranslated(node=node, word=node.key)
    why = "with values of these types, or in this place, it means something else there"
    return _said(state, rendered, tokens, missing, "this use of ", why)


def _place(missing: Untranslated, tokens: Sequence[Token]) -> tuple[int, int]:
    """Return where a word stands: its own place, else its words, else what it holds."""
    node = missing.node
    if "start" in node.meta and not isinstance(node, exp.Star):
        return node.meta["start"], node.meta["end"] + 1
    first = min((n.meta["start"] for n in node.walk() if "start" in n.meta), default=0)
    phrases = [missing.word.removeprefix("star ").split(), *([name] for name in _names(node))]
    found = [
        (abs(token.start - first), token.start, tokens[index + len(words) - 1].end)
        for words in phrases
        for index, token in enumerate(tokens)
        if [t.word or t.text for t in tokens[index : index + len(words)]] == words
    ]
    if found:
        return min(found)[1:]
    token = next((t for t in tokens if t.end > first), tokens[0])
    return token.start, token.end


def _names(node: exp.Expr) -> list[str]:
    """Return the words that may stand for a node in SQL."""
    if isinstance(node, exp.Array):
        return ["["]
    if isinstance(node, exp.Func):
        return [name.lower() for name in type(node).sql_names()]
    return _SYMBOLS.get(node.key, [node.key])


def dialect_of(state: Compilation, rendered: Rendered) -> str:
    """Return the dialect that a file is written in."""
    setting = rendered.settings.get("dialect")
    return str(setting.value) if setting is not None else state.project.dialect


def foreign_columns(
    state: Compilation, node: str, rendered: Rendered, oracle: Oracle
) -> tuple[Column, ...] | None:
    """Return the columns of a query that DuckDB can't read, as far as they can be told.

    A type that nobody can tell is the one that notes declare; where there is none, a warning says
    where to.
    """
    dialect = dialect_of(state, rendered)
    if any(ref in state.failed or ref not in state.nodes for ref in rendered.refs):
        state.failed.add(node)
    if node in state.failed:
        return None
    try:
        tree = sqlglot.parse_one(without_end(rendered.sql), read=dialect)
        columns = _read_by(state, rendered)
        typed = with_types(tree, columns, dialect)
    except SqlglotError as problem:
        message = f"this is not SQL of {dialect}: {str(problem).splitlines()[0]}"
        state.report(node, error("FF301", message, rendered.file.span))
        return None
    file = rendered.file
    notes = (n for n in state.resources.transformations if n.name == file.name)
    declared = {c.name: c.type for n in notes if n.variant == file.variant for c in n.columns}
    found = []
    for select in typed.selects if isinstance(typed, exp.Query) else ():
        name = select.alias_or_name
        wanted = declared.get(name)
        type_ = wanted or type_of_sql(select.type)
        if type_ is None:
            message = f"the type of the column `{name}` can't be told"
            help_ = f"declare it: `columns: [{{name: {name}, type: ...}}]` under `transformations:`"
            state.say(node, warning("FF409", message, rendered.file.span, help=[help_]))
        found.append(Column(name=name, type=str(type_ or "")))
    return oracle.declare_source(node, found)


def tied_elsewhere(state: Compilation, rendered: Rendered) -> Diagnostic | None:
    """Report a file that is written for another dialect than the target's."""
    setting = rendered.settings.get("dialect")
    wanted = setting.value if setting is not None else state.project.dialect
    spoken = (state.project.dialect, state.target.dialect)
    if setting is None or wanted in spoken or wanted not in DIALECTS:
        return None
    place: Span = setting.value_at
    message = f"this file is written for {wanted}, but `{state.target.name}` speaks "
    message += state.target.dialect
    return error("FF603", message, place, help=["choose another target, or translate the file"])
