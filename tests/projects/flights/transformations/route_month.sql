-- Each route at each midnight: the flights that landed in the 28 days before it.
{{ config(materialized='table') }}

with midnights as (
    select distinct {{ next_midnight('arrived_at') }} as as_of
    from {{ ref('arrivals') }}
)

select
    arrivals.origin,
    arrivals.destination,
    midnights.as_of,
    count(*) as flights_28d,
    median(arrivals.arrival_delay_min) as median_arrival_delay_min_28d,
    {{ share('count(*) filter (where arrivals.is_late)', 'count(*)') }} as late_share_28d
from midnights
join {{ ref('arrivals') }} as arrivals
    on arrivals.arrived_at >= midnights.as_of - interval 28 day
    and arrivals.arrived_at < midnights.as_of
group by arrivals.origin, arrivals.destination, midnights.as_of
