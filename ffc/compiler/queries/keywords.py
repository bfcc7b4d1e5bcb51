"""The words of SQL: which are reserved, in which order clauses come, what must follow each."""

from __future__ import annotations

from typing import Final

KEYWORDS: Final = (
    *("select", "from", "where", "group", "having", "order", "limit", "offset", "qualify"),
    *("window", "union", "intersect", "except", "all", "distinct", "join", "left", "right"),
    *("full", "inner", "outer", "cross", "natural", "using", "with", "recursive", "values"),
    *("and", "not", "null", "like", "ilike", "between", "exists", "case", "when", "then", "else"),
    *("end", "over", "partition", "rows", "range", "preceding", "following", "filter", "interval"),
    *("cast", "true", "false", "desc", "asc", "nulls", "first", "last", "lateral", "by", "as"),
    *("on", "or", "in", "is"),
)
RESERVED: Final = frozenset(
    {
        *("all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "at"),
        *("both", "by", "case", "cast", "check", "collate", "column", "constraint", "create"),
        *("default", "deferrable", "desc", "describe", "distinct", "do", "else", "end", "except"),
        *("false", "fetch", "for", "foreign", "from", "group", "having", "in", "initially"),
        *("intersect", "into", "is", "join", "lambda", "lateral", "leading", "left", "like"),
        *("limit", "natural", "not", "null", "offset", "on", "only", "or", "order", "placing"),
        *("pivot", "primary", "qualify", "references", "returning", "right", "select", "show"),
        *("some", "summarize", "symmetric", "table", "tablesample", "then", "to", "trailing"),
        *("true", "union", "unique", "unpivot", "using", "variadic", "when", "where", "window"),
        *("with", "cross", "full", "inner", "outer", "semi", "anti", "asof", "positional"),
        *("between", "exists", "interval", "values", "glob", "ilike", "similar", "overlaps"),
    }
)
ORDER: Final = {
    **{"select": 0, "from": 1, "where": 2, "group": 3, "having": 4, "window": 5, "qualify": 6},
    **{"order": 7, "limit": 8, "offset": 8},
}
SETS: Final = ("union", "intersect", "except")
IN_ORDER: Final = "select, from, where, group by, having, qualify, order by, limit"
# What must follow, in words and as what a guess puts there.
WANTS: Final = {
    "select": ("the columns", "1"),
    "from": ("a table", "x"),
    "join": ("a table", "x on true"),
    "where": ("a condition", "true"),
    "having": ("a condition", "true"),
    "qualify": ("a condition", "true"),
    "on": ("a condition", "true"),
    "using": ("the columns in brackets", "(x)"),
    "by": ("the columns", "x"),
    "group": ("`by` and the columns", "by x"),
    "order": ("`by` and the columns", "by x"),
    "limit": ("a number", "1"),
    "offset": ("a number", "1"),
    "as": ("a name", "x"),
    "in": ("a list in brackets", "(1)"),
    "case": ("`when`", "when true then 1"),
    "when": ("a condition", "true"),
    "then": ("a value", "1"),
    "else": ("a value", "1"),
    "and": ("a condition", "true"),
    "or": ("a condition", "true"),
    "not": ("a condition", "true"),
    "between": ("two values", "1 and 2"),
    "union": ("another SELECT", "select 1"),
    "all": ("another SELECT", "select 1"),
    "except": ("another SELECT", "select 1"),
    "intersect": ("another SELECT", "select 1"),
    "over": ("`()` or a window", "()"),
    "is": ("`null` or `not null`", "null"),
    "with": ("`name as (select ...)`", "x as (select 1)"),
    "distinct": ("the columns", "1"),
    "nulls": ("`first` or `last`", "last"),
    "like": ("a text", "'x'"),
    "ilike": ("a text", "'x'"),
    ".": ("a name", "x"),
    "::": ("a type", "int"),
    **dict.fromkeys(
        ("=", "<", ">", "<=", ">=", "<>", "!=", "==", "+", "-", "*", "/", "%", "||", "//"),
        ("a value", "1"),
    ),
}
INSERTED: Final = (
    ("and", "`and` or `or` is missing before {}"),
    ("by", "`by` is missing before {}"),
    ("then", "`then` is missing before {}"),
    ("as", "`as` is missing before {}"),
    ("from", "`from` is missing before {}"),
    ("when", "`when` is missing before {}"),
    ("(", "a `(` is missing before {}"),
    ("=", "an operator, such as `=`, is missing before {}"),
)
