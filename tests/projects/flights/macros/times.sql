{# What a clock on a wall shows, as UTC: without a word of the session's own zone. #}
{% macro to_utc(local, zone) -%}
(({{ local }}) at time zone {{ zone }}) at time zone 'UTC'
{%- endmacro %}

{# And back. #}
{% macro to_local(instant, zone) -%}
(({{ instant }}) at time zone 'UTC') at time zone {{ zone }}
{%- endmacro %}

{# A clock written as a number: 1745 is a quarter to six in the evening, 2400 is midnight. #}
{% macro clock(number) -%}
to_minutes({{ number }} // 100 * 60 + {{ number }} % 100)
{%- endmacro %}

{# The midnight (UTC) that ends the day of an instant. #}
{% macro next_midnight(instant) -%}
date_trunc('day', {{ instant }}) + interval 1 day
{%- endmacro %}
