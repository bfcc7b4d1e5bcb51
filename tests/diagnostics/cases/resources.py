"""Each kind of resource but sources, and each of its keys: broken projects, one mistake each."""

from __future__ import annotations

from typing import Final

from diagnostics.project import (
    AMOUNT,
    BASE,
    LABEL_KEYS,
    PICKS,
    PROJECT,
    RECENT,
    SETS,
    Case,
    edited,
    features,
)

TABLES: Final = "    tables:\n"
TIME: Final = "    timestamp: ordered_at\n    column"
ROLE: Final = "{customer: customer_id, payer: {entity: customer, keys: order_id}}"


def notes(text: str, *says: str) -> Case:
    """Return notes on the transformation of the base."""
    head = "transformations:\n  - name: stg_orders\n"
    return Case({"transformations/notes.yml": head + text}, says)


def schedule(text: str, *says: str) -> Case:
    """Return a feature view with a schedule."""
    return features((RECENT, f"{RECENT}    schedule: {text}\n"), says=says)


def aggregate(text: str, *says: str, more: str = "", name: str = "x") -> Case:
    """Return a feature view with an aggregate."""
    wanted = f"{{name: {name}, aggregate: {{{text}}}{more}}}"
    return features((AMOUNT, f"{AMOUNT}\n      - {wanted}"), says=says)


def label(entities: str, *says: str) -> Case:
    """Return a label with other roles."""
    return features((LABEL_KEYS, entities), says=says)


def pick(text: str, *says: str) -> Case:
    """Return a training set that picks one thing more."""
    return Case(edited(SETS, (PICKS, f"{PICKS[:-1]}, {text}]")), says)


def more(text: str, *says: str) -> Case:
    """Return a file of resources more."""
    return Case({"features/more.yml": text}, says)


def on_demand(text: str, *says: str) -> Case:
    """Return an on-demand feature."""
    return more(f"on_demand:\n  - name: ratio\n    {text}\n", *says)


def unit_test(text: str, *says: str) -> Case:
    """Return a unit test, which gives nothing unless it says what."""
    text += "" if "given:" in text else "    given: []\n"
    return more(f"unit_tests:\n  - name: it_works\n{text}", *says)


def defaults(text: str, *says: str) -> Case:
    """Return a project with defaults of folders."""
    return Case({PROJECT: f"{BASE[PROJECT]}defaults:\n  {text}\n"}, says)


COUNT: Final = "function: count, window: 7d"
SUM: Final = "function: sum, column: amount, window: 7d"
RATIO: Final = "request: {x: float64}\n    sql: request.x / orders_recent.amount\n    type: float64"
LAST: Final = "function: last_n, column: amount, window: 7d"

CASES: Final[dict[str, Case]] = {
    # Notes on transformations.
    "test_not_indented": notes(
        "    columns:\n      - name: amount\n        tests:\n"
        "          - accepted_values:\n            values: [1]\n",
        "FF105",
    ),
    "notes_of_no_column": notes("    columns: [{name: amout}]\n", "FF303"),
    "notes_of_another_type": notes("    columns: [{name: amount, type: int64}]\n", "FF407"),
    "notes_by_another_name": notes("    columns: [{name: amount, data_type: float64}]\n", "FF104"),
    "notes_of_a_column_twice": notes("    columns: [{name: amount}, {name: amount}]\n", "FF405"),
    "notes_twice": notes("  - name: stg_orders\n", "FF204"),
    "contract_without_type": notes(
        "    columns: [{name: customer_id, type: string}, {name: amount}, "
        "{name: ordered_on, type: date},\n"
        "      {name: ordered_at, type: timestamp}, {name: loaded_at, type: timestamp}]\n"
        "    contract: enforced\n",
        "FF106",
    ),
    "contract_leaves_out": notes(
        "    columns: [{name: amount, type: float64}]\n    contract: {enforced: true}\n",
        "FF407",
    ),
    "contract_misspelt": notes("    contract: enforce\n", "FF105"),
    # Schedules.
    "schedule_hour": schedule('"0 25 * * *"', "FF105"),
    "schedule_month": schedule('{cron: "0 0 1 jux *"}', "FF105"),
    "schedule_with_seconds": schedule('"0 0 * * * *"', "FF105"),
    "schedule_backwards": schedule('"0 0 * * fri-mon"', "FF105"),
    "schedule_step": schedule('"*/0 * * * *"', "FF105"),
    "schedule_never": schedule('"0 0 30 2 *"', "FF105"),
    "schedule_word": schedule('"@dayly"', "FF105"),
    "schedule_is_a_word": schedule("daily", "FF105"),
    "schedule_is_a_number": schedule("5", "FF105"),
    "schedule_time_zone": schedule('{cron: "@daily", timezone: Europe/Berlim}', "FF112"),
    "schedule_misspelt": schedule('{crom: "@daily"}', "FF104"),
    # Aggregates.
    "aggregate_misspelt": aggregate("function: smu, column: amount, window: 7d", "FF105"),
    "aggregate_by_another_name": aggregate("function: mean, column: amount, window: 7d", "FF105"),
    "aggregate_of_no_column": aggregate("function: sum, window: 7d", "FF106"),
    "aggregate_of_an_unknown_column": aggregate(
        "function: sum, column: amonut, window: 7d", "FF303"
    ),
    "aggregate_of_text": aggregate("function: sum, column: customer_id, window: 7d", "FF403"),
    "aggregate_without_window": aggregate("function: count", "FF106"),
    "aggregate_of_a_bad_window": aggregate("function: count, window: 7 days", "FF105"),
    "aggregate_of_no_window": aggregate("function: count, window: 0d", "FF105"),
    "aggregate_of_another_type": aggregate(SUM, "FF403", more=", type: int64"),
    "aggregate_with_a_default": aggregate(COUNT, "FF404", more=", default: 0"),
    "aggregate_and_column": aggregate(SUM, "FF121", more=", column: amount"),
    "aggregate_where": aggregate(f'{COUNT}, where: "amount >"', "FF301"),
    "aggregate_where_of_no_column": aggregate(f'{COUNT}, where: "amoumt > 10"', "FF303"),
    "aggregate_without_n": aggregate(LAST, "FF106"),
    "aggregate_of_n_twice": aggregate(LAST.replace("n,", "n(3),") + ", n: 3", "FF121"),
    "aggregate_of_half_an_n": aggregate(LAST.replace("n,", "n(0.5),"), "FF105"),
    "aggregate_with_n": aggregate(f"{SUM}, n: 3", "FF105"),
    "aggregate_of_q": aggregate(
        "function: approx_percentile, q: 95, column: amount, window: 7d", "FF105"
    ),
    "aggregate_in_brackets": aggregate("function: sum(3), column: amount, window: 7d", "FF105"),
    "aggregate_of_a_static_view": features(
        ("{name: country}", f"{{name: n, aggregate: {{{COUNT}}}}}"), says=("FF501",)
    ),
    "aggregate_named_twice": aggregate(SUM, "FF405", name="Amount"),
    # Roles of labels.
    "role_of_no_entity": label(
        "{customer: customer_id, payer: {entity: custmer, keys: order_id}}", "FF201"
    ),
    "role_without_entity": label("{customer: customer_id, payer: {keys: order_id}}", "FF106"),
    "role_of_no_key": label("{payer: {entity: customer, keys: {customer: order_id}}}", "FF207"),
    "role_of_two_keys": label(
        "{customer: {entity: customer, keys: [customer_id, order_id]}}", "FF207"
    ),
    "role_of_no_column": label("{customer: {entity: customer, keys: customer}}", "FF303"),
    "role_has_no_name": label("{the payer: {entity: customer, keys: order_id}}", "FF105"),
    # Picks of training sets.
    "lag_no_duration": pick("{feature: orders_recent.amount, lag: 7}", "FF105"),
    "lag_of_nothing": pick("{feature: orders_recent.amount, lag: 0d}", "FF105"),
    "lag_of_a_static_view": pick("{feature: customer_home.country, lag: 7d}", "FF501"),
    "lag_without_time": Case(
        {
            **edited(SETS, (PICKS, "[{feature: orders_recent.amount, lag: 7d}]")),
            **features((TIME, "    column"), says=()).files,
        },
        ("FF505", "FF508"),
    ),
    "window_without_time": Case(
        {
            **edited(SETS, (PICKS, "[orders_recent.x]")),
            **features(
                (TIME, "    column"),
                (AMOUNT, f"{{name: x, aggregate: {{{COUNT}}}}}"),
                says=(),
            ).files,
        },
        ("FF107", "FF505", "FF508"),
    ),
    "for_misspelt": pick("{feature: orders_recent.amount, for: custmer}", "FF213"),
    "for_which": Case(
        features(
            (
                LABEL_KEYS,
                "{payer: {entity: customer, keys: order_id}, payee: {entity: customer, keys: country}}",
            ),
            says=(),
        ).files,
        ("FF213", "FF213"),
    ),
    "for_of_another_entity": Case(
        {
            **edited(SETS, (PICKS, "[{feature: orders_recent.amount, for: shop}]")),
            **features(
                (LABEL_KEYS, "{customer: customer_id, shop: country}"),
                (
                    "entities:\n  - name: customer\n",
                    "entities:\n  - {name: shop, keys: [{name: country, type: string}]}\n  - name: customer\n",
                ),
                says=(),
            ).files,
        },
        ("FF211",),
    ),
    "pick_of_on_demand": Case(
        {
            **on_demand(RATIO.replace("x", "amount")).files,
            **edited(SETS, (PICKS, "[ratio]")),
        },
        ("FF107",),
    ),
    "pick_of_on_demand_misspelt": Case(
        {
            **on_demand(RATIO).files,
            **edited(SETS, (PICKS, f"{PICKS[:-1]}, ration]")),
        },
        ("FF115", "FF210"),
    ),
    "pick_of_on_demand_without_its_column": Case(
        {**on_demand(RATIO).files, **edited(SETS, (PICKS, "[ratio]"))}, ("FF115", "FF303")
    ),
    "pick_of_on_demand_of_another_type": Case(
        {
            **on_demand(
                "request: {country: int64}\n    sql: request.country\n    type: int64"
            ).files,
            **edited(SETS, (PICKS, "[ratio]")),
        },
        ("FF115", "FF403"),
    ),
    "pick_of_on_demand_with_lag": Case(
        {
            **on_demand(RATIO.replace("x", "amount")).files,
            **edited(SETS, (PICKS, "[{feature: ratio, lag: 1d}]")),
        },
        ("FF115", "FF210"),
    ),
    # On-demand features.
    "on_demand_of_nothing": on_demand("type: float64", "FF106"),
    "on_demand_of_both": on_demand("sql: request.x\n    python: a:b\n    type: float64", "FF121"),
    "on_demand_python": on_demand("python: scoring.ratio\n    type: float64", "FF105"),
    "on_demand_no_sql": on_demand("sql: 1 +\n    type: float64", "FF301"),
    "on_demand_two_expressions": on_demand("sql: 1, 2\n    type: int64", "FF301"),
    "on_demand_a_query": on_demand("sql: (select 1)\n    type: int64", "FF302"),
    "on_demand_many_rows": on_demand("sql: avg(orders_recent.amount)\n    type: float64", "FF305"),
    "on_demand_of_no_field": on_demand(RATIO.replace("request.x", "request.y"), "FF212"),
    "on_demand_of_an_unused_field": on_demand(
        RATIO.replace("float64}", "float64, y: int64}"), "FF115", "FF214"
    ),
    "on_demand_of_no_view": on_demand(RATIO.replace("orders_recent", "orders_recnt"), "FF201"),
    "on_demand_of_no_feature": on_demand(RATIO.replace("recent.amount", "recent.amuont"), "FF212"),
    "on_demand_of_a_bare_column": on_demand(RATIO.replace("request.x", "x"), "FF210"),
    "on_demand_of_another_type": on_demand(RATIO.replace("type: float64", "type: int64"), "FF403"),
    "on_demand_field_type": on_demand(RATIO.replace("{x: float64}", "{x: flaot64}"), "FF105"),
    "on_demand_field_name": on_demand(
        RATIO.replace("{x: float64}", '{x: float64, "a b": int64}'), "FF105"
    ),
    "on_demand_twice": more(
        f"on_demand:\n  - name: ratio\n    {RATIO}\n  - name: ratio\n    {RATIO}\n",
        "FF115",
        "FF204",
    ),
    # Models.
    "model_of_both": more(
        "models:\n  - {name: rf, training_set: fraud_training, features: [orders_recent.*]}\n",
        "FF121",
    ),
    "model_of_nothing": more("models:\n  - {name: rf}\n", "FF106"),
    "model_of_no_features": more("models:\n  - {name: rf, features: []}\n", "FF106"),
    "model_of_no_set": more("models:\n  - {name: rf, training_set: fraud}\n", "FF201"),
    "model_of_no_feature": more(
        "models:\n  - {name: rf, features: [orders_recent.amuont]}\n", "FF212"
    ),
    "model_has_no_name": more(
        "models:\n  - {name: my forest, training_set: fraud_training}\n", "FF105"
    ),
    "model_twice": more(
        "models:\n  - {name: rf.2, features: [orders_recent.amount]}\n"
        "  - {name: rf.2, features: [orders_recent.amount]}\n",
        "FF115",
        "FF204",
    ),
    "model_of_dbt": more(
        "models:\n  - name: orders\n    config: {materialized: table}\n"
        "  - name: customers\n    columns: [{name: id}]\n",
        "FF104",
    ),
    # Unit tests.
    "unit_test_by_another_name": unit_test(
        "    model: stg_orders\n    given: []\n    expect: {rows: []}\n", "FF104"
    ),
    "unit_test_of_nothing": unit_test("    of: stg_order\n    expect: {rows: []}\n", "FF201"),
    "unit_test_without_rows": more(
        "unit_tests:\n  - {name: it_works, of: stg_orders, given: [], expect: {row: []}}\n", "FF104"
    ),
    "unit_test_input": unit_test(
        "    of: stg_orders\n    expect: {rows: []}\n"
        "    given: [{input: \"source('raw', 'order')\", rows: []}]\n",
        "FF201",
    ),
    "unit_test_input_twice": unit_test(
        "    of: stg_orders\n    expect: {rows: []}\n    given:\n"
        "      - {input: \"source('raw', 'orders')\", rows: []}\n"
        "      - {input: \"source('raw', 'orders')\", rows: []}\n",
        "FF204",
    ),
    "unit_test_of_no_column": unit_test(
        "    of: stg_orders\n    expect: {rows: [{amount: 1}, {amuont: 1}, {amuont: 2}]}\n", "FF303"
    ),
    "unit_test_of_no_column_in_csv": unit_test(
        "    of: stg_orders\n    expect:\n      format: csv\n      rows: |\n"
        "        customer,amount\n        c1,1\n",
        "FF303",
    ),
    "unit_test_of_no_sql": unit_test(
        "    of: stg_orders\n    expect: {format: sql, rows: drop table x}\n", "FF302"
    ),
    "unit_test_rows_are_text": unit_test(
        "    of: stg_orders\n    expect: {rows: 'amount,1'}\n", "FF105"
    ),
    "unit_test_twice": unit_test(
        "    of: stg_orders\n    expect: {rows: []}\n    given: []\n"
        "  - {name: it_works, of: stg_orders, expect: {rows: []}, given: []}\n",
        "FF115",
        "FF204",
    ),
    "unit_test_input_is_not_read": unit_test(
        "    of: stg_orders\n    expect: {rows: []}\n"
        "    given: [{input: ref('orders_recent'), rows: [{amont: 1}]}]\n",
        "FF215",
    ),
    "unit_test_value_of_another_type": unit_test(
        "    of: stg_orders\n    expect: {rows: [{amount: many}, {ordered_at: soon}]}\n",
        "FF406",
        "FF406",
    ),
    "unit_test_sql_of_no_column": unit_test(
        "    of: stg_orders\n    expect: {format: sql, rows: select 1 as amuont}\n", "FF303"
    ),
    "unit_test_overrides_no_variable": unit_test(
        "    of: stg_orders\n    expect: {rows: []}\n    overrides:\n"
        "      vars: {min_amout: 1}\n      env_vars: {HOME: x}\n      macros: {is_incremntal: 1}\n",
        "FF215",
        "FF215",
        "FF202",
    ),
    # Defaults of folders.
    "defaults_that_nothing_takes": defaults("features: {materialized: table}", "FF122"),
    "defaults_of_the_whole_project": defaults('".": {owner: 7}', "FF105"),
    "defaults_of_no_folder": defaults("feature: {owner: me}", "FF122"),
    "defaults_misspelt": defaults("features: {onwer: me}", "FF104"),
    "defaults_schedule": defaults('features: {schedule: "61 * * * *"}', "FF105"),
    "defaults_time_zone": defaults(
        'features: {schedule: {cron: "@daily", timezone: Mars}}', "FF112"
    ),
    "defaults_online": defaults("features: {online: main}", "FF209"),
    "defaults_materialized": defaults("transformations: {materialized: tabel}", "FF105"),
}
