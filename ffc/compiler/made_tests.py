"""Tests of data as the manifest has them: what they look for, as queries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import chain, count

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ffc.compiler.catalog import resolve_relation
from ffc.compiler.compilation import Compilation
from ffc.compiler.queries.unstable import unstable_calls
from ffc.compiler.values import default_value
from ffc.core.diagnostics import error
from ffc.core.types import known_type
from ffc.manifest.records import AnyNode, Column, DataTest, FeatureView
from ffc.project.checks import (
    AcceptedValues,
    ColumnTest,
    Expression,
    FreshnessTest,
    Range,
    Relationships,
    RowCount,
    TableTest,
    Test,
)
from ffc.sql import data_tests
from ffc.sql.translation import NoTranslation, translated, untranslated


def make_tests(
    state: Compilation,
    node: AnyNode,
    asked: Iterable[tuple[ColumnTest | TableTest, Column | None]],
) -> tuple[DataTest, ...]:
    """Return the tests of a node, each checked before, with names of their own."""
    asked = list(asked)
    taken: set[str] = set()
    said = {chosen.record.name for chosen, _ in asked if isinstance(chosen.record, Test)}
    made = []
    for chosen, column in asked:
        test = chosen.record
        if not isinstance(test, Test):
            continue
        plain = "_".join((chosen.word, *([_plain(column.name)] if column else [])))
        name = _free(test.name, taken) if test.name else _free(plain, taken | said)
        taken.add(name)
        queries = _Queries(state, node, chosen, column).made()
        if queries is None:
            continue
        failing, warning, other = queries
        blocking = isinstance(node, FeatureView) if test.blocking is None else test.blocking
        made.append(
            DataTest(
                name=name,
                test=chosen.word,
                column=column.name if column else "",
                severity=test.severity,
                error_if=test.error_if,
                warn_if=test.warn_if,
                blocking=blocking,
                stable=_is_stable(test),
                other=other,
                sql=failing,
                sql_warn=warning,
                line=chosen.place.start.line,
            )
        )
    return tuple(made)


def _is_stable(test: Test) -> bool:
    texts = [test.where, test.sql if isinstance(test, Expression) else ""]
    calls = (unstable_calls(text, tuple) for text in texts if text)
    return not isinstance(test, FreshnessTest) and not any(True for each in calls for _ in each)


def _free(name: str, taken: Collection[str]) -> str:
    """Return a name, with a number behind it where another test has it."""
    more = (f"{name}_{number}" for number in count(2))
    return next(each for each in chain([name], more) if each not in taken)


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in name).strip("_")


class _Queries:
    """The queries of one test."""

    def __init__(
        self,
        state: Compilation,
        node: AnyNode,
        chosen: ColumnTest | TableTest,
        column: Column | None,
    ) -> None:
        self._state = state
        self._node = node
        self._chosen = chosen
        self._column = column.name if column else ""
        self._type = known_type(column.type) if column and column.type else None
        test = chosen.record
        assert isinstance(test, Test)
        where = self._parsed(test.where) if test.where else None
        self._rows = data_tests.rows_of(node.id, where)

    def made(self) -> tuple[str, str, str] | None:
        """Return the query of failures, that of warnings, and the other node; None if untold."""
        test, other = self._chosen.record, ""
        failing: exp.Select | None = None
        warning: exp.Select | None = None
        if isinstance(test, FreshnessTest):
            old = [
                data_tests.older(self._rows, test.column, int(after)) if after else None
                for after in (test.error_after, test.warn_after)
            ]
            failing, warning = old
        elif isinstance(test, Relationships):
            found = resolve_relation(self._state.catalog, test.to)
            other = found.id if found else ""
            failing = data_tests.unrelated(self._rows, self._column, other, test.column)
        else:
            failing = self._alone(test)
        texts = [
            self._text(query, other) if query is not None else "" for query in (failing, warning)
        ]
        return None if None in texts else (str(texts[0]), str(texts[1]), other)

    def _alone(self, test: object) -> exp.Select:
        rows, column, kind = self._rows, self._column, self._type
        if isinstance(test, AcceptedValues):
            plain = kind is None or kind.name in data_tests.AS_TEXT
            values = [v if plain or kind is None else default_value(v, kind) for v in test.values]
            return data_tests.accepted_values(rows, column, values, kind)
        if isinstance(test, Range):
            assert kind is not None
            low, high = (
                None if bound is None else default_value(bound, kind)
                for bound in (test.min, test.max)
            )
            return data_tests.outside(rows, column, low, high, kind)
        if isinstance(test, Expression):
            return data_tests.untrue(rows, self._parsed(test.sql))
        if isinstance(test, RowCount):
            return data_tests.row_count(rows, test.min, test.max)
        simple: Mapping[str, Callable[[exp.Select, str], exp.Select]] = {
            "unique": data_tests.unique,
            "not_null": data_tests.not_null,
        }
        return simple[self._chosen.word](rows, column)

    def _parsed(self, text: str) -> exp.Expr:
        return sqlglot.parse_one(text, read=self._state.project.dialect, into=exp.Condition)

    def _text(self, query: exp.Select, other: str) -> str | None:
        """Return a query in the target's dialect; None where a word of it has no translation."""
        dialect, target = self._state.project.dialect, self._state.target.dialect
        translation = self._state.translations.get(dialect)
        if dialect == target or translation is None:
            return query.sql(dialect=dialect)
        missing = untranslated(query, translation)
        if missing:
            self._refuse(f"`{missing[0].word}`")
            return None
        nodes = {name: self._state.nodes[name].columns for name in (self._node.id, other) if name}
        now = [Column(name=data_tests.NOW, type="timestamp", native="TIMESTAMP")]
        try:
            return translated(query, {**nodes, data_tests.NOW: now}, translation, dialect, target)
        except NoTranslation as problem:
            self._refuse(f"this use of `{problem.nodes[0].key}`")
            return None
        except SqlglotError as problem:
            self._refuse(str(problem).splitlines()[0])
            return None

    def _refuse(self, what: str) -> None:
        dialect, target = self._state.project.dialect, self._state.target.dialect
        message = f"this test has no translation from {dialect} to {target}: {what}"
        self._state.say(self._node.id, error("FF602", message, self._chosen.place))
