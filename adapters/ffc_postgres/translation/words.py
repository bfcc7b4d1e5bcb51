"""DuckDB's SQL in PostgreSQL: the words that are known to mean the same, and those rewritten.

Each is run on both engines over values that are hard on it: `test_postgres_translation.py`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from ffc.adapter.sql import CORE, Rewrite, Translation
from ffc_postgres.translation import numbers, queries, times
from ffc_postgres.translation import text as texts

# What means the same as it stands.
_SAME: Final = """
    qualify anyvalue grouping logicaland logicalor
    firstvalue lastvalue nthvalue ntile percentrank cumedist floor ceil sign trunc
    left right replace startswith repeat ascii unicode
    attimezone currenttimestamp currentdate
    nullsafeeq nullsafeneq cube rollup groupingsets
    bitwiseand bitwiseor bitwiseandagg bitwiseoragg pad translate
"""
_PHRASES: Final = ("now()", "distinct on", "star exclude", "star replace", "star rename")
_TYPES: Final = ("type timestamptz", "type timestampntz", "type interval", "type smallint")

_REWRITES: Final[dict[str, Rewrite]] = {
    "literal": numbers.literal,
    "div": numbers.divide,
    "intdiv": numbers.divide_whole,
    "mod": numbers.remainder,
    **dict.fromkeys(("add", "sub", "mul"), numbers.mixed),
    "round": numbers.rounded,
    **dict.fromkeys(("sqrt", "exp", "ln", "pow", "cbrt", "stddev"), numbers.as_double),
    **dict.fromkeys(("stddevsamp", "stddevpop", "variance", "variancepop"), numbers.as_double),
    "log": numbers.logarithm,
    "avg": numbers.average,
    "countif": numbers.how_many,
    "tuple": numbers.several,
    "sum": numbers.total,
    **dict.fromkeys(("min", "max"), numbers.greatest),
    **dict.fromkeys(("median", "percentilecont"), numbers.middle),
    **dict.fromkeys(("argmax", "argmin"), numbers.at_the_most),
    "arrayagg": numbers.all_of_them,
    "filter": numbers.filtered,
    "window": numbers.without_nulls,
    "ignorenulls": numbers.any_value,
    **dict.fromkeys(("lag", "lead"), numbers.neighbour),
    **dict.fromkeys(("eq", "neq", "lt", "lte", "gt", "gte", "between"), numbers.compared),
    **dict.fromkeys(("isnan", "isinf"), numbers.is_value),
    **dict.fromkeys(("greatest", "least"), numbers.listed),
    "select": queries.selected,
    "ordered": texts.ordered,
    **dict.fromkeys(("lower", "upper"), texts.letters),
    "like": texts.like,
    "ilike": texts.ilike,
    **dict.fromkeys(("concat", "concatws"), texts.concatenated),
    "dpipe": texts.joined,
    "groupconcat": texts.in_a_row,
    "length": texts.length,
    "trim": texts.trimmed,
    "substring": texts.part,
    "splitpart": texts.piece,
    "contains": texts.contains,
    "strposition": texts.place,
    "endswith": texts.ends,
    "regexplike": texts.matches,
    "regexpreplace": texts.replaced,
    **dict.fromkeys(("column", "type json"), texts.comparable),
    "cast": texts.cast,
    "trycast": texts.tried,
    **dict.fromkeys(("md5", "chr"), texts.digest),
    "frombase64": texts.decoded,
    **dict.fromkeys(("timestamptrunc", "datetrunc"), times.truncated),
    "datediff": times.between,
    "extract": times.extracted,
    "date_part()": times.part_by_name,
    **dict.fromkeys(("year", "month", "day", "hour", "minute", "second"), times.part_by_function),
    **dict.fromkeys(("quarter", "week", "weekofyear"), times.part_by_function),
    **dict.fromkeys(("dayofweek", "dayofweekiso"), times.part_by_function),
    **dict.fromkeys(("dayofyear", "timetounix", "weekday()"), times.part_by_function),
    "interval": times.interval,
    "todays": times.counted,
    **{f"to_{unit}()": times.counted for unit in ("seconds", "minutes", "hours")},
    **{f"to_{unit}()": times.counted for unit in ("weeks", "months", "years")},
    "dateadd": times.shifted,
    **dict.fromkeys(("timestampfromparts", "datefromparts"), times.made),
    "lastday": times.month_end,
    "timetostr": times.written,
    **dict.fromkeys(("dayname", "monthname"), times.named),
}
FROM_DUCKDB: Final = Translation(
    words=CORE | {*_SAME.split(), *_PHRASES, *_TYPES}, rewrites=MappingProxyType(_REWRITES)
)
