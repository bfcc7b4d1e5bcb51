"""The lineage of queries, held to what one would write by hand."""

from __future__ import annotations

import pytest
import sqlglot

from ffc.compiler.lineage.queries import query_lineage
from ffc.compiler.lineage.relations import Unclear

NODES = {
    "source.raw.t": ["a", "b", "c", "k", "l", "s"],
    "source.raw.u": ["k", "x", "y", "q"],
}
T, U = '"__ffc"."source.raw.t" as t', '"__ffc"."source.raw.u" as u'

# Each output column: what its value is computed from, then what only chooses its rows.
CASES = {
    "plain": (
        "select a, b + c as s from {t} where k > 1",
        {"a": "t.a | t.k", "s": "t.b t.c | t.k"},
    ),
    "cte": (
        "with p as (select a as x, count(*) as n from {t} group by a) "
        "select x, n * 2 as m from p order by 1",
        {"x": "t.a |", "m": "| t.a"},
    ),
    "cte_columns_renamed": (
        "with p(x, n) as (select a, b from {t}) select n from p where x = 1",
        {"n": "t.b | t.a"},
    ),
    "star_with_words": (
        "select * exclude (a, l, s) replace (b + a as b) rename (c as d) from {t}",
        {"b": "t.a t.b |", "d": "t.c |", "k": "t.k |"},
    ),
    "star_of_a_join_with_using": (
        "select * from {t} join {u} using (k) where q = 1",
        {
            "a": "t.a | t.k u.k u.q",
            "b": "t.b | t.k u.k u.q",
            "c": "t.c | t.k u.k u.q",
            "k": "t.k | u.k u.q",
            "l": "t.l | t.k u.k u.q",
            "s": "t.s | t.k u.k u.q",
            "x": "u.x | t.k u.k u.q",
            "y": "u.y | t.k u.k u.q",
            "q": "u.q | t.k u.k",
        },
    ),
    "star_of_one_table": (
        "select u.* from {t} right join {u} using (k)",
        {"k": "u.k | t.k", "x": "u.x | t.k u.k", "y": "u.y | t.k u.k", "q": "u.q | t.k u.k"},
    ),
    "full_join_takes_the_key_from_both": (
        "select k from {t} full join {u} using (k)",
        {"k": "t.k u.k |"},
    ),
    "natural_join": ("select a from {t} natural join {u}", {"a": "t.a | t.k u.k"}),
    "semi_join": ("select a from {t} semi join {u} using (k)", {"a": "t.a | t.k u.k"}),
    "asof_join": (
        "select t.a, u.x from {t} asof join {u} on t.k = u.k and t.b >= u.y",
        {"a": "t.a | t.b t.k u.k u.y", "x": "u.x | t.b t.k u.k u.y"},
    ),
    "window": (
        "select t.a, sum(u.x) over (partition by t.b order by u.y) as w "
        "from {t} left join {u} on t.k = u.k",
        {"a": "t.a | t.k u.k", "w": "u.x | t.b t.k u.k u.y"},
    ),
    "named_window": (
        "select sum(a) over w as s from {t} window w as (partition by k order by b)",
        {"s": "t.a | t.b t.k"},
    ),
    "qualify": (
        "select a from {t} qualify row_number() over (partition by k order by b desc) = 1",
        {"a": "t.a | t.b t.k"},
    ),
    "lateral_alias": (
        "select a as z, z + b as zb from {t} where z > 1",
        {"z": "t.a |", "zb": "t.a t.b |"},
    ),
    "a_column_goes_before_an_alias": (
        "select b as a, a + 1 as n from {t}",
        {"a": "t.b |", "n": "t.a |"},
    ),
    "order_by_an_alias": ("select b as a from {t} order by a limit 1", {"a": "t.b |"}),
    "offset_of_a_query": (
        "select a from {t} order by b limit 3 offset (select max(x) from {u})",
        {"a": "t.a | t.b u.x"},
    ),
    "union": ("select a from {t} union all select x from {u}", {"a": "t.a u.x |"}),
    "union_by_name": (
        "select a, b from {t} union all by name select y as b, x as a from {u}",
        {"a": "t.a u.x |", "b": "t.b u.y |"},
    ),
    "except_only_takes_rows": (
        "select a from {t} except select x from {u} where y = 1",
        {"a": "t.a | u.x u.y"},
    ),
    "scalar_subquery": (
        "select a, (select max(x) from {u} where u.k = t.k) as m from {t}",
        {"a": "t.a |", "m": "u.x | t.k u.k"},
    ),
    "exists": (
        "select a from {t} where exists (select 1 from {u} where u.k = t.k)",
        {"a": "t.a | t.k u.k"},
    ),
    "in_a_query": ("select a from {t} where b in (select x from {u})", {"a": "t.a | t.b u.x"}),
    "pivot": (
        "select k, v from (from {t} pivot (sum(a) for c in ('v', 'w') group by k))",
        {"k": "t.k | t.c", "v": "t.a | t.c t.k"},
    ),
    "unpivot": (
        "select k, n, v from {t} unpivot (v for n in (a, b))",
        {"k": "t.k | t.a t.b", "n": "| t.a t.b", "v": "t.a t.b |"},
    ),
    "unpivot_with_nulls_keeps_every_row": (
        "select k, n from {t} unpivot include nulls (v for n in (a, b))",
        {"k": "t.k |", "n": "|"},
    ),
    "recursion": (
        "with recursive r(n, m) as (select a, b from {t} union all "
        "select n + 1, m from r where n < 5) select m from r",
        {"m": "t.b | t.a"},
    ),
    "unnest_in_the_list": ("select k, unnest(l) as e from {t}", {"k": "t.k | t.l", "e": "t.l |"}),
    "rows_made_in_the_list": (
        "select k, regexp_split_to_table(s, ' ') as e, (select unnest(l)) as n from {t}",
        {"k": "t.k | t.s", "e": "t.s |", "n": "t.l | t.s"},
    ),
    "unnest_in_from": (
        "select t.k, v from {t}, unnest(t.l) as z(v)",
        {"k": "t.k | t.l", "v": "t.l |"},
    ),
    "lateral": (
        "select m from {t}, lateral (select max(x) as m from {u} where u.k = t.k) as z",
        {"m": "u.x | t.k u.k"},
    ),
    "values": (
        "select a, w from {t} join (values (1, 'x')) as v(n, w) on v.n = t.b",
        {"a": "t.a | t.b", "w": "| t.b"},
    ),
    "aggregates_with_an_order": (
        "select arg_max(a, b) as am, list(a order by c) as li, sum(a) filter (where b > 1) as f "
        "from {t}",
        {"am": "t.a | t.b", "li": "t.a | t.c", "f": "t.a | t.b"},
    ),
    "quantile": (
        "select quantile_cont(0.5) within group (order by a) as q from {t}",
        {"q": "t.a |"},
    ),
    "lambda_and_struct": (
        "select list_transform(l, lambda z: z + a) as q, s.f.g as f, {'n': b}.n as n from {t}",
        {"q": "t.a t.l |", "f": "t.s |", "n": "t.b |"},
    ),
    "case": (
        "select case when a > 0 then b else 0 end as d from {t}",
        {"d": "t.a t.b |"},
    ),
    "group_by_all": (
        "select k, sum(a) as s from {t} group by all having max(b) > 1",
        {"k": "t.k | t.b", "s": "t.a | t.b t.k"},
    ),
    "grouping_sets": (
        "select k, sum(a) as s from {t} group by grouping sets ((k), (b))",
        {"k": "t.k | t.b", "s": "t.a | t.b t.k"},
    ),
    "count": ("select count(*) as n from {t} where a = 1", {"n": "| t.a"}),
    "distinct": ("select distinct a, b from {t}", {"a": "t.a | t.b", "b": "t.b | t.a"}),
    "distinct_on": (
        "select distinct on (k) a from {t} order by k, b desc",
        {"a": "t.a | t.b t.k"},
    ),
    "nested_filters_go_with_the_rows": (
        "select n.a from (select a from {t} where b = 1) as n "
        "join (select x from {u} where q = 1) as m on m.x = n.a",
        {"a": "t.a | t.b u.q u.x"},
    ),
    "from_first": ("from {t} select a where b = 1", {"a": "t.a | t.b"}),
    "columns_of_a_pattern": (
        "select columns('a|b') from {t}",
        {"a": "t.a t.b t.c t.k t.l t.s |", "b": "t.a t.b t.c t.k t.l t.s |"},
    ),
    "quoted_and_other_case": ('select T."A" as "Ä" from {t} where "B" = 1', {"Ä": "t.a | t.b"}),
}


@pytest.mark.parametrize("name", CASES)
def test_a_query(name: str) -> None:
    text, expected = CASES[name]
    tree = sqlglot.parse_one(text.replace("{t}", T).replace("{u}", U), read="duckdb")
    found = query_lineage(tree, NODES, list(expected))
    assert {column: _written(edge.values, edge.rows) for column, edge in found.items()} == {
        column: " ".join(words.split()) for column, words in expected.items()
    }


def _written(values: frozenset[tuple[str, str]], rows: frozenset[tuple[str, str]]) -> str:
    words = [
        " ".join(sorted(f"{node[-1]}.{column}" for node, column in refs)) for refs in (values, rows)
    ]
    return " | ".join(words).strip()


@pytest.mark.parametrize("text", ["select zz from {t}", "select a from nowhere"])
def test_what_is_not_there_is_unclear(text: str) -> None:
    tree = sqlglot.parse_one(text.replace("{t}", T), read="duckdb")
    with pytest.raises(Unclear):
        query_lineage(tree, NODES, ["a"])
