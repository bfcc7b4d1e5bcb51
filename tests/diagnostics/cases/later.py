"""What belongs to the language but not to this version: broken projects, one mistake each."""

from __future__ import annotations

from typing import Final

from diagnostics.project import (
    AMOUNT,
    BASE,
    LABEL_KEYS,
    ORDER_ID,
    PICKS,
    PROJECT,
    SETS,
    SOURCES,
    Case,
    edited,
    features,
    sql,
)

CASES: Final[dict[str, Case]] = {
    "later_lag": Case(
        edited(SETS, (PICKS, "[{feature: orders_recent.amount, lag: 1}]")), ("FF107",)
    ),
    "later_for": Case(
        edited(SETS, (PICKS, "[{feature: orders_recent.amount, for: receiver}]")), ("FF107",)
    ),
    "later_role": features(
        (LABEL_KEYS, "{customer: customer_id, receiver: {entity: customer, keys: order_id}}"),
        says=("FF107",),
    ),
    "later_aggregate": features(
        (AMOUNT, "{name: amount_7d, aggregate: {function: sum, column: amount, window: 7d}}"),
        says=("FF107",),
    ),
    "later_schedule": features(
        ("    created: loaded_at\n", "    created: loaded_at\n    schedule: daily\n"),
        says=("FF107",),
    ),
    "later_on_demand": Case({"features/more.yml": "on_demand:\n  - name: x\n"}, ("FF107",)),
    "later_models": Case({"features/more.yml": "models:\n  - name: stg_orders\n"}, ("FF107",)),
    "later_unit_tests": Case({"features/more.yml": "unit_tests:\n  - name: x\n"}, ("FF107",)),
    "later_reserved": Case(
        {"features/more.yml": "streams: []\nmonitors: []\npolicies: []\ngroups: []\n"},
        ("FF107",) * 4,
    ),
    "later_table": Case(edited(SOURCES, ("file: data/orders.csv", "table: db.orders")), ("FF107",)),
    "later_freshness": Case(
        edited(
            SOURCES, ("        columns:", "        freshness: {warn_after: 1d}\n        columns:")
        ),
        ("FF107",),
    ),
    "later_tests": Case(
        edited(SOURCES, (ORDER_ID, "{name: order_id, type: string, tests: [unique]}")), ("FF107",)
    ),
    "later_columns": Case(
        {
            "transformations/notes.yml": "transformations:\n  - name: stg_orders\n    columns: []\n    contract: {}\n"
        },
        ("FF107", "FF107"),
    ),
    "later_paths": Case({PROJECT: BASE[PROJECT] + "paths: {}\ndefaults: {}\n"}, ("FF107", "FF107")),
    "later_url": Case(edited(SOURCES, ("data/orders.csv", "s3://shop/orders.csv")), ("FF107",)),
    "later_incremental": sql("{{ config(materialized='incremental') }}\nselect 1 as a\n", "FF107"),
    "later_config": sql("{{ config(unique_key='a') }}\nselect 1 as a\n", "FF107"),
    "later_watermark": sql("select 1 as a\nwhere 1 > {{ watermark() }}\n", "FF107"),
    "later_is_incremental": sql(
        "select 1 as a\n-- is_incremental is dbt's\n{% if is_incremental() %}where false{% endif %}\n",
        "FF107",
    ),
    "later_env_var": sql("select '{{ env_var('USER') }}' as a\n", "FF107"),
}
