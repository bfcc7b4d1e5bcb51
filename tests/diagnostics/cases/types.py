"""Types, defaults and names of columns: broken projects, one mistake each."""

from __future__ import annotations

from typing import Final

from diagnostics.project import (
    AMOUNT,
    FEATURES,
    LABEL_KEYS,
    ORDER_ID,
    PICKS,
    SETS,
    SOURCES,
    SQL,
    Case,
    edited,
    features,
    sql,
)

CASES: Final[dict[str, Case]] = {
    "key_is_a_float": features(
        ("{name: customer_id, type: string}", "{name: customer_id, type: float64}"), says=("FF401",)
    ),
    "key_of_another_type": features(
        ("{name: customer_id, type: string}", "{name: customer_id, type: int64}"),
        says=("FF402", "FF402"),
    ),
    "key_of_another_type_in_label": features((LABEL_KEYS, "{customer: amount}"), says=("FF402",)),
    "time_is_text": features(
        ("timestamp: ordered_at\n    created", "timestamp: customer_id\n    created"),
        says=("FF403",),
    ),
    "time_is_text_in_label": features(
        ("timestamp: ordered_at\n    column", "timestamp: country\n    column"), says=("FF403",)
    ),
    "feature_of_another_type": features((AMOUNT, "{name: amount, type: int64}"), says=("FF403",)),
    "feature_of_no_type": Case(
        {
            **edited(SQL, ("select customer_id,", "select interval 1 day as gap, customer_id,")),
            **edited(FEATURES, (AMOUNT, "{name: amount}\n      - {name: gap}")),
        },
        ("FF403",),
    ),
    "default_of_another_type": features((AMOUNT, "{name: amount, default: none}"), says=("FF404",)),
    "default_too_large": Case(
        {
            **edited(SQL, ("select customer_id,", "select 1 as n, customer_id,")),
            **edited(FEATURES, (AMOUNT, "{name: amount}\n      - {name: n, default: 3000000000}")),
        },
        ("FF404",),
    ),
    "default_is_a_list": features(
        ("{name: country}", "{name: country, default: [de]}"), says=("FF404",)
    ),
    "columns_twice_in_source": Case(
        edited(SOURCES, (ORDER_ID, "{name: Amount, type: string}")), ("FF405",)
    ),
    "columns_twice_in_sql": sql(
        "select amount, amount as AMOUNT from {{ ref('stg_orders') }}\n", "FF405"
    ),
    "features_twice": features(
        ("- {name: country}", "- {name: country}\n      - {name: Country, column: order_id}"),
        says=("FF405",),
    ),
    "feature_named_as_the_time": features(
        (AMOUNT, "{name: ordered_at, column: amount}"), says=("FF405",)
    ),
    "picked_twice": Case(
        edited(SETS, (PICKS, "[orders_recent.amount, orders_recent.*]")), ("FF405",)
    ),
    "picked_as_a_key": Case(
        edited(
            SETS, ("customer_home.country", "{feature: customer_home.country, as: customer_id}")
        ),
        ("FF405",),
    ),
    "included_twice": Case(
        edited(SETS, (f"features: {PICKS}", f"features: {PICKS}\n    include: [amount, amount]")),
        ("FF405",),
    ),
}
