-- Every scheduled flight at the moment when its fate is to be forecast.
select
    carrier,
    flight_number,
    origin,
    destination,
    scheduled_departure_at,
    scheduled_departure_at - interval {{ var('lead_hours') }} hour as forecast_at,
    is_cancelled
from {{ ref('flight_times') }}
