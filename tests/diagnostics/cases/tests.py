"""Mistakes in the rows of unit tests, and in tests of data that are asked twice."""

from __future__ import annotations

from typing import Final

from diagnostics.project import AMOUNT, BASE, FEATURES, SOURCES, SQL, Case, edited

SUBJECT: Final = "unit_tests:\n  - name: small_ones_go\n    of: stg_orders\n"
ORDERS: Final = "source('raw', 'orders')"
PRICE: Final = "{name: amount, type: float64}"


def unit(text: str, *says: str) -> Case:
    """Return a unit test of the orders."""
    return Case({"tests/orders.yml": SUBJECT + text}, says)


def given(form: str, *lines: str, says: tuple[str, ...]) -> Case:
    """Return a unit test that gives rows as a block of text."""
    block = "".join(f"          {line}\n" for line in lines)
    return unit(
        f"    expect: {{rows: []}}\n    given:\n      - input: {ORDERS}\n"
        f"        format: {form}\n        rows: |\n{block}",
        *says,
    )


def rows(text: str, *says: str) -> Case:
    """Return a unit test that gives rows as mappings."""
    return unit(
        f"    expect: {{rows: []}}\n    given:\n      - input: {ORDERS}\n        rows: {text}\n",
        *says,
    )


def column_tests(tests: str, *says: str) -> Case:
    """Return a source with tests of a column."""
    return Case(edited(SOURCES, (PRICE, f"{PRICE[:-1]}, tests: {tests}}}")), says)


CASES: Final[dict[str, Case]] = {
    # What a unit test names.
    "unit_gives_nothing": unit("    expect: {rows: []}\n", "FF106"),
    "unit_gives_what_is_not_read": unit(
        "    expect: {rows: [{amuont: 1}]}\n    given:\n"
        "      - {input: ref('orders_recent'), rows: 'a,b'}\n"
        "      - {input: ref('stg_orders'), rows: [{no: 1}]}\n",
        "FF303",
        "FF215",
        "FF215",
    ),
    "unit_of_a_fixture": unit(
        f"    expect: {{rows: []}}\n    given:\n      - input: {ORDERS}\n"
        "        format: csv\n        fixture: some_orders\n",
        "FF104",
    ),
    "unit_overrides_no_macro": Case(
        {
            "macros/cents.sql": "{% macro cents(c) %}{{ c }} / 100{% endmacro %}\n",
            "tests/orders.yml": f"{SUBJECT}    given: []\n    expect: {{rows: []}}\n"
            "    overrides: {macros: {cent: 1, is_incremental: true, dollars: 1}}\n",
        },
        ("FF202", "FF202"),
    ),
    "unit_overrides_lead_elsewhere": Case(
        {
            SQL: f"{BASE[SQL]}{{% if var('min_amount') > 5 %}}\n"
            "and amount < {{ var('most', 9) }} and country = '{{ env_var('LAND', 'x') }}'\n"
            "and customer_id in (select customer_id from {{ ref('second') }}){% endif %}\n",
            "transformations/second.sql": "select * from {{ source('raw', 'orders') }}\n",
            "tests/orders.yml": f"{SUBJECT}    given: [{{input: ref('second'), rows: []}}]\n"
            "    expect: {rows: []}\n    overrides:\n"
            "      vars: {min_amount: 6, most: 7}\n      env_vars: {LAND: de}\n",
        },
        ("FF115",),
    ),
    # Rows as mappings.
    "unit_rows_of_other_types": rows(
        "\n          - {amount: many, is_fraud: 1}\n          - {amount: true, order_id: 7}\n"
        "          - {amount: null, ordered_on: 2024-02-30}\n",
        *["FF406"] * 5,
    ),
    "unit_rows_are_a_mapping": rows("{amount: 1}", "FF105"),
    # Rows as CSV.
    "unit_csv_header": given("csv", 'order_id,amuont,"Country"', "1,2,3", says=("FF303", "FF303")),
    "unit_csv_header_twice": given("csv", "amount,country,amount", "1,2,3", says=("FF405",)),
    "unit_csv_header_ends_in_a_comma": given("csv", "amount,", "1,", says=("FF106",)),
    "unit_csv_values": given(
        "csv",
        "order_id,amount,is_fraud,ordered_on",
        "007,1.5,true,2024-01-31",
        '"a ""b"", c", many ,yes,soon',
        ",,,",
        says=("FF406", "FF406", "FF406"),
    ),
    "unit_csv_of_several_lengths": given(
        "csv", "order_id,amount", "1,2,3", "1", "1,2", says=("FF105", "FF105")
    ),
    "unit_csv_quote": given("csv", "order_id,amount", '"1,2', says=("FF105",)),
    "unit_csv_of_nothing": unit('    given: []\n    expect: {format: csv, rows: ""}\n', "FF106"),
    "unit_csv_in_quotes": unit(
        '    given: []\n    expect: {format: csv, rows: "amuont\\n1\\n"}\n', "FF303"
    ),
    # Rows as SQL.
    "unit_sql_columns": given(
        "sql",
        "select 'o1' as order_id,",
        "  'x' as amount, null as country, '2024-01-31' as ordered_on,",
        "  1 as amuont",
        says=("FF406", "FF303"),
    ),
    "unit_sql_column_twice": given("sql", "select 1 as amount, 2 as amount", says=("FF405",)),
    "unit_sql_without_a_comma": given(
        "sql", "select 'a' as order_id", "  1 as amount", says=("FF301",)
    ),
    "unit_sql_of_a_table": given("sql", "select amount from stg_orders", says=("FF304",)),
    "unit_sql_of_no_function": given("sql", "select lenght('a') as amount", says=("FF304",)),
    "unit_sql_with_jinja": given(
        "sql", "select amount", "from {{ ref('stg_orders') }}", says=("FF301",)
    ),
    "unit_sql_of_nothing": given("sql", "-- nothing yet", says=("FF302",)),
    # Tests of data that are asked twice.
    "test_twice_on_a_column": column_tests("[not_null, unique, not_null]", "FF204"),
    "test_twice_in_other_words": column_tests(
        "[accepted_values: [1], accepted_values: {values: [1]}]", "FF204"
    ),
    "test_twice_and_wrong": column_tests(
        "[accepted_values: [x], accepted_values: [x]]", "FF406", "FF204"
    ),
    "test_twice_on_a_table": Case(
        edited(
            SOURCES,
            (
                "        columns:",
                "        tests:\n          - row_count: {min: 1}\n"
                "          - expression: amount > 0\n          - expression: {sql: amount > 0}\n        columns:",
            ),
        ),
        ("FF204",),
    ),
    "test_twice_on_a_feature": Case(
        edited(FEATURES, (AMOUNT, f"{AMOUNT[:-1]}, tests: [not_null, not_null]}}")), ("FF204",)
    ),
    "test_twice_on_a_transformation": Case(
        {
            "transformations/notes.yml": "transformations:\n  - name: stg_orders\n"
            "    tests: [row_count: {min: 1}, row_count: {min: 1}]\n"
            "    columns:\n      - {name: amount, tests: [unique, unique]}\n"
        },
        ("FF204", "FF204"),
    ),
    "test_value_twice": column_tests("[accepted_values: [1, 2, 1]]", "FF204"),
}
