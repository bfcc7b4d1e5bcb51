"""Files, YAML and configuration: broken projects, one mistake each."""

from __future__ import annotations

from typing import Final

from diagnostics.project import (
    BASE,
    FEATURES,
    HOME_SOURCE,
    LABEL_KEYS,
    PICKS,
    PROFILES,
    PROJECT,
    SETS,
    SOURCES,
    SQL,
    Case,
    edited,
    features,
    sql,
)

CASES: Final[dict[str, Case]] = {
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
        edited(SETS, ("    label: fraud\n", "    <<: fraud\n    label: fraud\n")), ("FF102",)
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
    "project_version_missing": Case(edited(PROJECT, ("version: 1\n", "")), ("FF106",)),
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
        "{% macro m() %}{{ m() }}{% endmacro %}\nselect {{ m() }} as a\n", "FF119"
    ),
    "jinja_huge_range": sql(
        "select 1 as a\n{% for i in range(999999999) %}{% endfor %}\n", "FF109"
    ),
    "jinja_forbidden": sql("select 1 as a,\n  {{ ref.__globals__ }} as b\n", "FF202"),
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
    "source_not_a_file": Case(edited(SOURCES, ("orders.csv", "orders.xml")), ("FF111",)),
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


def paths(text: str, *says: str, **files: str) -> Case:
    """Return a project that says where its folders are; `files` go by their folders."""
    more = {f"{folder}/more.sql": content for folder, content in files.items()}
    return Case({PROJECT: f"{BASE[PROJECT]}paths:\n  {text}\n", **more}, says or ("FF117",))


CASES |= {
    "file_utf16": Case({SETS: BASE[SETS].encode("utf-16")}, ("FF100",)),
    "file_utf16_sql": Case(
        {SQL: BASE[SQL].encode("utf-16-le").join([b"\xff\xfe", b""])}, ("FF100",)
    ),
    "file_utf32": Case({SETS: BASE[SETS].encode("utf-32")}, ("FF100",)),
    "file_with_a_zero_byte": Case(
        {SQL: BASE[SQL].replace("where", "\0where").encode()}, ("FF100",)
    ),
    "file_not_utf8_after_carriage_returns": Case(
        {SQL: b"select 1 as a,\r\n  2 as b,\r  'K\xf6ln' as c\r\n"}, ("FF100",)
    ),
    "file_too_large": Case({"transformations/data.sql": "x" * 10_485_760}, ("FF100",)),
    "file_carriage_returns_alone": Case(
        {SETS: BASE[SETS].replace("\n", "\r").replace("label: fraud", "label: frad")}, ("FF201",)
    ),
    "file_ending_in_capitals": Case({"features/MORE.YML": "entitys: []\n"}, ("FF104",)),
    "file_in_tests": Case({"tests/deep/more.yaml": "unit_test: []\n"}, ("FF104",)),
    "folder_misspelt": Case({SETS: None, "training_set/fraud.yml": BASE[SETS]}, ("FF116",)),
    "folder_of_dbt": Case(
        {"transformations/stg_orders.sql": None, "models/staging/stg_orders.sql": BASE[SQL]},
        ("FF116",),
    ),
    "folder_macro": Case({"macro/dates.sql": "{% macro a() %}1{% endmacro %}\n"}, ("FF116",)),
    "paths_not_there": paths("macros: macross", "FF117"),
    "paths_misspelt": paths("macros: shard", shared="{% macro a() %}1{% endmacro %}\n"),
    "paths_key_misspelt": paths("macro: shared", "FF104"),
    "paths_is_a_number": paths("macros: 7", "FF105"),
    "paths_is_a_list": Case({PROJECT: f"{BASE[PROJECT]}paths: [sql]\n"}, ("FF105",)),
    "paths_outside": paths("macros: ../shared"),
    "paths_absolute": paths("macros: /srv/macros"),
    "paths_of_a_home": paths("macros: ~/macros"),
    "paths_of_another_machine": paths("macros: C:/macros"),
    "paths_with_backslashes": paths("macros: 'shared\\macros'"),
    "paths_the_project": paths("macros: ."),
    "paths_empty": paths("macros: ''"),
    "paths_in_target": paths("macros: target/macros"),
    "paths_in_state": paths("macros: .ffc/macros"),
    "paths_hidden": paths("macros: .macros"),
    "paths_is_a_file": paths("macros: sources/shop.yml"),
    "paths_named_twice": paths("macros: [shared, shared/]", shared="{# none #}\n"),
    "paths_in_a_default_folder": Case(
        {
            PROJECT: f"{BASE[PROJECT]}paths: {{macros: transformations/macros}}\n",
            "transformations/macros/a.sql": "{% macro a() %}1{% endmacro %}\n",
        },
        ("FF117",),
    ),
    "paths_of_two_kinds": paths(
        "macros: shared\n  tests: shared/macros", **{"shared/macros": "{# none #}\n"}
    ),
    "paths_hide_no_others": paths("transformations: [sql]\n  macros: ../x", "FF117", "FF117"),
}
