-- When each flight left, when it landed, and when we knew how it ended; all in UTC.
-- It lands when the clock at its destination first shows its arrival time after it left.
{{ config(materialized='table') }}

with departed as (
    select
        flights.*,
        airports.time_zone,
        scheduled_departure_at + to_minutes(departure_delay_min) as departed_at
    from {{ ref('stg_flights') }} as flights
    join {{ ref('stg_airports') }} as airports on airports.airport = flights.destination
),

clocks as (
    select
        *,
        {{ to_local('departed_at', 'time_zone') }} as departed_local,
        date_trunc('day', departed_local) + {{ clock('arrival_clock') }} as arrival_local
    from departed
),

landed as (
    select
        *,
        arrival_local + case when arrival_local < departed_local then interval 1 day
            else interval 0 day end as arrived_local,
        {{ to_utc('arrived_local', 'time_zone') }} as arrived_at
    from clocks
)

select
    carrier,
    flight_number,
    tail_number,
    origin,
    destination,
    distance_km,
    scheduled_departure_at,
    departed_at,
    arrived_at,
    -- Nobody reports what never lands: a day later it is certain.
    coalesce(arrived_at, coalesce(departed_at, scheduled_departure_at) + interval 1 day)
        as known_at,
    departure_delay_min,
    arrival_delay_min,
    is_cancelled,
    not is_cancelled and arrival_delay_min is null as is_diverted
from landed
