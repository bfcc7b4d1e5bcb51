"""Parameters that are tried with the slow tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import settings


def slow(*values: Any) -> list[Any]:
    """Return values of one parameter, or tuples of several, marked as slow."""
    rows = (value if isinstance(value, tuple) else (value,) for value in values)
    return [pytest.param(*row, marks=pytest.mark.slow) for row in rows]


def all_but_first(values: Iterable[Any], fast: int = 1) -> list[Any]:
    """Return values of a parameter of which all but the first few are marked as slow."""
    values = list(values)
    return [*values[:fast], *slow(*values[fast:])]


def examples(many: int) -> int:
    """Return how many examples hypothesis tries: fewer with the fast tests, as by default."""
    return many * settings().max_examples // 100
