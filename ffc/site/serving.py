"""A site shown from this machine to this machine, until it is interrupted."""

from __future__ import annotations

import signal
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import FrameType
from typing import Any, Final

from ffc.core.errors import Unreachable

HOST: Final = "127.0.0.1"
_NAMES: Final = ("127.0.0.1", "localhost")


class _Pages(SimpleHTTPRequestHandler):
    """Answers with files of the site, to who asks this machine by a name of its own.

    Another name in a request is that of a page elsewhere whose name was made to lead here.
    """

    server_version = "ffc"
    sys_version = ""

    def send_head(self) -> Any:
        """Answer a request for a page."""
        name = (self.headers.get("host") or "").rpartition(":")[0] or self.headers.get("host")
        if name not in _NAMES:
            self.send_error(HTTPStatus.FORBIDDEN, "Only this machine is answered")
            return None
        return super().send_head()

    def end_headers(self) -> None:
        """Say that a page is to be asked for anew: a site is written again while it is shown."""
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def list_directory(self, path: Any) -> None:
        """Say that there is no such page; folders are not listed."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, format: str, *values: object) -> None:
        """Say nothing of each request."""


def site_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """Return a server that listens; with port 0 any that is free. Raises Unreachable.

    The folder's own name is kept, so that a site that is written anew is what is shown.
    """
    try:
        server = ThreadingHTTPServer((HOST, port), partial(_Pages, directory=str(folder)))
    except OSError as problem:
        hints = ["another program may have it: `--port` takes another one"]
        message = f"the docs can't be shown on port {port}: {problem.strerror}"
        raise Unreachable(message, help=hints) from problem
    server.daemon_threads = True
    return server


def site_address(server: ThreadingHTTPServer) -> str:
    """Return where a browser finds the site."""
    return f"http://{HOST}:{server.server_address[1]}/"


def serve_until_interrupted(server: ThreadingHTTPServer) -> None:
    """Serve until SIGINT.

    The signal is noted and not raised: a KeyboardInterrupt that is raised while an object is
    cleared away (a thread's, after each answer) is dropped by Python, and would be lost.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        Thread(target=server.shutdown, daemon=True).start()

    before = signal.signal(signal.SIGINT, stop)
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        signal.signal(signal.SIGINT, before)
