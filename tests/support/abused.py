"""What is sent to a server over a socket of its own, byte by byte, and what comes back."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from typing import Any, Final, NamedTuple

from support.server import Server

FEATURES: Final = "/v1/features"
ASK: Final = b'{"features": ["profile.country"], "entities": [{"user_id": "u1"}]}'


class Told(NamedTuple):
    """An answer as it came."""

    status: int
    headers: str
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def reason(self) -> str:
        """Return why there is no answer: of each there is a document that says so."""
        document = self.json()
        assert document["schema"] == "ffc.problem/v1"
        return str(document["error"]["message"])


def exchanged(server: Server, sent: bytes, *, shut: bool = False) -> bytes:
    """Send bytes and return all that comes back."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=20)) as client:
        client.sendall(sent)
        if shut:
            client.shutdown(socket.SHUT_WR)
        found = b""
        while piece := client.recv(1 << 16):
            found += piece
        return found


def told_of(answer: bytes) -> Told:
    head, _, body = answer.partition(b"\r\n\r\n")
    return Told(int(head.split()[1]), head.decode("latin-1").lower(), body)


def asked(
    server: Server, line: str | bytes, body: bytes = b"", *headers: str, **options: bool
) -> Told:
    """Send one request whose line and headers are taken as they are."""
    line = line.encode() if isinstance(line, str) else line
    more = "".join(f"{header}\r\n" for header in ("Host: x", "Connection: close", *headers))
    return told_of(
        exchanged(
            server, line + b" HTTP/1.1\r\n" + more.encode("latin-1") + b"\r\n" + body, **options
        )
    )


def post(server: Server, path: str, body: bytes | str, *headers: str) -> Told:
    body = body.encode() if isinstance(body, str) else body
    if not any(header.startswith("Content-Type") for header in headers):
        headers = ("Content-Type: application/json", *headers)
    return asked(server, f"POST {path}", body, f"Content-Length: {len(body)}", *headers)
