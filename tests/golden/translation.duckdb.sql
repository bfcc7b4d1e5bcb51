i / 2
1 / nullif(i, 0)
i / i
d / d
n / 3
n / n
r / 3
r / r
i // 2
-7 // 2
b // 3
i % 4
n % 2
r = 0.1
r < d
r + 1
r * n
r > 1
i + 1.5
i * 1e-3
round(d)
round(d, 2)
round(n)
round(n, 1)
round(id * 7, -1)
round(d * 10, 1)
cast(d as int)
cast(n as int)
try_cast(s as int)
try_cast(s as bigint)
cast(d as decimal(10,2))
cast(n as decimal(10,2))
cast(i as text)
cast(n as text)
cast(t as text)
cast(dt as text)
cast(p as text)
cast(p as int)
cast(p as bigint)
cast(i as boolean)
cast(b as boolean)
cast(b as double)
cast(r as double)
cast(d as real)
cast(t as date)
cast(dt as timestamp)
cast('2024-01-01 00:00:00.1234567' as timestamp)
cast('2024-01-01 00:00:00+02' as timestamp)
lower(s)
upper(s)
length(s)
trim(s)
s || '-' || i
concat(s, null, p, i)
concat_ws(',', s, i)
s like 'a%'
s like '%\_%'
s like '%!_%' escape '!'
s ilike 'É%'
s < 'b'
s in ('a','B')
s between 'A' and 'Z'
left(s, 2)
left(s, -1)
right(s, 2)
right(s, -1)
substring(s, 2, 2)
substring(s, 2)
replace(s, 'a', 'xy')
strpos(s, 'b')
contains(s, 'a')
starts_with(s, 'a')
ends_with(s, 'a')
split_part(s, ',', 1)
split_part(s, ',', 2)
repeat(s, 2)
regexp_matches(s, '^[a-z]+$')
regexp_replace(s, '[ab]', 'X')
regexp_replace(s, '[ab]', 'X', 'g')
md5(s)
chr(65)
ascii(s)
greatest(s, 'a', 'b')
least(s, 'b')
greatest(d, i)
least(i, null, 3)
coalesce(s, 'x')
coalesce(i, 1.5)
nullif(s, 'a')
case when p then s else 'zz' end
case when p then i else 1.5 end
p and i > 1
not p
p is true
isnan(d)
isinf(d)
abs(d)
abs(i)
floor(d)
ceil(d)
floor(n)
sign(d)
sign(i)
trunc(d)
trunc(n)
sqrt(abs(d))
power(i, 2)
2 ** 3
exp(0.5)
ln(2)
log(100)
log10(1000)
cbrt(8)
d * 2
date_trunc('day', t)
date_trunc('hour', t)
date_trunc('week', t)
date_trunc('month', dt)
date_trunc('quarter', dt)
date_trunc('year', t)
date_diff('day', t, timestamp '2024-03-01')
date_diff('day', dt, t)
date_diff('hour', t, timestamp '2024-03-01')
date_diff('minute', t, timestamp '2024-03-01')
date_diff('second', t, timestamp '2024-03-01 00:00:00.9')
date_diff('month', t, timestamp '2024-03-01')
date_diff('quarter', t, timestamp '2024-03-01')
date_diff('year', dt, t)
year(t)
month(dt)
day(t)
hour(t)
minute(t)
second(t)
quarter(t)
week(t)
dayofweek(t)
isodow(t)
dayofyear(t)
weekday(t)
extract(epoch from t)
extract(dow from dt)
extract(second from t)
date_part('isoyear', t)
date_part('epoch', t)
epoch(t)
t + interval 1 day
t - interval 90 minute
dt + interval 1 month
dt + 1
dt - date '2024-01-01'
t - timestamp '2024-01-01' > interval 1 day
epoch(t - timestamp '2024-01-01')
t + to_minutes(i)
t + interval (g) day
to_days(g) + t
date_add(t, interval 1 month)
cast(t at time zone 'America/New_York' as timestamp)
t at time zone 'UTC' at time zone 'America/New_York'
(t at time zone 'America/New_York') at time zone 'UTC'
make_timestamp(2024, g, 1, 3, 4, 5.5)
make_timestamp(2013, 1, 1, b % 24, 0, 0)
make_date(2024, g, 1)
last_day(dt)
strftime(t, '%Y-%m-%d %H:%M:%S')
strftime(t, 'at %H:%M on %A, %d %B')
strftime(dt, '%j %u %V %G %p %I %f')
dayname(t)
monthname(t)
t > '2024-01-01'
dt >= '2024-01-01'
t between dt and dt + 1
null
1
3000000000
1.5
1e10
'x'
true
row_number() over (order by s, id)
row_number() over (order by d desc, id)
rank() over (order by i desc)
dense_rank() over (partition by g order by s)
ntile(3) over (order by id)
percent_rank() over (order by id)
cume_dist() over (order by i)
lag(s) over (order by id)
lead(i, 2, 0) over (order by id)
first_value(s) over (partition by g order by s desc)
last_value(s) over (partition by g order by id)
nth_value(i, 2) over (order by id)
last_value(i ignore nulls) over (order by id)
first_value(s ignore nulls) over (partition by g order by id desc rows between 1 preceding and current row)
sum(i) over (partition by g)
sum(d) over (partition by g order by id)
sum(b) over (order by id rows between 1 preceding and current row)
avg(i) over (partition by g)
count(*) over (partition by g order by id)
max(s) over (order by id)
max(p) over (partition by g)
min(s || 'x') over ()
sum(i) over (order by t range between interval 3 day preceding and current row)
count(s) filter (where p) over (partition by g)
select g, sum(i) as a, sum(b) as b, sum(n) as c, sum(d) as d, sum(r) as e, sum(p) as f from "__ffc"."hard" group by g order by g
select g, cast(sum(i) as bigint) as a, cast(sum(n) as decimal(18,3)) as n from "__ffc"."hard" group by g order by g
select g, avg(i) as a, avg(b) as b, avg(n) as c, avg(d) as d, avg(r) as e from "__ffc"."hard" group by g order by g
select g, min(s) as a, max(s) as b, min(t) as c, max(dt) as d, min(d) as e, max(d) as f, min(n) as h, max(p) as j, min(p) as k from "__ffc"."hard" group by g order by g
select g, count(*) as a, count(s) as b, count(distinct i) as c, count_if(p) as d, count(*) filter (where p) as e from "__ffc"."hard" group by g order by g
select count_if(p) as d, sum(i) as x from "__ffc"."hard" where false
select g, stddev(i) as a, variance(i) as b, stddev_pop(i) as c, var_pop(n) as d, stddev(n) as e from "__ffc"."hard" where id <> 4 group by g order by g
select g, median(i) as a, median(b) as b, quantile_cont(i, 0.25) as c, median(i) filter (where p) as e from "__ffc"."hard" group by g order by g
select g, bool_and(p) as a, bool_or(p) as b from "__ffc"."hard" group by g order by g
select g, arg_max(s, i) as a, arg_min(s, id) as b, arg_max(i, s) as c, arg_max(s, t) filter (where p) as d from "__ffc"."hard" group by g order by g
select g, any_value(g) as a from "__ffc"."hard" group by g order by g
select g, string_agg(s, ',' order by id) as a, string_agg(s, ',' order by s desc) as b from "__ffc"."hard" group by g order by g
select g, list(i order by id) as a, list(s order by s desc) as b from "__ffc"."hard" group by g order by g
select upper(s) as u, count(*) as n from "__ffc"."hard" group by upper(s) order by u
select upper(s) as u, count(*) as n from "__ffc"."hard" group by u order by n, u
select upper(s) as u, count(*) as n from "__ffc"."hard" group by 1 having count(*) > 0 order by 1
select distinct s || '' as u from "__ffc"."hard" order by u
select distinct on (g) g, id, s from "__ffc"."hard" order by g, s desc
select * exclude (p, g) from "__ffc"."hard" order by id
select * replace (i + 1 as i) from "__ffc"."hard" order by id
select id, s from "__ffc"."hard" qualify row_number() over (partition by g order by s desc, id) = 1 order by id
select id, row_number() over (partition by g order by id) as rn from "__ffc"."hard" qualify rn = 1 order by id
select id, i + 1 as j, j * 2 as k from "__ffc"."hard" where j > 1 order by id
select id, sum(i) over w as a, count(*) over w as b from "__ffc"."hard" window w as (partition by g order by id) order by id
with x as (select g, upper(s) as u, avg(i) as a from "__ffc"."hard" group by g, u) select g, max(u) as m, max(a) / 2 as h from x group by g order by g
select a.id, b.s from "__ffc"."hard" a left join "__ffc"."hard" b on a.id = b.i order by a.id, b.s
select a.id, b.s from "__ffc"."hard" a join "__ffc"."hard" b using (id) order by a.id
select id, s from "__ffc"."hard" where id in (select i from "__ffc"."hard") order by id
select id from "__ffc"."hard" a where exists (select 1 from "__ffc"."hard" b where b.i = a.id) order by id
select id, cast(i as text) as s from "__ffc"."hard" union all select id, s from "__ffc"."hard" order by id, s
select id, i as v from "__ffc"."hard" union select id, b from "__ffc"."hard" order by id, v
select id, null as v from "__ffc"."hard" order by id
select g, grouping(g) as k, count(*) as n from "__ffc"."hard" group by rollup (g) order by g
select id, ID + 1 as x from "__ffc"."hard" order by ID
select id, S as "S", i "Two Words" from "__ffc"."hard" order by 1
select id, s from "__ffc"."hard" order by s desc limit 3 offset 1
select id, s from "__ffc"."hard" order by s
select id, d from "__ffc"."hard" order by d desc, id
select id, case s when 'a' then 1 when 'B' then 2 end as c from "__ffc"."hard" order by id
select max(x) as m from (select cast(i as text) as x from "__ffc"."hard") t
select max(case when p then 'b' else 'B' end) as m, min(chr(97 + g)) as c from "__ffc"."hard"
round(i * 1.005, 2)
round(i * 1.5, 1)
(i + 1.5) / 2
cast(s || '' as timestamp) is null and false
d * 1.5
abs(n * 1.5)
sum(i * 1.5) over (order by id)
regexp_matches(s, 'a|B')
regexp_matches(s, '\d')
regexp_matches(s, '^\s')
regexp_replace(s, '[a-z]+', '')
select g, list(i order by id) as a, list(s order by s desc, id) as b from "__ffc"."hard" group by g order by g
select g, any_value(s) as a from "__ffc"."hard" where id < 3 and id > 1 group by g order by g
select count(distinct s) as a, sum(distinct g) as b, avg(distinct g) as c from "__ffc"."hard"
select s, count(*) as n from "__ffc"."hard" group by s order by n desc, s
lower(s) = 'É'
upper(s) > 'B'
min(upper(s)) over (partition by g)
trim(leading from s)
ltrim(s)
rtrim(s)
i in (1, 3, null)
i not in (1, 3)
d in (0.5, 1.1)
coalesce(r, 1.5)
case when r > 1 then r else 0.5 end
least(r, 1.5)
date '2024-01-31' + interval '1' month
date_trunc('day', t) + interval 1 day
t - interval 1 week
t + interval '2 days'
interval 1 day < interval 25 hour
t::date = dt
t::date
i::smallint
s::varchar(1)
d > 1e0
n = 1.005
n > 1
b > 1.5
b = 9007199254740993.0
i = '1'
s || null
s > null
not (i is null)
i is not distinct from 1
i is distinct from null
abs(-2147483647)
-i
id % -3
mod(i, 5)
cast(s as int)
cast(cast(i as text) as int)
cast(cast(d as int) as text)
cast(cast(n as text) as decimal(10,3))
cast(cast(t as text) as timestamp)
cast(cast(dt as text) as date)
cast(i as decimal(12,2))
cast(d as decimal(18,4))
cast(n as decimal(8,1))
cast(1.25 as decimal(3,1))
cast(d as bigint)
cast(r as decimal(10,2))
round(cast(n as double), 1)
round(avg(i) over (partition by g), 1)
round(i / 3, 2)
round(n * 2, 2)
round(n / 3, 2)
floor(n * 1.5)
power(n, 2)
n * n
n + n
n - 1
i * i / 2
sum(n) over (order by id)
sum(i / 2) over (order by id)
avg(n) over (order by id)
count(*) over ()
min(d) over ()
max(d) over ()
lag(t, 1) over (partition by g order by t)
rank() over (order by s)
row_number() over (order by lower(s), id)
sum(g) over (order by g)
sum(g) over (order by g rows between unbounded preceding and 1 following)
sum(g) over (order by g range between 1 preceding and current row)
max(s) over (partition by upper(s))
select id, s from "__ffc"."hard" qualify coalesce(lag(i) over (order by id) < hard.i, true) order by hard.b desc, id limit 5
select distinct g from "__ffc"."hard" qualify count(*) over (partition by g) > 2 order by g
select id, sum(i) over w as a from "__ffc"."hard" window w as (partition by g order by s, id) qualify row_number() over w = 1 order by id
with x as (select id, g, row_number() over (partition by g order by id) as n from "__ffc"."hard" qualify n < 3) select g, count(*) as c, sum(n) as m from x group by g order by g
i & 3
i | 8
lpad(s, 4, 'xy')
rpad(s, 1, 'x')
translate(s, 'ab', 'x')
weekofyear(dt)
select g, bit_and(i) as a, bit_or(i) as b, count_if(p) as c from "__ffc"."hard" group by g order by g
