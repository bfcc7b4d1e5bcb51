"""`ffc lsp`: what could be written, offered and written where it belongs."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from support.edited import CLEAN, place_of
from support.editor import Editor, applied, edit

# What is typed, where the cursor is, what is offered, what must not be, and the text then.
COMPLETIONS = [
    (
        "transformations/new.sql",
        "select * from {{ ref('cl^') }}",
        ["clean", "spending", "profile", "more"],
        ["raw"],
        ("clean", "select * from {{ ref('clean') }}"),
    ),
    (
        "transformations/new.sql",
        "select * from {{ ref('^",
        ["clean"],
        [],
        ("clean", "select * from {{ ref('clean"),
    ),
    (
        "transformations/new.sql",
        "from {{ source('^",
        ["raw"],
        ["clean"],
        ("raw", "from {{ source('raw"),
    ),
    (
        "transformations/new.sql",
        "from {{ source('raw', 'ev^') }}",
        ["events", "users"],
        ["raw"],
        ("events", "from {{ source('raw', 'events') }}"),
    ),
    (
        "transformations/new.sql",
        "select u.co^ from {{ source('raw', 'users') }} as u",
        ["user_id", "country"],
        ["amount"],
        ("country", "select u.country from {{ source('raw', 'users') }} as u"),
    ),
    (
        "transformations/new.sql",
        "select '🙂', am^\nfrom {{ ref('clean') }} c",
        ["amount", "paid", "c"],
        ["country"],
        ("amount", "select '🙂', amount\nfrom {{ ref('clean') }} c"),
    ),
    (
        "transformations/new.sql",
        "select {{ d^ }}",
        ["doubled", "ref", "source", "config", "target"],
        ["amount"],
        ("doubled", "select {{ doubled }}"),
    ),
    (
        "transformations/new.sql",
        "{{ config(mat^",
        ["materialized", "unique_key"],
        ["ref"],
        ("materialized='table'", "{{ config(materialized='table'"),
    ),
    ("transformations/new.sql", "{{ var('^", ["least"], [], ("least", "{{ var('least")),
    (
        "features/new.yml",
        "fea^",
        ["feature_views", "entities", "labels"],
        ["name"],
        ("feature_views", "feature_views: "),
    ),
    (
        "features/new.yml",
        "feature_views:\n  - name: x\n    ^",
        ["entity", "source", "ttl"],
        ["name", "labels"],
        ("entity", "feature_views:\n  - name: x\n    entity: "),
    ),
    (
        "features/new.yml",
        "feature_views:\n  - entity: ^\n    name: x\n",
        ["user"],
        ["clean"],
        ("user", "feature_views:\n  - entity: user\n    name: x\n"),
    ),
    (
        "features/new.yml",
        "feature_views:\n  - source: ref('^')\n",
        ["clean"],
        ["raw"],
        ("clean", "feature_views:\n  - source: ref('clean')\n"),
    ),
    (
        "features/new.yml",
        "feature_views:\n  - source: ^\n",
        ["ref('clean')", "source('raw', 'events')"],
        [],
        ("ref('clean')", "feature_views:\n  - source: ref('clean')\n"),
    ),
    (
        "features/new.yml",
        "feature_views:\n  - source: ref('clean')\n    timestamp: s^\n",
        ["seen", "loaded"],
        ["country"],
        ("seen", "feature_views:\n  - source: ref('clean')\n    timestamp: seen\n"),
    ),
    (
        "features/new.yml",
        "feature_views:\n  - boundary: ^",
        ["exclusive", "inclusive"],
        [],
        ("inclusive", "feature_views:\n  - boundary: inclusive"),
    ),
    (
        "features/new.yml",
        "feature_views:\n  - source: ref('clean')\n    features:\n      - {name: am^, ",
        ["amount"],
        ["country"],
        (
            "amount",
            "feature_views:\n  - source: ref('clean')\n    features:\n      - {name: amount, ",
        ),
    ),
    (
        "features/new.yml",
        "feature_views:\n  - features:\n      - {name: x, ty^}",
        ["type", "default"],
        ["name"],
        ("type", "feature_views:\n  - features:\n      - {name: x, type: }"),
    ),
    (
        "training_sets/new.yml",
        "training_sets:\n  - label: ^",
        ["paid_back"],
        ["user"],
        ("paid_back", "training_sets:\n  - label: paid_back"),
    ),
    (
        "training_sets/new.yml",
        "training_sets:\n  - features:\n      - sp^",
        ["spending.amount", "spending.*", "profile.country", "feature", "lag"],
        ["clean"],
        ("spending.amount", "training_sets:\n  - features:\n      - spending.amount"),
    ),
    (
        "training_sets/new.yml",
        "training_sets:\n  - label: paid_back\n    include: [am^]",
        ["amount", "loaded"],
        ["country"],
        ("amount", "training_sets:\n  - label: paid_back\n    include: [amount]"),
    ),
    (
        "transformations/new.yml",
        "transformations:\n  - name: clean\n    columns:\n      - name: pa^",
        ["paid"],
        ["country"],
        ("paid", "transformations:\n  - name: clean\n    columns:\n      - name: paid"),
    ),
    (
        "transformations/new.yml",
        "transformations:\n  - name: clean\n    columns:\n      - {name: paid, tests: [^]}",
        ["unique", "not_null"],
        [],
        (
            "unique",
            "transformations:\n  - name: clean\n    columns:\n      - {name: paid, tests: [unique]}",
        ),
    ),
    (
        "features/new.yml",
        "on_demand:\n  - name: x\n    sql: 1 + spending.^",
        ["amount"],
        ["country"],
        ("amount", "on_demand:\n  - name: x\n    sql: 1 + spending.amount"),
    ),
]


def test_what_could_be_written_is_offered_and_written_where_it_belongs(root: Path) -> None:
    async def work(editor: Editor) -> None:
        editor.open(CLEAN)
        await editor.codes(CLEAN)
        opened: set[str] = set()
        for path, marked, offered, foreign, (chosen, then) in COMPLETIONS:
            text = marked.replace("^", "")
            if path in opened:
                editor.type(path, text)
            else:
                editor.open(path, text)
                opened.add(path)
            items = {i.label: i for i in await editor.complete(path, *place_of(text, marked))}
            assert set(offered) <= items.keys(), marked
            assert not set(foreign) & items.keys(), marked
            assert applied(text, items[chosen]) == then, marked
        (amount,) = [
            i for i in await editor.complete("features/new.yml", 2, 27) if i.label == "amount"
        ]
        assert amount.kind == types.CompletionItemKind.Field
        assert amount.detail == "float64 of spending"

    edit(root, work)


def test_a_comment_and_a_text_are_left_alone(root: Path) -> None:
    async def work(editor: Editor) -> None:
        text = "-- a\nselect 'a' as x from {{ ref('clean') }}\n"
        editor.open("transformations/new.sql", text)
        await editor.codes("transformations/new.sql")
        assert await editor.complete("transformations/new.sql", 0, 4) == []
        assert await editor.complete("transformations/new.sql", 1, 9) == []

    edit(root, work)
