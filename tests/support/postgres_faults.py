"""Statements that last, and how long whatever ends them may take."""

from __future__ import annotations

import time

SLEEP = "SELECT 1 AS a FROM pg_sleep(30)"
LOST = r"the (connection to the )?database \w+ on [\d.:]+ (was lost|can't be reached): "


def in_time(seconds: float) -> float:
    """Return the instant after which something took too long."""
    return time.monotonic() + seconds
