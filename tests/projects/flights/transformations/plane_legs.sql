-- What a plane's flights from New York were like up to each of them.
-- A window may hold a flight that landed after a later one had left: all of it is known only
-- when the last of its flights is down, and that is learned_at.
{{ config(materialized='table') }}

with legs as (
    select
        *,
        lag(arrived_at) over (
            partition by tail_number order by departed_at, arrived_at, carrier, flight_number
        ) as previous_arrived_at
    from {{ ref('arrivals') }}
    where tail_number is not null
    -- A plane that leaves before it has landed is two planes with one tail number.
    qualify coalesce(previous_arrived_at <= departed_at, true)
)

select
    tail_number,
    departed_at,
    greatest(max(arrived_at) over last_five, max(arrived_at) over week) as learned_at,
    destination as last_destination,
    arrival_delay_min as last_arrival_delay_min,
    round(avg(arrival_delay_min) over last_five, 3) as avg_arrival_delay_min_last_5,
    count(*) over week as flights_7d,
    sum(distance_km) over week as distance_km_7d
from legs
window
    last_five as (
        partition by tail_number order by departed_at, arrived_at, carrier, flight_number
        rows between 4 preceding and current row
    ),
    week as (
        partition by tail_number order by departed_at
        range between interval 7 day preceding and current row
    )
