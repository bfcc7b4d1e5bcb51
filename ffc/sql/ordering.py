"""Values in the order that is written down, where engines have another one."""

from __future__ import annotations

from sqlglot import exp

from ffc.core.types import Type
from ffc.sql import build


def ranked(value: exp.Expr, kind: Type, depth: int = 0) -> exp.Expr:
    """Return what a value is ordered by: a list's null elements come before all others.

    DuckDB has them behind: https://duckdb.org/docs/stable/sql/data_types/list
    """
    if kind.name != "list" or kind.item is None:
        return value
    name = build.name(f"__{depth}")
    inner = ranked(exp.Column(this=name), kind.item, depth + 1)
    there = build.is_not_null(exp.Column(this=name.copy()))
    fields = [
        exp.PropertyEQ(this=build.name(field), expression=said)
        for field, said in (("there", there), ("value", inner))
    ]
    function = exp.Lambda(this=exp.Struct(expressions=fields), expressions=[name.copy()])
    return exp.Transform(this=value, expression=function)
