"""What a server's worker may do."""

from __future__ import annotations

import os
import signal
import socket
import time


def stubborn(bound: socket.socket) -> None:
    """Work on, whoever says to stop."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)


def deaf(bound: socket.socket) -> None:
    """Show which signals do not reach a worker, and have its server stop."""
    blocked = [int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, [])]
    os.write(1, f"{blocked}\n".encode())
    os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(60)
