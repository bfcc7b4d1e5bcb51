"""The records of what must hold of data: tests, freshness, contracts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final, Literal

from ffc.core.decode import Choice, Record
from ffc.core.names import Name
from ffc.core.scalars import Number, Period, Value

# What other tools call our keys.
TESTS: Final[Mapping[str, str]] = {"data_tests": "tests"}


class Freshness(Record, frozen=True, kw_only=True):
    """How old the newest row of a table may be."""

    MEANT: ClassVar[Mapping[str, str]] = {"loaded_at_field": "column"}

    column: str
    warn_after: Period | None = None
    error_after: Period | None = None


class Test(Record, frozen=True, kw_only=True):
    """What every test may say: on which rows, how bad it is, whether it holds a build back."""

    where: str = ""
    severity: Literal["error", "warn"] = "error"
    error_if: str = ""
    warn_if: str = ""
    blocking: bool | None = None
    name: Name = Name("")


class AcceptedValues(Test, frozen=True, kw_only=True):
    """A column holds nothing but some values."""

    SHORT: ClassVar[str] = "values"

    values: tuple[Value, ...]


class Relationships(Test, frozen=True, kw_only=True):
    """Every value of a column is one of another table's column."""

    MEANT: ClassVar[Mapping[str, str]] = {"field": "column"}

    to: str
    column: str


class Range(Test, frozen=True, kw_only=True):
    """Every value of a column lies between two."""

    min: Value | None = None
    max: Value | None = None


class Expression(Test, frozen=True, kw_only=True):
    """A condition holds of every row."""

    SHORT: ClassVar[str] = "sql"
    MEANT: ClassVar[Mapping[str, str]] = {"expression": "sql"}

    sql: str


class RowCount(Test, frozen=True, kw_only=True):
    """A table has so many rows."""

    min: Number | None = None
    max: Number | None = None


class FreshnessTest(Test, frozen=True, kw_only=True):
    """The newest row of a table is not too old."""

    column: str
    warn_after: Period | None = None
    error_after: Period | None = None


_OF_A_COLUMN: Final[Mapping[str, type[Record]]] = {
    "unique": Test,
    "not_null": Test,
    "accepted_values": AcceptedValues,
    "relationships": Relationships,
    "range": Range,
}
_OF_A_TABLE: Final[Mapping[str, type[Record]]] = {
    "row_count": RowCount,
    "freshness": FreshnessTest,
}


class ColumnTest(Choice, frozen=True, kw_only=True):
    """A test of one column."""

    WHAT: ClassVar[str] = "test"
    KINDS: ClassVar[Mapping[str, type[Record]]] = {**_OF_A_COLUMN, "expression": Expression}
    ELSEWHERE: ClassVar[Mapping[str, str]] = {
        word: f"`{word}` is about a whole table: write it in the `tests` of the table"
        for word in _OF_A_TABLE
    }


class TableTest(Choice, frozen=True, kw_only=True):
    """A test of a whole table."""

    WHAT: ClassVar[str] = "test"
    KINDS: ClassVar[Mapping[str, type[Record]]] = {**_OF_A_TABLE, "expression": Expression}
    ELSEWHERE: ClassVar[Mapping[str, str]] = {
        word: f"`{word}` is about one column: write it in the `tests` of the column"
        for word in _OF_A_COLUMN
    }


class Contract(Record, frozen=True, kw_only=True):
    """Whether the columns that are written are all there are, each of its type."""

    enforced: bool
