{% macro celsius(fahrenheit) -%}
round(({{ fahrenheit }} - 32) / 1.8, 2)
{%- endmacro %}

{% macro kilometres(miles) -%}
round(cast({{ miles }} as double) * 1.609344, 2)
{%- endmacro %}

{% macro millimetres(inches) -%}
round({{ inches }} * 25.4, 2)
{%- endmacro %}

{# A part of a whole, from 0 to 1; null where the whole is nothing. #}
{% macro share(part, whole) -%}
{{ part }} / nullif({{ whole }}, 0)
{%- endmacro %}
