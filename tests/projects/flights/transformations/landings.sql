-- The flights of which it is known whether they were late, at the moment of their forecast.
select
    carrier,
    flight_number,
    tail_number,
    origin,
    destination,
    distance_km,
    scheduled_departure_at,
    scheduled_departure_at - interval {{ var('lead_hours') }} hour as forecast_at,
    is_late
from {{ ref('arrivals') }}
