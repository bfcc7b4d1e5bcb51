"""Projects that are read as they lie there: refused, accepted, by somebody with few rights."""

from __future__ import annotations

from pathlib import Path

from support.cli import ffc


def refused(project: Path, *arguments: str) -> str:
    """Return the whole text that a project is refused with."""
    done = ffc(project, "compile", *arguments)
    assert done.code == 1
    assert done.stdout == ""
    return done.stderr


def accepted(project: Path) -> None:
    done = ffc(project, "compile")
    assert (done.code, done.stderr) == (0, "compiled 7 nodes to target/manifest.json\n")
