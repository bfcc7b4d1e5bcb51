"""Requests to a server whose stores are slow or away, and how long each took."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any, Final

from support.server import Server

ASK: Final = {"features": ["spending.amount", "profile.country"], "entities": [{"user_id": "u1"}]}
RIGHT: Final = [2.5, "NL"]
# A request waits a second for the store; what is beyond that is this machine's.
BOUND: Final = 2.0


class Asked:
    """One answer: status, headers, values, and how long it took."""

    def __init__(self, server: Server, path: str = "/v1/features") -> None:
        began = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        with closing(connection):
            method, body = ("POST", json.dumps(ASK)) if path == "/v1/features" else ("GET", None)
            connection.request(method, path, body)
            response = connection.getresponse()
            self.told: Any = json.loads(response.read())
        self.status = response.status
        self.later = response.headers.get("retry-after")
        self.seconds = time.perf_counter() - began

    @property
    def values(self) -> Any:
        return self.told["rows"][0]["values"]


def told_later(asked: Asked) -> None:
    assert (asked.status, asked.later) == (503, "1"), asked.told
    assert asked.seconds < BOUND


def comes_back(server: Server, seconds: float = 10.0) -> None:
    """Wait until requests are answered again; none is answered wrongly meanwhile."""
    end = time.monotonic() + seconds
    while (asked := Asked(server)).status != 200:
        told_later(asked)
        assert time.monotonic() < end
        time.sleep(0.05)
    assert asked.values == RIGHT


def many(server: Server, threads: int, seconds: float) -> tuple[list[Asked], list[Asked]]:
    """Ask from several threads for a while; return the answers, and those of /healthz beside."""
    answers: list[Asked] = []
    health: list[Asked] = []
    end = time.monotonic() + seconds

    def repeat(one: Callable[[], None]) -> None:
        while time.monotonic() < end:
            one()

    works: list[Callable[[], None]] = [lambda: answers.append(Asked(server))] * threads
    works.append(lambda: health.append(Asked(server, "/healthz")))
    running = [threading.Thread(target=repeat, args=(work,), daemon=True) for work in works]
    for each in running:
        each.start()
    for each in running:
        each.join()
    return answers, health
