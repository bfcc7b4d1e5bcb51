"""Why DuckDB does not bind a query, in our words and at what was meant.

Its messages are read, not shown: each pattern below has a sentence of ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct

from ffc.compiler.oracle import Refusal
from ffc.compiler.queries.calls import call_fault
from ffc.compiler.queries.lexing import Fault, Token
from ffc.compiler.queries.mistakes import cte_names, in_from
from ffc.compiler.queries.sentences import SENTENCES, Sentence
from ffc.core.diagnostics import closest, did_you_mean, listed, shortened

_MOST_LISTED: Final = 12
_TABLES_ARE: Final = "name tables with `{{ ref('...') }}` or `{{ source('...', '...') }}`"
_TIMES: Final = (
    *("year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"),
    *("microsecond", "epoch", "dow", "doy", "isodow", "isoyear", "decade", "century"),
)


class Refused(Struct, frozen=True):
    """A query, its tokens, and why it is refused."""

    sql: str
    tokens: Sequence[Token]
    refusal: Refusal

    @property
    def marked(self) -> tuple[int, int]:
        """Return what DuckDB marks; the query's first word where it marks all or nothing."""
        start, end = self.refusal.start, self.refusal.end
        if (start, end) == (0, len(self.sql)):
            return (self.tokens[0].start, self.tokens[0].end) if self.tokens else (start, end)
        if end <= start:
            token = next((t for t in self.tokens if t.end > start), None)
            return (token.start, token.end) if token else (start, start + 1)
        return start, end

    @property
    def parts(self) -> list[Token]:
        """Return the tokens of what DuckDB marks."""
        start, end = self.marked
        return [token for token in self.tokens if start <= token.start < end]

    def find(self, *words: str, last: bool = False) -> tuple[int, int]:
        """Return where one of these names or words stands; what DuckDB marks if none does."""
        wanted = {word.lower() for word in words}
        found = [t for t in self.tokens if t.plain.lower() in wanted or t.word in wanted]
        if not found:
            return self.marked
        return (found[-1] if last else found[0]).start, (found[-1] if last else found[0]).end

    def said(self, table: str) -> str:
        """Return a table's name as people know it: nodes without their kind."""
        return table.partition(".")[2] if table in self.refusal.nodes else table


def refused_binding(sql: str, tokens: Sequence[Token], refusal: Refusal) -> Fault:
    """Say why a query is refused; what has no sentence of ours is said as simply as can be."""
    query = Refused(sql, tokens, refusal)
    called = call_fault(refusal, query.marked, sql)
    if called is not None:
        return called
    for pattern, rule in _RULES:
        if match := pattern.match(refusal.message):
            return rule(query, match)
    for sentence in SENTENCES:
        if match := sentence.pattern.match(refusal.message):
            return _said(query, sentence, match)
    start, end = query.marked
    message = "the database can't make sense of this"
    return Fault("FF305", message, start, end, (_simple(refusal.message),))


def _said(query: Refused, sentence: Sentence, match: re.Match[str]) -> Fault:
    words = [query.said(part or "") for part in match.groups()]
    typed = [part.lower() for part in words]
    start, end = query.marked
    unmarked = (query.refusal.start, query.refusal.end) == (0, len(query.sql))
    if sentence.at.startswith("?") and not unmarked:
        pass
    elif sentence.at.strip("?").startswith("{"):
        start, end = query.find(sentence.at.strip("?").format(*words), last=sentence.last)
    elif sentence.at:
        start, end = query.find(*sentence.at.strip("?").split(), last=sentence.last)
    message = sentence.message.format(*words, typed=typed)
    help_ = tuple(line.format(*words, typed=typed) for line in sentence.help)
    return Fault(sentence.code, message, start, end, help_)


def _simple(message: str) -> str:
    """Return a message of DuckDB with names quoted as ours, its types small, no exclamations."""
    text = re.sub(r"\"+([^\"]+)\"+", r"`\1`", message.strip().rstrip("!."))
    text = re.sub(r"^(Binder|Parser|Catalog|Conversion|Invalid Input) Error: ", "", text)
    text = re.sub(r"\b[A-Z][A-Z_]{2,}\b", lambda match: match[0].lower(), text)
    return shortened(text[:1].lower() + text[1:], 160)


def _no_column(query: Refused, match: re.Match[str]) -> Fault:
    """Report a column that is in none of the tables."""
    name, refusal = match[1], query.refusal
    start, end = query.marked
    known = {*refusal.columns, *(c.rpartition(".")[2] for c in refusal.candidates)}
    hidden = name.lower() in {column.lower() for column in known}
    hints = did_you_mean(name, known) if not hidden else ()
    before = [token for token in query.tokens if token.end <= start]
    first = bool(before) and before[-1].word == "select"
    if first and closest(name, ("distinct",), 0.8) is not None:
        hints = ("did you mean `distinct`?",)
    elif hidden and _reads(query):
        message = f"the column `{name}` can't be used here"
        return Fault("FF303", message, start, end, ("its table is not read in this place",))
    elif "FROM clause is missing" in refusal.message and not _reads(query):
        hints = ("this query reads nothing: add `from {{ ref('...') }}`",)
    elif not hints and query.sql[start : start + 1] == '"':
        hints = (f"a text stands in single quotes: '{shortened(name)}'",)
    elif not hints and refusal.columns and _is_simple(query):
        hints = (_there_are(refusal.columns),)
    return Fault("FF303", f"there is no column `{name}` here", start, end, hints)


def _reads(query: Refused) -> bool:
    return any(token.word == "from" for token in query.tokens)


def _is_simple(query: Refused) -> bool:
    """Tell whether the columns of what is read are those in scope."""
    return sum(token.word in ("select", "from") for token in query.tokens) <= 2


def _there_are(names: Sequence[str]) -> str:
    if len(names) == 1:
        return f"there is only `{names[0]}`"
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return f"there are {listed(sorted(names)[:_MOST_LISTED], ',' if more else 'and')}{more}"


def _no_column_in(query: Refused, match: re.Match[str]) -> Fault:
    """Report a column that is not in its table."""
    table, name = query.said(match[1]), match[2]
    last = query.parts[-1] if query.parts else None
    start, end = (last.start, last.end) if last is not None else query.marked
    # DuckDB names a few columns that are like it; all are known where one relation is read.
    everything = query.refusal.columns if _is_simple(query) else ()
    hints = did_you_mean(name, (*query.refusal.candidates, *everything))
    if not hints and everything:
        hints = (_there_are(everything),)
    return Fault("FF303", f"there is no column `{name}` in `{table}`", start, end, hints)


def _no_table_here(query: Refused, match: re.Match[str]) -> Fault:
    """Report the name before a dot, where no table is called so."""
    name = match[1]
    first = query.parts[0] if query.parts and query.refusal.end < len(query.sql) else None
    start, end = (first.start, first.end) if first is not None else query.find(name)
    tables = [table.removeprefix("memory.") for table in query.refusal.candidates]
    hints: tuple[str, ...] = ()
    for table in tables:
        if table in query.refusal.nodes and query.said(table).rpartition(".")[2] == name:
            hints = (f"give the table that name: `{{{{ {_call(table)} }}}} as {name}`",)
    said = [query.said(table) for table in tables if table not in query.refusal.nodes]
    if not hints and said:  # those that DuckDB thinks of, seldom all
        hints = did_you_mean(name, said) or (f"{listed(said)} {_verb(said)} here",)
    return Fault("FF304", f"there is no table `{name}` here", start, end, hints)


def _verb(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _call(node: str) -> str:
    kind, _, name = node.partition(".")
    if kind == "source":
        group, _, table = name.partition(".")
        return f"source('{group}', '{table}')"
    return f"ref('{name}')"


def _no_table(query: Refused, match: re.Match[str]) -> Fault:
    """Report a table in FROM that is none of the project's."""
    name = match[1]
    start, end = query.marked
    if (start, end) == (0, len(query.sql)):
        start, end = query.find(name)
    plain = name.rpartition(".")[2]
    ctes = sorted(cte_names(query.tokens) - {""})
    nodes = {node.rpartition(".")[2]: node for node in query.refusal.nodes}
    like = closest(plain, nodes)
    hints: tuple[str, ...] = (_TABLES_ARE,)
    if plain in ctes:
        hints = (f"`{plain}` is written after this: put it before what reads it",)
    elif (cte := closest(plain, ctes)) is not None:
        hints = (f"did you mean `{cte}`?",)
    elif like is not None and ":" not in like:
        hints = (f"did you mean `{{{{ {_call(nodes[like])} }}}}`?",)
    return Fault("FF304", f"there is no table `{name}` here", start, end, hints)


def _no_function(query: Refused, match: re.Match[str]) -> Fault:
    """Report a function, or the operator that DuckDB takes for one."""
    name = match[2]
    start, _ = query.marked
    token = next((t for t in query.parts if t.plain.lower() == name.lower()), None)
    end = token.end if token is not None else query.marked[1]
    start = token.start if token is not None else start
    like = [c.removeprefix("main.") for c in query.refusal.candidates]
    hints = did_you_mean(name, like)
    if name.lower() in ("ref", "source"):
        arguments = query.sql[end : query.refusal.end]
        hints = (f"write `{{{{ {name}{shortened(arguments)} }}}}`",)
    what = "function" if name[:1].isalpha() or name[:1] == "_" else "operator"
    return Fault("FF304", f"there is no {what} `{name}`", start, end, hints)


def _no_type(query: Refused, match: re.Match[str]) -> Fault:
    start, end = query.marked
    hints = did_you_mean(match[1], query.refusal.candidates)
    return Fault("FF304", f"there is no type `{match[1]}`", start, end, hints)


def _ambiguous(query: Refused, match: re.Match[str]) -> Fault:
    """Report a column that several tables have; those without a name of their own need one."""
    name = match[1]
    start, end = query.marked
    choices = [c.rpartition(".")[0] for c in re.findall(r"'([^']+)'", match[2])]
    tables = [query.said(table.strip('"')) for table in choices]
    if len(set(tables)) == 1:
        return _two_tables_called(query, choices[0].strip('"'))
    unnamed = any(table.strip('"') in query.refusal.nodes for table in choices)
    help_ = f"write which: {listed([f'{table}.{name}' for table in tables], 'or')}"
    if unnamed:
        help_ = f"name the tables, `{{{{ ... }}}} as x`, and write `x.{name}`"
    message = f"`{name}` is in several tables: {listed(dict.fromkeys(tables))}"
    return Fault("FF305", message, start, end, (help_,))


def _no_part_of_time(query: Refused, match: re.Match[str]) -> Fault:
    start, end = query.find(match[1])
    hints = did_you_mean(match[1], _TIMES) or (f"there are {listed(_TIMES[:8])} and others",)
    return Fault("FF305", f"`{match[1]}` is no part of a time", start, end, hints)


def _two_ctes(query: Refused, match: re.Match[str]) -> Fault:
    name = match[1].lower()
    tokens = query.tokens
    places = [
        token
        for token, then in pairwise(tokens)
        if token.plain.lower() == name and then.word in ("as", "(")
    ]
    if len(places) < 2:
        return Fault("FF305", f"two CTEs are called `{match[1]}`", *query.find(match[1]))
    first, second = places[0], places[1]
    related = ((first.start, first.end, "first here"),)
    message = f"two CTEs are called `{match[1]}`"
    return Fault("FF305", message, second.start, second.end, ("rename one",), related)


def _two_tables(query: Refused, match: re.Match[str]) -> Fault:
    return _two_tables_called(query, match[1])


def _two_tables_called(query: Refused, name: str) -> Fault:
    """Report the second table of a name; one without a name of its own is called as its node."""
    listing = in_from(query.tokens)
    places = [
        token
        for token, here in zip(query.tokens, listing, strict=True)
        if here and token.plain.lower() == name.lower()
    ]
    message = f"two tables are called `{query.said(name)}` here"
    help_ = ("give each a name of its own: `... as x`",)
    if len(places) < 2:
        return Fault("FF305", message, *query.find(name, last=True), help_)
    first, second = places[:2]
    related = ((first.start, first.end, "first here"),)
    return Fault("FF305", message, second.start, second.end, help_, related)


Rule = Callable[[Refused, re.Match[str]], Fault]
_RULES: Final[tuple[tuple[re.Pattern[str], Rule], ...]] = (
    (re.compile(r'Referenced column "(.+)" (?:not found|was not found)'), _no_column),
    (
        re.compile(r'(?:Table|Values list) "(.+)" does not have a column named "(.+)"'),
        _no_column_in,
    ),
    (re.compile(r'Referenced table "(.+)" not found'), _no_table_here),
    (re.compile(r'Table with name "?(.+?)"? does not exist'), _no_table),
    (re.compile(r"(.*)Function with name (\S+) does not exist"), _no_function),
    (re.compile(r"Type with name (\S+) does not exist"), _no_type),
    (re.compile(r'Ambiguous reference to column name "(.+)" \(use: (.*)\)'), _ambiguous),
    (re.compile(r'Ambiguous reference to table "(.+)" \(duplicate'), _two_tables),
    (re.compile(r'extract specifier "(.*)" not recognized'), _no_part_of_time),
    (re.compile(r'Duplicate CTE name "(.+)"'), _two_ctes),
)
