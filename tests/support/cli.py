"""The command line, called in this process."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ffc.cli.main import run


@dataclass(frozen=True)
class Result:
    """How a command ended and what it wrote."""

    code: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        return json.loads(self.stdout)


def ffc(folder: Path, *arguments: str) -> Result:
    """Run `ffc ARGUMENTS` in a folder."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(arguments)
    return Result(code, out.getvalue(), err.getvalue())


def write_files(folder: Path, files: dict[str, str]) -> Path:
    """Write files given by their paths; return the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


PROFILES = """\
test:
  target: dev
  outputs:
    dev:
      schema: dev
      offline: {type: duckdb, path: .ffc/test.duckdb}
      online: {type: sqlite, path: .ffc/online.db}
      state: {type: sqlite, path: .ffc/state.db}
"""
