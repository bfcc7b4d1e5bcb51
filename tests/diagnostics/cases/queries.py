"""SQL: broken projects, one mistake each."""

from __future__ import annotations

from typing import Final

from diagnostics.project import LABEL_KEYS, PICKS, SETS, SQL, Case, edited, features, sql

CASES: Final[dict[str, Case]] = {
    "sql_misspelt_keyword": sql("selec 1 as a\n", "FF301"),
    "sql_missing_comma": sql("select\n  1 a b,\n  2 as c\n", "FF301"),
    "sql_missing_bracket": sql("select (1 + 2 as a\nfrom {{ ref('stg_orders') }}\n", "FF301"),
    "sql_double_comma": sql("select 1 as a,, 2 as b\n", "FF301"),
    "sql_ends_early": sql("select amount from {{ ref('stg_orders') }}\nwhere\n", "FF301"),
    "sql_open_quote": sql("select\n  'abc as a\n", "FF301"),
    "sql_open_comment": sql("select 1 as a\n/* never closed\n", "FF301"),
    "sql_error_in_a_loop": sql(
        "select\n{%- for c in ['a', 'b', 'c'] %}\n  1 as {{ c }} {{ ',' if not loop.last }} )\n{%- endfor %}\n",
        "FF301",
    ),
    "sql_empty": sql("", "FF302"),
    "sql_only_a_comment": sql("-- nothing yet\n", "FF302"),
    "sql_two_statements": sql("select 1 as a;\nselect 2 as a\n", "FF302"),
    "sql_insert": sql("-- load\ninsert into x select 1\n", "FF302"),
    "sql_create": sql("create table x as select 1 as a\n", "FF302"),
    "column_misspelt": Case(edited(SQL, ("select customer_id,", "select custmer_id,")), ("FF303",)),
    "column_unknown_after_wide_characters": sql(
        "select 'ü日本' as a, amout from {{ ref('stg_orders') }}\n", "FF303"
    ),
    "column_unknown_in_a_loop": sql(
        "select\n{% for c in ['amount', 'country'] %}\n  sum({{ c }}) as {{ c }}_sum, sum(amout) as x{{ loop.index }},\n{% endfor %}\n  1 as one\nfrom {{ ref('stg_orders') }}\n",
        "FF303",
        "FF303",
    ),
    "column_unknown_from_an_expression": sql(
        "select\n{% for c in ['amount', 'country'] %}\n  max({{ c }}) as {{ c }}_max,\n{% endfor %}\n  1 as one\nfrom {{ ref('stg_orders') }}\n",
        "FF303",
    ),
    "column_unknown_from_a_macro": sql(
        "{% macro total(c) %}sum({{ c }}){% endmacro %}\nselect {{ total('amout') }} as a\nfrom {{ ref('stg_orders') }}\n",
        "FF303",
    ),
    "column_of_an_alias": sql("select o.amout as a from {{ ref('stg_orders') }} as o\n", "FF303"),
    "column_ambiguous": sql(
        "select amount from {{ ref('stg_orders') }} a join {{ ref('stg_orders') }} b using (customer_id)\n",
        "FF305",
    ),
    "column_misspelt_in_view": features(
        ("timestamp: ordered_at\n    created", "timestamp: orderd_at\n    created"), says=("FF303",)
    ),
    "column_of_a_feature": features(
        ("{name: country}", "{name: home, column: contry}"), says=("FF303",)
    ),
    "column_of_a_feature_by_name": features(("{name: country}", "{name: contry}"), says=("FF303",)),
    "column_of_a_key": features(
        ("    created: loaded_at\n", "    created: loaded_at\n    keys: {customer_id: id}\n"),
        says=("FF303",),
    ),
    "column_of_a_label": features(("column: is_fraud", "column: fraud"), says=("FF303",)),
    "column_of_a_label_key": features((LABEL_KEYS, "{customer: custmer_id}"), says=("FF303",)),
    "column_included": Case(
        edited(SETS, (f"features: {PICKS}", f"features: {PICKS}\n    include: [order_idd]")),
        ("FF303",),
    ),
    "table_by_name": sql("select * from orders\n", "FF304"),
    "table_alias_misspelt": sql("select x.amount from {{ ref('stg_orders') }} as o\n", "FF304"),
    "function_unknown": sql("select summ(amount) as a from {{ ref('stg_orders') }}\n", "FF304"),
    "types_do_not_fit": sql(
        "select amount + ordered_at as a\nfrom {{ ref('stg_orders') }}\n", "FF305"
    ),
    "group_by_missing": sql(
        "select customer_id, sum(amount) as a\nfrom {{ ref('stg_orders') }}\n", "FF305"
    ),
    "aggregate_in_where": sql(
        "select 1 as a from {{ ref('stg_orders') }}\nwhere sum(amount) > 1\n", "FF305"
    ),
    "union_of_different_width": sql("select 1 as a\nunion all\nselect 1, 2\n", "FF305"),
    "reads_a_file": sql("select * from read_csv('/etc/passwd')\n", "FF305"),
    "reads_a_file_by_name": sql("select * from 'data/orders.csv'\n", "FF305"),
}
