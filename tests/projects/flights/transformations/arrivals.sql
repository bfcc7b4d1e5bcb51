-- Flights that reached their destination, in the order in which they did.
{{ config(
    materialized='incremental',
    time_column='arrived_at',
    unique_key=['carrier', 'flight_number', 'scheduled_departure_at'],
    lookback='3d',
) }}

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
    departure_delay_min,
    arrival_delay_min,
    arrival_delay_min >= {{ var('late_minutes') }} as is_late
from {{ ref('flight_times') }}
where arrived_at is not null
    and not is_diverted
    {% if is_incremental() %}and arrived_at >= {{ watermark() }}{% endif %}
