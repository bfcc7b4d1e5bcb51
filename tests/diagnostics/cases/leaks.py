"""Leaks and traps of time, and mistakes of keys, types and contracts: one mistake each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from diagnostics.project import (
    AMOUNT,
    BASE,
    FEATURES,
    LABEL_KEYS,
    LABEL_SOURCE,
    ORDER_ID,
    PICKS,
    PROJECT,
    SETS,
    SOURCES,
    SQL,
    Case,
    edited,
    features,
)

LEARNED: Final = "    created: loaded_at\n"
FROM: Final = "from {{ source('raw', 'orders') }}\n"
TIMES: Final = "customer_id, ordered_on, ordered_at, loaded_at"
KEY: Final = "{name: customer_id, type: string}"
HOME: Final = "  - name: customer_home\n    timestamp: null\n"
CONTRACT: Final = (
    "{name: customer_id, type: string}",
    "{name: amount, type: float64}",
    "{name: ordered_on, type: date}",
    "{name: ordered_at, type: timestamp}",
    "{name: loaded_at, type: timestamp}",
)
# The view of orders as its source has them, answers included.
WITH_ANSWERS: Final = (
    ("source: ref('stg_orders')", "source: source('raw', 'orders')"),
    (AMOUNT, "{name: amount}\n      - {name: is_fraud}"),
)
TWO_KEYS: Final = (
    (f"      - {KEY}\n", f"      - {KEY}\n      - {{name: order_id, type: string}}\n"),
    ("source: ref('stg_orders')", "source: source('raw', 'orders')"),
)


def query(select: str, *says: str, after: str = "") -> Case:
    """Return the base with another query under its view."""
    return Case({SQL: f"select {TIMES},\n  {select}\n{FROM}{after}"}, says)


def window(call: str, *says: str) -> Case:
    return query(f"{call} as amount", *says)


def contract(columns: Sequence[str], *says: str) -> Case:
    items = "".join(f"      - {column}\n" for column in columns)
    text = f"transformations:\n  - name: stg_orders\n    contract: enforced\n    columns:\n{items}"
    return Case({"transformations/notes.yml": text}, says)


def picks(written: str, *says: str) -> Case:
    return Case(edited(SETS, (PICKS, written)), says)


def models(text: str, *says: str) -> Case:
    return Case({SETS: f"{BASE[SETS]}models:\n  - {text}\n"}, says)


CASES: Final[dict[str, Case]] = {
    # The clock, chance, who runs it.
    "unstable_clock": query(
        "date_diff('hour', ordered_at, current_timestamp) / 24 as amount", "FF509"
    ),
    "unstable_in_where": query("amount", "FF509", after="where ordered_at < now()\n"),
    "unstable_age": query("extract(month from age(ordered_at)) / 12 as amount", "FF509"),
    "unstable_random": query("amount * random() as amount", "FF509"),
    "unstable_session": query("amount", "FF509", after="where customer_id <> current_user\n"),
    "unstable_sample": query("amount", "FF509", after="using sample 10%\n"),
    "unstable_in_a_macro": Case(
        {
            "macros/age.sql": "{% macro age(x) %}date_diff('day', {{ x }}, today()) / 7{% endmacro %}\n",
            SQL: f"select {TIMES},\n  {{{{ age('ordered_at') }}}} as amount\n{FROM}",
        },
        ("FF509",),
    ),
    "unstable_further_up": Case(
        {
            SQL: "select * from {{ ref('aged') }}\n",
            "transformations/aged.sql": f"select {TIMES},\n  today() - ordered_on as amount\n{FROM}",
            **edited(FEATURES, (AMOUNT, "{name: amount}")),
        },
        ("FF509",),
    ),
    "unstable_on_demand": Case(
        {
            "features/ratio.yml": "on_demand:\n"
            "  - name: waited\n"
            "    request: {since: timestamp}\n"
            "    sql: date_diff('day', request.since, now()::timestamp)\n"
            "    type: int64\n"
        },
        ("FF115", "FF509"),
    ),
    "unstable_that_no_feature_reads": Case(
        {"transformations/report.sql": "select now() as made, * from {{ ref('stg_orders') }}\n"}, ()
    ),
    "unstable_sample_with_a_seed": query(
        "amount", after="using sample reservoir(100 rows) repeatable (7)\n"
    ),
    # Windows.
    "ahead_frame": window(
        "avg(amount) over (order by ordered_at rows between 1 preceding and 1 following)", "FF510"
    ),
    "ahead_frame_of_a_named_window": Case(
        {
            SQL: f"select {TIMES}, avg(amount) over w as amount\n{FROM}"
            "window w as (partition by customer_id order by ordered_on\n"
            "  range between current row and interval 7 day following)\n"
        },
        ("FF510",),
    ),
    "ahead_lead": window(
        "lead(amount) over (partition by customer_id order by ordered_at)", "FF510"
    ),
    "ahead_lag_backwards": window(
        "lag(amount) over (partition by customer_id order by ordered_at desc)", "FF510"
    ),
    "ahead_newest_first": window(
        "first_value(amount) over (partition by customer_id order by ordered_at desc)", "FF510"
    ),
    "ahead_whole_key": window("avg(amount) over (partition by customer_id)", "FF510"),
    "ahead_over_all": window("amount / max(amount) over ()", "FF510"),
    "ahead_of_a_cte": Case(
        {
            SQL: "with days as (\n  select customer_id, date_trunc('day', ordered_at) as day,\n"
            "    max(ordered_on) as ordered_on, max(ordered_at) as ordered_at,\n"
            f"    max(loaded_at) as loaded_at, sum(amount) as amount\n  {FROM}  group by 1, 2\n)\n"
            f"select {TIMES},\n  lead(amount) over (partition by customer_id order by day) "
            "as amount\nfrom days\n"
        },
        ("FF510",),
    ),
    "ahead_not_lag": window("lag(amount) over (partition by customer_id order by ordered_at)"),
    "ahead_not_until_now": window(
        "sum(amount) over (order by ordered_at rows between 3 preceding and current row)"
    ),
    "ahead_not_a_share_of_its_day": window(
        "amount / sum(amount) over (partition by customer_id, ordered_on)"
    ),
    "ahead_not_the_newest_version": query(
        "amount",
        after="qualify row_number() over (partition by order_id order by loaded_at desc) = 1\n",
    ),
    "ahead_not_the_end_of_a_row": query(
        "amount, lead(ordered_at) over (partition by customer_id order by ordered_at) as until"
    ),
    # Static views and the label itself.
    "static_for_a_label_with_time": features((HOME, "  - name: customer_home\n"), says=("FF511",)),
    "leak_included": Case(
        edited(SETS, (f"features: {PICKS}", f"features: {PICKS}\n    include: [is_fraud]")),
        ("FF512",),
    ),
    "leak_included_by_another_name": Case(
        {
            "transformations/answers.sql": "select customer_id, ordered_at, amount, is_fraud,\n"
            f"  case when is_fraud then 1 else 0 end as target\n{FROM}",
            **edited(
                FEATURES,
                (LABEL_SOURCE, LABEL_SOURCE.replace("source('raw', 'orders')", "ref('answers')")),
            ),
            **edited(
                SETS, (f"features: {PICKS}", f"features: {PICKS}\n    include: [amount, target]")
            ),
        },
        ("FF512",),
    ),
    "leak_inclusive": Case(
        {
            PROJECT: f"{BASE[PROJECT]}boundary: inclusive\n",
            **edited(FEATURES, *WITH_ANSWERS),
            **edited(SETS, (PICKS, "[orders_recent.*, customer_home.country]")),
        },
        ("FF512",),
    ),
    "leak_from_a_static_view": Case(
        {
            **edited(FEATURES, ("- {name: country}", "- {name: ever, column: is_fraud}")),
            **edited(SETS, ("customer_home.country", "customer_home.ever")),
        },
        ("FF512",),
    ),
    "leak_not_before": Case(
        {
            **edited(FEATURES, *WITH_ANSWERS),
            **edited(SETS, (PICKS, "[orders_recent.*, customer_home.country]")),
        },
        (),
    ),
    "leak_not_with_a_lag": Case(
        {
            PROJECT: f"{BASE[PROJECT]}boundary: inclusive\n",
            **edited(FEATURES, *WITH_ANSWERS),
            **edited(SETS, (PICKS, "[{feature: orders_recent.is_fraud, lag: 1d}]")),
        },
        (),
    ),
    "leak_label_is_its_key": features(("column: is_fraud", "column: customer_id"), says=("FF512",)),
    # Times that don't go together.
    "ttl_below_schedule": features(
        (LEARNED, f"{LEARNED}    ttl: 2d\n    schedule: '0 6 * * mon-fri'\n"), says=("FF513",)
    ),
    "ttl_below_schedule_of_a_folder": Case(
        {PROJECT: f"{BASE[PROJECT]}defaults:\n  features: {{schedule: '@daily'}}\n"}
        | edited(FEATURES, (LEARNED, f"{LEARNED}    ttl: 12h\n")),
        ("FF513",),
    ),
    "ttl_as_long_as_schedule": features(
        (LEARNED, f"{LEARNED}    ttl: 1h\n    schedule: '@hourly'\n"), says=()
    ),
    "ttl_below_delay": features((LEARNED, "    delay: 2d\n    ttl: 1d\n"), says=("FF513",)),
    "created_is_the_time": features((LEARNED, "    created: ordered_at\n"), says=("FF503",)),
    # Models that can't be served.
    "model_with_a_lag": Case(
        {
            SETS: f"{BASE[SETS]}models:\n  - {{name: rf, training_set: fraud_training}}\n".replace(
                PICKS, "[orders_recent.amount, {feature: orders_recent.amount, lag: 7d}]"
            )
        },
        ("FF115", "FF514"),
    ),
    "model_of_an_offline_view": models(
        "{name: rf, features: [orders_recent.amount, customer_home.country]}", "FF115", "FF514"
    ),
    "model_asks_twice": models(
        "{name: rf, features: [orders_recent.amount, orders_recent.*]}", "FF405"
    ),
    # Keys.
    "key_is_a_float32": features((KEY, "{name: customer_id, type: float32}"), says=("FF401",)),
    "key_column_is_a_float": Case(
        {
            **edited(
                SOURCES, ("{name: customer_id, type: string}", "{name: customer_id, type: float64}")
            ),
            **edited(FEATURES, (KEY, "{name: customer_id, type: int64}")),
        },
        ("FF402", "FF402"),
    ),
    "key_decimal_of_more_digits": Case(
        {
            **edited(
                SOURCES,
                ("{name: customer_id, type: string}", "{name: customer_id, type: 'decimal(12,2)'}"),
            ),
            **edited(FEATURES, (KEY, "{name: customer_id, type: 'decimal(10,2)'}")),
        },
        ("FF402", "FF402"),
    ),
    "key_second_of_another_type": Case(
        edited(
            FEATURES,
            (f"      - {KEY}\n", f"      - {KEY}\n      - {{name: ordered_on, type: date}}\n"),
            (LABEL_KEYS, "{customer: [customer_id, ordered_at]}"),
        ),
        ("FF402",),
    ),
    "key_columns_in_another_order": features(
        *TWO_KEYS, (LABEL_KEYS, "{customer: [order_id, customer_id]}"), says=("FF207",)
    ),
    "key_column_for_two_keys": features(
        *TWO_KEYS, (LABEL_KEYS, "{customer: [customer_id, customer_id]}"), says=("FF207",)
    ),
    "key_column_for_two_keys_of_a_view": features(
        *TWO_KEYS,
        (
            "    timestamp: ordered_at\n    created",
            "    keys: {order_id: customer_id}\n    timestamp: ordered_at\n    created",
        ),
        (LABEL_KEYS, "{customer: [customer_id, order_id]}"),
        says=("FF207",),
    ),
    # Types and defaults.
    "default_of_too_many_digits": features(
        (AMOUNT, "{name: amount, default: 9007199254740993}"), says=("FF404",)
    ),
    "default_beyond_float32": Case(
        {
            SQL: f"select {TIMES}, amount::float as amount\n{FROM}",
            **edited(FEATURES, (AMOUNT, "{name: amount, default: 1e39}")),
        },
        ("FF404",),
    ),
    "feature_int64_as_float64": Case(
        {SQL: f"select {TIMES}, 1::bigint as amount\n{FROM}"}, ("FF403",)
    ),
    "feature_timestamp_as_date": features(
        (AMOUNT, "{name: amount, column: ordered_at, type: date}"), says=("FF403",)
    ),
    "created_is_no_time": features((LEARNED, "    created: amount\n"), says=("FF403",)),
    # Contracts.
    "contract_leaves_out_the_last": contract(CONTRACT[:-1], "FF407"),
    "contract_too_much": contract((*CONTRACT, ORDER_ID), "FF303"),
    "contract_in_another_order": contract(CONTRACT[::-1]),
    "contract_of_another_type": contract(
        (*CONTRACT[:1], "{name: amount, type: float32}", *CONTRACT[2:]), "FF407"
    ),
    "contract_without_a_type": contract(("{name: customer_id}", *CONTRACT[1:]), "FF106"),
    # Names.
    "picked_as_the_label": picks(
        "[orders_recent.amount, {feature: customer_home.country, as: Fraud}]", "FF405"
    ),
    "picked_with_one_lag_by_two_names": picks(
        "[{feature: orders_recent.amount, lag: 7d, as: a}, "
        "{feature: orders_recent.amount, lag: 7d, as: A}]",
        "FF405",
    ),
}
