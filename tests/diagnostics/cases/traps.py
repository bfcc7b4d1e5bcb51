"""Several things at once, and what must not be said: broken projects, one mistake each."""

from __future__ import annotations

from typing import Final

from diagnostics.project import (
    AMOUNT,
    BASE,
    FEATURES,
    LABEL_KEYS,
    LABEL_SOURCE,
    PICKS,
    PROFILES,
    PROJECT,
    RECENT,
    SETS,
    SOURCES,
    SQL,
    Case,
    edited,
    features,
    sql,
)

CASES: Final[dict[str, Case]] = {
    "trap_lag_twice": Case(
        edited(
            SETS,
            (
                PICKS,
                "[{feature: orders_recent.amount, lag: 1d}, {feature: orders_recent.*, lag: 1d}]",
            ),
        ),
        ("FF405",),
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
        says=("FF404", "FF104"),
    ),
    "trap_unused_but_broken": Case(
        {"features/more.yml": "entities:\n  - name: shop\n    keys: [shop_id]\n"}, ("FF105",)
    ),
    "trap_jinja_in_a_path": Case(
        edited(SOURCES, ("data/orders.csv", "{{ var('folder') }}/orders.csv")), ("FF102",)
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
    "trap_broken_project_file_hides_nothing": Case(
        {
            PROJECT: BASE[PROJECT] + "boundary: sometimes\n",
            **edited(SQL, ("amount,", "amout,")),
            **edited(SETS, ("label: fraud", "label: frad")),
        },
        ("FF105", "FF201", "FF303"),
    ),
    "trap_not_found_and_not_sql": Case(
        {"transformations/broken.sql": "select 1 as a,, 2 as b from {{ ref('stg_order') }}\n"},
        ("FF301", "FF201"),
    ),
    "trap_not_sql_above_and_not_sql": Case(
        {
            "transformations/one.sql": "select 1 as a,, 2 as b\n",
            "transformations/two.sql": "select a,, b from {{ ref('one') }}\n",
            "transformations/three.sql": "select nothing from {{ ref('two') }}\n",
        },
        ("FF301", "FF301"),
    ),
    "trap_mistakes_in_one_view": features(
        (RECENT, f"{RECENT}    ttl: 30 days\n    owner: [ann]\n"),
        ("source: ref('stg_orders')", "source: ref('stg_order')"),
        says=("FF201", "FF105", "FF105"),
    ),
    "trap_mistakes_in_one_feature": features(
        (AMOUNT, "{name: amont, type: flaot64, default: 0}"), says=("FF303", "FF105")
    ),
    "trap_mistakes_in_links_of_a_view": features(
        (
            "    entity: customer\n    source: ref('stg_orders')",
            "    entity: custmer\n    source: ref('stg_order')",
        ),
        says=("FF201", "FF201"),
    ),
    "trap_mistakes_in_entity_and_column": features(
        ("    entity: customer\n    source: ref", "    entity: custmer\n    source: ref"),
        (AMOUNT, "{name: amont}"),
        says=("FF201", "FF303"),
    ),
    "trap_mistakes_in_a_label_and_its_source": Case(
        {
            **edited(
                FEATURES,
                (LABEL_SOURCE, "    source: ref('broken')\n    entities:"),
                (LABEL_KEYS, "{custmer: customer_id}"),
            ),
            "transformations/broken.sql": "select a,, b\n",
        },
        ("FF201", "FF301"),
    ),
    "trap_several_columns_unknown": sql(
        "select custmer_id, amout, ordered_at from {{ ref('stg_orders') }} where orderd_at > now()\n",
        "FF303",
        "FF303",
        "FF303",
    ),
    "trap_two_default_variants": Case(
        {
            "features/more.yml": """\
feature_views:
  - {name: both, variant: a, default: true, entity: customer, source: "source('raw', 'orders')", features: [{name: country}]}
  - {name: both, variant: b, default: true, entity: customer, source: "source('raw', 'orders')", features: [{name: country}]}
"""
        },
        ("FF204",),
    ),
    "trap_kind_is_a_mapping_of_names": Case(
        edited(
            FEATURES,
            (
                "entities:\n  - name: customer\n    keys:\n      - {name: customer_id, type: string}\n",
                "entities:\n  customer:\n    keys: [{name: customer_id, type: string}]\n",
            ),
        ),
        ("FF105",),
    ),
    "trap_version_in_quotes": Case(edited(PROJECT, ("version: 1", 'version: "1"')), ("FF105",)),
    "trap_one_table_of_a_group_is_broken": Case(
        {
            SOURCES: BASE[SOURCES].replace("country, type: string", "country, type: strng")
            + "      - {name: shops, file: data/shops.csv, columns: [{name: shop_id, type: string}]}\n",
            "transformations/broken.sql": "select shop from {{ source('raw', 'shops') }}\n",
        },
        ("FF105", "FF303"),
    ),
    "trap_one_feature_of_a_view_is_broken": Case(
        {
            **edited(
                FEATURES,
                (AMOUNT, "{name: amount, type: float64}\n      - {name: on-day, column: x}"),
            ),
            "training_sets/more.yml": "training_sets:\n  - {name: more, label: fraud, features: [orders_recent.on_day, orders_recent.amuont]}\n",
        },
        ("FF105", "FF212"),
    ),
    "trap_contract_with_a_misspelt_column": Case(
        {
            "transformations/one.sql": "select customer_id, amount from {{ ref('stg_orders') }}\n",
            "transformations/notes.yml": """\
transformations:
  - name: one
    contract: enforced
    columns: [{name: custmer_id, type: string}, {name: amount, type: float64}]
""",
        },
        ("FF303",),
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
