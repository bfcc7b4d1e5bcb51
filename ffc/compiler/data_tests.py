"""Tests of data: each held to the column or the table that it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from ffc.compiler.catalog import resolve_relation
from ffc.compiler.compilation import Compilation, missing_column
from ffc.compiler.expressions import Written, check_condition
from ffc.compiler.made_tests import make_tests
from ffc.compiler.oracle import Oracle
from ffc.compiler.sources import check_freshness
from ffc.compiler.values import BadValue, default_value
from ffc.core.decode import Choice
from ffc.core.diagnostics import Diagnostic, Span, error
from ffc.core.facts import key_of
from ffc.core.names import node_id
from ffc.core.types import Type, known_type, widens
from ffc.manifest.records import AnyNode, Column, DataTest
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
from ffc.project.packing import Unpackable, packed
from ffc.project.template import Unresolved

_THRESHOLD: Final = re.compile(r"\s*(>=?|<=?|!?=)\s*[0-9]{1,18}\s*")
# Types that no value of YAML can be compared with.
_UNWRITABLE: Final = ("json", "list", "vector")
_ORDERED: Final = ("int32", "int64", "float32", "float64", "decimal", "date", "timestamp")


class _Table(Struct, frozen=True, kw_only=True):
    """What tests are about: a node, what messages call it, its tests and those of its columns."""

    node: str
    where: str
    tests: Sequence[TableTest]
    columns: Sequence[tuple[str, Sequence[ColumnTest]]]


def check_data_tests(state: Compilation, oracle: Oracle) -> None:
    """Check every test of sources, transformations and feature views."""
    for table in _tables(state):
        repeated = [
            again
            for tests in (*(own for _, own in table.columns), table.tests)
            for again in _twice(tests)
        ]
        state.say(table.node, *repeated)
        said = {again.span for again in repeated}
        columns = state.columns(table.node)
        if columns is None or not oracle.knows(table.node):
            continue
        asked: list[tuple[ColumnTest | TableTest, Column | None]] = [
            (test, columns[name])
            for name, tests in table.columns
            for test in (tests if name in columns else ())
        ]
        asked += [(whole, None) for whole in table.tests]
        checker = _Checker(state, oracle, table, columns)
        wrong = [
            test for test, column in asked if test.place not in said and checker.fails(test, column)
        ]
        if not wrong and not repeated and table.node in state.nodes:
            node = state.nodes[table.node]
            made = _made(state, node, asked) if asked else ()
            state.nodes[table.node] = msgspec.structs.replace(node, tests=made)


class Made(Struct, frozen=True):
    """The tests of a node with nothing wrong: a fact."""

    tests: tuple[DataTest, ...]


def _made(
    state: Compilation,
    node: AnyNode,
    asked: Sequence[tuple[ColumnTest | TableTest, Column | None]],
) -> tuple[DataTest, ...]:
    """Return the tests of a node as the manifest has them."""
    related = [test.record.to for test, _ in asked if isinstance(test.record, Relationships)]
    others = [other.id for to in related if (other := resolve_relation(state.catalog, to))]
    read = [
        (name, [(column.name, column.native, column.type) for column in state.nodes[name].columns])
        for name in (node.id, *others)
        if name in state.nodes
    ]
    spoken = (state.project.dialect, state.target.dialect, state.target.offline)
    try:
        said = [(packed(test), column.name if column else "") for test, column in asked]
    except Unpackable:
        return make_tests(state, node, asked)
    key = key_of("tests", said, others, spoken, read)
    known = state.facts.find(key, Made)
    if known is not None:
        return known.tests
    before = len(state.diagnostics)
    made = make_tests(state, node, asked)
    if len(state.diagnostics) == before:
        state.facts.keep(key, Made(made))
    return made


def _tables(state: Compilation) -> Iterator[_Table]:
    for group in state.resources.sources:
        for table in group.tables:
            yield _Table(
                node=node_id("source", f"{group.name}.{table.name}"),
                where=f"the source `{table.name}`",
                tests=table.tests,
                columns=[(column.name, column.tests) for column in table.columns],
            )
    for notes in state.resources.transformations:
        yield _Table(
            node=node_id("transformation", notes.name, notes.variant),
            where=f"`{notes.name}`",
            tests=notes.tests,
            columns=[(column.name, column.tests) for column in notes.columns],
        )
    for view in state.resources.feature_views:
        yield _Table(
            node=node_id("feature_view", view.name, view.variant),
            where=f"the feature view `{view.name}`",
            tests=view.tests,
            columns=[(feature.name, feature.tests) for feature in view.features],
        )


def _twice(tests: Sequence[Choice]) -> Iterator[Diagnostic]:
    """Yield each test that asks what one above it asked of the same column or table."""
    first: dict[str, Span] = {}
    for test in tests:
        asked = {name: value for name, value in asdict(test.record).items() if name != "at"}
        before = first.setdefault(f"{test.word} {asked}", test.place)
        if before is not test.place:
            message = f"the test `{test.word}` is written twice"
            related = [before.labelled("first here")]
            yield error("FF204", message, test.place, related=related, help=["leave one out"])


class _Checker:
    """Checks the tests of one table, reporting as it goes."""

    def __init__(
        self, state: Compilation, oracle: Oracle, table: _Table, columns: Mapping[str, Column]
    ) -> None:
        self._state = state
        self._oracle = oracle
        self._table = table
        self._columns = columns

    def fails(self, chosen: ColumnTest | TableTest, column: Column | None) -> bool:
        """Check one test, and tell whether it is wrong; `column` is None for the whole table."""
        problems = list(self._problems(chosen, column))
        self._state.say(self._table.node, *problems)
        return bool(problems)

    def _problems(
        self, chosen: ColumnTest | TableTest, column: Column | None
    ) -> Iterator[Diagnostic]:
        test = chosen.record
        if isinstance(test, Test):
            yield from _check_thresholds(test)
            if test.where:
                yield from self._condition("where", test.where, test.at("where"))
        if isinstance(test, Expression):
            yield from self._condition("expression", test.sql, test.at("sql"))
        elif isinstance(test, RowCount):
            yield from _check_count(test, chosen.place)
        elif isinstance(test, FreshnessTest):
            yield from check_freshness(test, self._columns, self._table.where)
        elif column is not None and isinstance(test, AcceptedValues):
            yield from _check_values(test, column)
        elif column is not None and isinstance(test, Range):
            yield from _check_range(test, column, chosen.place)
        elif column is not None and isinstance(test, Relationships):
            yield from self._relationship(test, column)

    def _condition(self, key: str, text: str, span: Span) -> list[Diagnostic]:
        dialect = self._state.project.dialect
        written = Written(key=key, text=text, span=span, dialect=dialect)
        table = self._table
        return check_condition(self._oracle, written, table.node, self._columns, table.where)

    def _relationship(self, test: Relationships, column: Column) -> Iterator[Diagnostic]:
        """Report a table or a column that there is not, or that can't hold the same values."""
        try:
            other = resolve_relation(self._state.catalog, test.to)
        except Unresolved as problem:
            yield problem.at(test.at("to"))
            return
        columns = self._state.columns(other.id) if other else None
        if columns is None:
            return
        found, place = columns.get(test.column), test.at("column")
        if found is None:
            yield missing_column(test.column, columns, f"`{test.to.strip()}`", place)
        elif column.type and found.type:
            one, two = known_type(column.type), known_type(found.type)
            if not widens(one, two) and not widens(two, one):
                message = f"`{column.name}` is {one}, but `{found.name}` of `{test.to}` is {two}"
                yield error("FF406", message, place, help=["values of two types are never equal"])
        if other and test.blocking and other.id not in self._made_of():
            message = f"`blocking` can't be true: `{test.to.strip()}` may be built after "
            message += self._table.where
            help_ = "leave it out: the test runs at the end of a run, and blocks nothing"
            yield error("FF105", message, test.at("blocking"), help=[help_])

    def _made_of(self) -> set[str]:
        """Return the table and all that is built before it, since it is made of it."""
        found: set[str] = set()
        waiting = [self._table.node]
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                known = self._state.nodes.get(node)
                waiting += known.depends_on if known is not None else ()
        return found


def _check_thresholds(test: Test) -> Iterator[Diagnostic]:
    for key in ("error_if", "warn_if"):
        text = getattr(test, key)
        if text and not _THRESHOLD.fullmatch(text):
            message = f"`{key}` must compare a number of rows, not `{text}`"
            yield error("FF105", message, test.at(key), help=['write `">10"` for example'])


def _check_count(test: RowCount, place: Span) -> Iterator[Diagnostic]:
    for key in ("min", "max"):
        value = getattr(test, key)
        if value is not None and (value < 0 or value % 1):
            message = f"`{key}` of a number of rows must be a whole number from 0"
            yield error("FF105", message, test.at(key))
    if test.min is None and test.max is None:
        yield _no_bound("row_count", place)
    elif test.min is not None and test.max is not None and test.min > test.max:
        yield _backwards(test)


def _check_values(test: AcceptedValues, column: Column) -> Iterator[Diagnostic]:
    if not test.values:
        yield error("FF106", "`accepted_values` needs values", test.at("values"))
    first: dict[str, Span] = {}
    for index, value in enumerate(test.values):
        place = test.at("values", index)
        before = first.setdefault(repr(value), place)
        if before is place:
            yield from _check_value(value, column, place)
        else:
            message = f"`{value}` is listed twice"
            related = [before.labelled("first here")]
            yield error("FF204", message, place, related=related, help=["leave one out"])


def _check_value(value: object, column: Column, place: Span) -> Iterator[Diagnostic]:
    wanted = known_type(column.type) if column.type else None
    if wanted is None or wanted.name in _UNWRITABLE:
        return
    try:
        default_value(value, wanted)
    except BadValue as problem:
        message = f"`{value}` is no {wanted}, which `{column.name}` is"
        yield error("FF406", message, place, help=[str(problem)])


def _check_range(test: Range, column: Column, place: Span) -> Iterator[Diagnostic]:
    wanted = known_type(column.type) if column.type else None
    if wanted is None or wanted.name not in _ORDERED:
        message = f"`range` needs a number, a date or a timestamp; `{column.name}` is "
        yield error("FF406", message + (column.type or column.native), place)
        return
    if test.min is None and test.max is None:
        yield _no_bound("range", place)
        return
    problems = [
        problem
        for key in ("min", "max")
        if getattr(test, key) is not None
        for problem in _check_value(getattr(test, key), column, test.at(key))
    ]
    yield from problems
    if not problems and test.min is not None and test.max is not None:
        low, high = _comparable(test.min, wanted), _comparable(test.max, wanted)
        try:
            backwards = low > high
        except InvalidOperation:  # of a NaN, which is above every number
            backwards = low.is_nan() and not high.is_nan()
        if backwards:
            yield _backwards(test)


def _comparable(value: object, wanted: Type) -> Decimal:
    """Return a checked value as a number: a time by its digits, which sort as time does."""
    text = str(default_value(value, wanted))
    if wanted.name in ("date", "timestamp"):
        return Decimal(re.sub(r"\D", "", text))
    return Decimal(text)


def _no_bound(word: str, place: Span) -> Diagnostic:
    help_ = f"write `{word}: {{min: 0}}` for example"
    return error("FF106", f"`{word}` has no `min` and no `max`", place, help=[help_])


def _backwards(test: Range | RowCount) -> Diagnostic:
    related = [test.at("max").labelled("less than that")]
    return error("FF406", "`min` is greater than `max`", test.at("min"), related=related)
