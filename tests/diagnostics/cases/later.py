"""What belongs to the language but not to this version: broken projects, one mistake each."""

from __future__ import annotations

from typing import Final

from diagnostics.project import (
    AMOUNT,
    Case,
    features,
)

SUM: Final = "{function: sum, column: amount, window: 7d}"

CASES: Final[dict[str, Case]] = {
    "later_aggregate": features(
        (AMOUNT, f"{AMOUNT}\n      - {{name: amount_7d, aggregate: {SUM}}}"),
        says=("FF107",),
    ),
    "later_reserved": Case(
        {"features/more.yml": "streams: []\nmonitors: []\npolicies: []\ngroups: []\n"},
        ("FF107",) * 4,
    ),
    "later_on_demand": Case(
        {
            "features/more.yml": "on_demand:\n  - {name: one, sql: 1 + 1, type: int64}\n"
            "  - {name: two, python: scoring:two, type: int64}\n"
        },
        ("FF115",),
    ),
    "later_models": Case(
        {"features/more.yml": "models:\n  - {name: rf-1, features: [orders_recent.amount]}\n"},
        ("FF115",),
    ),
    "later_unit_tests": Case(
        {
            "features/more.yml": "unit_tests:\n"
            "  - {name: it_works, of: stg_orders, given: [], expect: {rows: [{amount: 1}]}}\n"
        },
        ("FF115",),
    ),
}
