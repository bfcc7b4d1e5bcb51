-- Flights with one name a thing, and departures in UTC.
select
    carrier,
    flight as flight_number,
    tailnum as tail_number,
    origin,
    dest as destination,
    {{ to_utc('make_timestamp(year, month, day, hour, minute, 0)', "'America/New_York'") }}
        as scheduled_departure_at,
    dep_delay as departure_delay_min,
    arr_delay as arrival_delay_min,
    arr_time as arrival_clock,
    {{ kilometres('distance') }} as distance_km,
    dep_time is null as is_cancelled
from {{ source('nyc', 'flights') }}
