-- Each customer at each midnight: the seven days before it, nothing from it on.
-- as_of is when the numbers became true, loaded_at when we had every row that they need.
-- A sum's last digit hangs on the order of its rows: without it, half a cent is the same each time.
{{ config(materialized='table') }}

with midnights as (
    select distinct date_trunc('day', event_time) + interval 1 day as as_of
    from {{ ref('clean_transactions') }}
)

select
    customers.customer_id,
    midnights.as_of,
    round(round(avg(spent.amount), 6), 2) as avg_amount_7d,
    max(spent.amount) as max_amount_7d,
    count(spent.transaction_id) as txn_count_7d,
    cast(date_diff('day', customers.signup_time, midnights.as_of) as bigint) as account_age_days,
    greatest(midnights.as_of, coalesce(max(spent.loaded_at), midnights.as_of)) as loaded_at
from midnights
join {{ source('raw', 'customers') }} as customers
    on customers.loaded_at < midnights.as_of
left join {{ ref('clean_transactions') }} as spent
    on spent.customer_id = customers.customer_id
    and spent.event_time >= midnights.as_of - interval 7 day
    and spent.event_time < midnights.as_of
group by customers.customer_id, customers.signup_time, midnights.as_of
