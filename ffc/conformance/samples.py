"""Queries in DuckDB's SQL that say every word which a translation may have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import sqlglot
from sqlglot import exp

from ffc.sql.build import REFERENCE_SCHEMA
from ffc.sql.translation import words_of

DIALECT: Final = "duckdb"
TABLE: Final = "t"
# So many samples say a word that is in many.
_FEW: Final = 2
Sample = tuple[str, exp.Expr]
COLUMNS: Final = {
    "k": "string",
    "n": "int64",
    "m": "int32",
    "x": "float64",
    "y": "float64",
    "b": "bool",
    "d": "date",
    "moment": "timestamp",
    "s": "string",
    "p": "decimal(12,2)",
}
ROWS: Final = (
    ("a", 7, 2, 2.5, -1.0, True, "2024-01-31", "2024-01-31 23:59:59.999999", "Ab cd", "1.25"),
    ("a", -7, 2, -2.5, 0.5, False, "2024-02-29", "2024-02-29 12:00:00", "éÉ", "-1.25"),
    ("a", 0, -3, 0.0, 3.5, None, "1969-12-31", "1969-12-31 23:59:59.5", "", "0.00"),
    ("b", 5, None, 1.5, 0.0, True, "2023-12-31", "2023-12-31 00:00:00", " pad ", "2.50"),
    ("b", 6, 4, 3.5, 7.0, True, "2024-12-30", "2024-12-30 06:30:15", "a_c%", "99.99"),
    ("c", None, None, None, None, None, None, None, None, None),
)
# Of each row: its key, and what is said here.
_SCALARS: Final = """
    n + 1; n - m; n * m; -n; n / 2; n / m; p * 2; p + p; abs(n); abs(x); n // m; n % m; x / 4
    round(x); round(x, 1); ceil(x); floor(x); sign(n); sqrt(abs(x)); exp(x); ln(abs(x) + 1)
    log10(abs(n) + 1); log2(abs(n) + 1); pow(x, 2); power(2, m); greatest(n, m); least(n, m, 0)
    sin(x); cos(x); tan(x); atan2(x, 1.0); degrees(x); radians(x); pi() + x; cbrt(x)
    n & 3; n | 8; abs(n) << 1; abs(n) >> 1; xor(n, 3); isnan(x); isinf(x)
    upper(s); lower(s); trim(s); ltrim(s); rtrim(s); length(s); s || '!'; concat(s, '-', k)
    concat_ws('-', s, k); replace(s, 'a', 'bb'); substring(s, 2, 2); substring(s, 2); left(s, 2)
    right(s, 2); reverse(s); repeat(k, 3); lpad(s, 6, '*'); rpad(s, 6, '*'); strpos(s, 'c')
    starts_with(s, 'A'); ends_with(s, 'd'); contains(s, 'b'); split_part('a-b-c', '-', 2); ascii(k)
    chr(65 + abs(m)); md5(s); translate(s, 'ab', 'xy'); initcap(s)
    regexp_matches(s, '[a-z]+'); regexp_replace(s, '[a-z]', 'z', 'g'); regexp_extract(s, '[a-z]+')
    s like 'A%'; s like '%!_%' escape '!'; s ilike 'ab%'; s not like '%d'; s similar to '[A-Z].*'
    case when n > 0 then 'more' when n = 0 then 'none' else 'less' end; case k when 'a' then 1 end
    if(n > 0, 1, 2); coalesce(n, m, 9); ifnull(n, 3); nullif(n, 0); n is null; n is not null
    n is distinct from m; n is not distinct from m; b is true; b is not true
    b and n > 0; b or n > 0; not b; n = 7; n <> 7; n < 5; n <= 5; n > 5; n >= 5; n between 0 and 6
    n in (5, 6, null); n not in (5, 6); (n, m) = (7, 2); x > y; k < 'b'
    cast(n as double); cast(n as varchar); cast(x as bigint); cast(s as text); cast(n as int)
    cast('2024-01-31' as date); cast(d as timestamp); cast(moment as date); cast(p as double)
    cast(n as decimal(10, 2)); cast(x as float); cast(m as boolean); try_cast(s as int)
    cast(n as smallint); cast(n as hugeint) * 2; cast(abs(m) as tinyint)
    cast('[1, 2]' as json)
    moment::timestamptz is null
    d + interval 1 day; moment - interval '2' hour; moment + interval 1 month; d - d; d + 1
    date_trunc('day', moment); date_trunc('month', d); date_trunc('hour', moment)
    date_trunc('week', moment); date_trunc('year', d); date_trunc('minute', moment)
    extract(year from d); extract(month from moment); extract(hour from moment); extract(dow from d)
    extract(epoch from moment); extract(isodow from d); extract(week from d); extract(doy from d)
    year(d); month(d); day(d); hour(moment); minute(moment); quarter(d); dayofweek(d); dayofyear(d)
    isodow(d); weekofyear(d); second(moment); last_day(d)
    date_diff('day', d, date '2024-03-01'); date_diff('hour', moment, timestamp '2024-03-01')
    date_diff('month', d, date '2024-03-01'); datediff('minute', moment, timestamp '2024-03-01')
    date_part('year', d); epoch(moment); epoch_ms(moment); epoch_us(moment); make_date(2024, 2, 29)
    strftime(moment, '%Y-%m-%d %H:%M:%S'); strptime('2024-01-31', '%Y-%m-%d')
    to_timestamp(n) is null; moment + to_seconds(m); moment + to_minutes(m); moment + to_hours(m)
    moment + to_days(m); moment + to_weeks(m); moment + to_months(m); moment + to_years(m)
    moment at time zone 'America/New_York' at time zone 'UTC'; date_add(moment, interval 1 day)
    date_trunc('day', cast(d as date)); cast(moment - moment as interval) is null; week(d)
    weekday(d); trunc(x); trunc(p); unicode(k); current_date > d; current_timestamp is null
    now() is null; from_base64('YWI=') is null; moment + interval (m) day
    monthname(d); dayname(d); make_timestamp(2024, 1, 31, 12, 30, 15.5)
    (select max(n) from t); exists (select 1 from t as u where u.n = t.m); n in (select m from t)
    n > all (select -10); n = any (select 7)
"""
_AGGREGATES: Final = """
    count(*); count(n); count(distinct n); sum(n); sum(p); sum(x); avg(n); avg(x); min(s); max(s)
    min(d); max(moment); min(x); max(n); sum(m); avg(p); bool_and(b); bool_or(b); stddev(x)
    stddev_samp(x); stddev_pop(x); variance(x); var_samp(x); var_pop(x); corr(x, y)
    covar_pop(x, y); covar_samp(x, y); regr_slope(x, y)
    median(x); quantile_cont(x, 0.5); quantile_disc(n, 0.5); mode(k); arg_max(n, moment)
    arg_min(n, moment); max_by(n, moment); min_by(n, moment); any_value(k)
    string_agg(s, ',' order by moment); list(n order by n); array_agg(n order by n)
    first(n order by moment); last(n order by moment); count_if(n > 0); bit_and(n); bit_or(n)
    sum(n) filter (where n > 0); count(*) filter (where b); approx_count_distinct(k)
    sum(case when n > 0 then 1 else 0 end); product(x); skewness(x); kurtosis(x); entropy(k)
    percentile_cont(0.5) within group (order by x)
"""
_WINDOWS: Final = """
    row_number() over (partition by k order by moment)
    rank() over (order by k); dense_rank() over (order by k); percent_rank() over (order by k)
    cume_dist() over (order by k); ntile(2) over (order by moment)
    lag(n) over (partition by k order by moment); lag(n, 2, 0) over (order by moment)
    lead(n) over (partition by k order by moment)
    sum(n) over (partition by k order by moment rows between 1 preceding and current row)
    avg(x) over (partition by k); count(*) over ()
    first_value(n) over (partition by k order by moment)
    last_value(n) over (partition by k order by moment rows between 1 preceding and 1 following)
    nth_value(n, 2) over (partition by k order by moment rows between 1 preceding and 1 following)
    sum(n) over (order by moment range between interval 60 day preceding and current row)
    sum(n) over w
"""
_QUERIES: Final = (
    "select distinct k from t",
    "select distinct k, b from t where n is not null",
    "select k, sum(n) as total from t group by k having sum(n) > 0 order by k",
    "select k, n from t order by n desc nulls last limit 2",
    "select k, n from t where n is not null order by n asc nulls first limit 2 offset 1",
    "select k from t union select s from t",
    "select k from t union all select k from t",
    "select k from t except select 'a'",
    "select k from t intersect select 'a'",
    "with u as (select k, n from t where n > 0), w as (select k from u) select * from w",
    "select q.k, q.twice from (select k, n * 2 as twice from t) as q where q.twice > 2",
    "select t.k, u.n from t join t as u on t.n = u.n",
    "select t.k, u.n from t left join t as u on t.n = u.m",
    "select t.k, u.n from t right join t as u on t.n = u.m",
    "select t.k, u.n as other from t full join t as u on t.n = u.m",
    "select t.k, u.k as other from t cross join (select distinct k from t) as u",
    "select k, t.n from t join (select k, 1 as one from t) as u using (k)",
    "select t.k, t.n from t semi join t as u on t.n = u.n",
    "select t.k, t.n from t anti join t as u on t.n = u.m",
    "select true as yes, false as no, null as nothing, 'text' as said, 1.5 as half",
    "select k, n from t qualify row_number() over (partition by k order by moment) = 1",
    "select distinct on (k) k, n from t order by k, moment",
    "select k, sum(n) as total from t group by all",
    "select * exclude (moment, d) from t",
    "select * replace (n + 1 as n) from t",
    "select * rename (n as renamed) from t",
    "select k, b, count(*) as c from t group by grouping sets ((k), (b), ())",
    "select k, b, count(*) as c from t group by cube (k, b)",
    "select k, b, count(*) as c from t group by rollup (k, b)",
    "select k, grouping(k) as g, count(*) as c from t group by rollup (k)",
    "select k, n from t union by name select n, k from t",
    "select k, v from (values ('a', 1), ('b', 2)) as q(k, v)",
    "select t.k, q.v from t, lateral (select t.n + 1 as v) as q",
    "select u.v from (select unnest([1, 2, 3]) as v) as u",
    "select * from t where k = 'a' and (n > 0 or not b)",
    "with recursive r as (select 1 as i union all select i + 1 from r where i < 5) select i from r",
    "select k, [n, m] as l, list_value(n, m) as o, len([n, m]) as c from t",
    "select generate_series as g from generate_series(1, 3)",
    "select range as g from range(3)",
    "select t.k, u.x from t asof join t as u on t.k = u.k and t.moment >= u.moment",
)


def samples() -> Iterator[Sample]:
    """Yield every sample as it is written, and as a tree of which the table is `t`."""
    for said in _each(_SCALARS):
        yield from _parsed(said, f"select k, {said} as v from t")
    for said in _each(_AGGREGATES):
        yield from _parsed(said, f"select k, {said} as v from t group by k")
    for said in _each(_WINDOWS):
        end = " window w as (partition by k order by moment)" if said.endswith(" w") else ""
        yield from _parsed(said, f"select k, moment, {said} as v from t where n is not null{end}")
    for query in _QUERIES:
        yield from _parsed(query, query)


def _each(texts: str) -> Iterator[str]:
    for line in texts.splitlines():
        yield from (said.strip() for said in line.split(";") if said.strip())


def _parsed(said: str, query: str) -> Iterator[Sample]:
    tree = sqlglot.parse_one(query, read=DIALECT)
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if table.name == TABLE and TABLE not in named:
            table.set("db", exp.to_identifier(REFERENCE_SCHEMA, quoted=True))
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(TABLE)))
    yield said, tree


def by_word(known: Iterable[Sample]) -> Mapping[str, list[Sample]]:
    """Return samples by the words that they say: a few for each word, each sample at least once.

    A sample is among those of its rarest word.
    """
    said = [(sample, _words(sample)) for sample in known]
    often = Counter(word for _, words in said for word in words)
    found: dict[str, list[Sample]] = {}
    for sample, words in said:
        rarest = min(words, key=lambda word: (often[word], word))
        for word in words:
            own = found.setdefault(word, [])
            if word == rarest or len(own) < _FEW:
                own.append(sample)
    return found


def _words(sample: Sample) -> frozenset[str]:
    return frozenset(word for node in sample[1].walk() for word in words_of(node))
