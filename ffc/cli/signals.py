"""Signals that come at a bad moment: Python drops what is raised while it clears an object away."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

# What a shell says of a process that was asked to end, without the number of how.
TERMINATED: Final = 128
# So many seconds later the object is cleared away.
_A_MOMENT: Final = 0.02


def hear_again() -> None:
    """Let no signal be lost that comes while an object is cleared away: it is sent again."""
    sys.unraisablehook = _sent_again


def _sent_again(lost: UnraisableHookArgs) -> None:
    number = _number_of(lost.exc_value)
    if number is None:
        sys.__unraisablehook__(lost)
        return
    import threading

    again = threading.Timer(_A_MOMENT, os.kill, (os.getpid(), number))
    again.daemon = True
    again.start()


def _number_of(lost: BaseException | None) -> int | None:
    """Return the signal that something was raised for; None where it was raised for another reason.

    Nothing else of ffc raises either of the two where an object is cleared away.
    """
    if isinstance(lost, KeyboardInterrupt):
        return signal.SIGINT
    if isinstance(lost, SystemExit) and isinstance(lost.code, int) and lost.code > TERMINATED:
        return lost.code - TERMINATED
    return None
