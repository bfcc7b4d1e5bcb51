"""The ASGI callable by itself: what no client over a socket can cause."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from ffc.auth import Principal
from ffc.core.errors import StateError, StoreError, Unreachable
from ffc.manifest.served import Serving
from ffc.online.lookup import FeatureReader
from ffc.serve import bodies
from ffc.serve.app import FeatureService
from ffc.serve.logs import Sparing
from ffc.serve.metrics import Gauge

ME = Principal("tester")


class Loading:
    """A deployment that is told by the test."""

    def __init__(self, *steps: FeatureReader | Exception | None) -> None:
        self.steps = iter(steps)

    def load(self) -> FeatureReader | None:
        step = next(self.steps, None)
        if isinstance(step, Exception):
            raise step
        return step

    def ping(self) -> None:
        raise Unreachable("nobody answers")

    def gauges(self, now: datetime) -> list[Gauge]:
        return []


def reader() -> FeatureReader:
    def store(name: str) -> Any:
        raise StoreError(f"no store {name}")

    return FeatureReader(Serving(), store, project="p", target="t", deployment="d1")


class Called:
    """One request, and what was sent in answer."""

    def __init__(self, method: str, path: str, *messages: dict[str, Any], **headers: str) -> None:
        names = [(n.replace("_", "-").encode(), v.encode()) for n, v in headers.items()]
        self.scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": names,
        }
        self.messages: Iterator[dict[str, Any]] = iter(messages or ({"type": "http.request"},))
        self.sent: list[Any] = []

    async def receive(self) -> dict[str, Any]:
        return next(self.messages)

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def answer(self) -> tuple[int, Any]:
        start, body = self.sent
        return start["status"], json.loads(body["body"])


async def started(service: FeatureService) -> None:
    messages = iter([{"type": "lifespan.startup"}])
    done = asyncio.Event()

    async def receive() -> dict[str, Any]:
        message = next(messages, None)
        if message is None:
            await asyncio.Event().wait()
        return message or {}

    async def send(message: Any) -> None:
        done.set()

    task = asyncio.create_task(service({"type": "lifespan"}, receive, send))
    await done.wait()
    task.cancel()


def ask(service: FeatureService, *calls: Called) -> None:
    async def work() -> None:
        await started(service)
        for call in calls:
            await service(call.scope, call.receive, call.send)

    asyncio.run(work())


def test_a_bug_is_told_and_the_server_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    service = FeatureService(
        Loading(reader()), principal=ME, log=lambda event, **fields: told.append((event, fields))
    )

    def broken(*_: Any, **__: Any) -> Any:
        raise KeyError("a mistake of ours")

    monkeypatch.setattr(FeatureReader, "features", broken)
    first, then = Called("GET", "/v1/features", x_request_id="r-1"), Called("GET", "/healthz")
    ask(service, first, then)
    status, document = first.answer
    assert (status, document["error"]["code"]) == (500, "FF900")
    assert then.answer == (200, {"ok": True})
    assert [event for event, _ in told] == ["deployment", "bug"]
    assert told[1][1]["request"] == "r-1"
    assert "a mistake of ours" in told[1][1]["traceback"]


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOSPC])
def test_a_machine_that_is_out_of_something_is_no_bug(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    told: list[str] = []
    service = FeatureService(
        Loading(reader()), principal=ME, log=lambda event, **_: told.append(event)
    )

    def short(*_: Any, **__: Any) -> Any:
        raise OSError(number, "whatever")

    monkeypatch.setattr(FeatureReader, "features", short)
    asked = Called("GET", "/v1/features")
    ask(service, asked)
    status, document = asked.answer
    assert (status, document["error"]["code"]) == (503, "FF802")
    assert os.strerror(number) in document["error"]["message"]
    assert (b"retry-after", b"1") in asked.sent[0]["headers"]
    assert told == ["deployment", "failed"]


def test_what_is_away_is_told_with_a_status() -> None:
    service = FeatureService(Loading(reader()), principal=ME)
    ready = Called("GET", "/readyz")
    ask(service, ready)
    status, document = ready.answer
    assert (status, document["error"]["code"]) == (503, "FF803")
    assert (b"retry-after", b"1") in ready.sent[0]["headers"]
    nothing = FeatureService(Loading(StateError("it is away")), principal=ME)
    asked = Called("POST", "/v1/features", {"type": "http.request", "body": b'{"entities":[]}'})
    ask(nothing, asked)
    assert asked.answer[0] == 503
    assert "nothing is deployed yet" in asked.answer[1]["error"]["message"]


def test_a_store_that_is_away_is_not_told_of_with_every_request() -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    now = [0.0]
    sparing = Sparing(lambda event, **fields: told.append((event, fields)), clock=lambda: now[0])
    for second in range(21):
        for _ in range(50):
            now[0] = second
            sparing("failed", path="/v1/features", message="it is away")
    sparing("failed", path="/v1/features", message="another reason")
    assert [fields.get("times", 1) for _, fields in told] == [1, 500, 500, 1]
    assert told[3][1] == {"path": "/v1/features", "message": "another reason"}
    # Whatever messages there are, they are not kept for ever.
    for number in range(1000):
        sparing("failed", message=f"reason {number}")
    assert len(sparing._told) <= 100
    lines: list[str] = []
    service = FeatureService(
        Loading(reader()), principal=ME, log=lambda event, **_: lines.append(event)
    )
    ask(service, *(Called("GET", "/readyz") for _ in range(30)))
    assert lines == ["deployment", "failed"]


def test_a_failure_is_told_once_until_it_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    steps = [StateError("a"), StateError("a"), StateError("b"), reader(), StateError("a")]
    service = FeatureService(
        Loading(*steps), principal=ME, refresh=0.001, log=lambda event, **_: told.append(event)
    )

    async def work() -> None:
        await started(service)
        for _ in range(200):
            await asyncio.sleep(0.01)
            if len(told) == 4:
                return

    asyncio.run(work())
    assert told == ["reload_failed", "reload_failed", "deployment", "reload_failed"]


@pytest.mark.parametrize(
    ("messages", "status", "said"),
    [
        ([b"{", b'"entities": []', b"}"], 422, "one of them"),
        ([b"x" * 3_000_000, b"x" * 3_000_000], 413, "larger than 4 MiB"),
        ([b"x" * 5_000_000], 413, "larger than 4 MiB"),
        ([b"\xff\xfe"], 400, "not JSON"),
        ([b"[" * 100_000], 422, "Expected `object`"),
        ([b'{"entities": [' + b'{"a":' * 5_000], 400, "not JSON"),
    ],
    ids=["pieces", "large", "at once", "no text", "nested", "objects"],
)
def test_bodies(messages: list[bytes], status: int, said: str) -> None:
    *more, last = messages
    parts = [{"type": "http.request", "body": part, "more_body": True} for part in more]
    call = Called("POST", "/v1/features", *parts, {"type": "http.request", "body": last})
    ask(FeatureService(Loading(reader()), principal=ME), call)
    assert call.answer[0] == status
    assert said in call.answer[1]["error"]["message"]


def test_a_body_that_breaks_off_is_told_of() -> None:
    """Servers can't tell it from somebody who is gone, and who reads no answer."""
    half = {"type": "http.request", "body": b"{", "more_body": True}
    gone = {"type": "http.disconnect"}
    calls = [Called("POST", "/v1/features", gone), Called("POST", "/v1/features", half, gone)]
    ask(FeatureService(Loading(reader()), principal=ME), *calls)
    assert [call.answer[0] for call in calls] == [400, 400]
    assert "ended before it was whole" in calls[1].answer[1]["error"]["message"]


def test_a_slow_body_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PIECE_SECONDS", 0.05)
    half = {"type": "http.request", "body": b"{", "more_body": True}
    service = FeatureService(Loading(reader()), principal=ME)
    call = Called("POST", "/v1/features", half)
    unknown = Called("POST", "/nowhere", half)

    async def never(self: Called) -> dict[str, Any]:
        message = next(self.messages, None)
        if message is None:
            await asyncio.sleep(60)
        return message or {}

    monkeypatch.setattr(Called, "receive", never)
    ask(service, call, unknown)
    assert call.answer[0] == 408
    assert (b"connection", b"close") in call.sent[0]["headers"]
    assert unknown.answer[0] == 404
