"""HTTP/1.1 on a connection: what is no request, what comes too slowly, what leaves together."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from ffc.serve import protocol
from ffc.serve.protocol import Protocol

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer what came, after all of it."""
    more = scope["path"] != "/early"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message["more_body"]
    await asyncio.sleep(0.05 if scope["path"] == "/slow" else 0)
    body = b"ok"
    if scope["path"] == "/headers":
        body = b"%02d" % min(99, len(scope["headers"]))
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[Any]]


def talk(work: Talk, **options: Any) -> Any:
    """Return what is found on one connection to a server."""

    async def main() -> Any:
        config = Config(app, http=Protocol, ws="none", server_header=False, **options)
        config.load()
        state = ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Protocol(config, state, {}), "127.0.0.1")
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            try:
                async with asyncio.timeout(10):
                    return await work(reader, writer)
            finally:
                writer.close()

    return asyncio.run(main())


def refused(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"connection: close" in head
    assert b"content-length: %d" % len(body) in head
    return int(head.split()[1]), json.loads(body)["error"]["message"]


def test_an_answer_is_one_packet() -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[bytes]:
        found = []
        for _ in range(20):
            writer.write(GET)
            # Whatever is there the first time that anything is there.
            found.append(await reader.read(1 << 16))
        return found

    assert talk(work) == [OK] * 20


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        (b"no request\r\n\r\n", 400, "this is no HTTP request"),
        (GET.replace(b"host", b"h\x00st"), 400, "this is no HTTP request"),
        (GET.replace(b"/ ", b"/%b " % (b"a" * 70_000)), 414, "the path is too long"),
        (GET.replace(b"x\r", b"x\r\na: %b\r" % (b"a" * 70_000)), 431, "the head is larger"),
        (GET.replace(b"x\r", b"x" + b"\r\na: a" * 100 + b"\r"), 431, "more than 100 headers"),
        (b"GET /" + b"a" * 900_000, 431, "the head is larger than 64 KiB"),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz", 400, "body ended before"),
    ],
)
def test_what_is_no_request(sent: bytes, status: int, said: str) -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(sent)
        return await reader.read()

    found = refused(talk(work))
    assert found[0] == status
    assert said in found[1]


def test_an_answer_on_its_way_comes_before_the_end() -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(GET.replace(b"/ ", b"/slow ") + b"no request\r\n\r\n")
        return await reader.read()

    assert talk(work) == OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")


@pytest.mark.parametrize(
    "rest",
    [
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz",
        b"POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\n{",
    ],
)
def test_answers_come_in_order_though_one_is_a_refusal(rest: bytes) -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(GET.replace(b"/ ", b"/slow ") + GET + rest)
        writer.write_eof()
        return await reader.read()

    answers = talk(work)
    assert answers.startswith(OK + OK)
    assert refused(answers.removeprefix(OK + OK)) == (400, "the body ended before it was whole")


@pytest.mark.parametrize("name", [b"h2c", b"websocket"])
def test_another_protocol_is_not_spoken(name: bytes) -> None:
    """Java's own client offers HTTP/2 with the first request of each connection."""
    offer = b"POST / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: %b\r\ncontent-length: 3\r\n\r\n"

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(offer % name + b"a")
        await asyncio.sleep(0.05)
        writer.write(b"bc" + offer % name + b"abc" + GET)
        return await reader.readexactly(3 * len(OK))

    assert talk(work) == OK * 3


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        (b"GET / HT", 400, "the head ended before it was whole"),
        (b"POST / HTTP/1.1\r\ncontent-length: 9\r\n\r\n{", 400, "the body ended before"),
    ],
)
def test_half_a_request(sent: bytes, status: int, said: str) -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(sent)
        writer.write_eof()
        return await reader.read()

    found = refused(talk(work))
    assert found[0] == status
    assert said in found[1]


def test_who_sends_no_more_is_still_answered() -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(GET.replace(b"/ ", b"/slow "))
        writer.write_eof()
        return await reader.read()

    assert talk(work).endswith(b"\r\nok")


def test_a_slow_head_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        # A request before it has its answer; bytes that trickle put nothing off.
        writer.write(GET)
        assert await reader.read(1 << 16) == OK
        await asyncio.sleep(0.3)
        for byte in GET[:-1]:
            if reader.at_eof():
                break
            writer.write(bytes([byte]))
            await asyncio.sleep(0.05)
        return await reader.read()

    status, said = refused(talk(work))
    assert (status, said) == (408, "the head does not come, or comes too slowly")


def test_a_connection_at_rest_is_let_go() -> None:
    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        return await reader.read()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(GET)
        return await reader.read()

    assert talk(nothing, timeout_keep_alive=1) == b""
    assert talk(once, timeout_keep_alive=1) == OK


@pytest.mark.parametrize("more", [b"a", b"a" * 10_000])
def test_a_body_that_goes_on_after_its_answer_is_cut(
    monkeypatch: pytest.MonkeyPatch, more: bytes
) -> None:
    monkeypatch.setattr(protocol, "LINGER_SECONDS", 0.2)

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"POST /early HTTP/1.1\r\ncontent-length: 999999999\r\n\r\n")
        answer = await reader.readexactly(len(OK))
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(more)
                await writer.drain()
                await asyncio.sleep(0.01)
        return answer

    assert talk(work) == OK


def test_what_follows_a_body_is_not_kept() -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"POST /headers HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n")
        writer.write(b"a: b\r\n" * 100_000 + b"\r\n")
        return await reader.readexactly(len(OK))

    assert talk(work).endswith(b"01")


def test_who_is_refused_and_goes_on_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "LINGER_SECONDS", 0.2)

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"no request\r\n\r\n")
        answer = await reader.read()
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"a" * 10_000)
                await writer.drain()
                await asyncio.sleep(0.01)
        return answer

    assert refused(talk(work))[0] == 400
