"""A process of its own that holds a DuckDB file, as a notebook or a run would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SCRIPT = """\
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read")
print("open", flush=True)
sys.stdin.readline()
connection.close()
"""


class Holder:
    """The process; `let_go` makes it close the file."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.pid = process.pid
        self._process = process

    def let_go(self) -> None:
        """Close the file and end; the second time nothing happens."""
        if self._process.poll() is None:
            self._process.communicate("\n", timeout=20)

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.communicate(timeout=20)


@contextmanager
def held(path: Path, way: str, script: Path) -> Iterator[Holder]:
    """Hold a file to `write` or to `read` until the block ends; `script` is where its code goes."""
    script.write_text(_SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script), str(path), way],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    holder = Holder(process)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield holder
    finally:
        holder.let_go()
