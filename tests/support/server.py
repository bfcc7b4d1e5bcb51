"""`ffc serve` as a process on a free port of this machine, stopped by its id."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

SECONDS = 20.0


class Server:
    """A running server."""

    def __init__(self, port: int, pid: int = 0, context: ssl.SSLContext | None = None) -> None:
        self.port = port
        self.pid = pid
        # What it wrote to stderr, once it has ended.
        self.said = ""
        self._context = context

    def _connection(self) -> http.client.HTTPConnection:
        if self._context is not None:
            return http.client.HTTPSConnection(
                "127.0.0.1", self.port, timeout=SECONDS, context=self._context
            )
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and JSON of one request."""
        connection = self._connection()
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        try:
            connection.request(method, path, data, {"content-type": "application/json"})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def workers(self) -> list[int]:
        """Return the processes that answer: its children, but the one that only tracks others."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        commands = {}
        for child in children:
            # One that was killed may be gone since they were listed.
            with suppress(FileNotFoundError, ProcessLookupError):
                commands[child] = Path(f"/proc/{child}/cmdline").read_bytes()
        return [int(child) for child, said in commands.items() if b"resource_tracker" not in said]

    def head(self, path: str) -> tuple[int, bytes]:
        """Return status and body of a HEAD request."""
        connection = self._connection()
        try:
            connection.request("HEAD", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


@contextmanager
def serving(
    project: Path,
    *options: str,
    context: ssl.SSLContext | None = None,
    until: str = "/readyz",
) -> Iterator[Server]:
    """Serve a project until the block ends, which begins when `until` says that all is well.

    `context` is for a server that answers HTTPS.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "ffc", "serve", "--port", str(port), *options]
    process = subprocess.Popen(command, cwd=project, stderr=subprocess.PIPE)
    server = Server(port, process.pid, context)
    try:
        _wait(process, server, until)
        yield server
    finally:
        process.terminate()
        server.said = process.communicate(timeout=SECONDS)[1].decode()


def _wait(process: subprocess.Popen[bytes], server: Server, until: str) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(process.communicate()[1].decode())
        try:
            if server.call("GET", until)[0] == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the server did not come up")
