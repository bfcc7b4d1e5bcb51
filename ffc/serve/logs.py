"""What a server says of itself: a line an event, none a request."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TextIO

import msgspec

from ffc.core.clock import stamp, utc_now

Log = Callable[..., None]

# What is no failure.
_TALK: Final = ("deployment",)
# So many failures are told apart.
_DIFFERENT: Final = 100


def logger(form: str, stream: TextIO, *, quiet: bool = False) -> Log:
    """Return what writes events, by name and with fields: as `json`, or as `text`.

    When quiet, only what went wrong.
    """

    def log(event: str, **fields: object) -> None:
        if quiet and event in _TALK:
            return
        line = {"time": stamp(utc_now()), "event": event, **fields}
        if form == "json":
            text = msgspec.json.encode(line).decode()
        else:
            told = (f"{name}={value}" for name, value in fields.items())
            text = " ".join((str(line["time"]), event, *told))
        # One write: the lines of several workers are not mixed.
        stream.write(f"{text}\n")
        stream.flush()

    return log


class Sparing:
    """Tells of a failure when it is new, and of the same every `seconds` with how often it was.

    A store that is away fails every request, and nobody may read what is written of them.
    """

    def __init__(
        self, log: Log, seconds: float = 10.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log = log
        self._seconds = seconds
        self._clock = clock
        self._told: dict[tuple[str, str], tuple[float, int]] = {}

    def __call__(self, event: str, *, message: str, **fields: object) -> None:
        """Write an event, or count it."""
        now, key = self._clock(), (event, message)
        last, times = self._told.get(key, (now - self._seconds, 0))
        if now - last < self._seconds:
            self._told[key] = (last, times + 1)
            return
        if len(self._told) >= _DIFFERENT:
            self._told.clear()
        self._told[key] = (now, 0)
        more = {"times": times + 1} if times else {}
        self._log(event, message=message, **fields, **more)


def silent(event: str, **fields: object) -> None:
    """Say nothing."""
