"""The meaning of time; what a target allows: broken projects, one mistake each."""

from __future__ import annotations

from typing import Final

from diagnostics.project import FEATURES, RECENT, SETS, Case, edited, features

CASES: Final[dict[str, Case]] = {
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
