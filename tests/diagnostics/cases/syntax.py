"""SQL that is not SQL, not one SELECT, or means nothing: one mistake each but where it says so."""

from __future__ import annotations

from typing import Final

from diagnostics.project import Case, sql

ORDERS: Final = "{{ ref('stg_orders') }}"
RAW: Final = "{{ source('raw', 'orders') }}"


def amount(rest: str, *says: str) -> Case:
    """Return a query of one column; its second line is what is wrong."""
    return sql(f"select amount from {ORDERS} o\n{rest}\n", *says)


def column(expression: str, *says: str) -> Case:
    """Return a query whose first line, its one column, is what is wrong."""
    return sql(f"select {expression}\nfrom {ORDERS} o\n", *says)


_COMMAS: Final = {
    "comma_before_from": column("customer_id, amount,", "FF301"),
    "comma_before_where": sql(f"select 1 as a\nfrom {ORDERS},\nwhere true\n", "FF301"),
    "comma_before_group": sql(
        f"select customer_id\nfrom {ORDERS},\ngroup by customer_id\n", "FF301"
    ),
    "comma_before_bracket": column("coalesce(amount, 0,) as a", "FF301"),
    "comma_at_the_end": amount("order by amount,", "FF301"),
    "comma_first": column(", amount", "FF301"),
    "comma_after_bracket": column("coalesce(, amount) as a", "FF301"),
    "comma_after_ctes": sql("with a as (select 1 as x),\nselect x from a\n", "FF301"),
    "comma_missing": column("customer_id amount ordered_at", "FF301"),
    "comma_between_conditions": amount("where amount > 1, amount < 5", "FF301"),
    "commas_everywhere": sql(
        f"select customer_id,, amount,\nfrom {ORDERS},\nwhere amount > 1\n",
        "FF301",
        "FF301",
        "FF301",
    ),
}

_WORDS: Final = {
    "word_form": sql(f"select amount form {ORDERS}\n", "FF301"),
    "word_fron": sql(f"select amount fron {ORDERS} where amount > 1\n", "FF301"),
    "word_wher": amount("wher amount > 1", "FF301"),
    "word_gruop": sql(f"select count(*) as n from {RAW} o\ngruop by country\n", "FF301"),
    "word_oder": amount("oder by amount", "FF301"),
    "word_havin": sql(
        f"select country from {RAW} o group by country\nhavin count(*) > 1\n", "FF301"
    ),
    "word_lef": sql(f"select amount from {ORDERS}\nlef join {RAW} using (customer_id)\n", "FF301"),
    "word_jion": sql(f"select 1 as a from {ORDERS}\nleft jion {RAW} on true\n", "FF301"),
    "word_untion": sql("select 1 as a\nuntion all\nselect 2\n", "FF301"),
    "word_distnct": column("distnct amount", "FF303"),
    "word_partiton": column("sum(amount) over (partiton by customer_id) as a", "FF301"),
    "word_reserved_order": column("order", "FF301"),
    "word_reserved_at": column("customer_id, at, amount", "FF301"),
    "word_reserved_end": column("amount as begin_, end", "FF301"),
    "word_twice": sql(f"select amount from from {ORDERS}\n", "FF301"),
    "words_misspelt": sql(
        f"selct country, count(*) as n\nfrom {RAW} o\nwher amount > 1\ngruop by country\n",
        "FF301",
        "FF301",
        "FF301",
    ),
}

_UNCLOSED: Final = {
    "open_bracket": column("round(amount as a", "FF301"),
    "open_name": column('"amount as a', "FF301"),
    "open_case": column("case when amount > 1 then 'a' else 'b' as c", "FF301"),
    "bracket_too_many": column("round(amount)) as a", "FF301"),
    "bracket_of_another_kind": column("[1, 2) as a", "FF301"),
    "apostrophe": column("'it's' as a", "FF301"),
    "case_without_then": column("case when amount > 1 'a' end as c", "FF301"),
}

_NOTHING: Final = {
    "nothing_selected": column("", "FF301"),
    "nothing_after_group": amount("group by", "FF301"),
    "nothing_after_order": amount("order by", "FF301"),
    "nothing_after_and": amount("where amount > 1 and", "FF301"),
    "nothing_after_equals": amount("where amount = and amount > 1", "FF301"),
    "nothing_after_as": column("amount as", "FF301"),
    "nothing_after_limit": amount("limit", "FF301"),
    "nothing_after_on": amount(f"join {RAW} r on", "FF301"),
    "nothing_after_is": amount("where amount is", "FF301"),
    "nothing_after_union": amount("union all", "FF301"),
}

_SHAPES: Final = {
    "join_without_condition": amount(f"join {RAW} r", "FF301"),
    "join_without_condition_in_a_chain": amount(f"join {RAW} r\njoin {RAW} s on true", "FF301"),
    "using_without_brackets": amount(f"join {RAW} r using customer_id", "FF301"),
    "where_after_group": sql(
        f"select country from {RAW}\ngroup by country\nwhere amount > 1\n", "FF301"
    ),
    "where_twice": amount("where amount > 1\nwhere amount < 5", "FF301"),
    "by_missing": sql(f"select country from {RAW} r\ngroup country\n", "FF301"),
    "and_missing": amount("where amount > 1 amount < 5", "FF301"),
    "between_without_and": amount("where amount between 1 5", "FF301"),
    "cte_without_brackets": sql("with a as select 1 as x\nselect x from a\n", "FF301"),
    "query_without_brackets": amount(f"where exists select 1 from {RAW}", "FF301"),
    "cast_with_a_comma": column("cast(amount, varchar) as a", "FF301"),
    "in_without_brackets": amount("where amount in 1, 2", "FF301"),
    "limit_with_two_numbers": amount("limit 5, 10", "FF301"),
    "begins_with_where": sql("where amount > 1\n", "FF301"),
}

_OTHERS: Final = {
    "braces_single": sql("select amount from {ref('stg_orders')}\n", "FF301"),
    "backticks": column("`amount`", "FF301"),
    "quotes_of_a_word_processor": column("“amount”", "FF301"),
    "quotes_of_a_word_processor_single": amount("where customer_id = ‘a’", "FF301"),  # noqa: RUF001
    "space_without_width": column("amount,\u200b customer_id", "FF301"),
    "control_character": column("amount,\x07 customer_id", "FF301"),
    "comment_with_a_hash": column("amount # in euros", "FF301"),
    "top": column("top 10 amount", "FF301"),
    "operator_of_no_kind": amount("where amount =< 5", "FF301"),
    "parameter": amount("where amount > $1", "FF301"),
    "parameter_question": amount("where amount > ?", "FF301"),
    "parameter_colon": amount("where amount > :least", "FF301"),
    "nested_too_deep": sql(f"select {'(' * 5000}1{')' * 5000} as a\n", "FF301"),
}

_STATEMENTS: Final = {
    "statement_update": sql("update x set a = 1\n", "FF302"),
    "statement_delete": sql("delete from x\n", "FF302"),
    "statement_merge": sql("merge into x using y on x.a = y.a\n", "FF302"),
    "statement_drop": sql("drop table x\n", "FF302"),
    "statement_copy": sql("copy x to 'x.csv'\n", "FF302"),
    "statement_attach": sql("attach 'x.db'\n", "FF302"),
    "statement_pragma": sql("pragma table_info('x')\n", "FF302"),
    "statement_set": sql("set threads = 1\n", "FF302"),
    "statement_install": sql("install httpfs\n", "FF302"),
    "statement_explain": sql("explain select 1 as a\n", "FF302"),
    "statement_describe": sql("describe select 1 as a\n", "FF302"),
    "statement_call": sql("call pragma_version()\n", "FF302"),
    "statement_begin": sql("begin\n", "FF302"),
    "statement_grant": sql("grant select on x to y\n", "FF302"),
    "statement_misspelt": sql("insrt into x select 1\n", "FF302"),
    "statement_after_ctes": sql(
        "with x as (select 1 as a)\ninsert into y select a from x\n", "FF302"
    ),
    "statement_into": column("amount into totals", "FF302"),
    "semicolon_first": sql("; select 1 as a\n", "FF301"),
    "semicolon_inside": amount(";\nwhere amount > 1", "FF301"),
    "semicolon_then_another": amount(";\nupdate x set a = 1;", "FF302"),
}

_NAMES: Final = {
    "column_alone": sql("select amount\n", "FF303"),
    "column_in_double_quotes": amount('where customer_id = "carol"', "FF303"),
    "column_not_excluded": column("* exclude (amout)", "FF303"),
    "column_not_on_both_sides": amount(f"join {RAW} r using (country)", "FF303"),
    "field_of_no_struct": column("amount.euros", "FF303"),
    "table_without_a_name": sql(f"select stg_orders.amount\nfrom {ORDERS}\n", "FF304"),
    "table_misspelt_by_name": sql("select amount from stg_order\n", "FF304"),
    "table_of_a_cte_misspelt": sql(
        "with totals as (select 1 as a)\nselect a from total\n", "FF304"
    ),
    "table_of_a_later_cte": sql(
        "with a as (select x from b),\nb as (select 1 as x)\nselect x from a\n", "FF304"
    ),
    "table_in_a_schema": sql("select amount from raw.orders\n", "FF304"),
    "table_in_our_own_schema": sql('select * from "__ffc"."source.raw.orders"\n', "FF304"),
    "ref_without_braces": sql("select amount from ref('stg_orders')\n", "FF304"),
    "type_of_a_cast": column("cast(amount as flot) as a", "FF304"),
    "window_unknown": column("sum(amount) over w as a", "FF304"),
    "columns_ambiguous_without_names": sql(
        f"select amount from {ORDERS} join {RAW} using (customer_id)\n", "FF305"
    ),
    "tables_of_one_name": amount(f"cross join {RAW} o", "FF305"),
    "ctes_of_one_name": sql(
        "with a as (select 1 as x),\na as (select 2 as x)\nselect x from a\n", "FF305"
    ),
}

_FITS: Final = {
    "call_of_other_types": column("upper(amount) as a", "FF305"),
    "call_of_other_width": column("upper(customer_id, 1) as a", "FF305"),
    "text_and_number": column("customer_id + 1 as a", "FF305"),
    "time_and_number": column("ordered_at + 1 as a", "FF305"),
    "coalesce_of_two_types": column("coalesce(amount, ordered_at) as a", "FF305"),
    "compared_types": amount("where customer_id > ordered_at", "FF305"),
    "grouped_by_another": sql(
        f"select country, amount, count(*) as n\nfrom {RAW}\ngroup by country\n", "FF305"
    ),
    "grouped_star": sql(f"select *\nfrom {RAW}\ngroup by country\n", "FF305"),
    "aggregate_in_aggregate": column("sum(max(amount)) as a", "FF305"),
    "aggregate_in_group": sql(f"select 1 as a from {RAW}\ngroup by sum(amount)\n", "FF305"),
    "window_in_where": amount("where row_number() over () = 1", "FF305"),
    "window_missing": column("row_number() as n", "FF305"),
    "window_of_no_aggregate": column("upper(customer_id) over () as a", "FF305"),
    "qualify_without_window": amount("qualify amount > 1", "FF305"),
    "subquery_of_two_columns": column(f"(select amount, country from {RAW}) as a", "FF305"),
    "order_by_a_number": amount("order by 7", "FF305"),
    "recursive_missing": sql("with a as (select x from a)\nselect x from a\n", "FF305"),
    "part_of_time_misspelt": column("extract(yaer from ordered_at) as y", "FF305"),
    "asof_without_time": amount(f"asof join {RAW} r on o.customer_id = r.customer_id", "FF305"),
    "lambda_with_an_arrow": column("list_transform([amount], x -> x + 1) as a", "FF305"),
    "reads_a_file_in_a_join": amount("cross join 'other.parquet'", "FF305"),
    "reads_the_catalog": sql("select table_name\nfrom information_schema.tables\n", "FF305"),
    "reads_its_settings": sql("select name\nfrom duckdb_settings()\n", "FF305"),
    "reads_sqlite_master": sql("select name\nfrom sqlite_master\n", "FF305"),
}

CASES: Final[dict[str, Case]] = {
    f"syntax_{name}": case
    for group in (
        _COMMAS,
        _WORDS,
        _UNCLOSED,
        _NOTHING,
        _SHAPES,
        _OTHERS,
        _STATEMENTS,
        _NAMES,
        _FITS,
    )
    for name, case in group.items()
}
