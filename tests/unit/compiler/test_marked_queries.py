"""Queries that are none: what of them is marked, and which are refused before they are looked into."""

from __future__ import annotations

import pytest
from support.asked_queries import faults

from ffc.compiler.oracle import Oracle, Refusal
from ffc.compiler.queries.lexing import lex
from ffc.compiler.queries.refusals import refused_binding


@pytest.mark.parametrize(
    ("sql", "marked"),
    [
        ("select a,, b from t", [","]),
        ("select a, from t, where a > 1,,", [",", ",", ",,"]),
        ("select ((a) from t", ["("]),
        ("select a form t wher b > 1 gruop by c", ["form", "wher", "gruop"]),
        ("select a b, c d e, f g h from t", ["e", "h"]),
        ("select (select a form u) from t", ["form"]),
        ("select a from t join u join t v on true where a > 1", ["u"]),
        ('select "a" as x, "b from "__ffc"."t"', ['"']),
        ("select a from t where b = 'x' and 'it's'", ["'"]),
        ("select {ref('x')}} from t", ["{ref('x')}}"]),
        ("with x as (select 1), y as (select 2) delete from x", ["delete"]),
        (";select a from t", [";"]),
        ("select a from t;; select b from t", ["select"]),
        ("select a from t where a > ? and b = $name", ["?", "$name"]),
        ("select extract(day from 'x'), a, from t", [","]),
    ],
)
def test_what_is_marked(sql: str, marked: list[str], oracle: Oracle) -> None:
    assert [sql[f.start : f.end] for f in faults(sql, oracle.parser)] == marked


def test_a_mistake_is_marked_where_it_is_not_where_its_word_is_first(oracle: Oracle) -> None:
    (fault,) = faults("select x,y from t where x in (1,2),\n", oracle.parser)
    assert fault.start == 34
    (fault,) = faults("select 'a, from' as b, from t", oracle.parser)
    assert fault.start == 21


@pytest.mark.parametrize(
    "sql",
    [
        "(" * 5000,
        "select " + "(" * 5000 + "1" + ")" * 5000,
        "select " + "[" * 5000 + "1" + "]" * 5000,
        "select " + "not " * 5000 + "true",
        "select " + "case when " * 5000,
        "select 1" + "," * 5000 + "2",
        "select " + "x " * 20000,
        "select " + ", ".join(f"{i} as c{i}" for i in range(5000)) + " form t",
        "select '" + "x" * 1_000_000,
        "\x00",
        "select \x00 1",
        "select \ue000 \ue001 \ue002 from",
        "select \U0001f600 \U0001f600 \U0001f600",
        "'" * 1001,
        '"' * 1001,
        "$" * 1001,
        ";" * 1000 + "x",
        "/*" * 1000,
        "/*/**/",
        "{" * 1000,
        ")" * 1000,
        ",",
        "from",
        "with",
        "select",
        "=",
        "x",
        "1",
    ],
    ids=lambda sql: repr(sql[:20]),
)
def test_strange_texts_are_refused(sql: str, oracle: Oracle) -> None:
    found = faults(sql, oracle.parser)
    if not found:
        described = oracle.describe(sql)
        assert isinstance(described, Refusal)
        found = [refused_binding(sql, lex(sql), described)]
    assert all(0 <= fault.start < fault.end <= len(sql) for fault in found)
    assert len(found) <= 20 or sql[0] in "(){"
