-- The clock that each destination goes by. Those that the list lacks lie in the Caribbean.
with destinations as (
    select distinct destination as airport
    from {{ ref('stg_flights') }}
)

select
    destinations.airport,
    coalesce(airports.tzone, 'America/Puerto_Rico') as time_zone
from destinations
left join {{ source('nyc', 'airports') }} as airports
    on airports.faa = destinations.airport
