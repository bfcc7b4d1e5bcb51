"""Queries: no false alarm over what DuckDB reads, and every error in its place in our words."""

from __future__ import annotations

import random
import re

import duckdb
import pytest
from support.asked_queries import faults

from ffc.compiler.oracle import Oracle, Parser, Refusal
from ffc.compiler.queries.lexing import lex, written
from ffc.compiler.queries.refusals import refused_binding

# Words of DuckDB, sqlglot and Python that nobody who writes a feature should have to know.
JARGON = re.compile(
    r"Error|No function matches|Candidate|explicit type cast|explicit cast|bindings|sqlglot|DuckDB"
    r"|_LITERAL|syntax error|FROM clause|Token|Expression|__ffc|source\.raw|transformation\."
)
VALID = r"""
select 1 as x
select a, b from t
from t
from t select a
from t select a where a > 1
values (1, 'a'), (2, 'b')
(select 1 as x)
select a from t;
select a from t where a == 1
select a from t where a != 1 and a <> 2
select a from t where a is not distinct from 3
select a from t where b is distinct from 'x'
select distinct a from t
select distinct on (a) a, b from t order by a, d
select all a from t
select a as "order", b as "group" from t
select a, count(*) as n from t group by a having count(*) > 1 order by n desc nulls last limit 10 offset 2
select a, sum(c) from t group by all
select a, b, sum(c) from t group by grouping sets ((a), (b), ())
select a, b, sum(c) from t group by rollup (a, b)
select a, b, sum(c) from t group by cube (a, b)
select a from t order by all
select a from t limit 10%
select a from t using sample 10
select * from t tablesample 10%
select * from t tablesample reservoir(10 rows)
with x as (select 1 as a) select a from x
with x(a, b) as (select 1, 2) select * from x
with x as (select 1 as a), y as (select a from x) select * from y
with x as materialized (select 1 as a) select * from x
with x as not materialized (select 1 as a) select * from x
with recursive r as (select 1 as n union all select n + 1 from r where n < 5) select * from r
with recursive r(n) as (select 1 union select n + 1 from r where n < 5) from r
select * from (with x as (select 1 as a) select * from x) y
with x as (with y as (select 1 as a) select a from y) select a from x
with x as (from t) from x select a
select a from t union all select a from u
select a from t union select a from u
select a from t except select a from u
select a from t intersect all select a from u
select a from t union by name select a, k from u
(select a from t) union all (select a from u) order by 1
select a from t union all select a from u union all select 1 limit 5
select t.a from t join u on t.a = u.a
select t.a from t inner join u using (a)
select t.a from t left join u on t.a = u.a and u.k = 'x'
select t.a from t left outer join u using (a)
select u.a from t right join u using (a)
select a from t full outer join u using (a)
select t.a from t cross join u
select t.a from t, u where t.a = u.a
select t.a from t natural join u
select t.a from t natural left join u
select t.a from t semi join u using (a)
select t.a from t anti join u using (a)
select t.a from t positional join u
select t.a from t asof join u on t.b = u.k and t.a >= u.a
select t.a from t asof left join u on t.a >= u.a
select t.a from t join u v on t.a = v.a join u w on v.a = w.a
select t.a from t join (u v join u w on v.a = w.a) on t.a = v.a
select t.a from t join u v join u w on v.a = w.a on t.a = v.a
select t.a, x.m from t, lateral (select max(u.a) as m from u where u.a = t.a) x
select t.a, x.m from t left join lateral (select max(u.a) as m from u where u.a = t.a) x on true
select t.a, i from t, unnest([1, 2]) as x(i)
select unnest([1, 2, 3]) as x
select unnest({'a': 1, 'b': 2})
select * from range(3) r(i)
select * from generate_series(1, 3) as g(i)
select a, row_number() over (partition by b order by d desc) as n from t
select a, sum(c) over (order by d rows between unbounded preceding and current row) as s from t
select a, sum(c) over (order by d range between interval 7 day preceding and current row) as s from t
select a, sum(c) over (order by d range between interval '7 days' preceding and interval '1 day' preceding) s from t
select a, sum(c) over (order by d groups between 1 preceding and 1 following exclude current row) s from t
select a, sum(c) over w as s from t window w as (partition by a order by d)
select a, lag(c, 1, 0.0) over (order by d) as l from t
select a, lag(c ignore nulls) over (order by d) as l from t
select a, first_value(c) over (order by d) as l from t
select a from t qualify row_number() over (partition by a order by d) = 1
select a, row_number() over (order by d) rn from t qualify rn = 1 order by a
select count(*) filter (where e) as n from t
select sum(c) filter (where a > 1) as n, count(distinct b) as m from t
select string_agg(b, ',' order by a) as s from t
select array_agg(b order by a desc) as s from t
select list(a) as l from t
select arg_max(b, d) as last from t
select max(a, 3) as top from t
select quantile_cont(c, 0.5) as m, median(c) as n from t
select percentile_cont(0.5) within group (order by c) as p from t
select * exclude (b) from t
select * exclude b from t
select * replace (upper(b) as b) from t
select * rename (a as x) from t
select t.* from t
select t.* exclude (a), u.a from t join u using (a)
select columns('a|b') from t
select columns(* exclude (a)) from t
select max(columns(*)) from t
select * like 'a%' from t
select [x + 1 for x in [1, 2, 3] if x > 1] as l
select list_transform([1, 2], lambda x: x + 1) as l
select list_filter([1, 2], lambda x, i: x > i) as l
select list_reduce([1, 2], lambda x, y: x + y) as l
select {'a': 1, 'b': 'x'} as s
select {'a': {'b': 1}}.a.b as s
select {ref: 1, source: 2} as s
select struct_pack(a := 1, b := 2) as s
select row(1, 2) as r
select (1, 2) as r
select map {'a': 1, 'b': 2} as m
select map {'a': 1}['a'] as m
select [1, 2, 3][1] as x, [1, 2, 3][1:2] as y, [1, 2, 3][-1] as z, [1,2,3][:] as w
select 'abc'[1:2] as x
select a::varchar as x, cast(a as decimal(10, 2)) as y, try_cast(b as int) as z from t
select a::int[] as x from (select [1] as a)
select b::struct(x int, y varchar) as s from (select {'x': 1, 'y': 'a'} as b)
select date '2020-01-01' as d, timestamp '2020-01-01 00:00:00' as ts, interval 1 day as i
select d + interval 1 day as x, d - interval '1 hour' as y, d + interval (a) day as z from t
select d at time zone 'UTC' as x from t
select extract(year from d) as y, date_trunc('day', d) as dd, d::date as ddd from t
select extract('year' from d) as y, trim(both 'x' from b) as tb, substring(b from 2 for 3) as s from t
select position('a' in b) as p, overlay(b placing 'x' from 1 for 2) as o from t
select case when a > 1 then 'x' when a < 0 then 'y' else 'z' end as c from t
select case a when 1 then 'x' else 'y' end as c from t
select if(a > 1, 'x', 'y') as c, ifnull(a, 0) as d, nullif(a, 0) as f, coalesce(a, 1, 2) as g from t
select a between 1 and 2 as x, a not between 1 and 2 as y, a in (1, 2) as z, a not in (3) as w from t
select b like 'a%' as x, b ilike 'a%' as y, b not like 'a' escape '!' as z, b similar to 'a.*' as w, b glob 'a*' as v from t
select b ~ 'a.*' as x, b !~ 'a' as y, regexp_matches(b, 'x') as z from t
select a is null as x, a is not null as y, a isnull as z, a notnull as w from t
select a // 2 as x, a % 2 as y, a ** 2 as z, a ^ 2 as w, a & 1 as v, a | 1 as q, a << 1 as r, ~a as s from t
select b || 'x' as s, concat(b, 'y') as q, 'it''s' as w, e'a\'b\n' as v, $$a'b$$ as u from t
select exists (select 1 from u where u.a = t.a) as x from t
select a from t where a in (select a from u)
select a from t where (a, b) in (select a, k from u)
select a from t where a > all (select a from u)
select a from t where a = any (select a from u)
select a from t where a = any ([1, 2])
select (select max(a) from u) as m from t
select * from (values (1, 'a'), (2, 'b')) as v(x, y)
select * from (values ('a.csv'), ('b.csv')) as v(file)
select * from t pivot (sum(c) for a in (1, 2))
select * from t pivot (sum(c) as s, max(d) as m for a in (1 as one, 2 as two) group by b)
select * from (pivot t on a in (1, 2) using sum(c))
select * from (select a, c from t) unpivot (v for n in (a, c))
select * from (unpivot (select a, c from t) on a, c into name n value v)
select x: a + 1, y: b from t
select a as x, x + 1 as y from t
select a x from t where x > 1
select "a" from "t"
select t."a" from t as "t"
select 1 as "a,,b", 'x,, from' as y -- , from
select 1 /* , , from where ( */ as x
select count() as n from t
select 1_000 as x, 1e5 as y, .5 as z, 0.5e-3 as w
select true and not false as x
select null as x
select current_date as d, current_timestamp as ts, now() as n
select md5('x') as x, hash('x') as y
select json_extract('{"a": 1}', '$.a') as x, '{"a": 1}'::json -> 'a' as y, '{"a": 1}'::json ->> '$.a' as z
select b.lower().upper() as x from t
select ('x').upper() as x
select year(d) as y, month(d) as m, day(d) as dd, hour(d) as h from t
select a as year, b as name, c as value, d as date, e as type from t
select a as first, b as last, c as key, d as time, e as index from t
select a as range, c as rows, b as source, d as ref from t
select #1 from t
select a, b from t group by 1, 2 order by #1
select a from t as of_x
select t1.a from t t1 left join t t2 on t1.a = t2.a and t1.d > t2.d
select lft.a from t lft join u on lft.a = u.a
select a from t order by b desc, a asc nulls first
select approx_count_distinct(a) as n, mode(b) as m, histogram(a) as h from t
select bool_and(e) as x, bit_or(a) as y, stddev_samp(c) as z, corr(a, c) as w from t
select first(a order by d) as x, any_value(b) as y, last(b) as z from t
select sum(a) over (partition by b order by d rows 3 preceding) as x from t
select rank() over (order by c), dense_rank() over (order by c), ntile(4) over (order by c), percent_rank() over (order by c) from t
select count(*) over () as n from t
select greatest(1, 2) as x, least(1, 2) as y
select a from t where e
select a from t where not e and (a > 1 or b = 'x')
select ü from (select 1 as ü)
select '日本語' as x, 'a“d” `e` #f //g' as y
select a from t limit (select 1)
select a as union_, b as from_ from t
from (select 1 as a) x join (select 1 as a) y using (a)
from (from t select a) select a
from t, u select t.a
select * from t where a in (1, 2) and b = 'x' or (c > 1.5)
select interval '1' year as y, to_days(3) as z
select try(a::int) as x from t
select a from t where d >= '2020-01-01' and d < date '2020-02-01' + 1
select grouping(a) as g, a from t group by rollup (a)
select list_sort([3, 1]) as l, len([1]) as n, array_length([1]) as m
select a, b from t where b in ('x', 'y') group by a, b having max(c) > 1 qualify row_number() over (order by a) < 5 order by a limit 1
table t
select a from main.t
select -a as x, +a as y, @a as z from t
select b from t order by b collate nocase
select columns(lambda c: c like 'a%') from t
""".strip().splitlines()
VALID_LONG = (
    "select 1 as x, -- , from\n  2 as y",
    "select 'a'\n'b' as x",
    "select 1 as x\n;\n;",
    "select 1 as x; -- done",
    "select\u00a01 as x",
    "select " + " + ".join(["1"] * 300) + " as x",
    " union all ".join(["select 1 as x"] * 300),
)


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    connection.execute("create table t (a int, b varchar, c double, d timestamp, e boolean)")
    connection.execute("create table u (a int, k varchar)")
    return connection


@pytest.mark.parametrize("sql", [*VALID, *VALID_LONG])
def test_nothing_is_said_of_what_duckdb_reads(
    sql: str, database: duckdb.DuckDBPyConnection, oracle: Oracle
) -> None:
    database.execute(f"DESCRIBE {sql}")
    assert faults(sql, oracle.parser) == []
    assert faults(sql, None) == []


def test_there_are_many_of_them() -> None:
    assert len(VALID) > 150


@pytest.mark.parametrize("sql", VALID)
def test_tokens_are_the_text(sql: str) -> None:
    """Each token stands where it says, and together they still are the query."""
    tokens = lex(sql)
    assert all(sql[token.start : token.end] == token.text for token in tokens)
    assert Parser().refusal(written(tokens)) is None


@pytest.mark.parametrize("seed", range(300))
def test_broken_queries_are_refused_in_their_place(seed: int, oracle: Oracle) -> None:
    """Damage valid queries: whatever is said stands in the text, in words for people."""
    chance = random.Random(seed)
    sql = chance.choice(VALID)
    for _ in range(chance.randint(1, 3)):
        sql = damaged(sql, chance)
    sql = named(sql)
    found = faults(sql, oracle.parser) if lex(sql) else []
    if not found and lex(sql):
        described = oracle.describe(sql)
        if isinstance(described, Refusal):
            found = [refused_binding(sql, lex(sql), described)]
    for fault in found:
        assert 0 <= fault.start < fault.end <= len(sql), (sql, fault)
        assert sql[fault.start : fault.end].strip(), (sql, fault)
        assert not JARGON.search(" ".join((fault.message, *fault.help))), (sql, fault)


def test_what_ends_a_query_is_no_part_of_it() -> None:
    made = Oracle()
    made.declare("transformation.x", "select 1 as a; -- done\n;")
    described = made.describe('select a from "__ffc"."transformation.x"; -- twice')
    assert not isinstance(described, Refusal)
    assert [column.name for column in described] == ["a"]


def named(sql: str) -> str:
    """Name the tables as rendered queries do."""
    return re.sub(r"\b(from|join) ([tu])\b(?! as)", r'\1 "__ffc"."source.raw.\2" \2', sql)


def damaged(sql: str, chance: random.Random) -> str:
    tokens = lex(sql)
    if not tokens:
        return sql
    token = chance.choice(tokens)
    edit = chance.choice(("drop", "double", "letter", "put", "swap"))
    if edit == "drop":
        return sql[: token.start] + sql[token.end :]
    if edit == "double":
        return sql[: token.end] + " " + sql[token.start :]
    if edit == "letter":
        at = chance.randrange(token.start, token.end)
        return sql[:at] + sql[at + 1 :]
    if edit == "put":
        put = chance.choice((",", "(", ")", "'", '"', ";", "from", "where", "=", "/*", "{", "ü"))
        return f"{sql[: token.start]}{put} {sql[token.start :]}"
    other = chance.choice(tokens)
    first, last = sorted((token, other)) if token.start < other.start else (token, token)
    return sql[: first.start] + last.text + " " + sql[first.end :]
