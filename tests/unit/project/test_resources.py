"""Every key of the language in one project; defaults of folders."""

from __future__ import annotations

import pytest
from support.projects import FILES, TARGET, compiled, manifest

from ffc.compiler.compile import compile_project
from ffc.core.diagnostics import Diagnostic
from ffc.manifest.records import FeatureView, Label, Manifest, TrainingSet, Transformation
from ffc.project.files import ProjectFiles

EVERYTHING = {
    "ffc.yml": """\
name: fraud
version: 1
profile: fraud
dialect: duckdb
vars: {min_amount: 0}
boundary: exclusive
as_known: true
defaults:
  transformations: {materialized: view, owner: data@example.com, tags: [sql]}
  features: {owner: risk@example.com, online: true, schedule: "@daily", ttl: 90d}
""",
    "sources/raw.yml": """\
sources:
  - name: raw
    description: What the shop knows.
    owner: shop@example.com
    tags: [raw]
    tables:
      - name: transactions
        file: data/transactions.csv
        timezone: Europe/Berlin
        description: Payments.
        owner: payments@example.com
        tags: [money]
        columns:
          - {name: transaction_id, type: string, tests: [unique, not_null]}
          - {name: customer_id, type: string, tags: [pii], description: Who paid.}
          - {name: receiver_id, type: string}
          - name: amount
            type: float64
            tests:
              - range: {min: 0, max: 1e6, severity: warn, warn_if: ">10", error_if: ">= 100"}
              - expression: amount >= 0
              - not_null: {where: is_fraud, blocking: false, name: amount_known}
          - name: country
            type: string
            tests:
              - accepted_values: {values: [NL, DE]}
              - relationships: {to: "source('raw', 'countries')", column: code}
          - {name: is_fraud, type: bool}
          - {name: event_time, type: timestamp}
          - {name: loaded_at, type: timestamp}
        freshness: {column: event_time, warn_after: 12h, error_after: 24h}
        tests:
          - row_count: {min: 1, max: 1000000}
          - freshness: {column: loaded_at, error_after: 2d}
          - expression: {sql: loaded_at >= event_time}
      - name: countries
        table: warehouse.shared.countries
        columns:
          - {name: code, type: string}
      - name: merchants
        file: s3://shop/merchants.parquet
        columns:
          - {name: merchant_id, type: int64}
""",
    "transformations/clean_transactions.sql": """\
select transaction_id, customer_id, receiver_id, amount, is_fraud, event_time, loaded_at
from {{ source('raw', 'transactions') }}
where amount > {{ var('min_amount', 0) }} and '{{ env_var('STAGE', 'prod') }}' <> 'none'
""",
    "transformations/customer_daily_stats@v2.sql": """\
select customer_id as cust_id, avg(amount) as avg_amount_7d, count(*) as n,
  max(event_time) as as_of, max(loaded_at) as loaded_at
from {{ ref('clean_transactions') }} group by 1
""",
    "transformations/notes.yml": """\
transformations:
  - name: clean_transactions
    description: Payments that count.
    owner: cleaning@example.com
    tags: [clean]
    columns:
      - {name: transaction_id, type: string, description: The payment., tags: [id], tests: [unique]}
      - {name: customer_id, type: string}
      - {name: receiver_id, type: string}
      - {name: amount, type: float64}
      - {name: is_fraud, type: bool}
      - {name: event_time, type: timestamp}
      - {name: loaded_at, type: timestamp}
    tests: [{row_count: {min: 1}}]
    contract: {enforced: true}
  - name: customer_daily_stats
    variant: v2
    contract: {enforced: false}
""",
    "features/customer.yml": """\
entities:
  - name: customer
    description: Who pays.
    owner: crm@example.com
    tags: [people]
    keys: [{name: customer_id, type: string}]

feature_views:
  - name: customer_daily
    variant: v1
    default: true
    entity: customer
    source: ref('customer_daily_stats@v2')
    keys: {customer_id: cust_id}
    timestamp: as_of
    created: loaded_at
    ttl: 30d
    boundary: inclusive
    as_known: true
    online: true
    schedule: {cron: "0 * * * mon-fri", timezone: Europe/Berlin}
    owner: daily@example.com
    tags: [fraud]
    description: A customer's days.
    tests: [{expression: avg_amount_7d > 0}]
    features:
      - name: avg_amount_7d
        type: float64
        description: What a payment is on average.
        tags: [money]
        tests: [not_null]
      - {name: txn_count_7d, column: n, type: int64, default: 0}

  - name: customer_windows
    entity: customer
    source: ref('clean_transactions')
    timestamp: event_time
    delay: 1h
    online: default
    features:
      - {name: spend_1h, aggregate: {function: sum, column: amount, window: 1h}}
      - {name: count_30d, aggregate: {function: count, window: 30d, where: "amount > 10"}}
      - {name: last_5, aggregate: {function: last_n(5), column: amount, window: 30d}}
      - {name: last_3, aggregate: {function: last_n, n: 3, column: amount, window: 30d}}
      - {name: median, aggregate: {function: approx_percentile(0.5), column: amount, window: 1d}}
      - {name: p90, aggregate: {function: approx_percentile, q: 0.9, column: amount, window: 1d}}
      - {name: amount}

labels:
  - name: is_fraud
    variant: v1
    default: true
    description: Was it fraud?
    owner: risk@example.com
    tags: [label]
    source: ref('clean_transactions')
    entities:
      customer: customer_id
      receiver: {entity: customer, keys: receiver_id}
      payer: {entity: customer, keys: {customer_id: customer_id}}
      other: {entity: customer, keys: [receiver_id]}
    timestamp: event_time
    column: is_fraud

on_demand:
  - name: amount_vs_avg
    request: {amount: float64}
    sql: "request.amount / nullif(customer_daily.avg_amount_7d, 0)"
    type: float64
    description: How unusual.
    owner: risk@example.com
    tags: [ratio]
  - name: scored
    variant: v1
    default: true
    request: {amount: float64}
    python: scoring.ratios:score
    type: float64
""",
    "training_sets/fraud.yml": """\
training_sets:
  - name: fraud_training
    variant: v1
    default: true
    description: What the model learns from.
    owner: ml@example.com
    tags: [ml]
    label: is_fraud
    boundary: exclusive
    as_known: false
    include: [transaction_id]
    features:
      - customer_daily.avg_amount_7d
      - customer_daily@v1.txn_count_7d
      - customer_windows.*
      - {feature: customer_daily.avg_amount_7d, lag: 7d, as: avg_amount_prev_week}
      - {feature: customer_daily.avg_amount_7d, for: receiver}
      - amount_vs_avg

models:
  - {name: fraud-rf, training_set: fraud_training, description: A forest., owner: ml, tags: [x]}
  - {name: fraud.v2, features: [customer_daily.*, amount_vs_avg, customer_windows.spend_1h]}
""",
    "features/tests.yml": """\
unit_tests:
  - name: small_ones_go
    of: clean_transactions
    description: Amounts of nothing are no payments.
    tags: [unit]
    given:
      - input: source('raw', 'transactions')
        rows:
          - {transaction_id: t1, amount: 0.0}
          - {transaction_id: t2, amount: 1.5}
    expect:
      rows: [{transaction_id: t2, amount: 1.5}]
    overrides:
      vars: {min_amount: 0}
      env_vars: {STAGE: dev}
      macros: {is_incremental: false}
  - name: in_other_forms
    of: customer_daily
    given:
      - input: ref('customer_daily_stats@v2')
        format: csv
        rows: |
          cust_id,n
          c1,3
    expect:
      format: sql
      rows: select 'c1' as customer_id
""",
}


def found_in(**changes: str) -> list[Diagnostic]:
    files = ProjectFiles(texts={**EVERYTHING, **changes})
    return list(compile_project(files, TARGET, {}).diagnostics)


def test_every_key_is_read_and_only_what_is_not_built_is_said() -> None:
    found = found_in()
    assert {d.code for d in found} == {"FF107", "FF115", "FF514"}, [
        (d.code, d.message, d.span) for d in found if d.code not in ("FF107", "FF115")
    ]
    found = [d for d in found if d.code != "FF514"]  # it is right, and no gap of this version
    refused = [d.message for d in found if d.code != "FF115"]
    later = {text.partition(" is not in this version of ffc yet")[0] for text in refused}
    assert later == {"`aggregate:`", "an on-demand feature in a training set"}
    assert all(d.message.endswith("ffc yet") for d in found if d.code == "FF107")
    unbuilt = {d.message.partition("`:")[0].partition(":")[0] for d in found if d.code == "FF115"}
    assert unbuilt == {"`on_demand", "`models", "`unit_tests"}


def test_a_key_that_is_not_built_is_said_once_with_the_number_of_places() -> None:
    (said,) = [d for d in found_in() if d.code == "FF115" and "`unit_tests:`" in d.message]
    assert said.span.file == "features/tests.yml"
    assert said.help == ("and 1 more place",)


DEFAULTS = """\
name: small
version: 1
profile: test
vars: {least: 0}
defaults:
  transformations: {owner: data, tags: [sql]}
  features: {owner: risk, tags: [f], online: false, schedule: "0 4 * * *", ttl: 9d}
  features/deep: {tags: [deep], ttl: 5d}
"""


def view_of(found: Manifest, name: str) -> FeatureView:
    node = found.node(f"feature_view.{name}")
    assert isinstance(node, FeatureView)
    return node


def test_a_folder_gives_what_a_resource_does_not_say_itself() -> None:
    found = manifest(
        **{"ffc.yml": DEFAULTS.replace("  features/deep: {tags: [deep], ttl: 5d}\n", "")}
    )
    spending, profile = view_of(found, "spending"), view_of(found, "profile")
    assert (spending.owner, spending.tags) == ("risk", ("f",))
    assert spending.schedule is not None
    assert (spending.schedule.cron, spending.schedule.timezone) == ("0 4 * * *", "UTC")
    assert spending.ttl == 30 * 86_400, "its own word goes first"
    assert spending.online == "default"
    assert profile.ttl is None, "a static view has none"
    clean = found.node("transformation.clean")
    assert isinstance(clean, Transformation)
    assert (clean.owner, clean.tags) == ("data", ("sql",)), "without a word in YAML about it"
    label = found.node("label.paid_back")
    assert isinstance(label, Label)
    assert (label.owner, label.tags) == ("risk", ("f",))


def test_the_deepest_folder_wins_and_tags_add_up() -> None:
    text = FILES["features/all.yml"].replace("    ttl: 30d\n", "    tags: [own]\n")
    moved = {
        "ffc.yml": DEFAULTS,
        "features/all.yml": "entities: []\n",
        "features/deep/all.yml": text,
    }
    spending = view_of(manifest(**moved), "spending")
    assert spending.ttl == 5 * 86_400
    assert spending.owner == "risk"
    assert spending.tags == ("f", "deep", "own")


def test_a_schedule_is_a_word_about_a_view_and_changes_no_value() -> None:
    text = FILES["features/all.yml"].replace(
        "    ttl: 30d\n", "    ttl: 30d\n    schedule: '@daily'\n"
    )
    before, after = manifest(), manifest(**{"features/all.yml": text})
    one, two = view_of(before, "spending"), view_of(after, "spending")
    assert one.data_fingerprint == two.data_fingerprint
    assert one.metadata_fingerprint != two.metadata_fingerprint


def test_notes_describe_the_columns_of_a_transformation() -> None:
    notes = (
        "transformations:\n  - name: clean\n    columns:\n"
        "      - {name: amount, description: Money., tags: [eur]}\n"
    )
    columns = manifest(**{"transformations/notes.yml": notes}).node("transformation.clean").columns
    (amount,) = [column for column in columns if column.name == "amount"]
    assert (amount.description, amount.tags, amount.type) == ("Money.", ("eur",), "float64")


def test_what_hangs_on_what_is_not_built_is_not_reported() -> None:
    text = EVERYTHING["features/customer.yml"].replace(
        "function: sum, column", "function: su, column"
    )
    found = [d for d in found_in(**{"features/customer.yml": text}) if d.severity == "error"]
    assert [d.message for d in found if d.code != "FF107"] == ["there is no aggregate `su`"]


@pytest.mark.parametrize(
    ("name", "codes"),
    [("profile__land", []), ("p_", []), ("__land", ["FF105"]), ("2nd", ["FF105"])],
)
def test_a_column_is_named(name: str, codes: list[str]) -> None:
    picks = f"[spending.amount, {{feature: profile.country, as: {name}}}]"
    sets = f"training_sets: [{{name: main, label: paid_back, features: {picks}}}]\n"
    found = compiled(**{"training_sets/main.yml": sets})
    assert [d.code for d in found.diagnostics] == codes
    if found.manifest is not None:
        node = found.manifest.node("training_set.main")
        assert isinstance(node, TrainingSet)
        assert name in [column.name for column in node.plan.output]


def test_a_broken_item_hides_no_other() -> None:
    extra = """\
on_demand:
  - {name: ratio, request: {x: floot64}, sql: request.x, type: float64}
models:
  - {name: one, features: [ratio, spending.amount]}
unit_tests:
  - {name: a_test, of: clean, given: [], expect: {rows: [{nothing: 1}]}}
"""
    found = compiled(**{"features/more.yml": extra}).diagnostics
    assert [d.code for d in found if d.severity == "error"] == ["FF105", "FF303"]
