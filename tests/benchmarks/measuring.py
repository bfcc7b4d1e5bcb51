"""What the statistics of a build cost beside making it: medians, spread, the share.

    python tests/benchmarks/measuring.py [--rows 4000000] [--rounds 3]

A training set of so many rows and 30 columns, over three feature views of half as many rows each, is
built and measured, and its SQL, as ffc writes it, is typed by hand into DuckDB. Prints how long each
takes, and the shares.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb

PROFILES = """\
bench:
  target: dev
  outputs:
    dev:
      schema: dev
      offline: {{type: duckdb, path: .ffc/bench.duckdb}}
      statistics: {statistics}
"""
PROJECT = {
    "ffc.yml": "name: bench\nversion: 1\nprofile: bench\n",
    "features/customer.yml": "entities:\n  - {name: customer, keys: [{name: customer_id, type: int64}]}\n",
    "training_sets/bench.yml": """\
training_sets:
  - {name: bench, label: late, features: [numbers.*, counts.*, words.*]}
""",
}
# The features of three views, as (name, type, SQL over a row number).
NUMBERS = [(f"f{i}", "float64", f"exp(random() * {i + 1}) * 10") for i in range(9)]
COUNTS = [(f"n{i}", "int64", f"(random() * {10 ** (i % 6 + 1)})::bigint") for i in range(9)]
WORDS = [
    *((f"w{i}", "string", f"'word ' || (random() * {10 ** (i + 1)})::int") for i in range(4)),
    *((f"b{i}", "bool", f"random() < 0.{i + 1}") for i in range(2)),
    *((f"t{i}", "timestamp", "seen - to_seconds((random() * 1e7)::int)") for i in range(2)),
]
VIEWS = {"numbers": NUMBERS, "counts": COUNTS, "words": WORDS}
LABEL = [("late", "bool", "random() < 0.1")]


def table(name: str, columns: Sequence[tuple[str, str, str]]) -> str:
    """Return the YAML of a source table with a key, a time and columns."""
    every = [("customer_id", "int64"), ("seen", "timestamp"), *((n, t) for n, t, _ in columns)]
    lines = [f"          - {{name: {column}, type: {kind}}}" for column, kind in every]
    return "\n".join(
        [f"      - name: {name}", f"        file: data/{name}.parquet", "        columns:", *lines]
    )


def view(name: str, columns: Sequence[tuple[str, str, str]]) -> str:
    """Return the YAML of a feature view over a source table."""
    features = [f"      - {{name: {column}, type: {kind}}}" for column, kind, _ in columns]
    head = f"""\
  - name: {name}
    entity: customer
    source: source('raw', '{name}')
    timestamp: seen
    delay: 0s
    features:"""
    return "\n".join([head, *features])


def project(folder: Path, rows: int) -> None:
    """Write the project and its data."""
    tables = {**VIEWS, "labels": LABEL}
    files = {
        **PROJECT,
        "sources/raw.yml": "sources:\n  - name: raw\n    tables:\n"
        + "\n".join(table(name, columns) for name, columns in tables.items()),
        "features/all.yml": "feature_views:\n"
        + "\n".join(view(name, columns) for name, columns in VIEWS.items()),
        "features/label.yml": "labels:\n  - {name: late, source: \"source('raw', 'labels')\", "
        "entities: {customer: customer_id}, timestamp: seen, column: late}\n",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "data").mkdir()
    with duckdb.connect() as connection:
        connection.execute("select setseed(0.5)")
        for name, columns in tables.items():
            count = rows if name == "labels" else rows // 2
            made = ", ".join(f"{sql} as {column}" for column, _, sql in columns)
            connection.execute(
                f"copy (select *, {made} from (select (random() * {rows // 20})::bigint as "
                "customer_id, timestamp '2024-01-01' + to_seconds((random() * 3e7)::int) as seen "
                f"from range({count}))) to '{folder}/data/{name}.parquet'"
            )


def built(folder: Path, statistics_: str) -> dict[tuple[str, str], float]:
    """Build the feature views and the training set; return the seconds of each step."""
    (folder / "profiles.yml").write_text(PROFILES.format(statistics=statistics_))
    command = [sys.executable, "-m", "ffc", "run", "--quiet", "--force", "--threads", "1"]
    subprocess.run(command, cwd=folder, check=True)
    return seconds(folder)


def seconds(folder: Path) -> dict[tuple[str, str], float]:
    """Return the seconds of each step of the last run."""
    document = json.loads((folder / "target" / "run_results.json").read_text())
    return {(each["id"], each["action"]): each["seconds"] for each in document["results"]}


def alone(folder: Path) -> tuple[str, float, float]:
    """Build the training set alone; return its SQL, the node's seconds and the statement's.

    The SQL makes a table of another name.
    """
    code = (
        "import time\n"
        "from ffc.cli import main\n"
        "from ffc.connect.warehouse import Warehouse\n"
        "create = Warehouse.create\n"
        "def told(self, relation, kind, query):\n"
        "    started = time.perf_counter()\n"
        "    create(self, relation, kind, query)\n"
        "    took = time.perf_counter() - started\n"
        "    if relation.name.startswith('training_set'):\n"
        "        open('target/typed', 'w').write(f'{took}\\n{query}')\n"
        "Warehouse.create = told\n"
        "main(['run', '--quiet', '--force', '--threads', '1', '-s', 'training_set.bench'])\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
    took, query = (folder / "target" / "typed").read_text().split("\n", 1)
    node = seconds(folder)["training_set.bench", "build"]
    return f"create or replace table typed as {query}", node, float(took)


def by_hand(folder: Path, sql: str) -> float:
    """Return the seconds that DuckDB takes for it, and nothing else."""
    with duckdb.connect(folder / ".ffc" / "bench.duckdb") as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET TimeZone = 'UTC'")
        started = time.perf_counter()
        connection.execute(sql)
        seconds = time.perf_counter() - started
        connection.execute("drop table typed")
    return seconds


def spread(times: list[float]) -> str:
    """Return the median, and how far the others lie."""
    return f"{statistics.median(times):.2f} s ({min(times):.2f} to {max(times):.2f})"


def share(part: list[float], whole: list[float]) -> str:
    """Return how much one is of another, by medians."""
    return f"{100 * statistics.median(part) / statistics.median(whole):.0f} %"


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=4_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"DuckDB {duckdb.__version__}, Python {sys.version.split()[0]}, {options.rounds} rounds")
    runs, nodes, statements, hand = [], [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project(folder, options.rows)
        for _ in range(options.rounds):
            runs.append(built(folder, "all"))
            (folder / "profiles.yml").write_text(PROFILES.format(statistics="none"))
            sql, node, statement = alone(folder)
            nodes.append(node)
            statements.append(statement)
            hand.append(by_hand(folder, sql))
    views = [f"feature_view.{name}" for name in VIEWS]
    for what, names in (("feature views", views), ("training set", ["training_set.bench"])):
        made, measured = (
            [sum(run[node, action] for node in names) for run in runs]
            for action in ("build", "measure")
        )
        print(f"{what}, {options.rows:,} rows: {spread(made)} to build; {spread(measured)}")
        print(f"  to measure, when all is built and synced: {share(measured, made)} of that")
    print(f"alone: {spread(nodes)}, of that its statement {spread(statements)}: the node takes")
    print(f"  {share(nodes, statements)} of it; the same SQL by hand: {spread(hand)}")


if __name__ == "__main__":
    main()
