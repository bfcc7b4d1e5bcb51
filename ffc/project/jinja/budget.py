"""What one rendering may use up: so many steps, so much text, so long."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

MAX_STEPS: Final = 1_000_000
MAX_TEXT: Final = 1_000_000
MAX_SECONDS: Final = 10.0
# How many characters of text cost as much as a step.
_TEXT_A_STEP: Final = 64


class Exceeded(Exception):
    """A template that uses up more than it may."""


class Forbidden(Exception):
    """Something that a template must not do; `hint` says what to do instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Budget:
    """What one rendering may use up."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._deadline = clock() + MAX_SECONDS
        self._steps = 0

    def spend(self, steps: int = 1) -> None:
        """Take steps; raises `Exceeded` when there are no more."""
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise Exceeded(f"this takes more than {MAX_STEPS:,} steps")
        if self._clock() > self._deadline:
            raise Exceeded(f"this takes more than {MAX_SECONDS:.0f} seconds")

    def weigh(self, *values: object) -> int:
        """Return how much text values hold, all that is in them too, having paid for it.

        Raises `Exceeded` for more than a template may hold.
        """
        weight, items = 0, 0
        waiting: list[object] = list(values)
        while waiting:
            value = waiting.pop()
            items += 1
            if isinstance(value, str):
                weight += len(value)
            elif isinstance(value, int):
                weight += value.bit_length() // 3
            elif isinstance(value, Mapping):
                waiting += value.keys()
                waiting += value.values()
            elif isinstance(value, list | tuple | set | frozenset):
                waiting += value
            if weight > MAX_TEXT or items + len(waiting) > MAX_TEXT:
                raise Exceeded(f"this makes more than {MAX_TEXT:,} characters")
        self.spend(items + weight // _TEXT_A_STEP)
        return weight + items

    def text(self, length: int) -> None:
        """Pay for a text that is about to be made."""
        if length > MAX_TEXT:
            raise Exceeded(f"this makes more than {MAX_TEXT:,} characters")
        self.spend(1 + length // _TEXT_A_STEP)
