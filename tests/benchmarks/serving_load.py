"""Load on an HTTP server over kept connections: `serving_load.py JSON`, figures as JSON to stdout."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any


class Asking(asyncio.Protocol):
    """One connection: asks, reads the answer to its end, asks again."""

    def __init__(self, request: bytes, end: float, taken: list[float], done: asyncio.Future[None]):
        self._request = request
        self._end = end
        self._taken = taken
        self._done = done
        self._left = 0
        self._head = b""
        self._began = 0.0

    def connection_made(self, transport: Any) -> None:
        """Ask for the first time."""
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take a part of an answer."""
        if not self._left:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._head[:end].lower()
            if not head.startswith(b"http/1.1 200"):
                self._done.set_exception(RuntimeError(self._head.decode()))
                return
            place = head.index(b"content-length:") + 15
            length = int(head[place:].split(b"\r\n", 1)[0])
            self._left = length - (len(self._head) - end - 4)
            self._head = b""
        else:
            self._left -= len(data)
        if not self._left:
            now = time.perf_counter()
            self._taken.append(now - self._began)
            if now < self._end:
                self._ask()
            else:
                self._transport.close()
                self._done.set_result(None)


async def load(asked: dict[str, Any]) -> dict[str, float]:
    """Ask for some seconds."""
    body = asked["body"].encode()
    request = (
        f"{'POST' if body else 'GET'} {asked['path']} HTTP/1.1\r\nhost: localhost\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode() + body
    loop = asyncio.get_running_loop()
    taken: list[float] = []
    started = time.perf_counter()
    waiting = []
    for _ in range(asked["concurrency"]):
        done: asyncio.Future[None] = loop.create_future()
        waiting.append(done)
        end = started + asked["seconds"]
        await loop.create_connection(
            lambda done=done, end=end: Asking(request, end, taken, done), "127.0.0.1", asked["port"]
        )
    await asyncio.gather(*waiting)
    seconds = time.perf_counter() - started
    taken.sort()
    return {
        "rate": len(taken) / seconds,
        "p50": 1e3 * taken[len(taken) // 2],
        "p99": 1e3 * taken[len(taken) * 99 // 100],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(load(json.loads(sys.argv[1])))))
