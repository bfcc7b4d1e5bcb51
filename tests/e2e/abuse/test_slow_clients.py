"""Clients that send or read slowly: they keep nobody waiting, and no server from its end."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from support.abused import ASK, FEATURES, asked, post
from support.projects import ran_project
from support.server import Server, serving


def test_slow_clients_do_not_keep_others_waiting(server: Server) -> None:
    began = [
        b"POST /v1/features HTTP/1.1\r\nHost: x\r\nContent-Le",
        b"POST /v1/features HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        b"POST /v1/historical HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        b"",
    ]
    with ExitStack() as open_:
        slow = []
        for number in range(400):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=20)
            slow.append(open_.enter_context(closing(client)))
            client.sendall(began[number % len(began)])
        start = time.monotonic()
        for _ in range(20):
            assert post(server, FEATURES, ASK).status == 200
        assert asked(server, "GET /v1/rows/clean").status == 200
        assert time.monotonic() - start < 10
        # One that goes on after all is answered.
        slow[1].sendall(b" " * 99)
        assert slow[1].recv(12) == b"HTTP/1.1 400"


def test_slow_readers_do_not_keep_others_waiting(server: Server) -> None:
    rows = ",".join(['{"user_id":"u1"}'] * 10_000)
    body = f'{{"features": ["profile.country"], "entities": [{rows}]}}'.encode()
    head = f"POST {FEATURES} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with ExitStack() as open_:
        for _ in range(10):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=20)
            open_.enter_context(closing(client)).sendall(head + body)
        assert post(server, FEATURES, ASK).status == 200


@pytest.mark.slow
def test_a_server_ends_though_clients_are_slow(tmp_path: Path) -> None:
    project = ran_project(tmp_path / "small")
    with ExitStack() as open_:
        with serving(project) as found:
            for _ in range(20):
                client = socket.create_connection(("127.0.0.1", found.port), timeout=20)
                open_.enter_context(closing(client))
                client.sendall(
                    b"POST /v1/features HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
                )
            assert post(found, FEATURES, ASK).status == 200
            start = time.monotonic()
        # It waits for them, but not for ever.
        assert time.monotonic() - start < 19
