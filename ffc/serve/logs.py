"""What a server says of itself: a line an event, none a request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TextIO

import msgspec

from ffc.core.clock import stamp, utc_now

Log = Callable[..., None]

# What is no failure.
_TALK: Final = ("deployment",)


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


def silent(event: str, **fields: object) -> None:
    """Say nothing."""
