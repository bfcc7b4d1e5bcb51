"""What the client leaves behind: nothing, however it ends."""

from __future__ import annotations

import copy
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from support.cli import PROFILES, ffc
from support.projects import FILES, ran_project, small_project
from support.slow import all_but_first

from ffc import Client, errors

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

# Some libraries swallow an interrupt while they are imported; ours need no pandas.
ASK = """\
import sys
import duckdb, numpy, pyarrow.compute, pyarrow.parquet
from ffc import Client
Client(sys.argv[1]).historical(["spending.*", "profile.*"], sys.argv[2])
"""


# Files may be of so many bytes and no larger, as where there is no room.
ASK_WITHOUT_ROOM = """\
import os, resource, sys
import numpy as np
import pyarrow as pa
from ffc import Client, errors

rng = np.random.default_rng(5)
numbers = pa.array(rng.integers(0, 10**9, 300_000))
times = numbers.cast(pa.timestamp("us"))
columns = {"user_id": numbers.cast(pa.string()), "seen": times, "x": rng.random(300_000)}
table = pa.table(columns)
client = Client(sys.argv[1])
for size in (100_000, 4_000_000, 7_000_000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    for spine in (table, table.to_reader()):
        try:
            client.historical(["spending.amount"], spine)
        except errors.StoreError as problem:
            assert "the rows can't be kept in" in problem.message, problem
            assert "File too large" in problem.message, problem
            assert problem.help, problem
        else:
            raise AssertionError(size)
    (own,) = os.listdir(os.environ["TMPDIR"])
    assert os.listdir(os.path.join(os.environ["TMPDIR"], own)) == []
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = ran_project(tmp_path_factory.mktemp("files") / "small")
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


def test_threads_share_a_client(project: Path) -> None:
    client = Client(project)
    told: list[tuple[int, int]] = []

    def ask(count: int) -> None:
        rows = [{"user_id": f"u{count}"}] * count
        table = client.historical(["profile.country"], rows, timestamp=None).dataframe("arrow")
        told.append((count, table.column("user_id").to_pylist().count(f"u{count}")))
        assert client.training_set("main").count() == 4

    threads = [threading.Thread(target=ask, args=(count,)) for count in range(1, 17)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [(count, count) for count in range(1, 17)]


def test_a_copy_is_the_same_rows(project: Path) -> None:
    found = Client(project).historical(["profile.country"], [{"user_id": "u1"}], timestamp=None)
    for copied in (copy.copy(found), copy.deepcopy(found), copy.deepcopy({"a": [found]})["a"][0]):
        assert copied is found
    with pytest.raises(TypeError, match="a Dataset stays in its process"):
        pickle.dumps(found)


def test_rows_that_were_taken_away(project: Path) -> None:
    """What is read again is whole, or not at all."""
    table = pa.table({"user_id": ["u1", "u2"]})
    words: Any = {"timestamp": None}
    client = Client(project)
    again = client.historical(["profile.country"], table, **words)
    once = client.historical(["profile.country"], table.to_reader(), **words)
    for found in (again, once):
        found._rows._path.unlink()
    assert again.count() == 2
    with pytest.raises(errors.Unreachable, match="0 rows came, of 2"):
        once.count()


def test_what_editors_leave_in_a_project(tmp_path: Path) -> None:
    project = small_project(tmp_path / "small")
    (project / "features" / ".#all.yml").symlink_to("nobody@nowhere:1")
    (project / "data" / "notes.yml").symlink_to("nowhere")
    client = Client(project)
    assert client.views.names == ["profile", "spending"]
    (project / "features" / "all.yml").write_text(
        FILES["features/all.yml"].replace("spending", "spent")
    )
    (project / "training_sets" / "main.yml").unlink()
    assert client.views.names == ["profile", "spent"]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    # The warehouse may use what it is given, and puts the rest into files of its own.
    small = small_project(tmp_path / "small", **{"profiles.yml": LIMITED})
    assert ffc(small, "run").code == 0
    script = Path(__file__).parents[2] / "support" / "asking.py"
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


def test_there_is_no_room(project: Path, tmp_path: Path) -> None:
    environment = _environment(tmp_path / "scratch")
    command = [sys.executable, "-c", ASK_WITHOUT_ROOM, str(project)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize("wait", all_but_first([0.2, 0.0, 0.6]))
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
        command,
        cwd=project,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        # What a shell runs behind its back ignores an interrupt, and so do its children.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
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
