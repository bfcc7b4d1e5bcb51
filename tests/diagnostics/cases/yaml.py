"""YAML that is none, or that is not what it looks like: broken projects, one mistake each."""

from __future__ import annotations

from typing import Final

from diagnostics.project import (
    AMOUNT,
    BASE,
    PICKS,
    PROJECT,
    SETS,
    SOURCES,
    Case,
    edited,
    features,
)

FIRST: Final = "  - name: orders_recent\n"


def said(text: str, *says: str) -> Case:
    """Return a feature view's description, as it is typed behind the colon."""
    line = f"{FIRST}    description: {text}\n"
    return features((FIRST, line), says=says or ("FF101",))


def project(text: str, *says: str) -> Case:
    return Case({PROJECT: BASE[PROJECT] + text}, says or ("FF101",))


def aliases(levels: int) -> str:
    """Return a few lines that stand for nine times as many values with each level."""
    lines = ["bomb:", "  a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"  a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels)]
    return "\n".join(lines) + "\n"


CASES: Final[dict[str, Case]] = {
    # Characters that begin something else than text.
    "yaml_at": said("@risk"),
    "yaml_backtick": said("`amount` of orders"),
    "yaml_percent": said("%amount"),
    "yaml_star": Case(edited(SOURCES, ("data/orders.csv", "*.csv")), ("FF101",)),
    "yaml_ampersand": said("& more"),
    "yaml_tag": said("!important", "FF102"),
    "yaml_tag_of_python": Case(
        edited(PROJECT, ("min_amount: 1", "min_amount: !!python/object/apply:os.getcwd []")),
        ("FF102",),
    ),
    "yaml_tag_binary": Case(
        edited(PROJECT, ("min_amount: 1", "min_amount: !!binary aGVsbG8=")), ("FF102",)
    ),
    "yaml_tag_unknown_handle": said("!a!b c"),
    "yaml_bracket_closes_nothing": said("] of orders"),
    "yaml_comma_first": Case(edited(SETS, (PICKS, "[, orders_recent.amount]")), ("FF101",)),
    "yaml_question_mark": said("? why"),
    "yaml_list_on_the_line": Case(edited(SETS, (PICKS, "- orders_recent.amount")), ("FF101",)),
    # Quotes and escapes.
    "yaml_quote_within_quotes": said("'the customer's orders'"),
    "yaml_text_behind_quotes": said('"amount" of orders'),
    "yaml_quote_closed_by_another": features(
        (FIRST, f'{FIRST}    description: "orders\n    owner: "risk"\n'), says=("FF101",)
    ),
    "yaml_quote_over_documents": Case({SETS: "training_sets: '\n---\n'\n"}, ("FF101",)),
    "yaml_escape_unknown": said('"C:\\data"'),
    "yaml_escape_of_half_a_character": said('"\\ud800"'),
    "yaml_escape_too_short": said('"\\u12"'),
    # Brackets.
    "yaml_missing_comma": features((AMOUNT, "{name: amount type: float64}"), says=("FF101",)),
    "yaml_open_list": Case(edited(SETS, (PICKS, "[orders_recent.amount")), ("FF101",)),
    "yaml_open_list_at_the_end": Case({SETS: "training_sets: [\n"}, ("FF101",)),
    # Indentation and colons.
    "yaml_no_space_after_colon": Case(edited(PROJECT, ("version: 1", "version:1")), ("FF101",)),
    "yaml_no_space_in_brackets": features(("{name: country}", "{name:country}"), says=("FF101",)),
    "yaml_no_space_in_an_item": features(
        ("  - name: customer_home\n", "  - name:customer_home\n"), says=("FF101",)
    ),
    "yaml_indented_too_deep": features(("    created:", "      created:"), says=("FF101",)),
    "yaml_indented_too_little": features(
        ("      - {name: country}", "      - name: country\n       column: country"),
        says=("FF101",),
    ),
    "yaml_item_out_of_line": Case(
        edited(PROJECT, ("  min_amount: 1", "  a: 1\n b: 1")), ("FF101",)
    ),
    "yaml_tab_in_a_list": features(
        ("      - {name: country}", "\t- {name: country}"), says=("FF101",)
    ),
    "yaml_tab_in_a_text": said("|\n\ttext"),
    "yaml_no_key": Case(edited(PROJECT, ("name: shop", ": shop")), ("FF101",)),
    "yaml_key_is_nothing": Case(
        edited(PROJECT, ("min_amount: 1", "min_amount: 1\n  ~: 2")), ("FF102",)
    ),
    "yaml_key_is_complex": Case(
        edited(PROJECT, ("min_amount: 1", "min_amount: 1\n  ? {a: b}\n  : 2")), ("FF102",)
    ),
    "yaml_text_behind_a_bar": said("| of orders"),
    # Directives, documents, characters.
    "yaml_directive_unknown": Case({SETS: f"%FFC 1\n---\n{BASE[SETS]}"}, ("FF101",)),
    "yaml_directive_alone": Case({SETS: f"%YAML 1.2\n{BASE[SETS]}"}, ("FF101",)),
    "yaml_version_unknown": Case({SETS: f"%YAML 3.0\n---\n{BASE[SETS]}"}, ("FF101",)),
    "yaml_document_ended": Case({SETS: f"{BASE[SETS]}...\nmodels: []\n"}, ("FF101",)),
    "yaml_separator_of_lines": Case(
        {SETS: BASE[SETS].replace("training_sets:", "# a\u2028# b\u0085# c\ntraining_set:")},
        ("FF104",),
    ),
    "yaml_byte_order_mark_within": Case(edited(SETS, ("label:", "\ufefflabel:")), ("FF101",)),
    # Anchors, aliases, merges.
    "yaml_alias_bomb": project(aliases(9)),
    "yaml_anchor_twice": project("defaults: &a {}\nboundary: &a exclusive\n"),
    "yaml_alias_too_deep": project(
        "  a0: &a0 [x]\n" + "".join(f"  a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 99)),
    ),
    "yaml_merge_of_a_list_of_texts": project(
        "defaults:\n  features: {<<: [{owner: ann}, bob]}\n", "FF102"
    ),
    "yaml_merge_twice": project(
        "defaults:\n  features:\n    <<: {owner: ann}\n    <<: {tags: [a]}\n", "FF103"
    ),
    "yaml_merged_key_unknown": features(
        (
            "{name: country}",
            "&home {name: country, column: country, colour: red}\n      - {<<: *home, name: home}",
        ),
        says=("FF104",),
    ),
    "key_twice_deep": Case(
        edited(PROJECT, ("min_amount: 1", "min_amount: 1\n  deep: {a: {b: 1, b: 2}}")), ("FF103",)
    ),
    # Jinja, in all its shapes.
    "yaml_jinja_with_a_comma": features(
        (
            "source: source('raw', 'orders')\n    features",
            "source: {{ source('raw', 'orders') }}\n    features",
        ),
        says=("FF102",),
    ),
    "yaml_jinja_with_text_behind": features(
        ("source: ref('stg_orders')", "source: {{ ref('stg') }}_orders"), says=("FF102",)
    ),
    "yaml_jinja_tag": Case(
        edited(SETS, ("training_sets:\n", "{% if true %}\ntraining_sets:\n")), ("FF102",)
    ),
    "yaml_jinja_comment": Case(
        edited(SETS, ("training_sets:\n", "{# ours #}\ntraining_sets:\n")), ("FF102",)
    ),
    "yaml_jinja_as_a_key": Case(
        edited(PROJECT, ("min_amount: 1", "min_amount: 1\n  {{ name }}: 1")), ("FF102",)
    ),
    "yaml_number_with_zeros": Case(edited(PROJECT, ("version: 1", "version: 01")), ("FF105",)),
}
