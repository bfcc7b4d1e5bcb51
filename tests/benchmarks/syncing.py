"""What a sync costs beside the same rows written by hand: medians, spread, ratios of one run.

    python tests/benchmarks/syncing.py [--keys 1000000] [--rounds 3] [--changed 0.01] [--feast PYTHON]

Prints: a first sync of a view of ten features end to end (snapshot, difference, encoding, writing),
beside `executemany` of blobs that lie ready in memory, in the order of their keys, into a table of the
same kind; the encoding alone, beside the codec of one row; and a sync of a few changed rows, beside
what the warehouse needs to find them. With the interpreter of an environment that has Feast
(`make feast-env`), its own way of the same rows, a tenth of them. All interleaved. And how long a
look-up takes while a sync writes.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ffc.adapter import Options
from ffc.auth import Principal
from ffc.connect.profiles import choose_target, read_profile, usable
from ffc.connect.session import Session
from ffc.manifest.records import FeatureView
from ffc.manifest.served import ServedView
from ffc.manifest.serving import served_view
from ffc.online.codec import RowCodec, version
from ffc.online.columns import BatchEncoder
from ffc.online.keys import KeyCodec
from ffc.online.sync import ROWS, sync
from ffc.registry import StateRegistry
from ffc_sqlite import SQLiteOnlineStore

TYPES = {
    "f0": ("double", "float64"),
    "f1": ("double", "float64"),
    "f2": ("double", "float64"),
    "f3": ("double", "float64"),
    "f4": ("double", "float64"),
    "f5": ("double", "float64"),
    "f6": ("bigint", "int64"),
    "f7": ("integer", "int32"),
    "f8": ("boolean", "bool"),
    "f9": ("varchar", "string"),
}
VALUES = """\
random(), random(), random(), random(), case when i % 10 = 0 then null else random() end, random(),
i * 7, (i % 1000)::integer, i % 3 = 0, 'segment ' || (i % 100)"""
PROFILES = """\
bench:
  target: dev
  outputs:
    dev:
      schema: dev
      offline: {type: duckdb, path: .ffc/bench.duckdb}
      online: {type: sqlite, path: .ffc/online.db}
"""


def built(folder: Path, keys: int) -> Path:
    """Write and build a project with a view of ten features of so many keys."""
    names = {"customer_id": ("bigint", "int64"), "seen": ("timestamp", "timestamp"), **TYPES}
    columns = ", ".join(f"{{name: {name}, type: {kind}}}" for name, (_, kind) in names.items())
    features = ", ".join(f"{{name: {name}, type: {kind}}}" for name, (_, kind) in TYPES.items())
    files = {
        "ffc.yml": "name: bench\nversion: 1\nprofile: bench\n",
        "profiles.yml": PROFILES,
        "sources/raw.yml": "sources:\n  - name: raw\n    tables:\n"
        f"      - {{name: stats, file: data/stats.parquet, columns: [{columns}]}}\n",
        "features/all.yml": "entities:\n"
        "  - {name: customer, keys: [{name: customer_id, type: int64}]}\n"
        "feature_views:\n"
        "  - {name: stats, entity: customer, source: \"source('raw', 'stats')\", timestamp: seen,\n"
        f"     created: null, online: true, features: [{features}]}}\n",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "data").mkdir()
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select (i * 2654435761) % 1099511627776 as customer_id,"
            f" timestamp '2024-01-01' + to_seconds(i % 1000000) as seen,"
            f" {', '.join(f'v{i} as {name}' for i, name in enumerate(TYPES))} from"
            f" (select i, {VALUES} from range({keys}) t(i))"
            f" as r(i, {', '.join(f'v{i}' for i in range(len(TYPES)))}))"
            f" to '{folder / 'data' / 'stats.parquet'}' (format parquet)"
        )
    subprocess.run([sys.executable, "-m", "ffc", "run", "--quiet"], cwd=folder, check=True)
    return folder


def opened(folder: Path) -> Session:
    """Open the project's target."""
    return Session(choose_target(usable(*read_profile(folder, None, "bench")), None, folder))


def synced(folder: Path) -> tuple[float, Any]:
    """Sync; return how long it took, opening and closing included, and how the view fared."""
    started = time.perf_counter()
    with opened(folder) as session:
        (result,) = sync(session, "bench", principal=Principal("bench"))
    assert result.status in ("success", "unchanged"), result
    return time.perf_counter() - started, result


def without_store(folder: Path) -> None:
    """Take the online store away, so that the next sync is a first one."""
    for path in (folder / ".ffc").glob("online.db*"):
        path.unlink()


def view_of(folder: Path) -> tuple[FeatureView, str, ServedView]:
    """Return the view, the name of its history's table, and how it is served."""
    with opened(folder) as session:
        registry = StateRegistry(session.state, "dev")
        node = registry.nodes()["feature_view.stats"]
        relation = registry.relation("feature_view.stats")
    assert isinstance(node, FeatureView)
    return node, f'"{relation.schema}"."{relation.name}"', served_view(node)


def difference_of(table: str) -> str:
    """Return the SQL of a first sync's difference, typed by hand."""
    features = ", ".join(TYPES)
    nothing = "null::timestamp"
    return (
        f"select customer_id, false as gone, seen, {nothing} as created, {features},"
        f" {nothing} as old_seen, {nothing} as old_created, false as known from {table}"
        " qualify row_number() over (partition by customer_id order by seen desc) = 1"
        " order by customer_id"
    )


def batches(folder: Path, table: str) -> Iterator[pa.RecordBatch]:
    """Return the rows of a first sync."""
    with duckdb.connect(folder / ".ffc" / "bench.duckdb", read_only=True) as connection:
        yield from connection.sql(difference_of(table)).to_arrow_reader(ROWS)


def by_hand(
    folder: Path, ready: list[list[tuple[bytes, ...]]], share: float
) -> tuple[float, float]:
    """Write blobs that lie ready, as fast as a person would, then a share of them once more.

    Returns how many seconds each took.
    """
    file = folder / "hand.db"
    started = time.perf_counter()
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(
        "CREATE TABLE rows (key BLOB NOT NULL, field BLOB NOT NULL, version BLOB NOT NULL,"
        " value BLOB NOT NULL, PRIMARY KEY (key, field)) WITHOUT ROWID"
    )
    for rows in ready:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO rows (key, field, value, version) VALUES (?, ?, ?, ?)", rows
        )
        connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    took = time.perf_counter() - started
    few = [row for rows in ready for row in rows[:: round(1 / share)]]
    started = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "INSERT INTO rows (key, field, value, version) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
        " SET value = excluded.value, version = excluded.version",
        few,
    )
    connection.execute("COMMIT")
    again = time.perf_counter() - started
    connection.close()
    file.unlink()
    return took, again


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def first_syncs(folder: Path, keys: int, rounds: int, share: float) -> tuple[float, float]:
    """Print what a first sync costs; return its median and that of a share written by hand."""
    _, table, served = view_of(folder)
    encoder = BatchEncoder("bench", "dev", served)
    given = list(batches(folder, table))
    ready = [
        list(zip(*(c.to_pylist() for c in encoder.encode(b).batch.columns[:4]), strict=True))
        for b in given
    ]
    ours, hand, few_by_hand, packing = [], [], [], []
    for _ in range(rounds):
        without_store(folder)
        ours.append(synced(folder)[0])
        whole, part = by_hand(folder, ready, share)
        hand.append(whole)
        few_by_hand.append(part)
        packing.append(timed(lambda: [encoder.encode(batch) for batch in given]))
    few = given[0].to_pylist()
    one = timed(lambda: one_by_one(served, few)) / len(few) * keys
    median = statistics.median(ours)
    print(
        f"first sync of {keys:,} rows of 10 features: {spread(ours)}, {keys / median:,.0f} rows/s;"
        f" ready blobs by hand: {spread(hand)}, {keys / statistics.median(hand):,.0f} rows/s:"
        f" {median / statistics.median(hand):.2f} times"
    )
    print(
        f"  of that encoding: {spread(packing)}, {keys / statistics.median(packing):,.0f} rows/s;"
        f" row by row {one:.2f} s: {one / statistics.median(packing):.1f} times"
    )
    return median, statistics.median(few_by_hand)


def one_by_one(served: ServedView, rows: list[dict[str, Any]]) -> None:
    """Encode rows as the codec of one row does."""
    keys, codec = KeyCodec("bench", "dev", served), RowCodec(served.features)
    for row in rows:
        keys.encode([row["customer_id"]])
        codec.encode(row["seen"], None, [row[name] for name in TYPES])
        version(row["seen"], None)


def small_syncs(
    folder: Path, keys: int, rounds: int, share: float, whole: float, hand: float
) -> None:
    """Print what a sync of a few changed rows costs, and one of none."""
    _, table, _ = view_of(folder)
    few, none, scans = [], [], []
    every = round(1 / share)
    for number in range(rounds):
        with duckdb.connect(folder / ".ffc" / "bench.duckdb") as connection:
            connection.execute(
                f"update {table} set f0 = f0 + 1 where hash(customer_id) % {every} = {number}"
            )
        took, result = synced(folder)
        few.append(took)
        assert 0.8 * share < result.rows["changed"] / keys < 1.2 * share, result.rows
        none.append(synced(folder)[0])
        scans.append(scanned(folder, table))
    scan, cost = statistics.median(scans), statistics.median(few)
    print(
        f"sync of {share:.0%} changed: {spread(few)}; of none: {spread(none)};"
        f" finding them by hand in DuckDB: {spread(scans)};"
        f" beyond that {(cost - scan) / whole:.1%} of a first sync;"
        f" writing so many by hand {hand:.2f} s, {hand / whole:.1%}"
    )


def scanned(folder: Path, table: str) -> float:
    """Make the newest rows a table and count what differs from another, by hand."""
    features = ", ".join(TYPES)
    newest = (
        f"select customer_id, seen, null::timestamp as created, {features} from {table} where seen <"
        " now()::timestamp qualify row_number() over (partition by customer_id order by seen desc)=1"
    )
    differs = " or ".join(f"n.{name} is distinct from o.{name}" for name in ("seen", *TYPES))
    with duckdb.connect(folder / ".ffc" / "bench.duckdb") as connection:
        connection.execute(f"create or replace table hand_old as {newest}")
        started = time.perf_counter()
        connection.execute(f"create or replace table hand_new as {newest}")
        connection.execute(
            "select count(*) from hand_new n full join hand_old o using (customer_id)"
            f" where n.customer_id is null or o.customer_id is null or {differs}"
        ).fetchall()
        connection.execute("checkpoint")
        return time.perf_counter() - started


def reads_beside(folder: Path, keys: int) -> None:
    """Print how long one look-up takes with nobody else there, and while a sync writes all anew."""
    _, _, served = view_of(folder)
    codec = KeyCodec("bench", "dev", served)
    path = folder / ".ffc" / "online.db"
    store = SQLiteOnlineStore(Options(where="bench", folder=folder, values={"path": str(path)}))
    wanted = [codec.encode([i * 2654435761 % 1099511627776]) for i in range(0, keys, 997)]
    alone = looked_up(store, wanted, lambda: False)
    command = [sys.executable, "-m", "ffc", "sync", "--full-refresh", "--quiet"]
    with subprocess.Popen(command, cwd=folder) as syncing:
        beside = looked_up(store, wanted, lambda: syncing.poll() is None)
    assert syncing.returncode == 0
    store.close()
    for what, times in (("alone", alone), ("beside a sync", beside)):
        cuts = statistics.quantiles(times, n=1000)
        print(
            f"one look-up {what}: p50 {cuts[499] * 1e6:.0f} us, p99 {cuts[989] * 1e6:.0f} us,"
            f" p99.9 {cuts[998] * 1e6:.0f} us, most {max(times) * 1e3:.1f} ms, of {len(times):,}"
        )


def looked_up(
    store: SQLiteOnlineStore, wanted: list[bytes], more: Callable[[], bool]
) -> list[float]:
    """Return how long each look-up took: all keys once, and again while there is more."""
    took = []
    while True:
        for key in wanted:
            started = time.perf_counter()
            (found,) = store.read([key])
            took.append(time.perf_counter() - started)
            assert found
        if not more():
            return took


def beside_feast(folder: Path, keys: int, rounds: int, python: str) -> None:
    """Print what Feast takes for fewer rows of the same kind, beside a first sync of as many."""
    few = built(folder / "few", keys // 10)
    script = Path(__file__).with_name("feast_syncing.py")
    theirs, ours = [], []
    for _ in range(rounds):
        asked = [python, str(script), str(few / "data" / "stats.parquet")]
        done = subprocess.run(asked, capture_output=True, text=True, check=True)
        theirs.append(float(done.stdout.split()[-2]))
        without_store(few)
        ours.append(synced(few)[0])
    times = statistics.median(theirs) / statistics.median(ours)
    print(f"{keys // 10:,} rows: Feast {spread(theirs)}, ffc {spread(ours)}: {times:.0f} times")


def stores(folder: Path) -> str:
    """Return what SQLite is, and how large the store has become."""
    path = folder / ".ffc" / "online.db"
    store = SQLiteOnlineStore(Options(where="bench", folder=folder, values={"path": str(path)}))
    store.ping()
    store.close()
    return f"SQLite {sqlite3.sqlite_version}, the store {path.stat().st_size / 2**20:.0f} MiB"


def spread(times: list[float]) -> str:
    """Return the median, and how far the others lie."""
    return f"{statistics.median(times):.2f} s ({min(times):.2f} to {max(times):.2f})"


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--changed", type=float, default=0.01)
    parser.add_argument("--feast", default="", help="the interpreter that has Feast")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = built(Path(name), options.keys)
        print(f"DuckDB {duckdb.__version__}, {stores(folder)}, {options.rounds} rounds")
        whole, hand = first_syncs(folder, options.keys, options.rounds, options.changed)
        small_syncs(folder, options.keys, options.rounds, options.changed, whole, hand)
        reads_beside(folder, options.keys)
        if options.feast:
            beside_feast(folder, options.keys, options.rounds, options.feast)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"at most {peak:.1f} GiB in this process, the blobs that lie ready included")


if __name__ == "__main__":
    main()
