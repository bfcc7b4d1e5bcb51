"""Point-in-time on PostgreSQL: what ffc asks beside the best SQL by hand, in one run, as ratios.

    python tests/benchmarks/postgres_training.py [--rounds 3] [--rows 1000000] [--labels 100000]

A server of its own is started, with a history of ten features at 10, 100 and 1,000 rows a key. Three
views of it: one that does not say when rows were learned, one whose rows come up to six hours late,
one that was loaded all at once a year later. Each is asked for as ffc does, choice of the shape
included, and in every way by hand; then for a quarter, half and all of the rows. `INDEX` is how
long the history's index and statistics take to make: it is made once a build.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import yaml

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.cli import ffc, write_files
from support.postgres import PostgresServer, postgres
from support.projects import open_session

from ffc.adapter import Relation
from ffc.adapter.state import Build
from ffc.connect.warehouse import Warehouse
from ffc.manifest.records import Plan, TrainingSet
from ffc.registry import StateRegistry
from ffc.run.point_in_time.searching import searches

FEATURES: Final = [f"f{number}" for number in range(10)]
PER_KEY: Final = (10, 100, 1_000)
# How each view's rows were learned.
LEARNED: Final = {
    "plain": "NULL::timestamp",
    "late": "e + random() * interval '6 hours'",
    "at_once": "timestamp '2025-01-01'",
}
SETTINGS: Final = {"shared_buffers": "256MB", "max_wal_size": "4GB"}
_VALUES: Final = ", ".join(FEATURES)
_NEWER: Final = ", ".join(f"h.{name}" for name in FEATURES)

# By hand: `{h}` is the history, `{l}` the label, `{known}` what only what was learned asks.
_ROW: Final = "h.k = l.k AND h.e < l.t {known}"
_LISTED: Final = """
SELECT k, t, y, asks, max(value) OVER (PARTITION BY k ORDER BY at, asks DESC) AS e FROM (
  SELECT k, t, y, t AS at, 1 AS asks, NULL::timestamp AS value FROM {l}
  UNION ALL SELECT k, NULL, NULL, {position}, 0, e FROM {h} AS h) AS listed"""
BY_HAND: Final = {
    "lateral": f"""
SELECT l.k, l.t, {_VALUES}, l.y FROM {{l}} AS l LEFT JOIN LATERAL (
  SELECT {_NEWER} FROM {{h}} AS h WHERE {_ROW}
  ORDER BY h.e DESC NULLS LAST, h.c DESC NULLS LAST LIMIT 1) AS v ON true""",
    "in_order": f"""
SELECT l.k, l.t, {_VALUES}, l.y FROM (SELECT * FROM {{l}} ORDER BY k, t) AS l LEFT JOIN LATERAL (
  SELECT {_NEWER} FROM {{h}} AS h WHERE {_ROW}
  ORDER BY h.e DESC NULLS LAST, h.c DESC NULLS LAST LIMIT 1) AS v ON true""",
    "union": f"""
SELECT a.k, a.t, {_VALUES}, a.y FROM ({_LISTED}) AS a LEFT JOIN LATERAL (
  SELECT {_NEWER} FROM {{h}} AS h WHERE h.k = a.k AND h.e = a.e {{known_a}}
  ORDER BY h.c DESC NULLS LAST LIMIT 1) AS v ON true WHERE a.asks = 1""",
    "ranges": f"""
SELECT l.k, l.t, {_VALUES}, l.y FROM {{l}} AS l LEFT JOIN (
  SELECT *, lead(e, 1, 'infinity') OVER (PARTITION BY k ORDER BY e) AS until FROM {{h}}) AS h
  ON h.k = l.k AND h.e < l.t AND h.until >= l.t""",
    "distinct_on": f"""
SELECT l.k, l.t, {_VALUES}, l.y FROM {{l}} AS l LEFT JOIN (
  SELECT DISTINCT ON (l.k, l.t) l.k, l.t, {_NEWER}
  FROM (SELECT DISTINCT k, t FROM {{l}}) AS l JOIN {{h}} AS h ON {_ROW}
  ORDER BY l.k, l.t, h.e DESC NULLS LAST, h.c DESC NULLS LAST) AS v ON v.k = l.k AND v.t = l.t""",
}
# So many rows a key are too many for what compares a question with each.
FEW: Final = {"ranges": 100, "distinct_on": 10}


def make_tables(server: PostgresServer, database: str, rows: int, labels: int, a_key: int) -> None:
    """Make a history, its parts and the label in the schema `raw`; no two rows have one time."""
    keys, apart = max(1, rows // a_key), 365 * 86_400 / a_key
    features = ", ".join(f"random() * 1e6 AS {name}" for name in FEATURES)
    learned = ", ".join(f"{how} AS {name}" for name, how in LEARNED.items())
    statements = [
        "DROP SCHEMA IF EXISTS raw CASCADE",
        "CREATE SCHEMA raw AUTHORIZATION ffc",
        f"""CREATE TABLE raw.history AS SELECT k, e, {learned}, {features} FROM (
          SELECT ('c' || i % {keys}) COLLATE "C" AS k, timestamp '2024-01-01'
            + (i / {keys} * {apart} + floor(random() * {apart})) * interval '1 second' AS e
          FROM generate_series(0, {rows - 1}) AS i) AS made""",
        f"""CREATE TABLE raw.label AS SELECT ('c' || (random() * {keys})::int) COLLATE "C" AS k,
          timestamp '2024-01-01' + random() * interval '365 days' AS t, random() < 0.5 AS y
          FROM generate_series(1, {labels})""",
        *(f"ALTER TABLE raw.{name} OWNER TO ffc" for name in ("history", "label")),
    ]
    server.sql("; ".join(statements), database)


def write_project(server: PostgresServer, database: str, folder: Path) -> None:
    """Write a project of the three views and a training set of each."""
    kinds = {"k": "string", "e": "timestamp", **dict.fromkeys(LEARNED, "timestamp")}
    history = kinds | dict.fromkeys(FEATURES, "float64")
    label = {"k": "string", "t": "timestamp", "y": "bool"}
    tables = [
        {
            "name": name,
            "table": f"raw.{name}",
            "columns": [{"name": c, "type": kind} for c, kind in columns.items()],
        }
        for name, columns in (("history", history), ("label", label))
    ]
    views = [
        {
            "name": name,
            "entity": "one",
            "source": "source('raw', 'history')",
            "timestamp": "e",
            **({"delay": "0s"} if name == "plain" else {"created": name}),
            "features": [{"name": feature, "type": "float64"} for feature in FEATURES],
        }
        for name in LEARNED
    ]
    labels = {"name": "y", "source": "source('raw', 'label')", "entities": {"one": "k"}}
    resources = {
        "sources": [{"name": "raw", "tables": tables}],
        "entities": [{"name": "one", "keys": [{"name": "k", "type": "string"}]}],
        "feature_views": views,
        "labels": [{**labels, "timestamp": "t", "column": "y"}],
        "training_sets": [
            {"name": f"of_{name}", "label": "y", "features": [f"{name}.*"]} for name in LEARNED
        ],
    }
    offline = {"type": "postgres", **server.settings_of(database)}
    target = {"schema": "bench", "statistics": "none", "offline": offline}
    profiles = {"test": {"target": "dev", "outputs": {"dev": target}}}
    write_files(
        folder,
        {
            "ffc.yml": "name: bench\nversion: 1\nprofile: test\n",
            "profiles.yml": yaml.safe_dump(profiles),
            "features/all.yml": yaml.safe_dump(resources, sort_keys=False),
        },
    )


class Bench:
    """The deployed training sets of one project, asked for by ffc and by hand."""

    def __init__(self, warehouse: Warehouse, registry: StateRegistry, a_key: int) -> None:
        self._warehouse = warehouse
        self._registry = registry
        self._a_key = a_key

    def asked(self, view: str) -> dict[str, Callable[[], None]]:
        """Return every way to ask for the training set of a view."""
        node = self._registry.nodes()[f"training_set.of_{view}"]
        assert isinstance(node, TrainingSet)
        read = {n: self._registry.relation(n) for n in (node.label, *node.depends_on)}
        builds = {name: self._registry.build(name) for name in read}
        found = {"ffc": lambda: self._by_ffc(node.plan, read, builds)}
        for name, text in BY_HAND.items():
            late = view != "plain"
            if self._a_key > FEW.get(name, 10**9) or (late and name == "ranges"):
                continue
            sql = self._by_hand(text, view, read[f"feature_view.{view}"], read[node.label])
            found[name] = lambda sql=sql: self._made(sql)
        return found

    def _by_ffc(
        self, plan: Plan, read: Mapping[str, Relation | str], builds: Mapping[str, Build]
    ) -> None:
        found = searches(self._warehouse, plan, read, builds)
        shapes = {each.view: each.shape for each in found}
        self._made(self._warehouse.bound(self._warehouse.training_query(plan, shapes), read))

    def _by_hand(self, text: str, view: str, history: Relation, label: Relation) -> str:
        late = view != "plain"
        made = text.replace("h.c DESC", f"h.{view} DESC" if late else "h.e DESC")
        return made.format(
            h=_named(history),
            l=_named(label),
            known=f"AND h.{view} < l.t" if late else "",
            known_a=f"AND h.{view} < a.t" if late else "",
            position=f"greatest(e, {view})" if late else "e",
        )

    def _made(self, sql: str) -> None:
        made = Relation("bench__ffc", "made")
        self._warehouse.create(made, "TABLE", sql)
        self._warehouse.drop(made, "TABLE")


def _named(relation: Relation) -> str:
    return f'"{relation.schema}"."{relation.name}"'


@contextmanager
def built(
    server: PostgresServer, rows: int, labels: int, a_key: int
) -> Iterator[tuple[Bench, float]]:
    """Build the project; yield what asks it, and how long an index takes."""
    database = server.database()
    make_tables(server, database, rows, labels, a_key)
    with tempfile.TemporaryDirectory() as folder:
        write_project(server, database, Path(folder))
        done = ffc(Path(folder), "run")
        assert done.code == 0, done.stderr
        with open_session(Path(folder)) as session:
            warehouse = Warehouse(session.offline, session.schema)
            registry = StateRegistry(session.state, session.target.name)
            history = registry.relation("feature_view.plain")
            settling = session.offline.settling(history, ["k", "e"])
            started = time.perf_counter()
            warehouse.do(*settling)
            yield Bench(warehouse, registry, a_key), time.perf_counter() - started


def timed(ways: Mapping[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Return the median of each way's times, the ways in turn."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, ask in ways.items():
            started = time.perf_counter()
            ask()
            found[name].append(time.perf_counter() - started)
    return {name: statistics.median(times) for name, times in found.items()}


def main() -> None:
    """Print a line for each view and number of rows a key, then how time grows with the rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--labels", type=int, default=100_000)
    options = parser.parse_args()
    with postgres(**SETTINGS) as server:
        print(f"{options.rows:,} rows, {options.labels:,} labels, medians of {options.rounds}")
        for a_key in PER_KEY:
            with built(server, options.rows, options.labels, a_key) as (bench, index):
                print(f"{a_key:>5} rows a key   INDEX {index:.2f} s")
                for view in LEARNED:
                    print(f"  {view:<8} {_line(timed(bench.asked(view), options.rounds))}")
        print("as the history grows, 100 rows a key:")
        for share in (4, 2, 1):
            rows = options.rows // share
            with built(server, rows, options.labels, 100) as (bench, _):
                times = [
                    timed({"ffc": bench.asked(view)["ffc"]}, options.rounds) for view in LEARNED
                ]
                shown = "  ".join(
                    f"{view} {each['ffc']:.2f} s" for view, each in zip(LEARNED, times, strict=True)
                )
                print(f"  {rows:>9,} rows   {shown}")


def _line(times: Mapping[str, float]) -> str:
    own, others = times["ffc"], {n: t for n, t in times.items() if n != "ffc"}
    best = min(others, key=others.__getitem__)
    shown = "  ".join(f"{name} {seconds:.2f}" for name, seconds in times.items())
    return f"{shown}   ffc / best by hand ({best}) = {own / others[best]:.2f}"


if __name__ == "__main__":
    main()
