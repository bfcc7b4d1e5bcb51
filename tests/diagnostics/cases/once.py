"""One mistake that much hangs on is said once; what stands beside it is checked all the same."""

from __future__ import annotations

from typing import Final

from diagnostics.project import (
    AMOUNT,
    BASE,
    FEATURES,
    HOME_SOURCE,
    ORDER_ID,
    PICKS,
    PROFILES,
    PROJECT,
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
    "once_pick_as_a_mapping": Case(edited(SETS, (PICKS, "[{orders_recent: amount}]")), ("FF104",)),
    "once_target_of_dbt": Case(
        {
            PROFILES: "shop:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n"
            "      path: shop.duckdb\n      schema: dev\n      threads: 4\n"
        },
        ("FF104",),
    ),
    "once_freshness_of_dbt": Case(
        edited(
            SOURCES,
            (
                "file: data/orders.csv\n",
                "file: data/orders.csv\n        loaded_at_field: loaded_at\n        freshness:\n"
                "          column: loaded_at\n          warn_after: {count: 12, period: hour}\n",
            ),
        ),
        ("FF104", "FF105"),
    ),
    "once_colon_missing_above_jinja": Case(
        {
            PROFILES: "shop:\n  target: dev\n  outputs:\n    dev:\n      protected\n"
            "      schema: dev_{{ env_var('USER') }}\n      offline: {type: duckdb, path: x}\n"
        },
        ("FF101",),
    ),
    "once_colon_missing_between_values": Case(
        {
            PROFILES: "shop:\n  target dev\n  outputs:\n    dev:\n      schema: dev\n"
            "      offline: {type: duckdb, path: x}\n"
        },
        ("FF101",),
    ),
    "once_profiles_by_another_ending": Case(
        {PROFILES: None, "profiles.yaml": BASE[PROFILES]}, ("FF701",)
    ),
    "once_features_empty": features(
        (f"    features:\n      - {AMOUNT}\n", "    features:\n"), says=("FF106",)
    ),
    "once_ttl_of_nothing": features(
        ("created: loaded_at\n", "created: loaded_at\n    ttl: 0d\n"), says=("FF105",)
    ),
    "once_default_lacks_a_setting": Case(
        {PROJECT: f"{BASE[PROJECT]}defaults:\n  transformations: {{materialized: incremental}}\n"},
        ("FF106",),
    ),
    "once_words_of_dbt": Case(
        {
            PROJECT: f"{BASE[PROJECT]}models:\n  shop: {{+materialized: table}}\n",
            "transformations/notes.yml": "version: 2\ntransformations:\n"
            "  - name: stg_orders\n    config: {materialized: table}\n"
            "  - name: stg_orders@v2\n",
            **edited(SOURCES, ("  - name: raw\n", "  - name: raw\n    database: shop\n")),
            **edited(
                SETS,
                (PICKS, "[{feature: orders_recent.amount, alias: amount}, customer_home.country]"),
            ),
        },
        ("FF104", "FF104", "FF104", "FF104", "FF104", "FF105"),
    ),
    "once_test_written_twice": Case(
        edited(
            SOURCES,
            (ORDER_ID, "{name: order_id, type: string, tests: [unique, not_null, unique]}"),
        ),
        ("FF204",),
    ),
}
