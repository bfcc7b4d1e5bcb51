"""Durations as people write them: `30s 15m 1h 7d 4w`, exact multiples of a second."""

from __future__ import annotations

import re
from typing import Final

SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

_DURATION = re.compile(r"([0-9]{1,9})([smhdw])")


class Duration(int):
    """A number of seconds; a day is 86,400 of them whatever a clock does."""

    written: str = ""

    def __str__(self) -> str:
        """Write the duration as it was written, else with the largest unit that divides it."""
        if self.written:
            return self.written
        for unit, seconds in reversed(SECONDS.items()):
            if self and self % seconds == 0:
                return f"{int(self) // seconds}{unit}"
        return "0s"


def parse_duration(text: str) -> Duration | None:
    """Read a duration, or return None where the text is none."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        return None
    found = Duration(int(match[1]) * SECONDS[match[2]])
    found.written = f"{int(match[1])}{match[2]}"
    return found
