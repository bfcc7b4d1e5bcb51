-- What became known of a carrier's flights on each day, as of the midnight (UTC) that ends it.
{{ config(materialized='table') }}

select
    carrier,
    {{ next_midnight('known_at') }} as as_of,
    count(*) as flights,
    count(*) filter (where is_cancelled) as cancelled,
    count(arrival_delay_min) as landed,
    count(*) filter (where arrival_delay_min >= {{ var('late_minutes') }}) as late,
    sum(arrival_delay_min) as arrival_delay_min
from {{ ref('flight_times') }}
group by carrier, as_of
