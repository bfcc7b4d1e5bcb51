"""A connection to a server that breaks where a test wants it to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Proxy:
    """Hands on what both sides say; `breaks` sees what the client says, and may break it off.

    It returns None to go on, else whether the server is to hear of it before the line breaks.
    """

    def __init__(self, port: int, breaks: Callable[[bytes], bool | None]) -> None:
        self._port = port
        self._breaks = breaks
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._ends: list[socket.socket] = [self._listener]

    def run(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                self._ends += [client, server]
                threading.Thread(target=self._to_server, args=(client, server), daemon=True).start()
                threading.Thread(target=self._to_client, args=(client, server), daemon=True).start()

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while said := client.recv(65_536):
                verdict = self._breaks(said)
                if verdict is not None:
                    # The client hears nothing any more, the server perhaps a last word.
                    client.shutdown(socket.SHUT_RDWR)
                if verdict is not False:
                    server.sendall(said)
                if verdict is not None:
                    break
            server.shutdown(socket.SHUT_WR)

    def _to_client(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while said := server.recv(65_536):
                client.sendall(said)
            client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def proxy(port: int, breaks: Callable[[bytes], bool | None]) -> Iterator[int]:
    """Give the port of a proxy before a server's."""
    found = Proxy(port, breaks)
    thread = threading.Thread(target=found.run, daemon=True)
    thread.start()
    try:
        yield found.port
    finally:
        found.close()
        thread.join()
