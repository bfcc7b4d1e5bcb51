"""Expressions over one table that has a column of every type, by theme.

A line holds one expression or several, parted by two blanks or more.
"""

from __future__ import annotations

import re
from typing import Final

# The columns of the table: ffc's type, and a value that such a column holds.
COLUMNS: Final = {
    "s": ("string", "'alpha beta'"),
    "i": ("int32", "7"),
    "n": ("int64", "70"),
    "f": ("float32", "1.5"),
    "d": ("float64", "2.5"),
    "b": ("bool", "true"),
    "t": ("timestamp", "timestamp '2024-02-29 12:30:15.123456'"),
    "day": ("date", "date '2024-02-29'"),
    "m": ("decimal(12,2)", "12.34"),
    "w": ("decimal(38,10)", "0.5"),
    "p": ("decimal(4,1)", "3.5"),
    "x": ("bytes", "'ab'::blob"),
    "j": ("json", """'{"a": 1, "b": [1, 2]}'"""),
    "li": ("list<int32>", "[1, 2, 3]"),
    "ls": ("list<string>", "['a', 'b']"),
    "lm": ("list<decimal(12,2)>", "[1.25, 2.5]"),
    "ll": ("list<list<int64>>", "[[1], [2, 3]]"),
    "v": ("vector(3)", "[1, 2, 3]"),
}

_THEMES: Final = {
    "columns": "s  i  n  f  d  b  t  day  m  w  p  x  j  li  ls  lm  ll  v  null  1  1.0  1e3  'a'  true",
    "arithmetic": """
        i + i  i + n  n + n  i - 1  n - 1  i * n  i / i  n / 2  i // 2  n // i  n // 2.5
        i % 3  n % i  -i  -n  +i  i + f  i + d  f + d  f * 2  f / 2  d / 0  d // 2  d % 2  i ** 2
        n ^ 2  abs(i)  abs(m)  abs(f)  sign(i)  sign(d)  i::tinyint + 1::tinyint  i::smallint * 2
        i::utinyint + i::usmallint  i::uinteger + n  n::hugeint + i  n::ubigint + n
        170141183460469231731687303715884105727 + 0  9223372036854775808  2147483648  i + 2147483648
        pow(i, 2)  sqrt(n)  exp(f)  ln(d)  log10(d)  cbrt(i)  factorial(i)  gcd(n, i)  lcm(i, i)
        pi()  sin(f)  atan2(d, 1)  degrees(d)  isnan(f)  even(d)  gamma(d)  5 / 2  5 // 2
    """,
    "decimals": """
        m + m  m + p  m + i  m + n  m + 1  m + 1.5  m + d  m - p  m * m  m * p  m * i  m * 2  m * 0.1
        w + m  w * 1  m / m  m / 2  m // 2  m % 2  -m  m * f  p * p * p  round(m)  round(m, 1)
        round(d, 2)  floor(m)  ceil(m)  ceil(d)  trunc(m)  floor(f)  round(i, -1)  floor(i)  1.5 + 1.25
        0.1 * 0.1  m * (1 - 0.05)  m * (1 - p) * (1 + p)  1 - m  100.00 * m  m::decimal(38, 2) + m
        coalesce(m, 0)  coalesce(m, p)  coalesce(m, 0.125)  greatest(m, p)  greatest(m, 1)
        case when b then m else p end  case when b then m else 0 end  case when b then m else d end
        case when b then m else n end  m::int  m::decimal(5, 1)  nullif(m, 0)  m > 1.234
    """,
    "comparison": """
        i = n  i <> 1  s < 'b'  m >= d  day < t  day = '2024-01-01'  t between day and t  b and i > 1
        not b  i is null  i is not null  i is distinct from n  s in ('a', 'b')  i in (1, 2.5)
        i not between 1 and 2  b or null  s like 'a%'  s ilike 'A%'  s similar to 'a.*'  s ~ 'a'
        s ^@ 'al'  li = [1]  1 in li  (i, n) = (1, 2)  b = 1  x = 'ab'::blob  b is true  null = null
    """,
    "casts": """
        i::bigint  n::int  s::double  cast(i as varchar)  try_cast(s as int)  try_cast(s as date)
        try_cast(s as decimal(9, 3))  d::float  d::int  t::date  day::timestamp  t::timestamptz
        t::time  s::blob  s::json  s::uuid is null  try_cast(s as uuid)  i::decimal  i::decimal(10)
        i::hugeint  i::utinyint  b::int  li::bigint[]  ls::varchar  li::varchar[]  t::timestamp_s
        t::timestamp_ms  t::timestamp_ns  '1 day'::interval  'a'::varchar  v::float[]  li::int[3]
        i::real  i::numeric(20, 5)  'x'::enum('x', 'y')  try_cast(s as bit)  date '2024-01-01'
        timestamp '2024-01-01 00:00:00'  timestamptz '2024-01-01 00:00:00+00'  time '10:00:00'
        {'a': i}::struct(a bigint)  try_cast(d as hugeint)  i::text  n::double precision
    """,
    "conditional": """
        case when b then i end  case when b then i else n end  case when b then i else 1.5 end
        case when b then i else d end  case i when 1 then 'a' else 'b' end  case when b then null else i end
        case when b then day else t end  case when b then 1 else 0 end  case when b then f else d end
        case when b then li else [] end  coalesce(i, n)  coalesce(i, 0)  coalesce(n, 0)  coalesce(i, 1.5)
        coalesce(null, s)  coalesce(day, t)  coalesce(f, d)  coalesce(i, d)  ifnull(i, n)  nullif(i, 0)
        nullif(s, '')  nullif(n, i)  greatest(i, n)  greatest(i, d)  least(day, t)  least(s, 'a')
        greatest(i, 2.5)  if(b, i, n)  if(b, 'a', null)  coalesce(null, null)
        coalesce(li, [1.5])  try(1 / i)  typeof(i)  ifnull(m, 0)
    """,
    "text": """
        s || 'a'  s || i  concat(s, i, d)  concat_ws('-', s, i)  length(s)  strlen(s)  upper(s)  lower(s)
        trim(s)  ltrim(s, 'a')  substring(s, 1, 2)  substring(s from 1 for 2)  left(s, 2)  right(s, 2)
        s[1]  s[1:2]  position('a' in s)  instr(s, 'a')  strpos(s, 'a')  replace(s, 'a', 'b')
        reverse(s)  repeat(s, 2)  lpad(s, 9, '-')  split_part(s, ' ', 1)  split(s, ' ')
        string_split_regex(s, ' ')  starts_with(s, 'a')  contains(s, 'a')  suffix(s, 'a')  ascii(s)
        chr(65)  unicode(s)  format('{}', i)  printf('%d', i)  levenshtein(s, 'a')  jaccard(s, 'ab')
        hamming(s, s)  jaro_winkler_similarity(s, 'a')  translate(s, 'a', 'b')  bar(d, 0, 10, 5)
        regexp_matches(s, 'a')  regexp_replace(s, 'a', 'b', 'g')  regexp_extract(s, '(a)', 1)
        regexp_extract_all(s, 'a')  regexp_split_to_array(s, ' ')  regexp_full_match(s, 'a')
        regexp_extract(s, '(a)(l)', ['p', 'q'])  regexp_escape(s)  encode(s)  decode(x)  hex(s)
        octet_length(x)  bit_length(s)  to_base64(x)  from_base64('YQ==')  url_encode(s)  strip_accents(s)
    """,
    "times": """
        t + interval 1 day  t - interval 1 hour  day + interval 1 day  day - interval 1 month  day + 1
        day - 1  t - t  day - day  t - day  date_trunc('day', t)  date_trunc('month', day)
        date_trunc('hour', day)  date_trunc('week', t)  date_diff('day', t, t)  datediff('month', day, day)
        date_sub('hour', t, t)  date_part('year', t)  date_part('epoch', t)  date_part(['year', 'day'], t)
        extract(year from t)  extract(epoch from t)  extract(second from t)  extract(dow from day)
        extract(julian from t)  year(t)  month(day)  dayofweek(t)  week(day)  quarter(t)  epoch(t)
        epoch_ms(t)  epoch_us(t)  epoch_ns(t)  to_timestamp(d)  make_date(2024, 1, 1)
        make_timestamp(2024, 1, 1, 0, 0, 0.5)  strftime(t, '%Y')  strptime('2024', '%Y')
        try_strptime(s, '%Y')  age(t, t)  last_day(day)  monthname(t)  dayname(day)  time_bucket(interval 1 day, t)
        time_bucket(interval 1 day, day)  t at time zone 'UTC'  t::timestamptz at time zone 'UTC'
        interval 1 day  interval (i) hour  i * interval 1 day  interval 1 day + interval 1 hour
        interval 1 day / 2  to_days(i)  to_seconds(d)  greatest(t, day)  isfinite(t)  century(t)
        day + time '10:00:00'  t::time  hour(t)  microsecond(t)  date_add(day, interval 1 day)
        datetrunc('day', t::timestamptz)  t::timestamptz + interval 1 day  t::timestamptz - t::timestamptz
        range(t, t + interval 2 day, interval 1 day)  generate_series(day, day, interval 1 day)
        make_time(1, 2, 3.5)  epoch_ms(1000)  datepart('week', t)  timezone('UTC', t)  isodow(t)  yearweek(day)
    """,
    "aggregates": """
        count(*)  count(i)  count(distinct s)  sum(i)  sum(n)  sum(f)  sum(d)  sum(m)  sum(w)  sum(p)
        sum(b::int)  sum(n::hugeint)  sum(i::tinyint)  sum(n::ubigint)  sum(1)  sum(1.5)  sum(i * n)
        sum(m * (1 - p))  sum(case when b then 1 else 0 end)  sum(distinct i)
        sum(i) filter (where b)  avg(i)  avg(n)  avg(f)  avg(m)  avg(t)  avg(day)  avg(b::int)
        min(s)  max(i)  min(t)  max(day)  min(m)  max(b)  min(li)  max(x)  max(n, 2)  min(f)
        arg_max(s, n)  arg_min(m, t)  arg_max(li, i)  arg_max(s, n, 2)  max_by(day, i)  first(i)  last(t)
        any_value(m)  first(li)  list(i)  list(m)  list(distinct s)  list(li)  array_agg(day order by t)
        list({'a': i})  string_agg(s, ',')  string_agg(s, ',' order by n)  group_concat(s)  listagg(s)
        median(i)  median(m)  median(d)  median(t)  median(day)  quantile_cont(i, 0.5)
        quantile_cont(m, 0.5)  quantile_cont(t, 0.5)  quantile_disc(m, 0.5)  quantile_disc(s, 0.5)
        quantile_cont(d, [0.25, 0.75])  quantile(i, 0.5)  mode(s)  mode(m)  approx_count_distinct(s)
        approx_quantile(d, 0.5)  approx_quantile(i, 0.5)  approx_quantile(m, 0.5)  approx_top_k(s, 2)
        stddev(i)  stddev_pop(m)  variance(d)  var_pop(f)  corr(i, d)  covar_pop(i, n)  regr_slope(d, i)
        regr_count(d, i)  skewness(d)  kurtosis(i)  entropy(s)  mad(d)  mad(t)  product(i)  favg(d)  fsum(d)
        kahan_sum(d)  bool_and(b)  bool_or(b)  bit_and(i)  bit_or(n)  bit_xor(i)  bitstring_agg(i, 0, 9)
        histogram(s)  histogram(i)  count_if(b)  countif(i > 1)  percentile_cont(0.5) within group (order by d)
        percentile_disc(0.5) within group (order by m)  mode() within group (order by s)  sum(i) / count(*)
        sum(m) / sum(p)  100.0 * sum(m) / count(*)  avg(m) * 2  max(t) - min(t)  max(day) - min(day)
        sum(i) + sum(n)  coalesce(sum(i), 0)  sum(n)::bigint  round(avg(m), 2)  map_from_entries(list((s, i)))
        geomean(d)  weighted_avg(d, i)  arg_min_null(s, n)  sem(d)  reservoir_quantile(i, 0.5)
    """,
    "windows": """
        row_number() over ()  rank() over (order by i)  dense_rank() over (order by i)  ntile(4) over (order by i)
        percent_rank() over (order by i)  cume_dist() over (order by i)  lag(i) over (order by t)
        lag(m, 1, 0) over (order by t)  lead(s) over (order by t)  first_value(m) over (order by t)
        last_value(day) over (order by t)  nth_value(i, 2) over (order by t)  sum(i) over (partition by s)
        sum(m) over (order by t rows between 2 preceding and current row)  avg(m) over (partition by s)
        count(*) over ()  max(t) over (partition by s)  list(i) over (order by t)  sum(f) over ()
        i - lag(i) over (order by t)  t - lag(t) over (order by t)  day - lag(day) over (order by t)
        sum(n) over () / count(*) over ()  arg_max(s, i) over ()  string_agg(s, ',') over ()
        avg(n) over (order by t range between interval 1 day preceding and current row)  fill(d) over (order by t)
    """,
    "nested": """
        [1, 2]  [i, n]  [i, m]  ['a', null]  []  [[1], [2.5]]  li[1]  li[1:2]  ll[1]  ll[1][1]  v[1]  lm[1] + 1
        li || [4]  list_concat(li, [5])  list_append(li, 4)  list_append(li, 1.5)  len(li)  array_length(li)
        list_contains(li, 1)  list_sum(li)  list_sum(lm)  list_avg(li)  list_max(lm)  list_min(ls)
        list_sort(li)  list_distinct(ls)  list_unique(li)  list_reverse(lm)  flatten(ll)  list_slice(li, 1, 2)
        list_position(li, 2)  list_aggregate(li, 'sum')  list_aggregate(lm, 'avg')  list_transform(li, lambda e: e + 1)
        list_transform(li, lambda e: e * m)  list_transform(ls, lambda e: length(e))  list_filter(li, lambda e: e > 1)
        list_reduce(li, lambda a, c: a + c)  [e * 2 for e in li]  [e for e in li if e > 1]  list_zip(li, ls)
        range(3)  range(i)  generate_series(1, 3)  unnest(li)  unnest(ll)  unnest([1.5, 2])  array_to_string(ls, ',')
        {'a': i, 'b': s}  {'a': i, 'b': s}.a  {'a': {'c': m}}.a.c  struct_pack(a := i, b := m)  row(i, s)
        struct_extract({'a': i}, 'a')  struct_insert({'a': i}, b := s)  map {'a': i}  map([s], [m])
        map {'a': i}['a']  map_keys(map {'a': i})  map_values(map([s], [m]))  map_entries(map {'a': 1})
        cardinality(map {'a': i})  element_at(map {'a': i}, 'a')  map_from_entries([('a', i)])  list_value(i, d)
        array_value(1, 2)  array_distance(v, v)  array_inner_product(v, v)  list_cosine_similarity(li, li)
        list_has_any(li, [1])  list_intersect(li, [1])  list_resize(li, 5)  list_grade_up(li)  list_select(ls, [1])
        union_value(a := i)  union_extract(union_value(a := i), 'a')  list_any_value(lm)  list_where(li, [true, true, false])
    """,
    "json": """
        j->'a'  j->>'a'  j->'$.b'  j['a']  json_extract(j, '$.a')  json_extract_string(j, '$.a')  json_type(j)
        json_extract(j, ['$.a', '$.b'])  json_array_length(j, '$.b')  json_keys(j)  json_valid(s)  to_json(li)
        json_object('a', i)  json_array(i, s)  (j->>'a')::int  json_exists(j, '$.a')  json_contains(j, '1')
        json_merge_patch(j, j)  json_transform(j, '{"a": "INTEGER"}')  from_json(j, '{"b": ["INTEGER"]}')
        json_value(j, '$.a')  json_structure(j)  row_to_json({'a': i})  json_group_array(i)  json_group_object(s, i)
    """,
    "bits and hashes": """
        i & 3  n | 1  xor(i, 1)  ~i  i << 2  n >> 1  bit_count(n)  hash(s)  hash(i, s)  md5(s)  sha256(s)  sha1(s)
        md5_number(s)  '101'::bit  '101'::bit & '110'::bit  get_bit('101'::bit, 1)  bitstring('1', 3)  bin(i)
        to_hex(n)  i::bit  set_bit('101'::bit, 1, 1)  bit_position('1'::bit, '01'::bit)
    """,
    "subqueries": """
        (select max(i) from {table})  (select count(*) from {table})  exists (from {table})  i in (select i from {table})
        (select sum(m) from {table} as o where o.s = q.s)  array(select i from {table})  i > all (select i from {table})
        (select avg(m) * 0.2 from {table})
    """,
}


def expressions() -> list[tuple[str, str]]:
    """Return each expression with its theme."""
    return [
        (theme, expression)
        for theme, text in _THEMES.items()
        for expression in re.split(r"\s{2,}", text.strip())
    ]
