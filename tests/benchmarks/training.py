"""Training sets beside the best SQL typed by hand, polars and Feast: medians, ratios, memory.

    python tests/benchmarks/training.py [--shapes S M H] [--rounds 3] [--feast PYTHON]

`make feast-env` makes an environment with Feast; its interpreter is taken if it is there.

Every contender answers the same question to Arrow in a process of its own, in turn, from the same
histories: ffc's by way of a project, `ffc run` and the state store; "ffc, whole" is with the look at
the sizes of the histories and the writing of the query. Those by hand and by polars rely on all that the
data promise: whole keys and times, one row a key and instant. DuckDB has read its tables once before, so
that they lie in memory; Feast and polars read Parquet files that the system has. A second table begins at the raw rows, ties and all; a
third has the same rows and labels over fewer and fewer keys.
"""

from __future__ import annotations

import argparse
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Final

import duckdb
from training_shapes import HAND, SHAPES, Shape, by_deduplicating, write_project

THREADS: Final = 2
FEAST: Final = Path(".venv-feast/bin/python")
WITH_FEAST: Final = Path(__file__).resolve().with_name("feast_training.py")
# What a contender may take before it is told to have given up.
PATIENCE: Final = 120.0
MEMORY: Final = 12 * 1024**3


def ask_ffc(folder: Path, *, whole: bool) -> tuple[float, int]:
    """Ask as a run does, and read to the end; `whole` counts that it looks and writes SQL first."""
    from ffc.connect.warehouse import Warehouse
    from ffc.manifest.records import TrainingSet
    from ffc.registry import StateRegistry
    from ffc.run.point_in_time.searching import deployed_searches
    from ffc.workspace.folder import open_target

    with open_target(folder, None, None, read_only=True) as opened:
        session = opened.session
        registry = StateRegistry(session.state, session.target.name)
        node = registry.find("training_set", "ts")
        assert isinstance(node, TrainingSet)
        relations = {name: registry.relation(name) for name in node.depends_on}
        warehouse = Warehouse(session.offline, session.schema)
        warehouse.do(f"set threads = {THREADS}")
        for relation in relations.values():
            session.offline.version(relation)
        # A run has compiled by then, and with it what writes SQL is loaded.
        warehouse.training_query(node.plan, {})
        started = time.perf_counter()
        shapes = {each.view: each.shape for each in deployed_searches(session, node)}
        sql = warehouse.bound(warehouse.training_query(node.plan, shapes), relations)
        started = started if whole else time.perf_counter()
        handle = session.offline.submit(sql)
        rows = sum(batch.num_rows for batch in handle.batches())
        return time.perf_counter() - started, rows


def ask_by_hand(sql: str, folder: Path) -> tuple[float, int]:
    """Ask DuckDB itself of the same file."""
    with duckdb.connect(folder / ".ffc/bench.duckdb", read_only=True) as connection:
        connection.execute(f"set threads = {THREADS}")
        for name in name_tables(connection):
            connection.sql(f"select sum(hash(x)::hugeint) from {name} x").fetchall()
        started = time.perf_counter()
        reader = connection.sql(sql).to_arrow_reader(65_536)
        rows = sum(batch.num_rows for batch in reader)
        return time.perf_counter() - started, rows


def name_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Call what was built `label`, `h0`, `h1` ..., in a file that stays as it is."""
    names = []
    found = connection.execute("select table_name from information_schema.tables").fetchall()
    for (name,) in found:
        history = re.match(r"feature_view_v(\d+)_", name)
        if history or name.startswith("file_raw_label_"):
            short = f"h{history[1]}" if history else "label"
            columns = "*" if history else "*, rowid as r"
            connection.execute(
                f'create temp view "{short}" as select {columns} from "dev__ffc"."{name}"'
            )
            names.append(short)
    return names


def ask_polars(folder: Path, shape: Shape) -> tuple[float, int]:
    """Join by key and time with polars."""
    import polars as pl

    started = time.perf_counter()
    label = pl.read_parquet(folder / "data/label.parquet").sort("t")
    for n in range(shape.tables):
        names = {f"f{f}": f"v{n}_{f}" for f in range(shape.features)}
        history = pl.read_parquet(folder / f"data/history_{n}.parquet").rename(names).sort("e")
        label = label.join_asof(
            history,
            left_on="t",
            right_on="e",
            by="k",
            allow_exact_matches=False,
            coalesce=False,
            check_sortedness=False,
        ).drop("e")
    rows = label.to_arrow().num_rows
    return time.perf_counter() - started, rows


def peak() -> int:
    """Return the most memory that this process had, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) // 1024


def contend(name: str, folder: Path, shape: Shape) -> tuple[float, int]:
    """Answer as one contender does; return seconds and rows."""
    if name in ("ffc", "ffc, whole"):
        return ask_ffc(folder, whole=name != "ffc")
    if name == "polars":
        return ask_polars(folder, shape)
    return ask_by_hand(HAND[name](shape), folder)


def build(folder: Path) -> float:
    """Run the project; return how long that took."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "ffc", "run", "--quiet"]
    subprocess.run(command, cwd=folder, check=True)
    return time.perf_counter() - started


def export(folder: Path, shape: Shape) -> None:
    """Write the histories as Parquet, for those who read that."""
    with duckdb.connect(folder / ".ffc/bench.duckdb", read_only=True) as connection:
        name_tables(connection)
        for n in range(shape.tables):
            path = folder / f"data/history_{n}.parquet"
            connection.execute(f"copy (from h{n}) to '{path}'")


def check(folder: Path, shape: Shape) -> None:
    """Hold every query by hand to what ffc built."""
    with duckdb.connect(folder / ".ffc/bench.duckdb", read_only=True) as connection:
        name_tables(connection)
        total = "select count(*), sum(hash(x)::hugeint) from ({}) x"
        columns = ", ".join(
            f"v{n}__f{f}" for n in range(shape.tables) for f in range(shape.features)
        )
        own = connection.execute(total.format(f"select k, t, {columns}, y from dev.ts")).fetchone()
        for name in contenders(shape):
            if name in HAND:
                found = connection.execute(total.format(HAND[name](shape))).fetchone()
                assert found == own, f"{name}: {found}, not {own}"


def contenders(shape: Shape) -> list[str]:
    """Return who can answer at this size at all: products of long histories never end."""
    pairs = shape.labels * shape.rows // shape.keys
    hand = [name for name in HAND if name != "pairs" or pairs <= 5 * shape.rows]
    return ["ffc", "ffc, whole", *hand, "polars"]


def measured(command: list[str], folder: Path) -> tuple[float, int] | None:
    """Return the seconds and the memory that a contender tells; None of one that gave up."""
    limit = partial(resource.setrlimit, resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        told = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, preexec_fn=limit
        )
    except subprocess.TimeoutExpired:
        return None
    if told.returncode:
        print(told.stderr[-300:], file=sys.stderr)
        return None
    seconds, memory, _ = told.stdout.splitlines()[-1].split()
    return float(seconds), int(memory)


def compare(name: str, shape: Shape, rounds: int, feast: Path | None) -> None:
    """Print the tables of one shape."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_project(folder, shape)
        building = build(folder)
        export(folder, shape)
        check(folder, shape)
        commands = {
            each: [
                sys.executable,
                str(Path(__file__).resolve()),
                "--contender",
                each,
                "--folder",
                temporary,
                name,
            ]
            for each in contenders(shape)
        }
        if feast is not None:
            size = [str(shape.tables), str(shape.features)]
            commands["feast"] = [
                str(feast.absolute()),
                str(WITH_FEAST),
                str(folder / "data"),
                *size,
            ]
        found: dict[str, list[tuple[float, int]]] = {each: [] for each in commands}
        for _ in range(rounds):
            for each, command in list(commands.items()):
                told = measured(command, folder)
                if told is None:
                    print(f"{name}: {each} gave up: {PATIENCE:.0f} s or {MEMORY >> 30} GB")
                    del commands[each]
                else:
                    found[each].append(told)
        show(name, shape, {each: times for each, times in found.items() if times})
        from_raw(folder, shape, building)


def show(name: str, shape: Shape, found: dict[str, list[tuple[float, int]]]) -> None:
    """Print a line for each contender: seconds, beside ffc's, memory."""
    medians = {each: statistics.median(s for s, _ in times) for each, times in found.items()}
    best = min((each for each in medians if each in HAND), key=lambda each: medians[each])
    print(f"\n{name}: {shape}")
    print(f"{'':<12}{'seconds':>9}{'least':>9}{'/ ffc':>8}{'peak MB':>9}")
    for each, seconds in medians.items():
        least, memory = min(s for s, _ in found[each]), max(m for _, m in found[each])
        ratio = seconds / medians["ffc"]
        mark = "  best by hand" if each == best else ""
        print(f"{each:<12}{seconds:>9.3f}{least:>9.3f}{ratio:>8.2f}{memory:>9}{mark}")
    print(
        f"ffc takes {medians['ffc'] / medians[best]:.2f} of the best by hand ({best})", flush=True
    )


def from_raw(folder: Path, shape: Shape, building: float) -> None:
    """Print what it takes from Parquet files of raw rows to a table, histories and all."""
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {THREADS}")
        connection.execute(f"create view label as from '{folder / 'data/label.parquet'}'")
        for n in range(shape.tables):
            path = folder / f"data/raw_{n}.parquet"
            connection.execute(f"create view h{n} as from '{path}'")
        started = time.perf_counter()
        connection.execute(f"create table found as {by_deduplicating(shape)}")
        hand = time.perf_counter() - started
    print(
        f"from raw files: ffc run, which loads, checks and keeps histories, {building:.2f} s; "
        f"one query by hand that deduplicates {hand:.2f} s"
    )


def flat(rounds: int) -> None:
    """Print what the same rows and labels take over fewer and fewer keys."""
    print("\n3 tables of 300,000 rows, 300,000 labels, by number of keys: seconds of ffc")
    for name, shape in SHAPES.items():
        if not name.startswith("K"):
            continue
        with tempfile.TemporaryDirectory() as temporary:
            write_project(Path(temporary), shape)
            build(Path(temporary))
            line = f"{shape.keys:>7,} keys"
            for each in ("ffc", "asof", "ranges") if shape.keys >= 1_000 else ("ffc", "asof"):
                command = [sys.executable, str(Path(__file__).resolve()), "--contender", each]
                command += ["--folder", temporary, name]
                told = [measured(command, Path(temporary)) for _ in range(rounds)]
                line += f"  {each} {statistics.median(t[0] for t in told if t):.3f}"
            print(line, flush=True)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("shapes", nargs="*", default=["S", "M", "H"], choices=SHAPES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--feast", type=Path, default=FEAST)
    parser.add_argument("--no-flat", action="store_true")
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        shape = SHAPES[options.shapes[0]]
        seconds, rows = contend(options.contender, options.folder, shape)
        assert rows == shape.labels, rows
        print(seconds, peak(), rows)
        return
    print(f"DuckDB {duckdb.__version__}, {THREADS} threads, {options.rounds} rounds")
    feast = options.feast if options.feast.exists() else None
    if feast is None:
        print("without Feast: `make feast-env` makes an environment for it")
    for name in options.shapes:
        compare(name, SHAPES[name], options.rounds, feast)
    if not options.no_flat:
        flat(options.rounds)


if __name__ == "__main__":
    main()
