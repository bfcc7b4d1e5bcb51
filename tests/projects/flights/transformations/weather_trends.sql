-- The weather of each hour and where it is going. A hole in the pressure is filled by the hours
-- before it, never by those after.
{{ config(materialized='table') }}

with filled as (
    select
        * exclude (pressure_hpa),
        last_value(pressure_hpa ignore nulls) over (
            partition by origin order by observed_at
            range between interval 3 hour preceding and current row
        ) as pressure_hpa
    from {{ ref('stg_weather') }}
)

select
    origin,
    observed_at,
    temperature_c,
    wind_gust_kmh,
    visibility_km,
    pressure_hpa,
    pressure_hpa - first_value(pressure_hpa) over (
        partition by origin order by observed_at
        range between interval 3 hour preceding and current row
    ) as pressure_change_hpa_3h,
    sum(precipitation_mm) over (
        partition by origin order by observed_at
        range between interval 5 hour preceding and current row
    ) as precipitation_mm_6h,
    temperature_c <= 0 and precipitation_mm_6h > 0 as is_icy
from filled
