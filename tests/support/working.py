"""What a server's worker does that does not stop."""

from __future__ import annotations

import signal
import socket
import time


def stubborn(bound: socket.socket) -> None:
    """Work on, whoever says to stop."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)
