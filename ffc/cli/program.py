"""`ffc` as a process of its own, which ends as soon as its command has."""

from __future__ import annotations

import atexit
import os
import sys
import threading

from ffc.cli.main import main
from ffc.cli.signals import hear_again


def program() -> None:
    """Run the command line and end the process with its exit code.

    What Python would look through and clear away, piece by piece, goes with the process: after a
    large project that would take longer than many a command. Nor is Python torn down under a thread
    that nobody waits for: one that comes back from a database then would abort the process.
    """
    hear_again()
    try:
        main()
    except SystemExit as ended:
        if isinstance(ended.code, int) and _is_alone() and _are_flushed():
            atexit._run_exitfuncs()
            os._exit(ended.code)
        raise


def _is_alone() -> bool:
    """Tell whether there is no other thread that the process has to wait for."""
    own = threading.current_thread()
    return all(each.daemon for each in threading.enumerate() if each is not own)


def _are_flushed() -> bool:
    """Tell whether all that was written has gone out; Python says at its end why it couldn't."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return False
    return True
