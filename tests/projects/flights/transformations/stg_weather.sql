-- Weather in metric units. Of an hour that was reported twice, the one with more in it.
select
    origin,
    time_hour as observed_at,
    {{ celsius('temp') }} as temperature_c,
    {{ kilometres('wind_speed') }} as wind_speed_kmh,
    {{ kilometres('coalesce(wind_gust, wind_speed)') }} as wind_gust_kmh,
    {{ millimetres('precip') }} as precipitation_mm,
    {{ kilometres('visib') }} as visibility_km,
    pressure as pressure_hpa
from {{ source('nyc', 'weather') }}
qualify row_number() over (
    partition by origin, time_hour
    order by pressure desc nulls last, temp desc nulls last, visib, wind_speed, precip
) = 1
