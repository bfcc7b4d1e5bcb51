"""Leaks through lineage, gaps of schedules, and calls that answer differently in each run."""

from __future__ import annotations

from collections.abc import Set

import duckdb
import pytest
from support.projects import FILES, TARGET, manifest

from ffc.compiler.catalog import read_catalog
from ffc.compiler.compilation import Compilation
from ffc.compiler.leaks import Column, traced, warn_leaks
from ffc.compiler.queries.lexing import lex
from ffc.compiler.queries.unstable import CALLS, WORDS, unstable_calls
from ffc.compiler.queries.windows import looks_ahead, times_of, windows
from ffc.core.cron import longest_gap, parse_cron
from ffc.project.files import ProjectFiles
from ffc.project.reader import read_resources

ANSWER = ("source.raw.events", "paid")
INCLUSIVE = {"ffc.yml": FILES["ffc.yml"] + "boundary: inclusive\n"}
LAGGED = FILES["training_sets/main.yml"].replace(
    "spending.amount", "{feature: spending.amount, lag: 1d}"
)


def leaks(made: dict[str, Set[Column]], **changes: str) -> list[str]:
    """Return what is said where columns come from what a test says, and nothing else does."""

    def sources(node: str, column: str) -> Set[Column]:
        kind = node.partition(".")[0]
        return made.get(f"{kind}.{column}", {(node, column)})

    compiled = manifest(**changes)
    resources, _ = read_resources(ProjectFiles(texts={**FILES, **changes}))
    assert resources.project is not None
    catalog, _ = read_catalog(resources)
    state = Compilation(
        resources=resources,
        project=resources.project,
        target=TARGET,
        max_identifier=63,
        text=str,
        catalog=catalog,
        nodes={node.id: node for node in compiled.nodes},
    )
    warn_leaks(state, sources)
    return [found.message for found in state.diagnostics]


FROM_ANSWER: dict[str, Set[Column]] = {
    "label.paid": {ANSWER},
    "feature_view.amount": {ANSWER, ("source.raw.events", "amount")},
}


def test_a_feature_of_the_label_leaks_where_its_own_row_counts() -> None:
    (said,) = leaks(FROM_ANSWER, **INCLUSIVE)
    assert said.startswith("`spending.amount` is computed from the label `paid_back`")


@pytest.mark.parametrize("changes", [{}, {**INCLUSIVE, "training_sets/main.yml": LAGGED}])
def test_earlier_answers_are_no_leak(changes: dict[str, str]) -> None:
    assert leaks(FROM_ANSWER, **changes) == []


def test_a_static_view_leaks_at_any_boundary() -> None:
    (said,) = leaks({"label.paid": {ANSWER}, "feature_view.country": {ANSWER}})
    assert "without event time" in said


def test_what_comes_from_elsewhere_is_no_leak() -> None:
    assert leaks({"label.paid": {ANSWER}}, **INCLUSIVE) == []


def test_an_included_column_leaks_if_it_is_all_that_the_label_is() -> None:
    with_amount = FILES["training_sets/main.yml"] + "    include: [amount]\n"
    changes = {"training_sets/main.yml": with_amount}
    assert len(leaks({"label.paid": {ANSWER}, "label.amount": {ANSWER}}, **changes)) == 1
    other = ("source.raw.events", "amount")
    assert leaks({"label.paid": {ANSWER, other}, "label.amount": {other}}, **changes) == []


def test_nothing_is_said_where_lineage_can_not_be_told() -> None:
    """Then every column comes from all, keys and time too."""
    every = {ANSWER, ("source.raw.events", "amount")}
    of_label = {f"label.{name}": every for name in ("paid", "amount", "user_id", "seen")}
    with_amount = FILES["training_sets/main.yml"] + "    include: [amount]\n"
    changes = {**INCLUSIVE, "training_sets/main.yml": with_amount}
    assert leaks({**of_label, "feature_view.amount": every}, **changes) == []


def test_lineage_leads_to_columns_of_sources() -> None:
    nodes = {node.id: node for node in manifest().nodes}
    resources, _ = read_resources(ProjectFiles(texts=FILES))
    assert resources.project is not None
    state = Compilation(
        resources=resources,
        project=resources.project,
        target=TARGET,
        max_identifier=63,
        text=str,
        catalog=read_catalog(resources)[0],
        nodes=nodes,
    )
    assert traced(state)("label.paid_back", "paid") == {ANSWER}


@pytest.mark.parametrize(
    ("cron", "seconds"),
    [
        ("@hourly", 3600),
        ("@daily", 86_400),
        ("@weekly", 7 * 86_400),
        ("@monthly", 31 * 86_400),
        ("@yearly", 366 * 86_400),
        ("*/5 * * * *", 300),
        ("0 9-17 * * *", 16 * 3600),
        ("0 0 * * mon-fri", 3 * 86_400),
        ("0 0 * * 7", 7 * 86_400),
        ("0 0 1 * mon", 7 * 86_400),
        ("0 0 29 2 *", (8 * 365 + 1) * 86_400),
    ],
)
def test_the_longest_gap_of_a_schedule(cron: str, seconds: int) -> None:
    assert longest_gap(parse_cron(cron)) == seconds


# What changes in each run, but is no value: it fails, waits, logs or tells of storage.
NO_VALUES = {"error", "setseed", "sleep_ms", "stats", "vector_type", "write_log"}


def test_unstable_calls_are_those_that_duckdb_says() -> None:
    connection = duckdb.connect()
    rows = connection.execute(
        "select distinct function_name, stability, macro_definition from duckdb_functions()"
    ).fetchall()
    unstable = {
        name for name, stability, _ in rows if stability in ("VOLATILE", "CONSISTENT_WITHIN_QUERY")
    }
    assert unstable - NO_VALUES - set(CALLS) == set()
    words = {*CALLS, *WORDS}
    macros = {
        name
        for name, _, body in rows
        if body and words & {token.word for token in lex(body)} and name not in NO_VALUES
    }
    assert macros - set(CALLS) == set()
    known = {name for name, *_ in rows} | {"current_localtime", "current_role"}
    assert set(CALLS) - known == set()


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("select now(), TODAY(), age(a), age(a, b) from t", ["now()", "today()", "age()"]),
        ("select age(greatest(a, b)) from t", ["age()"]),
        ("select current_date, t.current_date, 1 as current_time from t", ["current_date"]),
        ("select now, today, known from t", []),
        ("select known.now from t", []),
        ("select 'now()' from t -- now()", []),
        ("select localtime from t", []),
        ("select * from t tablesample 10%", ["tablesample"]),
        ("select * from t using sample 3 percent (bernoulli, 377)", []),
        ('select "random"() from t', ["random()"]),
    ],
)
def test_unstable_calls(sql: str, shown: list[str]) -> None:
    assert [call.shown for call in unstable_calls(sql, lambda: ["LocalTime"])] == shown


@pytest.mark.parametrize(
    ("over", "seen"),
    [
        ("sum(x) over (order by ts rows between 1 preceding and 1 following)", True),
        ("sum(x) over (order by ts groups between current row and unbounded following)", True),
        ("sum(x) over (order by ts rows unbounded preceding)", False),
        ("sum(x) over (order by ts desc)", True),
        ("sum(x) over (order by ts desc rows between current row and 3 following)", False),
        ("sum(x) over (order by y rows between 1 preceding and 1 following)", False),
        ("sum(x) over (order by y, ts rows between 1 preceding and 1 following)", False),
        ("sum(x) filter (where y > 0) over (partition by k)", True),
        ("sum(x) over (partition by k, y)", False),
        ("sum(x) over (partition by k, ts)", False),
        ("count(*) over (partition by k)", False),
        ("min(ts) over (partition by k)", False),
        ("max(ts) over (partition by k)", True),
        ("row_number() over (partition by k order by ts desc)", False),
        ("lead(x) over (order by ts)", True),
        ("lead(x ignore nulls) over (order by date_trunc('day', ts))", True),
        ("lead(ts) over (partition by k order by ts)", False),
        ("lead(x) over (order by ts desc)", False),
        ("lag(x) over (order by ts desc)", True),
        ("sum(x) over w", True),
        ("sum(x) over (w rows between 1 preceding and current row)", False),
        ("sum(range) over (order by ts, range)", False),
    ],
)
def test_windows_that_look_ahead(over: str, seen: bool) -> None:
    tokens = lex(f"select k, {over} as v from t window w as (order by ts desc), o as (order by k)")
    times = times_of(tokens, {"ts"})
    if "over (w" in over:
        tokens = lex(f"select k, {over} as v from t window w as (partition by k order by ts)")
    (window,) = windows(tokens)
    assert (looks_ahead(window, times, {"k"}) is not None) == seen
