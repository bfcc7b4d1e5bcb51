"""What DuckDB says of queries that mean nothing, and what we say."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_FITS: Final = "FF305"
_COLUMN: Final = "FF303"
_NAME: Final = "FF304"


class Sentence(NamedTuple):
    """A sentence of DuckDB's, and ours: `{0}` is a group of the first, `{typed[0]}` in lower case.

    `at` names the word or the group to mark, where DuckDB marks none or too much; `last` takes the
    last one of that name.
    """

    pattern: re.Pattern[str]
    code: str
    message: str
    help: tuple[str, ...] = ()
    at: str = ""
    last: bool = False


def _said(
    pattern: str, message: str, *help_: str, code: str = _FITS, at: str = "", last: bool = False
) -> Sentence:
    return Sentence(re.compile(pattern), code, message, help_, at, last)


_CAST: Final = "cast one of them: `cast(... as ...)`"
_CTE_FIRST: Final = "compute the inner one in a CTE, the outer one over it"

SENTENCES: Final = (
    _said(
        r'column "(.+)" must appear in the GROUP BY clause',
        "`{0}` is neither in `group by` nor in an aggregate",
        "add it to `group by`, or take one of its values: `any_value({0})`",
        at="?*",
    ),
    _said(
        r"(?:WHERE) clause cannot contain aggregates",
        "an aggregate can't stand in `where`",
        "write it in `having`, after `group by`",
    ),
    _said(
        r"(?:WHERE) clause cannot contain window functions",
        "a window function can't stand in `where`",
        "write it in `qualify`",
    ),
    _said(
        r"HAVING clause cannot contain window functions",
        "a window function can't stand in `having`",
        "write it in `qualify`",
    ),
    _said(
        r"GROUP BY clause cannot contain aggregates",
        "an aggregate can't stand in `group by`",
        "group by the columns that it is computed over",
    ),
    _said(
        r"(\w[\w ]*?) clause cannot contain (aggregates|window functions|subqueries|.*?)!?$",
        "{typed[1]} can't stand in `{typed[0]}`",
        "compute it in a CTE first",
    ),
    _said(
        r"aggregate function calls cannot be nested",
        "an aggregate can't stand in another",
        _CTE_FIRST,
    ),
    _said(
        r"aggregate function calls cannot contain window",
        "a window function can't stand in an aggregate",
        _CTE_FIRST,
    ),
    _said(
        r"aggregate functions are not allowed in FILTER",
        "an aggregate can't stand in `filter`",
        _CTE_FIRST,
    ),
    _said(
        r"window functions are not allowed in window definitions",
        "a window function can't stand in another's window",
        _CTE_FIRST,
        at="over",
        last=True,
    ),
    _said(
        r"Window functions are not supported here",
        "a window function needs a window",
        "write `over (...)` after it",
    ),
    _said(
        r"at least one window function must appear",
        "`qualify` needs a window function",
        "write a condition on rows in `where`, on groups in `having`",
        at="qualify",
    ),
    _said(
        r'window "(.+)" does not exist',
        "there is no window `{0}`",
        "define it: `window {0} as (...)`",
        code=_NAME,
        at="{0}",
    ),
    _said(r'window "(.+)" is already defined', "two windows are called `{0}`", at="{0}", last=True),
    _said(
        r"Set operations can only apply to expressions with the same number of result columns",
        "the queries of this set operation have different numbers of columns",
        "give each the same columns, in the same order",
        at="union intersect except",
    ),
    _said(
        r"Subquery returns (\d+) columns - expected (\d+)",
        "this subquery has {0} columns, where {1} is expected",
        "select only what is compared or shown",
    ),
    _said(
        r'Column "(.+)" does not exist on (left|right) side of join',
        "there is no column `{0}` on the {1} side of this join",
        "`using` takes columns that both sides have; others are compared with `on`",
        code=_COLUMN,
        at="{0}",
        last=True,
    ),
    _said(
        r"(GROUP BY|ORDER) term out of range - should be between 1 and (\d+)",
        "this number counts columns, of which there are {1}",
        at="?group order",
    ),
    _said(
        r'Column "(.+)" in (EXCLUDE|REPLACE|RENAME) list not found',
        "there is no column `{0}` to {typed[1]}",
        code=_COLUMN,
        at="{0}",
        last=True,
    ),
    _said(
        r"Column \"+(.+?)\"+ referenced in (UNPIVOT|PIVOT)",
        "there is no column `{0}` here",
        code=_COLUMN,
        at="{0}",
        last=True,
    ),
    _said(
        r"Cannot extract field '(.+)' from expression \"+(.+?)\"+ because",
        "`{1}` has no field `{0}`: it is no struct",
        "the name before a dot is a table's or a struct's",
        code=_COLUMN,
        at="{0}",
    ),
    _said(
        r'Could not find key "(.+)" in struct',
        "there is no field `{0}` in this struct",
        code=_COLUMN,
        at="{0}",
        last=True,
    ),
    _said(
        r"STAR expression is only allowed as the root",
        "`*` can't stand in an expression",
        "name the columns, or count rows with `count(*)`",
        at="*",
    ),
    _said(
        r"\* expression without FROM clause",
        "`*` stands for nothing: this query reads nothing",
        "add `from {{{{ ref('...') }}}}`",
        at="*",
    ),
    _said(
        r'Column "(.+)" referenced that exists in the SELECT clause - but',
        "`{0}` is used before it is defined",
        "write what it stands for before it is used",
        code=_COLUMN,
        at="?{0}",
    ),
    _said(
        r'Function "(.+)" cannot be applied to a star expression',
        "`{0}` can't be applied to `*`",
        "name the columns",
        at="*",
    ),
    _said(
        r"Cannot mix values of type (.+) and (.+) in (\w+)",
        "`{typed[2]}` has values of different types: {typed[0]} and {typed[1]}",
        _CAST,
    ),
    _said(
        r"Cannot compare values of type (.+) and (?:type )?(.+) - an",
        "{typed[0]} and {typed[1]} can't be compared",
        _CAST,
    ),
    _said(
        r"Cannot combine types (?:of )?(.+) and (.+) - an",
        "{typed[0]} and {typed[1]} have no type in common",
        _CAST,
    ),
    _said(
        r"Cannot deduce template type",
        "the values have different types here",
        "cast them to one type: `cast(... as ...)`",
    ),
    _said(
        r"Type (.+) does not match with (.+?)\. Cannot cast",
        "{typed[0]} and {typed[1]} have different numbers of fields",
    ),
    _said(
        r"(?:Failed to cast value: )?Could not convert string '(.*)' to (\w+)",
        "`{0}` is no value of the type that is needed here",
        at="{0}",
    ),
    _said(
        r'Function "(.+)" is a Scalar Function',
        "`distinct`, `filter` and `order by` go with aggregates, and `{0}` is none",
        at="{0}",
    ),
    _said(
        r"(\S+) is not an aggregate function",
        "`over` and `filter` go with aggregates, and `{0}` is none",
    ),
    _said(
        r"UNNEST\(\) can only be applied to lists.*, not (.+)",
        "`unnest` takes a list, not {typed[0]}",
    ),
    _said(
        r"UNNEST not supported here",
        "`unnest` can't stand here",
        "write it in the select list or in `from`",
    ),
    _said(
        r"No columns found to join on in NATURAL JOIN",
        "a natural join of tables that have no column in common",
        "join them with `on`",
        at="natural",
    ),
    _said(
        r"Missing ASOF JOIN inequality",
        "an asof join needs a condition that compares times",
        "add one such as `and a.time >= b.time`",
        at="asof",
    ),
    _said(
        r'Circular reference to CTE "(.+)", use WITH RECURSIVE',
        "the CTE `{0}` reads itself",
        "write `with recursive`, or read the table it is named for",
    ),
    _said(r"Sample sample_size .* out of range", "a sample is 0 to 100 %", at="tablesample sample"),
    _said(
        r"VALUES lists must all be the same length",
        "the rows of `values` have different lengths",
        "give each as many values as the first",
    ),
    _said(
        r'table "(.+)" has (\d+) columns available but (\d+) columns specified',
        "`{0}` has fewer columns ({1}) than it is given names ({2})",
        at="{0}",
        last=True,
    ),
    _said(
        r"Values were not provided for the following parameters: (.+)",
        "`{0}` is a parameter, and nothing gives it a value",
        "write the value, or `{{{{ var('...') }}}}`",
        at="${0}",
    ),
    _said(
        r"(?:Cannot access file|.*file system operations are disabled)",
        "a transformation reads files through sources only",
        "declare the file in `sources/` and read it with `{{{{ source('...', '...') }}}}`",
    ),
    _said(
        r"(Sequence|Macro|Schema|Collation|Extension|.*?) with name (\S+?) does not exist",
        "there is no {typed[0]} `{1}`",
        code=_NAME,
        at="{1}",
    ),
    _said(
        r'No matching columns found that match regex "(.+)"',
        "no column is like `{0}`",
        code=_COLUMN,
    ),
    _said(r"LIMIT/OFFSET cannot be negative", "`limit` and `offset` can't be negative"),
    _said(
        r"Deprecated lambda arrow",
        "functions are not written with an arrow",
        "write `lambda x: x + 1`",
        at="->",
    ),
    _said(
        r"Invalid LIST argument during lambda function binding",
        "this function takes a list",
        at="lambda ->",
    ),
    _said(
        r"This lambda function only supports up to (\w+) lambda parameters",
        "a function with at most {0} parameters is needed here",
        at="lambda ->",
    ),
    _said(
        r"Multiple different STAR/COLUMNS in the same expression",
        "an expression can have one `*` or `columns(...)`",
    ),
)
