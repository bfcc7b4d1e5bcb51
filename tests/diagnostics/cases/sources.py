"""Tables of sources, and tests of their data: broken projects, one mistake each."""

from __future__ import annotations

from typing import Final

from diagnostics.project import BASE, ORDER_ID, RECENT, SOURCES, Case, edited, features

FILE: Final = "        file: data/orders.csv\n"


def column_test(text: str, *says: str, column: str = "amount, type: float64") -> Case:
    """Return a source with a test of one column."""
    (old,) = [w for w in (f"{{name: {column}}}",) if w in BASE[SOURCES]]
    new = old.replace("}", f", tests: [{text}]}}")
    return Case(edited(SOURCES, (old, new)), says)


def table_test(text: str, *says: str) -> Case:
    """Return a source with a test of a table."""
    return Case(edited(SOURCES, (FILE, f"{FILE}        tests: [{text}]\n")), says)


def table(text: str, *says: str) -> Case:
    """Return a source with another key in its table."""
    return Case(edited(SOURCES, (FILE, f"{FILE}        {text}\n")), says)


CASES: Final[dict[str, Case]] = {
    # Source tables.
    "table_and_file": table("table: db.orders", "FF121"),
    "table_and_no_file": Case(edited(SOURCES, (FILE, "")), ("FF106",)),
    "table_misspelt": Case(edited(SOURCES, ("file: data", "flie: data")), ("FF104",)),
    "column_without_name": Case(
        edited(SOURCES, (ORDER_ID, "{name: '', type: string}")), ("FF105",)
    ),
    "table_name_of_four": Case(
        edited(SOURCES, ("file: data/orders.csv", "table: a.b.c.orders")), ("FF111",)
    ),
    "url_of_no_format": Case(
        edited(SOURCES, ("data/orders.csv", "https://shop.example/orders.xml")), ("FF111",)
    ),
    "freshness_of_no_column": table("freshness: {warn_after: 1d}", "FF106"),
    "freshness_of_an_unknown_column": table("freshness: {column: loaded, warn_after: 1d}", "FF303"),
    "freshness_of_a_number": table("freshness: {column: amount, warn_after: 1d}", "FF406"),
    "freshness_without_bound": table("freshness: {column: loaded_at}", "FF106"),
    "freshness_backwards": table(
        "freshness: {column: loaded_at, warn_after: 2d, error_after: 1d}", "FF406"
    ),
    "freshness_misspelt": table("freshness: {column: loaded_at, warn_afer: 1d}", "FF104"),
    "freshness_by_another_name": table(
        "freshness: {loaded_at_field: loaded_at, warn_after: 1d}", "FF104"
    ),
    # Tests.
    "test_misspelt": column_test("uniqe", "FF104"),
    "test_unknown": column_test("is_nice", "FF104"),
    "test_of_a_column_on_a_table": table_test("unique", "FF104"),
    "test_of_a_table_on_a_column": column_test("row_count: {min: 1}", "FF104"),
    "test_by_another_name": Case(
        edited(SOURCES, (ORDER_ID, ORDER_ID.replace("}", ", data_tests: [unique]}"))),
        ("FF104",),
    ),
    "test_is_no_list": Case(
        edited(SOURCES, (ORDER_ID, ORDER_ID.replace("}", ", tests: unique}"))), ("FF105",)
    ),
    "test_without_values": column_test("accepted_values", "FF106"),
    "test_of_no_values": column_test("accepted_values: {values: []}", "FF106"),
    "test_of_other_values": column_test("accepted_values: {values: [1, two]}", "FF406"),
    "test_range_without_bound": column_test("range", "FF106"),
    "test_range_backwards": column_test("range: {min: 5, max: 1}", "FF406"),
    "test_range_of_text": column_test("range: {min: 5}", "FF406", column="country, type: string"),
    "test_range_of_no_date": column_test(
        "range: {min: tomorrow}", "FF406", column="ordered_on, type: date"
    ),
    "test_relationship_by_another_name": column_test(
        "relationships: {to: \"source('raw', 'orders')\", field: order_id}",
        "FF104",
        column="customer_id, type: string",
    ),
    "test_relationship_to_nothing": column_test(
        "relationships: {to: \"ref('orders')\", column: order_id}", "FF201"
    ),
    "test_relationship_to_no_column": column_test(
        "relationships: {to: \"ref('stg_orders')\", column: order_id}", "FF303"
    ),
    "test_relationship_of_two_types": column_test(
        "relationships: {to: \"ref('stg_orders')\", column: customer_id}", "FF406"
    ),
    "test_severity_misspelt": column_test("unique: {severity: warning}", "FF105"),
    "test_threshold": column_test('unique: {error_if: "10"}', "FF105"),
    "test_where_is_no_condition": column_test("not_null: {where: amount}", "FF305"),
    "test_where_of_no_column": column_test("not_null: {where: amonut > 0}", "FF303"),
    "test_expression_is_no_sql": table_test("expression: amount >", "FF301"),
    "test_expression_is_a_query": table_test("expression: select 1", "FF302"),
    "test_expression_of_many_rows": table_test("expression: sum(amount) > 0", "FF305"),
    "test_expression_of_no_function": table_test("expression: lenght(country) > 0", "FF304"),
    "test_expression_of_two_types": table_test("expression: amount > loaded_at", "FF305"),
    "test_row_count_without_bound": table_test("row_count", "FF106"),
    "test_row_count_of_a_half": table_test("row_count: {min: 0.5}", "FF105"),
    "test_row_count_backwards": table_test("row_count: {min: 5, max: 1}", "FF406"),
    "test_of_a_view": features(
        (RECENT, f"{RECENT}    tests: [{{expression: amuont > 0}}]\n"), says=("FF303",)
    ),
}
