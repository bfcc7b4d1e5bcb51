"""Mistakes that are told apart by their place or their help: broken projects."""

from __future__ import annotations

from typing import Final

from diagnostics.project import (
    AMOUNT,
    BASE,
    HOME_SOURCE,
    LABEL_KEYS,
    PICKS,
    PROFILES,
    PROJECT,
    SETS,
    SOURCES,
    Case,
    edited,
    features,
)

TABLES: Final = BASE[SOURCES][BASE[SOURCES].index("    tables:") :]
DEV: Final = "    dev:\n      schema: dev\n"
VIEW: Final = "  - name: orders_recent\n"
ONLINE: Final = "      online: {type: sqlite, path: .ffc/online.db}\n"


def defaults(text: str, *says: str, **files: str) -> Case:
    """Return a project with defaults of folders."""
    project = f"{BASE[PROJECT]}defaults:\n{text}"
    return Case({PROJECT: project, **{f"{name}/a.yml": files[name] for name in files}}, says)


CASES: Final[dict[str, Case]] = {
    # A colon that is missing is shown where it is missing.
    "help_colon_missing_above_children": Case(
        edited(PROFILES, (DEV, "    dev\n      schema: dev_{{ env_var('USER') }}\n")), ("FF101",)
    ),
    "help_colon_missing_before_a_bracket": Case(
        edited(PROFILES, (ONLINE, ONLINE.replace(":", "", 1))), ("FF101",)
    ),
    "help_colon_missing_in_brackets": features(
        (AMOUNT, "{name amount, type: float64}"), says=("FF101",)
    ),
    "help_colon_missing_after_name": features((VIEW, "  - name orders_recent\n"), says=("FF101",)),
    "help_bracket_open_above_jinja": Case(
        edited(
            PROFILES,
            ("target: dev", "target: [dev"),
            ("schema: dev", "schema: dev_{{ env_var('USER') }}"),
        ),
        ("FF101",),
    ),
    # Comments are no part of a value.
    "help_comment_behind_a_value": features(
        (VIEW, f"{VIEW}    ttl: 30dd  # days\n"), says=("FF105",)
    ),
    "help_comment_behind_a_mapping": features(
        (VIEW, f"{VIEW}    description:\n      a: b  # c\n      # d\n"), says=("FF105",)
    ),
    # Keys and lists without a value.
    "help_file_is_empty": Case(edited(SOURCES, (" data/orders.csv", "")), ("FF106",)),
    "help_no_tables": Case(edited(SOURCES, (TABLES, "    tables: []\n")), ("FF106",)),
    "help_default_is_empty": defaults("  features:\n", "FF106"),
    "help_key_column_is_empty": features((LABEL_KEYS, "\n      customer:"), says=("FF106",)),
    # Only what is wrong is marked.
    "help_group_misspelt": features(
        (HOME_SOURCE, HOME_SOURCE.replace("raw", "rwa")), says=("FF201",)
    ),
    # Shapes that are not ours, each said once.
    "help_pick_by_view": Case(
        edited(SETS, (PICKS, "[{view: orders_recent, features: [amount]}]")), ("FF104",)
    ),
    "help_mapping_for_text": Case(
        edited(SETS, (PICKS, f"{PICKS}\n    include:\n      - column: order_id")), ("FF105",)
    ),
    "help_item_is_empty": Case(
        edited(SETS, (PICKS, "\n      - orders_recent.amount\n      -")), ("FF105",)
    ),
    "help_schema_of_a_table": Case(
        edited(SOURCES, ("        file:", "        schema: shop\n        file:")), ("FF104",)
    ),
    # Durations of nothing.
    "help_warned_at_once": Case(
        edited(
            SOURCES,
            (
                "        columns:",
                "        freshness: {column: loaded_at, warn_after: 0h}\n        columns:",
            ),
        ),
        ("FF105",),
    ),
    # Defaults of folders.
    "help_default_written_twice": defaults(
        "  features: {owner: risk}\n  ./features/: {owner: data}\n", "FF103"
    ),
    "help_default_outside": defaults("  ../features: {owner: risk}\n", "FF122"),
    "help_default_of_a_static_view": defaults(
        "  features/static: {ttl: 7d}\n",
        "FF122",
        **{
            "features/static": "feature_views:\n  - name: home\n    entity: customer\n"
            "    source: source('raw', 'orders')\n    features: [{name: country}]\n"
        },
    ),
    "help_default_beside_a_broken_file": Case(
        {
            **defaults("  features: {ttl: 7d}\n").files,
            **features((VIEW, "  - name orders_recent\n"), says=()).files,
        },
        ("FF101",),
    ),
}
