"""A project with something of everything, and edits of it: right ones, wrong ones, mended ones."""

from __future__ import annotations

import random
from collections.abc import Mapping

from ffc.manifest.records import Target
from support.projects import FILES, TARGET

PROJECT = {
    **{path: text for path, text in FILES.items() if not path.startswith(("data/", "profiles"))},
    "ffc.yml": (
        "name: small\nversion: 1\nprofile: test\nvars: {least: 0, word: x}\n"
        "defaults: {features: {owner: a}, transformations: {tags: [t]}}\n"
    ),
    "macros/all.sql": "{% macro safe(c) %}coalesce({{ c }}, 0){% endmacro %}\n",
    "transformations/daily.sql": (
        "{% set word = var('word') %}\n"
        "select user_id, seen, {{ safe('amount') }} as amount, '{{ word }}' as word,\n"
        "  {'a': amount, 'b': user_id} as pair\nfrom {{ ref('clean') }}\n"
    ),
    "macros/more.sql": (
        "{% from 'all.sql' import safe %}{% set factor = 2 %}\n"
        "{% macro twice(c) %}{{ factor }} * {{ safe(c) }}{% endmacro %}\n"
    ),
    "macros/apart.sql": "{% macro half(c) %}{{ c }} / 2{% endmacro %}\n",
    "transformations/doubled.sql": (
        "select user_id, {{ twice('amount') }} as double from {{ ref('clean') }}\n"
    ),
    "transformations/halved.sql": (
        "select user_id, {{ half('amount') }} as half from {{ ref('clean') }}\n"
    ),
    "transformations/deeper/latest.sql": (
        "select user_id, max(seen) as seen, max(pair.a) as most, now() as asked\n"
        "from {{ ref('daily') }} group by user_id\n"
    ),
    "transformations/growing.sql": (
        "{{ config(materialized='incremental', time_column='seen') }}\n"
        "select user_id, seen, amount from {{ ref('daily') }}\n"
        "{% if is_incremental() %}where seen > {{ watermark() }}{% endif %}\n"
    ),
    "transformations/versions.sql": (
        "{{ config(materialized='snapshot', unique_key='user_id', strategy='check',\n"
        "   check_columns=['country']) }}\n"
        "select user_id, country from {{ source('raw', 'users') }}\n"
    ),
    "transformations/named.sql": (
        "select user_id, country collate nocase as country, {{ env_var('FFC_TEST_ONE', '1') }} as n\n"
        "from {{ ref('versions') }}\n"
    ),
    "transformations/notes.yml": (
        "transformations:\n  - name: clean\n    description: what is clean\n    columns:\n"
        "      - {name: amount, type: float64, tests: [not_null, {range: {min: 0, max: 1e9}}]}\n"
        "      - {name: user_id, tags: [who], tests: [{relationships: "
        "{to: \"source('raw', 'users')\", column: user_id}}]}\n"
        "    tests: [{row_count: {min: 1}}]\n"
    ),
    "features/more.yml": (
        "feature_views:\n  - name: newest\n    entity: user\n    source: ref('latest')\n"
        "    timestamp: seen\n    delay: 1h\n    features:\n      - {name: most, type: float64}\n"
        "on_demand:\n  - {name: twice, type: float64, request: {x: float64}, "
        'sql: "request.x * spending.amount"}\n'
    ),
    "tests/unit.yml": (
        "unit_tests:\n  - name: is_clean\n    of: clean\n    given:\n"
        "      - {input: \"source('raw', 'events')\", rows: [{user_id: a, amount: 1.5}]}\n"
        "    expect: {rows: [{user_id: a}]}\n"
    ),
}
# What an edit of a file can be: one text for another, in either direction.
EDITS = (
    ("ffc.yml", "least: 0", "least: 7"),
    ("ffc.yml", "word: x", "word: y"),
    ("ffc.yml", ", word: x", ""),
    ("ffc.yml", "owner: a", "owner: b"),
    ("ffc.yml", "tags: [t]", "materialized: table"),
    ("ffc.yml", "profile: test\n", "profile: test\nboundary: inclusive\n"),
    ("ffc.yml", "version: 1", "versoin: 1"),
    ("sources/raw.yml", "{name: amount, type: float64}", "{name: amount, type: int64}"),
    ("sources/raw.yml", "{name: amount, type: float64}", "{name: amount, type: string}"),
    ("sources/raw.yml", "{name: country, type: string}", "{name: land, type: string}"),
    ("sources/raw.yml", "name: events", "name: evnets"),
    ("sources/raw.yml", "sources:\n", "# a comment\nsources:\n"),
    ("macros/all.sql", "coalesce({{ c }}, 0)", "coalesce({{ c }}, 1)"),
    ("macros/all.sql", "safe(c)", "sage(c)"),
    ("macros/more.sql", "factor = 2", "factor = 3"),
    ("macros/more.sql", "import safe", "import sage as safe"),
    ("macros/apart.sql", "half(c)", "safe(c)"),
    ("macros/apart.sql", "{{ c }} / 2", "{{ safe(c) }} / 2"),
    ("transformations/halved.sql", "half('amount')", "twice('amount')"),
    ("macros/all.sql", "{% endmacro %}", "{% endmarco %}"),
    ("transformations/clean.sql", ">=", ">"),
    ("transformations/clean.sql", "select user_id", "-- said\nselect user_id"),
    ("transformations/clean.sql", "amount, paid", "amount * 2 as amount, paid"),
    ("transformations/clean.sql", "amount, paid", "amount::integer as amount, paid"),
    ("transformations/clean.sql", "select user_id", "select user_ld"),
    ("transformations/clean.sql", "where", "where where"),
    ("transformations/clean.sql", "'raw', 'events'", "'raw', 'users'"),
    ("transformations/daily.sql", "'b': user_id", "'b': seen"),
    ("transformations/daily.sql", "ref('clean')", "ref('latest')"),
    ("transformations/daily.sql", "ref('clean')", "ref('claen')"),
    ("transformations/daily.sql", "var('word')", "var('wrod', 'z')"),
    ("transformations/deeper/latest.sql", "now() as asked", "1 as asked"),
    ("transformations/deeper/latest.sql", "max(seen) as seen", "max(seen) as Seen, 1 as seen"),
    ("transformations/growing.sql", "time_column='seen'", "time_column='amount'"),
    ("transformations/growing.sql", "where seen >", "where amount >"),
    ("transformations/versions.sql", "['country']", "['land']"),
    ("transformations/named.sql", "collate nocase ", ""),
    ("transformations/named.sql", "as country", "|| ('a' collate nfc) as country"),
    ("transformations/notes.yml", "what is clean", "what is quite clean"),
    ("transformations/notes.yml", "min: 0,", "min: 5,"),
    ("transformations/notes.yml", "type: float64", "type: int64"),
    ("transformations/notes.yml", "[who]", "[whom]"),
    ("transformations/notes.yml", "column: user_id", "column: user_ld"),
    ("features/all.yml", "ttl: 30d", "ttl: 4w"),
    ("features/all.yml", "default: 0", "default: none"),
    ("features/all.yml", "name: spending", "name: spent"),
    ("features/more.yml", "delay: 1h", "created: asked"),
    ("features/more.yml", "* spending.amount", "* spending.amuont"),
    ("features/more.yml", "ref('latest')", "ref('growing')"),
    ("training_sets/main.yml", "profile.*", "newest.most"),
    ("tests/unit.yml", "amount: 1.5", "amuont: 1.5"),
    ("tests/unit.yml", "of: clean", "of: daily"),
)
TARGETS = (TARGET, Target(name="prod", offline="duckdb", dialect="duckdb", online=("default",)))


def edited(files: Mapping[str, str], chance: random.Random) -> dict[str, str]:
    """Return the files after one edit: a text, a file deleted, put back, renamed or cut off."""
    files = dict(files)
    kind = chance.random()
    path = chance.choice(sorted(PROJECT))
    if kind < 0.7:
        path, old, new = chance.choice(EDITS)
        text = files.get(path, PROJECT[path])
        files[path] = text.replace(old, new) if old in text else text.replace(new, old)
    elif kind < 0.8 and path in files and path != "ffc.yml":
        del files[path]
    elif kind < 0.85 and path in files and path != "ffc.yml":
        folder, _, name = path.rpartition("/")
        files[f"{folder}/x{name}"] = files.pop(path)
    elif kind < 0.9 and path in files:
        files[path] = files[path][: chance.randrange(len(files[path]))]
    else:
        # Mended: all that was done to a file, or to all of them.
        files = dict(PROJECT) if kind > 0.95 else {**files, path: PROJECT[path]}
    return files
