"""Jinja in transformations and macros: broken projects, one mistake each."""

from __future__ import annotations

from typing import Final

from diagnostics.project import Case, sql

MACROS: Final = "macros/sums.sql"
TOTAL: Final = "{% macro total(column) -%}\nsum({{ column }})\n{%- endmacro %}\n"
INCREMENTAL: Final = "{{ config(materialized='incremental', time_column='ordered_at') }}\n"
ORDERS: Final = "from {{ ref('stg_orders') }}\n"


def macro(text: str, use: str, *says: str) -> Case:
    """Return a file of macros and a transformation that uses it."""
    return Case({MACROS: text, "transformations/broken.sql": use}, says)


def following(text: str, *says: str) -> Case:
    """Return an incremental transformation whose later builds add a text."""
    when = f"{{% if is_incremental() %}}\n{text}\n{{% endif %}}\n"
    return sql(f"{INCREMENTAL}select ordered_at, amount\n{ORDERS}{when}", *says)


CASES: Final[dict[str, Case]] = {
    "jinja_bracket_open": sql("select 1 as a\nfrom {{ ref('stg_orders' }}\n", "FF109"),
    "jinja_bracket_closes_nothing": sql("select {{ 1) }} as a\n", "FF109"),
    "jinja_quote_open": sql("select 1 as a\nfrom {{ ref('stg_orders) }}\n", "FF109"),
    "jinja_comment_open": sql("select 1 as a\n{# never closed\n", "FF109"),
    "jinja_raw_open": sql("select 1 as a\n{% raw %}\n", "FF109"),
    "jinja_tag_open": sql("select 1 as a\n{% if true\nfrom x\n", "FF109"),
    "jinja_tag_empty": sql("select 1 as a\n{% %}\n", "FF109"),
    "jinja_end_without_begin": sql("select 1 as a\n{% endif %}\n", "FF109"),
    "jinja_end_of_another": sql("select 1 as a\n{% if true %}\n{% endfor %}\n", "FF109"),
    "jinja_else_alone": sql("select 1 as a\n{% else %}\n", "FF109"),
    "jinja_operator_missing": sql("select {{ 1 2 }} as a\n", "FF109"),
    "jinja_expression_missing": sql("select {{ }} as a\n", "FF109"),
    "jinja_and_of_another_language": sql(
        "{% if true && false %}{% endif %}select 1 as a\n", "FF109"
    ),
    "jinja_for_without_in": sql("{% for x of [1] %}{% endfor %}select 1 as a\n", "FF109"),
    "jinja_set_a_number": sql("{% set 1 = 2 %}select 1 as a\n", "FF109"),
    "jinja_snapshot_of_dbt": sql(
        "{% snapshot orders %}\nselect 1 as a\n{% endsnapshot %}\n", "FF109"
    ),
    "jinja_filter_misspelt": sql("select {{ 'a' | uper }} as a\n", "FF202"),
    "jinja_filter_of_chance": sql("select {{ [1, 2] | random }} as a\n", "FF202"),
    "jinja_test_unknown": sql("select {{ 1 is evn }} as a\n", "FF202"),
    "jinja_name_unknown": sql("select {{ minimum }} as a\n", "FF202"),
    "jinja_name_in_a_branch_not_taken": sql(
        "select 1 as a\n{% if false %}\nwhere x > {{ minimum }}\n{% endif %}\n", "FF202"
    ),
    "jinja_ref_in_a_branch_not_taken": sql(
        "select 1 as a\n{% if target.name == 'prod' %}\nunion all select 2 from {{ ref('stg_order') }}\n{% endif %}\n",
        "FF201",
    ),
    "jinja_loop_outside": sql("select {{ loop.index }} as a\n", "FF202"),
    "jinja_target_misspelt": sql("select '{{ target.nme }}' as a\n", "FF202"),
    "jinja_not_called": sql("select * from {{ ref }}\n", "FF109"),
    "jinja_not_iterable": sql("{% for x in 5 %}{% endfor %}select 1 as a\n", "FF109"),
    "jinja_text_and_number": sql("select {{ 'a' + 1 }} as a\n", "FF109"),
    "jinja_no_such_item": sql("select {{ [1, 2][5] }} as a\n", "FF202"),
    "jinja_no_such_key": sql("select {{ {'a': 1}['b'] }} as a\n", "FF202"),
    "jinja_class": sql("select {{ ''.__class__ }} as a\n", "FF109"),
    "jinja_method_forbidden": sql("select {{ 'a'.ljust(9) }} as a\n", "FF109"),
    "jinja_too_many_steps": sql(
        "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}select 1 as a\n",
        "FF119",
    ),
    "jinja_too_much_text": sql("select {{ 'a' * 9999999 }} as a\n", "FF119"),
    "jinja_text_that_doubles": sql(
        "{% set ns = namespace(x='a') %}\n{% for i in range(99) %}\n  {% set ns.x = ns.x ~ ns.x %}\n{% endfor %}\nselect 1 as a\n",
        "FF119",
    ),
    "jinja_number_too_large": sql("select {{ 10 ** 9999 }} as a\n", "FF119"),
    "jinja_nested_too_deep": sql(
        f"{'{% for i in [1] %}' * 30}{'{% endfor %}' * 30}select 1 as a\n", "FF109"
    ),
    "jinja_half_a_character": sql("select '{{ \"\\ud800\" }}' as a\n", "FF109"),
    "jinja_environment_unset": sql("select '{{ env_var('FFC_TEST_UNSET') }}' as a\n", "FF203"),
    "jinja_environment_secret": sql("select '{{ env_var('API_TOKEN') }}' as a\n", "FF120"),
    "jinja_environment_without_name": sql("select '{{ env_var() }}' as a\n", "FF109"),
    "jinja_is_incremental_of_something": sql(
        "select 1 as a {% if is_incremental('x') %}where false{% endif %}\n", "FF109"
    ),
    "jinja_watermark_in_the_first_build": sql(
        f"{INCREMENTAL}select ordered_at\n{ORDERS}where ordered_at > {{{{ watermark() }}}}\n",
        "FF109",
    ),
    "jinja_this_in_the_first_build": sql(
        f"{INCREMENTAL}select ordered_at\n{ORDERS}union all select ordered_at from {{{{ this }}}}\n",
        "FF109",
    ),
    "incremental": sql(f"{INCREMENTAL}select ordered_at\n{ORDERS}"),
    "incremental_later_builds": following("where ordered_at >= {{ watermark() }}"),
    "incremental_later_builds_read_this": following(
        "where ordered_at > (select max(ordered_at) from {{ this }})"
    ),
    "incremental_later_builds_are_wrong": following(
        "where orderd_at >= {{ watermark() }}", "FF303"
    ),
    "incremental_later_builds_are_no_sql": following(
        "where ordered_at >= {{ watermark() }} and", "FF301"
    ),
    "incremental_later_builds_read_nothing": following(
        "where ordered_at > (select max(x) from {{ ref('stg_order') }})", "FF201"
    ),
    "incremental_other_columns": sql(
        f"{INCREMENTAL}select ordered_at{{{{ ', amount' if is_incremental() }}}}\n{ORDERS}", "FF408"
    ),
    "incremental_without_columns": sql(
        f"{{{{ config(materialized='incremental') }}}}\nselect amount {ORDERS}", "FF106"
    ),
    "incremental_lookback_without_time": sql(
        f"{{{{ config(materialized='incremental', unique_key='amount', lookback='1d') }}}}\nselect amount {ORDERS}",
        "FF106",
    ),
    "incremental_lookback_wrong": sql(
        f"{{{{ config(materialized='incremental', time_column='ordered_at', lookback='3 days') }}}}\nselect ordered_at {ORDERS}",
        "FF105",
    ),
    "incremental_time_column_misspelt": sql(
        f"{{{{ config(materialized='incremental', time_column='orderd_at') }}}}\nselect ordered_at {ORDERS}",
        "FF303",
    ),
    "incremental_time_column_is_text": sql(
        f"{{{{ config(materialized='incremental', time_column='customer_id') }}}}\nselect customer_id {ORDERS}",
        "FF403",
    ),
    "incremental_key_misspelt": sql(
        f"{{{{ config(materialized='incremental', unique_key=['customer_id', 'amout']) }}}}\nselect customer_id, amount {ORDERS}",
        "FF303",
    ),
    "incremental_key_is_a_number": sql(
        f"{{{{ config(materialized='incremental', unique_key=7) }}}}\nselect amount {ORDERS}",
        "FF105",
    ),
    "incremental_schema_change_misspelt": sql(
        f"{{{{ config(materialized='incremental', unique_key='amount', on_schema_change='apend') }}}}\nselect amount {ORDERS}",
        "FF105",
    ),
    "snapshot_without_strategy": sql(
        f"{{{{ config(materialized='snapshot', unique_key='amount') }}}}\nselect amount {ORDERS}",
        "FF106",
    ),
    "snapshot_without_updated_at": sql(
        f"{{{{ config(materialized='snapshot', unique_key='amount', strategy='timestamp') }}}}\nselect amount {ORDERS}",
        "FF106",
    ),
    "snapshot": sql(
        f"{{{{ config(materialized='snapshot', unique_key='customer_id', strategy='check', check_columns=['amount']) }}}}\nselect customer_id, amount {ORDERS}"
    ),
    "ephemeral": sql("{{ config(materialized='ephemeral') }}\nselect 1 as a\n"),
    "config_for_another_kind": sql("{{ config(unique_key='a') }}\nselect 1 as a\n", "FF105"),
    "config_of_words": sql("{{ config(tags=['x']) }}\nselect 1 as a\n", "FF104"),
    "config_of_dbt": sql("{{ config(alias='x') }}\nselect 1 as a\n", "FF104"),
    "config_dialect": sql("{{ config(dialect='snowflake') }}\nselect 1 as a\n", "FF603"),
    "config_dialect_unknown": sql("{{ config(dialect='postgre') }}\nselect 1 as a\n", "FF105"),
    "macro_not_jinja": macro(
        "{% macro total(c) %}sum({{ c }}\n", "select {{ total('a') }} as a\n", "FF109"
    ),
    "macro_misspelt": macro(TOTAL, f"select {{{{ totl('amount') }}}} as a\n{ORDERS}", "FF202"),
    "macro_too_many_arguments": macro(
        TOTAL, f"select {{{{ total('amount', 1) }}}} as a\n{ORDERS}", "FF109"
    ),
    "macro_parameter_misspelt": macro(
        TOTAL, f"select {{{{ total(colum='amount') }}}} as a\n{ORDERS}", "FF109"
    ),
    "macro_without_argument": macro(TOTAL, f"select {{{{ total() }}}} as a\n{ORDERS}", "FF202"),
    "macro_makes_wrong_sql": macro(
        "{% macro total(column) -%}\nsumm({{ column }})\n{%- endmacro %}\n",
        f"select\n  {{{{ total('amount') }}}} as a\n{ORDERS}",
        "FF304",
    ),
    "macro_is_given_a_wrong_column": macro(
        TOTAL, f"select\n  {{{{ total('amout') }}}} as a\n{ORDERS}", "FF303"
    ),
    "macro_is_given_a_wrong_column_through_another": macro(
        f"{TOTAL}{{% macro half(column) %}}{{{{ total(column) }}}} / 2{{% endmacro %}}\n",
        f"select\n  {{{{ half('amout') }}}} as a\n{ORDERS}",
        "FF303",
    ),
    "macro_names_a_wrong_column": macro(
        "{% macro clean() %}nullif(amout, 0){% endmacro %}\n",
        f"select {{{{ clean() }}}} as a\n{ORDERS}",
        "FF303",
    ),
    "macro_reads_nothing": macro(
        "{% macro orders() %}{{ ref('stg_order') }}{% endmacro %}\n",
        "select * from {{ orders() }}\n",
        "FF201",
    ),
    "macro_not_called_reads_nothing": macro(
        "{% macro orders() %}{{ ref('stg_order') }}{% endmacro %}\n", "select 1 as a\n", "FF201"
    ),
    "macro_looks_up_what_it_is_given": macro(
        "{% macro all_of(name) %}select * from {{ ref(name) }}{% endmacro %}\n",
        "{{ all_of('stg_order') }}\n",
        "FF201",
    ),
    "macro_name_unknown": macro(
        "{% macro total(column) %}sum({{ colum }}){% endmacro %}\n",
        f"select {{{{ total('amount') }}}} as a\n{ORDERS}",
        "FF202",
    ),
    "macro_divides_by_zero": macro(
        "{% macro half(n) %}{{ 1 / n }}{% endmacro %}\n", "select {{ half(0) }} as a\n", "FF109"
    ),
    "macro_endless": macro(
        "{% macro a() %}{{ b() }}{% endmacro %}\n{% macro b() %}{{ a() }}{% endmacro %}\n",
        "select {{ a() }} as a\n",
        "FF119",
    ),
    "macro_twice": Case(
        {MACROS: TOTAL, "macros/more.sql": "\n{% macro total(c) %}{% endmacro %}\n"}, ("FF204",)
    ),
    "macro_named_as_a_function": Case(
        {MACROS: "{% macro ref(name) %}x{% endmacro %}\n"}, ("FF204",)
    ),
    "macro_file_misspelt": macro(
        TOTAL,
        f"{{% import 'sum.sql' as s %}}\nselect {{{{ s.total('amount') }}}} as a\n{ORDERS}",
        "FF201",
    ),
    "macro_file_not_in_quotes": macro(
        TOTAL,
        f"{{% import sums as s %}}\nselect {{{{ s.total('amount') }}}} as a\n{ORDERS}",
        "FF109",
    ),
    "macro_of_a_file_misspelt": macro(
        TOTAL,
        f"{{% from 'sums.sql' import totl %}}\nselect {{{{ totl('amount') }}}} as a\n{ORDERS}",
        "FF202",
    ),
    "macro_of_an_import_misspelt": macro(
        TOTAL,
        f"{{% import 'sums.sql' as s %}}\nselect {{{{ s.totl('amount') }}}} as a\n{ORDERS}",
        "FF202",
    ),
    "macro_files_import_each_other": Case(
        {
            MACROS: "{% import 'more.sql' as more %}\n",
            "macros/more.sql": "{% import 'sums.sql' as sums %}\n",
        },
        ("FF205",),
    ),
    "macro_file_imports_itself": Case({MACROS: "{% import 'sums.sql' as s %}\n"}, ("FF205",)),
    "macro_broken_and_used": Case(
        {
            MACROS: "{% macro total(c) %}sum({{ c }}\n",
            "transformations/one.sql": "select {{ total('a') }} as a\n",
            "transformations/two.sql": "{% import 'sums.sql' as s %}select {{ s.total('a') }} as a\n",
            "transformations/three.sql": "select * from {{ ref('one') }}\n",
        },
        ("FF109",),
    ),
    "jinja_function_as_an_answer": following(
        "{% if is_incremental %}where true{% endif %}", "FF109"
    ),
    "jinja_target_printed": sql("select '{{ target }}' as a\n", "FF109"),
    "jinja_given_twice": sql(
        "{{ config(materialized='table', materialized='view') }}\nselect 1 as a\n", "FF103"
    ),
    "jinja_set_twice": sql(
        "{{ config(materialized='table') }}\n{{ config(materialized='view') }}\nselect 1 as a\n",
        "FF103",
    ),
    "jinja_one_brace_short": sql("select {{ var('min_amount', 0) } as a\n", "FF109"),
    "jinja_variable_bare": sql("select {{ min_amount }} as a\n", "FF202"),
    "jinja_run_query": sql("select {{ run_query('select 1') }} as a\n", "FF202"),
    "macro_twice_in_one_file": Case(
        {MACROS: TOTAL + "{% macro total(c) %}{% endmacro %}\n"}, ("FF204",)
    ),
    "macro_import_wrong_in_a_macro_and_used": Case(
        {
            MACROS: TOTAL,
            "macros/more.sql": "{% import 'sums.sql' as s %}\n{% macro m() %}{{ s.totl('a') }}{% endmacro %}\n",
            "transformations/broken.sql": "select {{ m() }} as a\n",
        },
        ("FF202",),
    ),
    "cycle_of_fifty": Case(
        {
            f"transformations/t{i:02}.sql": f"select * from {{{{ ref('t{(i + 1) % 50:02}') }}}}\n"
            for i in range(50)
        },
        ("FF205",),
    ),
}
