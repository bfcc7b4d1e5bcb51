"""One mistake that much hangs on is said once; what stands beside it is checked all the same."""

from __future__ import annotations

from typing import Final

from diagnostics.project import (
    FEATURES,
    HOME_SOURCE,
    PICKS,
    PROFILES,
    SETS,
    SOURCES,
    SQL,
    Case,
    edited,
    features,
)

ONLINE: Final = "      online: {type: sqlite, path: .ffc/online.db}\n"

CASES: Final[dict[str, Case]] = {
    "once_label_column_and_a_training_set": Case(
        {
            **edited(FEATURES, ("column: is_fraud", "column: is_frod")),
            **edited(
                SETS,
                ("label: fraud\n", "label: fraud\n    include: [nope]\n"),
                ("customer_home.country", "customer_home.contry"),
            ),
        },
        ("FF303", "FF303", "FF212"),
    ),
    "once_view_named_a_number": features(("- name: orders_recent", "- name: 12"), says=("FF105",)),
    "once_no_online_store": Case(
        {
            **edited(PROFILES, (ONLINE, "")),
            **edited(FEATURES, (HOME_SOURCE, f"    online: true\n{HOME_SOURCE}")),
        },
        ("FF209",),
    ),
    "once_key_of_another_type": Case(
        {
            **edited(
                SOURCES, ("{name: customer_id, type: string}", "{name: customer_id, type: int64}")
            ),
            **edited(FEATURES, ("source: ref('stg_orders')", "source: source('raw', 'orders')")),
        },
        ("FF402",),
    ),
    "once_timestamp_is_a_feature": features(
        ("timestamp: ordered_at\n    created", "timestamp: amount\n    created"), says=("FF403",)
    ),
    "once_picked_twice": Case(
        edited(SETS, (PICKS, "[orders_recent.amount, orders_recent.amount]")), ("FF405",)
    ),
    "once_columns_of_an_alias": Case(
        {SQL: "select o.zzz from {{ source('raw', 'orders') }} as o\n"}, ("FF303",)
    ),
    "once_table_of_a_join": Case(
        {
            SQL: "select zz.amount\nfrom {{ source('raw', 'orders') }} as o\n"
            "cross join (select 1 as one) as more\n"
        },
        ("FF304",),
    ),
    "once_attribute_of_a_loop": Case(
        {SQL: "select {% for i in [1] %}{{ loop.lst }}{% endfor %} as x\n"}, ("FF202",)
    ),
    "unread_sql_among_features": Case({"features/more.sql": "select 1 as one\n"}, ("FF123",)),
    "unread_resources_at_the_root": Case(
        {"entities.yml": "entities: []\n", "compose.yml": "services: {}\n"}, ("FF123",)
    ),
    "unread_query_at_the_root": Case({"orders.sql": "select 1 as one\n"}, ("FF123",)),
    "unread_yaml_among_macros": Case({"macros/dates.yml": "macros: []\n"}, ("FF123",)),
    "unread_template": Case({"macros/dates.jinja": "{% macro a() %}1{% endmacro %}"}, ("FF123",)),
    "unread_text_outside_macros": Case(
        {"macros/dates.sql": "select 1\n{% macro a() %}1{% endmacro %}\n"}, ("FF123",)
    ),
}
