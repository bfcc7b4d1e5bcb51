"""Ctrl-C while DuckDB works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# All that is left of a KeyboardInterrupt that came while DuckDB's Python package waited.
_SAID: Final = "Query interrupted"


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt where DuckDB makes a RuntimeError of one."""
    try:
        yield
    except RuntimeError as problem:
        if str(problem) == _SAID:
            raise KeyboardInterrupt from problem
        raise
