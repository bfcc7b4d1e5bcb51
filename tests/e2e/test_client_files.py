"""What the client leaves behind: nothing, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from support.cli import PROFILES, ffc
from support.projects import small_project

ROWS = 2_000_000
LIMITED = PROFILES.replace("test.duckdb}", "test.duckdb, memory_limit: 150MB}")

# An answer of a client that nobody holds, of a reader that can be read once; a fork that ends.
ASK_AND_FORK = """\
import gc, os, sys
import pyarrow as pa
from ffc import Client

table = pa.table({"user_id": ["u1", "u2", "u1"], "seen": pa.array([0] * 3, pa.timestamp("us"))})
reader = pa.RecordBatchReader.from_batches(table.schema, iter(table.to_batches(1)))
found = Client(sys.argv[1]).historical(["spending.amount"], reader)
kept = Client(sys.argv[1])
again = kept.historical(["spending.amount"], table)
del again
gc.collect()
if os.fork() == 0:
    sys.exit(0)
os.wait()
assert found.count() == found.dataframe("arrow").num_rows == 3
assert [batch.num_rows for batch in found.arrow()]
folder = os.environ["TMPDIR"]
files = [name for each in os.listdir(folder) for name in os.listdir(os.path.join(folder, each))]
assert files == ["1.arrow"], files
"""

ASK = """\
import sys
from ffc import Client
Client(sys.argv[1]).historical(["spending.*", "profile.*"], sys.argv[2])
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = small_project(tmp_path_factory.mktemp("files") / "small")
    assert ffc(built, "run").code == 0
    return built


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of many rows."""
    rng = np.random.default_rng(5)
    users = pa.array(["u1", "u2", "u3"]).take(pa.array(rng.integers(0, 3, ROWS)))
    times = pa.array(rng.integers(0, 2 * 10**15, ROWS)).cast(pa.timestamp("us"))
    path = tmp_path_factory.mktemp("many") / "asked.parquet"
    parquet.write_table(pa.table({"user_id": users, "seen": times}), path)
    return path


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    # The warehouse may use what it is given, and puts the rest into files of its own.
    small = small_project(tmp_path / "small", **{"profiles.yml": LIMITED})
    assert ffc(small, "run").code == 0
    script = Path(__file__).parent.parent / "support" / "asking.py"
    command = [sys.executable, str(script), str(small)]
    environment = _environment(tmp_path / "scratch")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    few, many = map(int, done.stdout.split())
    assert many < few + 120_000, f"{few:,} KiB for few rows, {many:,} KiB for many"
    assert list((tmp_path / "scratch").iterdir()) == []


def _environment(scratch: Path) -> dict[str, str]:
    scratch.mkdir()
    return {**os.environ, "TMPDIR": str(scratch)}


def test_an_answer_outlives_its_client_and_forks(project: Path, tmp_path: Path) -> None:
    environment = _environment(tmp_path / "scratch")
    command = [sys.executable, "-c", ASK_AND_FORK, str(project)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize("wait", [0.0, 0.2, 0.6])
@pytest.mark.parametrize("who", ["ffc", "python"])
def test_an_interrupt(who: str, wait: float, project: Path, many: Path, tmp_path: Path) -> None:
    scratch, to = tmp_path / "scratch", tmp_path / "out" / "found.parquet"
    environment = _environment(scratch)
    to.parent.mkdir()
    asked = ["historical", "-f", "spending.*", "-f", "profile.*", "--spine", str(many)]
    command = {
        "ffc": [sys.executable, "-m", "ffc", *asked, "--to", str(to)],
        "python": [sys.executable, "-c", ASK, str(project), str(many)],
    }[who]
    process = subprocess.Popen(
        command, cwd=project, env=environment, stderr=subprocess.PIPE, text=True
    )
    _until_asked(process, scratch)
    time.sleep(wait)
    process.send_signal(signal.SIGINT)
    stderr = process.communicate(timeout=30)[1]
    assert process.returncode in (130, -signal.SIGINT), (process.returncode, stderr)
    if who == "ffc":
        assert "Traceback" not in stderr
    else:
        assert stderr.endswith("KeyboardInterrupt\n")
    assert list(scratch.iterdir()) == []
    assert list(to.parent.iterdir()) == []
    assert sorted(path.name for path in (project / ".ffc").iterdir()) == [
        *("online.db", "state.db", "test.duckdb")
    ]


def _until_asked(process: subprocess.Popen[str], scratch: Path) -> None:
    """Return when the spine is being put into a file."""
    for _ in range(600):
        if any(scratch.glob("*/questions.parquet")):
            return
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)
    raise AssertionError("no questions were asked")
