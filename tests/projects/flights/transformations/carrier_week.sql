-- Each carrier at each midnight: the seven days before it, also where it didn't fly on some.
{{ config(materialized='table') }}

with midnights as (
    select distinct as_of from {{ ref('carrier_days') }}
),

weeks as (
    select
        airlines.carrier,
        midnights.as_of,
        sum(days.flights) over week as flights,
        sum(days.cancelled) over week as cancelled,
        sum(days.landed) over week as landed,
        sum(days.late) over week as late,
        sum(days.arrival_delay_min) over week as arrival_delay_min
    from midnights
    cross join {{ source('nyc', 'airlines') }} as airlines
    left join {{ ref('carrier_days') }} as days
        on days.carrier = airlines.carrier and days.as_of = midnights.as_of
    window week as (
        partition by airlines.carrier order by midnights.as_of
        range between interval 6 day preceding and current row
    )
)

select
    carrier,
    as_of,
    cast(coalesce(flights, 0) as bigint) as flights_7d,
    {{ share('arrival_delay_min', 'landed') }} as avg_arrival_delay_min_7d,
    {{ share('late', 'landed') }} as late_share_7d,
    {{ share('cancelled', 'flights') }} as cancelled_share_7d,
    rank() over (partition by as_of order by {{ share('late', 'landed') }} nulls last)
        as punctuality_rank
from weeks
