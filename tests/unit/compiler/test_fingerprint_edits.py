"""A data fingerprint changes with what is computed, and with nothing else: edits both ways."""

from __future__ import annotations

import pytest
from support.projects import FILES, manifest

from ffc.manifest.records import Manifest

HEAD = "{{ config(materialized='table') }}\n"
QUERY = """\
with paying as (
  select user_id, amount, paid, seen, loaded from {{ source('raw', 'events') }}
  where amount >= 1.5 and user_id <> 'U1'
)
select p.user_id, sum(p.amount) over w as amount, p.paid, p.seen, p.loaded
from paying as p left join {{ source('raw', 'users') }} as u on p.user_id = u.user_id
window w as (partition by p.user_id order by p.seen rows between 2 preceding and current row)
"""
CLEAN, YAML, SET = "transformations/clean.sql", "features/all.yml", "training_sets/main.yml"

# What a person may do to a query without changing a value.
SPELLINGS = {
    "keywords in capitals": ("select", "SELECT"),
    "functions in capitals": ("sum(", "SUM("),
    "names in capitals": ("p.amount", "P.AMOUNT"),
    "more lines": (" from ", "\n\n  from\n"),
    "tabs": ("  where", "\twhere"),
    "a comment": ("from paying", "/* who */ from paying"),
    "a comment to the end of the line": ("as amount,", "as amount, -- in euros\n"),
    "jinja comment": ("with paying", "{# all who pay #} with paying"),
    "jinja around it": ("1.5", "{% if true %}1.5{% endif %}"),
    "a variable of the same value": ("1.5", "{{ var('bound', 1.5) }}"),
    "as left out": (" as p left", " p left"),
    "not equal": ("<>", "!="),
    "left outer": ("left join", "left outer join"),
    "a semicolon": ("current row)\n", "current row);\n"),
    "trailing space": ("p.loaded\n", "p.loaded   \n"),
    "windows line ends": ("\n", "\r\n"),
}

# What changes a value, or may.
CHANGES = {
    "operator": (">=", ">"),
    "number": ("1.5", "1.50001"),
    "case of a text": ("'U1'", "'u1'"),
    "space in a text": ("'U1'", "'U1 '"),
    "a text and a number": ("'U1'", "1"),
    "and, or": (" and ", " or "),
    "not": ("user_id <> 'U1'", "not user_id <> 'U1'"),
    "function": ("sum(", "avg("),
    "distinct within": ("sum(", "sum(distinct "),
    "join": ("left join", "inner join"),
    "join condition": ("= u.user_id", "= u.country"),
    "window partition": ("partition by p.user_id ", ""),
    "window order": ("order by p.seen", "order by p.loaded"),
    "window direction": ("p.seen rows", "p.seen desc rows"),
    "window nulls": ("p.seen rows", "p.seen nulls first rows"),
    "window frame": ("2 preceding", "3 preceding"),
    "window frame's end": ("current row", "1 following"),
    "rows, range": (
        "rows between 2 preceding",
        "range between interval 2 day preceding",
    ),
    "a column": ("sum(p.amount)", "sum(p.amount + 1)"),
    "select distinct": ("select p.user_id", "select distinct p.user_id"),
    "limit": ("current row)\n", "current row)\nlimit 5\n"),
    "a row more": ("where amount", "where paid and amount"),
    "a filter": ("sum(p.amount)", "sum(p.amount) filter (where p.paid)"),
    "a name": ("as amount, p.paid", "as amount, 1 as more, p.paid"),
    "cast": ("p.loaded\n", "p.loaded + interval 1 second as loaded\n"),
    "order of columns": ("p.seen, p.loaded", "p.loaded, p.seen"),
}

# Expressions that look alike and are not the same.
UNLIKE = [
    ("amount / 2", "amount // 2"),
    ("strlen(user_id)", "length(user_id)"),
    ("ln(amount)", "log(amount)"),
    ("log2(amount)", "log10(amount)"),
    ("stddev_samp(amount) over ()", "stddev_pop(amount) over ()"),
    ("var_samp(amount) over ()", "var_pop(amount) over ()"),
    ("first(amount) over ()", "last(amount) over ()"),
    ("any_value(amount) over ()", "first(amount) over ()"),
    ("quantile_cont(amount, 0.5) over ()", "quantile_disc(amount, 0.5) over ()"),
    ("date_trunc('week', seen)", "date_trunc('month', seen)"),
    ("date_diff('day', seen, loaded)", "date_sub('day', seen, loaded)"),
    ("epoch(seen)", "epoch_ms(seen)"),
    ("cast(user_id as int)", "try_cast(user_id as int)"),
    ("user_id like 'u%'", "user_id ilike 'u%'"),
    ("user_id like 'u%'", "user_id like 'U%'"),
    ("regexp_matches(user_id, 'u')", "regexp_full_match(user_id, 'u')"),
    ("round(amount, 1)", "round(amount, 2)"),
    ("floor(amount)", "ceil(amount)"),
    ("greatest(amount, 1)", "least(amount, 1)"),
    ("coalesce(amount, 0)", "coalesce(amount, 1)"),
    ("amount is distinct from 1", "amount <> 1"),
    ("[amount, 1][1]", "[amount, 1][2]"),
    ("list_sort([amount, 1])", "list_reverse_sort([amount, 1])"),
    ("string_agg(user_id, ',') over ()", "string_agg(user_id, ';') over ()"),
    ("amount::decimal(10, 2)", "amount::decimal(10, 3)"),
    ("amount::float", "amount::double"),
    ("seen::date", "(seen + interval 1 hour)::date"),
    ("interval 1 day", "interval 1 month"),
    ("case when paid then 1 else 0 end", "case when paid then 1 end"),
    ("user_id in ('a', 'b')", "user_id not in ('a', 'b')"),
    ("amount between 1 and 2", "amount > 1 and amount < 2"),
    ("1.0", "1"),
    ("1e3", "1000"),
]

# What the rest of a project says: file, old, new, what it reaches.
SPENDING = {"feature_view.spending", "training_set.main"}
ALL = SPENDING | {"transformation.clean", "label.paid_back"}
ELSEWHERE = {
    "ttl": (YAML, "ttl: 30d", "ttl: 31d", SPENDING),
    "no ttl": (YAML, "    ttl: 30d\n", "", SPENDING),
    "delay for created": (YAML, "created: loaded", "delay: 1h", SPENDING),
    "no created": (YAML, "    created: loaded\n", "", SPENDING),
    "default": (YAML, "default: 0", "default: 1", SPENDING),
    "no default": (YAML, ", default: 0", "", SPENDING),
    "boundary of a view": (YAML, "    ttl: 30d", "    boundary: inclusive\n    ttl: 30d", SPENDING),
    "as_known of a view": (YAML, "    ttl: 30d", "    as_known: false\n    ttl: 30d", SPENDING),
    "type": (YAML, "{name: amount, type: float64, default: 0}", "{name: amount}", SPENDING),
    "column": (YAML, "{name: amount, ", "{name: amount, column: amount2, ", SPENDING),
    "another timestamp": (
        YAML,
        "timestamp: seen\n    created",
        "timestamp: loaded\n    created",
        None,
    ),
    "key column": (
        YAML,
        "entity: user\n    source: ref",
        "entity: user\n    keys: {user_id: other_id}\n    source: ref",
        SPENDING,
    ),
    "label's column": (
        YAML,
        "column: paid",
        "column: user_id",
        {"label.paid_back", "training_set.main"},
    ),
    "label's key": (
        YAML,
        "{user: user_id}",
        "{user: other_id}",
        {"label.paid_back", "training_set.main"},
    ),
    "lag": (
        SET,
        "spending.amount",
        "{feature: spending.amount, lag: 7d}",
        {"training_set.main"},
    ),
    "order of picks": (
        SET,
        "spending.amount, profile.*",
        "profile.*, spending.amount",
        {"training_set.main"},
    ),
    "fewer picks": (SET, "spending.amount, profile.*", "spending.amount", {"training_set.main"}),
    "include": (SET, "    label:", "    include: [loaded]\n    label:", {"training_set.main"}),
    "boundary of a set": (
        SET,
        "    label:",
        "    boundary: inclusive\n    label:",
        {"training_set.main"},
    ),
    "as_known of a set": (
        SET,
        "    label:",
        "    as_known: false\n    label:",
        {"training_set.main"},
    ),
    "file of a source": (
        "sources/raw.yml",
        "data/events.csv",
        "data/others.csv",
        {"source.raw.events"} | ALL,
    ),
    "time zone of a source": (
        "sources/raw.yml",
        "file: data/events.csv\n",
        "file: data/events.csv\n        timezone: Europe/Paris\n",
        {"source.raw.events"} | ALL,
    ),
    "type in a source": (
        "sources/raw.yml",
        "{name: paid, type: bool}",
        "{name: paid, type: int64}",
        {"source.raw.events"} | ALL,
    ),
    "variable": ("ffc.yml", "least: 0", "least: 1", ALL),
}


def _data(found: Manifest) -> dict[str, str]:
    return {node.id: node.data_fingerprint for node in found.nodes}


def _differ(one: Manifest, other: Manifest) -> set[str]:
    before, after = _data(one), _data(other)
    assert before.keys() == after.keys()
    return {node for node, found in after.items() if before[node] != found}


def _query(text: str) -> Manifest:
    return manifest(**{CLEAN: HEAD + text})


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_spelling_changes_nothing(name: str) -> None:
    old, new = SPELLINGS[name]
    assert old in QUERY
    assert _differ(_query(QUERY), _query(QUERY.replace(old, new))) == set()


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_reaches_all_that_hangs_on_it(name: str) -> None:
    old, new = CHANGES[name]
    assert old in QUERY
    assert _differ(_query(QUERY), _query(QUERY.replace(old, new, 1))) == ALL


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_expressions_that_look_alike_are_told_apart(one: str, other: str) -> None:
    def query(expression: str) -> Manifest:
        columns = "user_id, amount, paid, seen, loaded"
        return _query(
            f"select {columns}, {expression} as x from {{{{ source('raw', 'events') }}}}\n"
        )

    assert _differ(query(one), query(other)) == ALL


BASE = {
    CLEAN: FILES[CLEAN].replace(
        "select user_id, amount,", "select user_id, user_id as other_id, amount, amount as amount2,"
    )
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_yaml_says_reaches_what_hangs_on_it(name: str) -> None:
    file, old, new, reached = ELSEWHERE[name]
    text = BASE.get(file, FILES[file])
    assert old in text
    found = _differ(manifest(**BASE), manifest(**{**BASE, file: text.replace(old, new, 1)}))
    assert found == (SPENDING if reached is None else reached)
