"""Broken projects by what is wrong with them: one mistake each, but for the traps at the end."""

from __future__ import annotations

from typing import Final

from diagnostics.project import (
    BASE,
    FEATURES,
    PROFILES,
    PROJECT,
    SETS,
    SOURCES,
    SQL,
    Case,
    edited,
)

# Words of the base that the cases put something else for.
SOURCE_CALL: Final = "source('raw', 'orders')"
HOME_SOURCE: Final = "    source: source('raw', 'orders')\n    features:"
LABEL_SOURCE: Final = "    source: source('raw', 'orders')\n    entities:"
LABEL_KEYS: Final = "{customer: customer_id}"
AMOUNT: Final = "{name: amount, type: float64, default: 0}"
ORDER_ID: Final = "{name: order_id, type: string}"
PICKS: Final = "[orders_recent.amount, customer_home.country]"
RECENT: Final = "    timestamp: ordered_at\n    created: loaded_at\n"


def features(*changes: tuple[str, str], says: tuple[str, ...]) -> Case:
    return Case(edited(FEATURES, *changes), says)


def sql(text: str, *says: str) -> Case:
    """Return a second transformation beside the base's."""
    return Case({"transformations/broken.sql": text}, says)


FILES: Final[dict[str, Case]] = {
    "file_not_utf8": Case(
        {FEATURES: BASE[FEATURES].encode().replace(b"country", b"l\xe4nd")}, ("FF100",)
    ),
    "file_not_utf8_sql": Case({SQL: b"select 'K\xf6ln' as city\n"}, ("FF100",)),
    "file_not_utf8_project": Case({PROJECT: b"name: caf\xe9\n"}, ("FF100",)),
    "yaml_tab": features(("    keys:\n", "\tkeys:\n"), says=("FF101",)),
    "yaml_open_bracket": features(("- {name: country}", "- {name: country"), says=("FF101",)),
    "yaml_open_quote": features(("{name: country}", '{name: "country}'), says=("FF101",)),
    "yaml_second_colon": features(
        ("  - name: customer\n", "  - name: customer\n    description: note: a person\n"),
        says=("FF101",),
    ),
    "yaml_indent": features(
        ("    entity: customer\n    source: ref", "   entity: customer\n    source: ref"),
        says=("FF101",),
    ),
    "yaml_no_colon": Case(edited(PROJECT, ("version: 1", "version 1")), ("FF101",)),
    "yaml_control_character": Case(edited(SETS, ("label: fraud", "label: fra\x07ud")), ("FF101",)),
    "yaml_two_documents": Case({SETS: BASE[SETS] + "---\n" + BASE[SETS]}, ("FF101",)),
    "yaml_unknown_alias": Case(edited(SETS, ("label: fraud", "label: *fraud")), ("FF101",)),
    "yaml_alias_in_itself": Case(
        edited(SETS, (f"features: {PICKS}", "features: &all [*all]")), ("FF101",)
    ),
    "yaml_too_deep": Case(
        edited(PROJECT, ("min_amount: 1", f"min_amount: 1\n  deep: {'[' * 2000 + ']' * 2000}")),
        ("FF101",),
    ),
    "yaml_wide_characters": features(
        ("- {name: country}", "- {description: 日本語 ü, nam: country}"), says=("FF104",)
    ),
    "yaml_key_is_a_list": Case(
        edited(PROJECT, ("  min_amount: 1", "  min_amount: 1\n  [a, b]: 1")), ("FF102",)
    ),
    "yaml_jinja": features(
        ("source: ref('stg_orders')", "source: {{ ref('stg_orders') }}"), says=("FF102",)
    ),
    "key_twice": features(
        (
            "    entity: customer\n    source: ref",
            "    entity: customer\n    entity: customer\n    source: ref",
        ),
        says=("FF103",),
    ),
    "key_twice_kind": Case({SETS: BASE[SETS] + "\ntraining_sets: []\n"}, ("FF103",)),
    "key_twice_project": Case({PROJECT: BASE[PROJECT] + "name: again\n"}, ("FF103",)),
    "key_unknown": features(
        ("    created: loaded_at\n", "    created: loaded_at\n    colour: red\n"), says=("FF104",)
    ),
    "key_misspelt": features(("    created:", "    craeted:"), says=("FF104",)),
    "key_misspelt_required": features(
        ("    entity: customer\n    source: ref", "    entiy: customer\n    source: ref"),
        says=("FF104",),
    ),
    "key_merge": Case(
        edited(SETS, ("    label: fraud\n", "    <<: {label: fraud}\n    label: fraud\n")),
        ("FF104",),
    ),
    "key_is_a_number": features(
        ("    created: loaded_at\n", "    created: loaded_at\n    7: red\n"), says=("FF104",)
    ),
    "kind_misspelt": Case(edited(SETS, ("training_sets:", "training_set:")), ("FF104",)),
    "kind_unknown": Case({"features/more.yml": "dashboards: []\n"}, ("FF104",)),
    "config_unknown": sql("{{ config(materialised='table') }}\nselect 1 as a\n", "FF104"),
    "profile_key_misspelt": Case(edited(PROFILES, ("      offline:", "      offlin:")), ("FF104",)),
    "file_is_a_list": Case({SETS: "- name: fraud_training\n  label: fraud\n"}, ("FF105",)),
    "kind_is_a_mapping": Case(
        {SETS: "training_sets:\n  name: fraud_training\n  label: fraud\n"}, ("FF105",)
    ),
    "resource_is_text": Case({SETS: "training_sets:\n  - fraud_training\n"}, ("FF105",)),
    "truth_yes": features(
        ("name: orders_recent\n", "name: orders_recent\n    default: yes\n"), says=("FF105",)
    ),
    "truth_on": Case({PROJECT: BASE[PROJECT] + "as_known: on\n"}, ("FF105",)),
    "truth_online_yes": features(("online: true", "online: yes"), says=("FF209",)),
    "text_is_a_number": features(
        ("name: orders_recent\n", "name: orders_recent\n    owner: 42\n"), says=("FF105",)
    ),
    "text_is_a_list": features(
        ("name: orders_recent\n", "name: orders_recent\n    owner: [ann, bob]\n"), says=("FF105",)
    ),
    "list_is_text": Case(
        edited(SETS, (f"features: {PICKS}", "features: orders_recent.amount")), ("FF105",)
    ),
    "name_dash": features(("name: customer_home", "name: customer-home"), says=("FF105",)),
    "name_double_underscore": features(
        ("name: customer_home", "name: customer__home"), says=("FF105",)
    ),
    "name_is_a_number": features(
        ("name: customer_home", "name: customer_home\n    variant: 2024"), says=("FF105",)
    ),
    "type_unknown": features(("type: float64, default", "type: varchar, default"), says=("FF105",)),
    "type_misspelt": Case(
        edited(SOURCES, ("amount, type: float64", "amount, type: flaot64")), ("FF105",)
    ),
    "duration_words": features(
        ("    created: loaded_at\n", "    created: loaded_at\n    ttl: 2 hours\n"), says=("FF105",)
    ),
    "duration_no_unit": features(
        ("    created: loaded_at\n", "    created: loaded_at\n    ttl: 30\n"), says=("FF105",)
    ),
    "choice_misspelt": Case({PROJECT: BASE[PROJECT] + "boundary: inclusve\n"}, ("FF105",)),
    "version_unknown": Case(edited(PROJECT, ("version: 1", "version: 2")), ("FF105",)),
    "version_true": Case(edited(PROJECT, ("version: 1", "version: true")), ("FF105",)),
    "dialect_other": Case({PROJECT: BASE[PROJECT] + "dialect: snowflake\n"}, ("FF105",)),
    "vars_is_a_list": Case(
        edited(PROJECT, ("vars:\n  min_amount: 1", "vars: [min_amount]")), ("FF105",)
    ),
    "materialized_unknown": sql("{{ config(materialized='tabel') }}\nselect 1 as a\n", "FF105"),
    "profile_output_is_text": Case(
        {PROFILES: "shop:\n  target: dev\n  outputs:\n    dev: duckdb\n"}, ("FF105",)
    ),
    "key_missing": features(
        ("    entity: customer\n    source: ref", "    source: ref"), says=("FF106",)
    ),
    "key_missing_in_feature": features(
        ("- {name: country}", "- {column: country}"), says=("FF106",)
    ),
    "key_is_null": features(
        ("    entity: customer\n    source: ref", "    entity:\n    source: ref"), says=("FF106",)
    ),
    "project_name_missing": Case(edited(PROJECT, ("name: shop\n", "")), ("FF106",)),
    "project_empty": Case({PROJECT: ""}, ("FF106",)),
    "project_is_a_list": Case({PROJECT: "- name: shop\n"}, ("FF105",)),
    "profile_offline_missing": Case(
        edited(PROFILES, ("      offline: {type: duckdb, path: .ffc/shop.duckdb}\n", "")),
        ("FF106",),
    ),
    "no_features": features(
        ("    features:\n      - {name: country}", "    features: []"), says=("FF106",)
    ),
    "no_features_picked": Case(edited(SETS, (PICKS, "[]")), ("FF106",)),
    "no_columns": Case(
        {
            SOURCES: "sources:\n  - name: raw\n    tables:\n      - {name: orders, file: a.csv, columns: []}\n"
        },
        ("FF106",),
    ),
    "no_keys": features(
        ("keys:\n      - {name: customer_id, type: string}", "keys: []"), says=("FF106",)
    ),
    "no_entities": features((LABEL_KEYS, "{}"), says=("FF106",)),
    "sql_name_dash": Case({"transformations/stg-orders.sql": "select 1 as a\n"}, ("FF108",)),
    "sql_name_two_variants": Case({"transformations/a@b@c.sql": "select 1 as a\n"}, ("FF108",)),
    "jinja_open": sql("select 1 as a\nfrom {{ source('raw', 'orders')\n", "FF109"),
    "jinja_open_if": sql("select 1 as a\n{% if true %}\nfrom x\n", "FF109"),
    "jinja_unknown_tag": sql("select 1 as a\n{% fro x in y %}\n", "FF109"),
    "jinja_include": sql("select 1 as a\n{% include 'x.sql' %}\n", "FF109"),
    "jinja_ref_without_name": sql("select 1 as a\nfrom {{ ref() }}\n", "FF109"),
    "jinja_ref_two_names": sql("select 1 as a\nfrom {{ ref('shop', 'stg_orders') }}\n", "FF109"),
    "jinja_ref_a_list": sql("select 1 as a\nfrom {{ ref(['stg_orders']) }}\n", "FF109"),
    "jinja_source_one_name": sql("select 1 as a\nfrom {{ source('orders') }}\n", "FF109"),
    "jinja_var_without_name": sql("select 1 as a\nwhere {{ var() }}\n", "FF109"),
    "jinja_config_positional": sql("{{ config('table') }}\nselect 1 as a\n", "FF109"),
    "jinja_divide_by_zero": sql("select 1 as a,\n  {{ 1 / 0 }} as b\n", "FF109"),
    "jinja_endless_macro": sql(
        "{% macro m() %}{{ m() }}{% endmacro %}\nselect {{ m() }} as a\n", "FF109"
    ),
    "jinja_huge_range": sql(
        "select 1 as a\n{% for i in range(999999999) %}{% endfor %}\n", "FF109"
    ),
    "jinja_forbidden": sql("select 1 as a,\n  {{ ref.__globals__ }} as b\n", "FF109"),
    "jinja_no_attribute": sql("select 1 as a,\n  {{ 'x'.size }} as b\n", "FF202"),
    "relation_plain": features(
        ("source: ref('stg_orders')", "source: stg_orders"), says=("FF110",)
    ),
    "relation_in_braces": features(
        ("source: ref('stg_orders')", "source: \"{{ ref('stg_orders') }}\""), says=("FF110",)
    ),
    "relation_one_name": features(
        (HOME_SOURCE, "    source: source('orders')\n    features:"), says=("FF110",)
    ),
    "source_not_a_file": Case(edited(SOURCES, ("orders.csv", "orders.json")), ("FF111",)),
    "source_outside": Case(edited(SOURCES, ("data/orders.csv", "../orders.csv")), ("FF111",)),
    "source_absolute": Case(edited(SOURCES, ("data/orders.csv", "/data/orders.csv")), ("FF111",)),
    "source_time_zone": Case(
        edited(SOURCES, ("        columns:", "        timezone: Europe/Berlinn\n        columns:")),
        ("FF112",),
    ),
    "source_time_zone_letters": Case(
        edited(SOURCES, ("        columns:", "        timezone: CEST\n        columns:")),
        ("FF112",),
    ),
    "profile_unknown": Case(edited(PROJECT, ("profile: shop", "profile: shopp")), ("FF113",)),
    "profiles_is_a_list": Case({PROFILES: "- shop\n"}, ("FF105",)),
    "profiles_empty": Case({PROFILES: ""}, ("FF106",)),
    "profiles_yaml": Case({PROFILES: BASE[PROFILES] + "\tx: 1\n"}, ("FF101",)),
    "profiles_missing": Case({PROFILES: None}, ("FF701",)),
    "profile_target_unknown": Case({}, ("FF701",), ("--target", "prd")),
    "profile_store_without_type": Case(edited(PROFILES, ("type: duckdb, ", "")), ("FF106",)),
    "profile_store_type_misspelt": Case(
        edited(PROFILES, ("type: duckdb", "type: duckbd")), ("FF114",)
    ),
    "profile_store_of_a_later_version": Case(
        edited(PROFILES, ("type: duckdb", "type: snowflake")), ("FF114",)
    ),
    "profile_default_target_unknown": Case(
        edited(PROFILES, ("target: dev", "target: dve")), ("FF113",)
    ),
}

LATER: Final[dict[str, Case]] = {
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

NAMES: Final[dict[str, Case]] = {
    "ref_misspelt": Case(edited(SQL, (SOURCE_CALL, "ref('stg_order')")), ("FF201",)),
    "ref_to_a_source": Case(edited(SQL, (SOURCE_CALL, "ref('orders')")), ("FF201",)),
    "ref_far_from_all": sql("select * from {{ ref('xyz') }}\n", "FF201"),
    "ref_in_a_loop": sql(
        "select 1 as a\n{% for n in ['stg_orders', 'stg_order'] %}\nunion all select amount from {{ ref(n) }}\n{% endfor %}\n",
        "FF201",
    ),
    "ref_after_a_comment": sql(
        "{# like ref('stg_order') #}\nselect * from {{ ref('stg_order') }}\n", "FF201"
    ),
    "ref_twice": sql(
        "select 1 as a from {{ ref('nope') }}\nunion all select 2 from {{ ref('nope') }}\n",
        "FF201",
        "FF201",
    ),
    "source_misspelt": Case(edited(SQL, (SOURCE_CALL, "source('raw', 'order')")), ("FF201",)),
    "source_group_misspelt": Case(
        edited(SQL, (SOURCE_CALL, "source('rwa', 'orders')")), ("FF201",)
    ),
    "source_misspelt_in_label": features(
        (LABEL_SOURCE, "    source: source('raw', 'order')\n    entities:"), says=("FF201",)
    ),
    "ref_misspelt_in_view": features(("ref('stg_orders')", "ref('stg_order')"), says=("FF201",)),
    "ref_in_view_reads_label": features(("ref('stg_orders')", "ref('fraud')"), says=("FF201",)),
    "entity_misspelt": features(
        ("entity: customer\n    source: ref", "entity: custmer\n    source: ref"), says=("FF201",)
    ),
    "entity_misspelt_in_label": features((LABEL_KEYS, "{custmer: customer_id}"), says=("FF201",)),
    "label_misspelt": Case(edited(SETS, ("label: fraud", "label: frad")), ("FF201",)),
    "view_misspelt": Case(
        edited(SETS, ("orders_recent.amount", "order_recent.amount")), ("FF201",)
    ),
    "view_is_a_transformation": Case(
        edited(SETS, ("orders_recent.amount", "stg_orders.amount")), ("FF201",)
    ),
    "notes_without_file": Case(
        {"transformations/notes.yml": "transformations:\n  - name: stg_order\n    owner: ann\n"},
        ("FF201",),
    ),
    "variant_unknown": Case(
        edited(SETS, ("orders_recent.amount", "orders_recent@v2.amount")), ("FF201",)
    ),
    "function_misspelt": sql("select * from {{ reff('stg_orders') }}\n", "FF202"),
    "ref_without_quotes": sql("select stg_orders.* from {{ ref(stg_orders) }}\n", "FF202"),
    "variable_misspelt": Case(edited(SQL, ("var('min_amount')", "var('min_amout')")), ("FF203",)),
    "variable_unknown": sql("select {{ var('x') }} as a\n", "FF203"),
    "declared_twice": Case(
        {
            "features/again.yml": "entities:\n  - name: customer\n    keys:\n      - {name: id, type: int64}\n"
        },
        ("FF204",),
    ),
    "declared_twice_by_files": Case(
        {"transformations/old/stg_orders.sql": "select 1 as a\n"}, ("FF204",)
    ),
    "declared_twice_by_kinds": features(
        (
            "  - name: customer_home",
            """\
  - name: stg_orders
    entity: customer
    source: source('raw', 'orders')
    features:
      - {name: amount}

  - name: customer_home""",
        ),
        says=("FF204",),
    ),
    "declared_twice_case_aside": Case(
        edited(
            SOURCES,
            (
                "      - name: orders",
                """\
      - {name: Orders, file: a.csv, columns: [{name: a, type: bool}]}
      - name: orders""",
            ),
        ),
        ("FF204",),
    ),
    "published_twice_case_aside": Case(
        edited(SETS, ("name: fraud_training", "name: Customer_Home")), ("FF206",)
    ),
    "declared_twice_source": Case(
        {
            "sources/more.yml": """\
sources:
  - name: raw
    tables:
      - name: orders
        file: data/more.csv
        columns:
          - {name: order_id, type: string}
"""
        },
        ("FF204",),
    ),
    "cycle_of_one": sql("select * from {{ ref('broken') }}\n", "FF205"),
    "cycle_of_two": Case(
        {
            "transformations/a.sql": "select * from {{ ref('b') }}\n",
            "transformations/b.sql": "select *\nfrom {{ ref('a') }}\n",
        },
        ("FF205",),
    ),
    "cycle_of_three": Case(
        {
            "transformations/a.sql": "select * from {{ ref('b') }}\n",
            "transformations/b.sql": "select * from {{ ref('c') }}\n",
            "transformations/c.sql": "select * from {{ ref('a') }}\n",
        },
        ("FF205",),
    ),
    "cycle_through_a_view": Case(edited(SQL, (SOURCE_CALL, "ref('orders_recent')")), ("FF205",)),
    "published_twice": Case(
        {
            "training_sets/more.yml": "training_sets:\n  - name: customer_home\n    label: fraud\n    features: [orders_recent.amount]\n"
        },
        ("FF206",),
    ),
    "entity_has_no_key": features(
        (
            "    created: loaded_at\n",
            "    created: loaded_at\n    keys: {customr_id: customer_id}\n",
        ),
        says=("FF207",),
    ),
    "label_keys_too_many": features(
        (LABEL_KEYS, "{customer: [customer_id, order_id]}"), says=("FF207",)
    ),
    "variants_unclear": Case(
        {
            "transformations/stg_orders@v2.sql": BASE[SQL],
            SQL: None,
            "transformations/stg_orders@v3.sql": BASE[SQL],
        },
        ("FF208",),
    ),
    "online_store_unknown": features(("online: true", "online: redis"), says=("FF209",)),
    "online_store_none": Case(
        edited(PROFILES, ("      online: {type: sqlite, path: .ffc/online.db}\n", "")), ("FF209",)
    ),
    "online_store_which": Case(
        edited(
            PROFILES,
            (
                "online: {type: sqlite, path: .ffc/online.db}",
                "online: {fast: {type: sqlite, path: a.db}, big: {type: sqlite, path: b.db}}",
            ),
        ),
        ("FF209",),
    ),
    "pick_without_view": Case(edited(SETS, ("customer_home.country", "country")), ("FF210",)),
    "pick_all_with_alias": Case(
        edited(SETS, ("customer_home.country", "{feature: customer_home.*, as: home}")), ("FF210",)
    ),
    "pick_of_another_entity": Case(
        {
            "features/merchant.yml": "entities:\n  - name: merchant\n    keys:\n      - {name: order_id, type: string}\nfeature_views:\n  - name: shops\n    entity: merchant\n    source: source('raw', 'orders')\n    features:\n      - {name: country}\n",
            **edited(SETS, ("customer_home.country", "shops.country")),
        },
        ("FF211",),
    ),
    "pick_misspelt": Case(
        edited(SETS, ("customer_home.country", "customer_home.contry")), ("FF212",)
    ),
}

QUERIES: Final[dict[str, Case]] = {
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

TYPES: Final[dict[str, Case]] = {
    "key_is_a_float": features(
        ("{name: customer_id, type: string}", "{name: customer_id, type: float64}"), says=("FF401",)
    ),
    "key_of_another_type": features(
        ("{name: customer_id, type: string}", "{name: customer_id, type: int64}"),
        says=("FF402", "FF402", "FF402"),
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

TIME: Final[dict[str, Case]] = {
    "static_with_ttl": features(
        ("features:\n      - {name: country}", "ttl: 7d\n    features:\n      - {name: country}"),
        says=("FF501",),
    ),
    "static_with_delay": features((RECENT, "    delay: 1h\n"), says=("FF501",)),
    "created_and_delay": features(
        ("    created: loaded_at\n", "    created: loaded_at\n    delay: 1h\n"), says=("FF502",)
    ),
    "not_said_when_learned": features(("    created: loaded_at\n", ""), says=("FF503",)),
    "time_is_a_date": features(
        ("timestamp: ordered_at\n    created", "timestamp: ordered_on\n    created"),
        says=("FF504",),
    ),
    "label_without_time": features(
        ("    timestamp: ordered_at\n    column", "    column"), says=("FF505",)
    ),
    "warning_under_strict": Case(
        edited(FEATURES, ("    created: loaded_at\n", "")), ("FF503",), ("--strict",)
    ),
    "name_too_long": Case({f"transformations/{'a' * 235}.sql": "select 1 as a\n"}, ("FF601",)),
    "name_too_long_for_the_target": Case(
        edited(
            SETS, ("- name: fraud_training", f"- name: fraud_training\n    variant: {'a' * 1100}")
        ),
        ("FF601",),
    ),
    "column_too_long": Case(
        edited(
            SETS,
            ("customer_home.country", f"{{feature: customer_home.country, as: {'a' * 1100}}}"),
        ),
        ("FF601",),
    ),
}

TRAPS: Final[dict[str, Case]] = {
    "trap_lag_twice": Case(
        edited(
            SETS,
            (PICKS, "[{feature: orders_recent.amount}, {feature: orders_recent.amount, lag: 1}]"),
        ),
        ("FF107",),
    ),
    "trap_key_misspelt_and_column": features(
        ("    created: loaded_at", "    craeted: loadd_at"), says=("FF104", "FF303")
    ),
    "trap_name_misspelt": features(
        ("  - name: customer_home", "  - nme: customer_home"), says=("FF104",)
    ),
    "trap_name_missing_in_sql_file": Case(
        {SQL: None, "transformations/stg-orders.sql": BASE[SQL]}, ("FF108",)
    ),
    "trap_escape_characters": features(
        ("{name: country}", '{name: "\\e[31m", column: country}'), says=("FF105",)
    ),
    "trap_long_value": features(
        ("name: orders_recent\n", f"name: orders_recent\n    ttl: {'long ' * 40}\n"),
        says=("FF105",),
    ),
    "trap_huge_number": features(
        (AMOUNT, f"{{name: amount, type: float64, default: {'9' * 5000}, colour: red}}"),
        says=("FF104",),
    ),
    "trap_unused_but_broken": Case(
        {"features/more.yml": "entities:\n  - name: shop\n    keys: [shop_id]\n"}, ("FF105",)
    ),
    "trap_jinja_in_a_path": Case(
        edited(SOURCES, ("data/orders.csv", "{{ var('folder') }}/orders.csv")), ("FF101",)
    ),
    "trap_empty_file": Case(
        {
            "features/empty.yml": "",
            "features/comment.yml": "# later\n",
            "features/null.yml": "labels:\n",
        },
        (),
    ),
    "trap_bom": Case(
        {SETS: b"\xef\xbb\xbf" + BASE[SETS].replace("label:", "lable:").encode()}, ("FF104",)
    ),
    "trap_crlf": Case(
        {
            SETS: BASE[SETS].replace("label:", "lable:").replace("\n", "\r\n"),
            SQL: BASE[SQL].replace("amount,", "amout,").replace("\n", "\r\n"),
        },
        ("FF104", "FF303"),
    ),
    "trap_no_newline_at_the_end": Case(
        {SETS: BASE[SETS].rstrip("\n").replace("customer_home.country]", "customer_home.contry]")},
        ("FF212",),
    ),
    "trap_long_line": sql(
        f"select {', '.join(f'{i} as column_number_{i}' for i in range(30))}, amout from {{{{ ref('stg_orders') }}}}\n",
        "FF303",
    ),
    "trap_tab_in_sql": sql("select\n\t\tamout as a\nfrom {{ ref('stg_orders') }}\n", "FF303"),
    "trap_mistakes_in_two_files": Case(
        {**edited(SQL, ("amount,", "amout,")), **edited(SETS, ("label: fraud", "label: frad"))},
        ("FF201", "FF303"),
    ),
    "trap_mistakes_in_one_file": features(
        ("column: is_fraud", "column: is_frod"),
        ("{name: country}", "{name: home, column: contry}"),
        says=("FF303", "FF303"),
    ),
    "trap_broken_file_beside_another": Case(
        {
            "features/more.yml": "entities: [\n",
            **edited(SETS, ("customer_home.country", "customer_home.contry")),
        },
        ("FF101", "FF212"),
    ),
    "trap_broken_project_file": Case(
        {**edited(PROJECT, ("version: 1", "verson: 1")), **edited(SETS, ("label:", "lable:"))},
        ("FF104", "FF104"),
    ),
    "trap_broken_profile": Case(
        {
            **edited(PROFILES, ("target: dev", "targt: dev")),
            **edited(SETS, ("label: fraud", "label: frad")),
        },
        ("FF104", "FF201"),
    ),
    "trap_column_unknown_above_views": Case(
        edited(SQL, ("ordered_at, loaded_at", "orderd_at, loaded_at")), ("FF303",)
    ),
    "trap_broken_source": Case(
        edited(SOURCES, ("name: amount, type: float64", "name: amount, type: flaot")), ("FF105",)
    ),
    "trap_broken_source_table_named_differently": Case(
        edited(SOURCES, ("      - name: orders", "      - nam: orders")), ("FF104",)
    ),
    "trap_broken_entity": features(
        ("{name: customer_id, type: string}", "{name: customer_id, tpe: string}"), says=("FF104",)
    ),
    "trap_broken_entity_file_elsewhere": Case(
        {
            "features/entities.yml": "entities:\n  - name: merchant\n    keys: [\n",
            **edited(
                FEATURES, ("entity: customer\n    source: ref", "entity: merchant\n    source: ref")
            ),
        },
        ("FF101",),
    ),
    "trap_kind_misspelt_hides_names": Case(
        edited(FEATURES, ("entities:\n  - name: customer", "entites:\n  - name: customer")),
        ("FF104",),
    ),
}

CASES: Final[dict[str, Case]] = {**FILES, **LATER, **NAMES, **QUERIES, **TYPES, **TIME, **TRAPS}
