"""Names and the graph: broken projects, one mistake each."""

from __future__ import annotations

from typing import Final

from diagnostics.project import (
    BASE,
    LABEL_KEYS,
    LABEL_SOURCE,
    PROFILES,
    SETS,
    SOURCE_CALL,
    SOURCES,
    SQL,
    Case,
    edited,
    features,
    sql,
)

SELECTORS: Final = "selectors.yml"

CASES: Final[dict[str, Case]] = {
    "selector_method": Case(
        {SELECTORS: "selectors:\n  - {name: daily, definition: {method: tagg, value: x}}\n"},
        ("FF216",),
    ),
    "selector_two_defaults": Case(
        {
            SELECTORS: "selectors:\n"
            "  - {name: daily, default: true, definition: 'tag:a'}\n"
            "  - {name: weekly, default: true, definition: 'tag:b'}\n"
        },
        ("FF216",),
    ),
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
