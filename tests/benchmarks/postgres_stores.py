"""What PostgreSQL's online store and state store cost beside SQLite's: medians, ratios of one run.

    python tests/benchmarks/postgres_stores.py [--keys 200000] [--rounds 3]

A server of this machine is started, which flushes each commit to the disk, as SQLite does. Prints: a
first sync of a view of ten features end to end; batches of it alone, of new rows and over older ones;
look-ups of one key and of a hundred, in process; deployments and builds recorded. All interleaved.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from syncing import PROFILES, built, synced

sys.path.insert(0, str(Path(__file__).parent.parent))

from support.postgres import PostgresServer, postgres
from support.states import a_build, leased
from support.stores import KINDS, Stores, a_batch

BATCH = 20_000
LOOKUPS = 3_000
DEPLOYMENTS = 300
# What a row of ten features is: 46 bytes of key, a field of 16, 86 of value, 17 of version.
VALUE = bytes(range(86))


def first_syncs(folder: Path, server: PostgresServer, keys: int, rounds: int) -> None:
    """Print how long a first sync takes into each store."""
    built(folder, keys)
    took: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number in range(rounds):
        for kind in KINDS:
            settings = f"{{type: sqlite, path: .ffc/online{number}.db}}"
            if kind == "postgres":
                said = server.settings_of(server.database())
                values = ", ".join(f"{name}: {value!r}" for name, value in said.items())
                settings = f"{{type: postgres, {values}}}"
            profiles = PROFILES.replace("{type: sqlite, path: .ffc/online.db}", settings)
            (folder / "profiles.yml").write_text(profiles)
            took[kind].append(synced(folder)[0])
    told(f"first sync of {keys:,} rows of 10 features", took, lambda s: f"{keys / s:,.0f} rows/s")


def batches(stores: list[Stores], rounds: int) -> None:
    """Print how long a batch of new rows takes, and one over older rows."""
    new: dict[str, list[float]] = {kind: [] for kind in KINDS}
    over: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number in range(rounds * 2):
        for each in stores:
            for took, version in ((new, b"1" * 17), (over, b"2" * 17)):
                keys = [b"%046d" % (number * BATCH + i) for i in range(BATCH)]
                batch = a_batch(*((key, b"f" * 16, VALUE, version, None) for key in keys))
                with closing(each.online()) as store:
                    store.ping()
                    took[each.kind].append(timed(lambda: store.write(batch)))  # noqa: B023
    told(f"a batch of {BATCH:,} new rows", new, lambda s: f"{BATCH / s:,.0f} rows/s")
    told(f"a batch of {BATCH:,} rows over older", over, lambda s: f"{BATCH / s:,.0f} rows/s")


def lookups(stores: list[Stores], rounds: int) -> None:
    """Print how long a look-up takes."""
    for count, times in ((1, LOOKUPS), (100, LOOKUPS // 10)):
        took: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for _ in range(rounds):
            for each in stores:
                with closing(each.online(read_only=True)) as store:
                    store.ping()
                    for i in range(times):
                        keys = [b"%046d" % ((i * 7919 + j * 31) % BATCH) for j in range(count)]
                        started = time.perf_counter()
                        found = store.read(keys)
                        took[each.kind].append(time.perf_counter() - started)
                        assert all(found)
        told(f"a look-up of {count}", took, lambda s: f"{s * 1e6:,.0f} us", unit=1e6)


def deployments(stores: list[Stores], rounds: int) -> None:
    """Print how many deployments, and how many builds, are recorded in a second."""
    for what in ("deployments", "builds"):
        took: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for _ in range(rounds):
            for each in stores:
                with closing(each.elsewhere().state()) as store:
                    lease = leased(store)
                    started = time.perf_counter()
                    for number in range(DEPLOYMENTS):
                        if what == "deployments":
                            store.deploy("dev", b"%d" % number, "t", "me")
                        else:
                            store.finish_build(lease, "dev", a_build(id=f"b{number}"), b"{}")
                    took[each.kind].append((time.perf_counter() - started) / DEPLOYMENTS)
        told(what, took, lambda s: f"{1 / s:,.0f} a second", unit=1e6)


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def told(
    what: str, took: dict[str, list[float]], rate: Callable[[float], str], unit: float = 1e3
) -> None:
    """Print medians, how far 99 of 100 lie, and the ratio."""
    medians = {kind: statistics.median(times) for kind, times in took.items()}
    name = "us" if unit == 1e6 else "ms"
    parts = [
        f"{kind} {medians[kind] * unit:,.0f} {name}"
        f" (99 of 100 within {sorted(times)[int(len(times) * 0.99)] * unit:,.0f}),"
        f" {rate(medians[kind])}"
        for kind, times in took.items()
    ]
    print(f"{what}: {'; '.join(parts)}: {medians['postgres'] / medians['sqlite']:.1f} times")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    flushed = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
    with tempfile.TemporaryDirectory() as name, postgres(**flushed) as server:
        folder = Path(name)
        (version,) = server.sql("SHOW server_version")[0]
        print(f"PostgreSQL {version}, {options.rounds} rounds")
        values = server.settings_of(server.database())
        stores = [Stores(kind=kind, folder=folder, values=values) for kind in KINDS]
        batches(stores, options.rounds)
        lookups(stores, options.rounds)
        deployments(stores, options.rounds)
        first_syncs(folder / "project", server, options.keys, options.rounds)


if __name__ == "__main__":
    main()
