"""HTTP/1.1 as uvicorn speaks it, with what it leaves open.

A head has a bound and a time; what is no HTTP is refused with a document, as any other request is;
and the two parts of an answer leave together.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable
from typing import Any, Final, cast

from httptools import HttpParserError, HttpParserUpgrade
from uvicorn import Server
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from ffc.core.errors import BadRequest
from ffc.serve.bodies import BROKEN_OFF, problem_document, start

# Who is refused may still be sending, and reads no answer from a connection that is cut.
LINGER_SECONDS: Final = 5.0
# A head is no larger than so many bytes and lines, and whole within so many seconds of its start.
LARGEST_HEAD: Final = 64 * 1024
MOST_HEADERS: Final = 100
HEAD_SECONDS: Final = 10.0
# A server that ends waits so long for a request on a connection at rest.
LAST_SECONDS: Final = 0.5
_ABOUT: Final = b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"


class Worker(Server):
    """A server that takes its share of the connections that wait at a socket of several."""

    # So many a turn of the loop: whoever turns first would else take all.
    AT_ONCE: Final = 1
    WAITING: Final = 2048

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen; that few are taken at once does not mean that few may wait."""
        await super().startup(sockets)
        for bound in sockets or ():
            bound.listen(self.WAITING)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; who is connected already, or waits to be, has an answer to what is on its way."""
        Protocol.is_ending = True
        for bound in sockets or ():
            with contextlib.suppress(BlockingIOError):
                while True:
                    self._take(bound.accept()[0])
        await super().shutdown(sockets)

    def _take(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        connection.setblocking(False)
        taken = loop.connect_accepted_socket(
            lambda: Protocol(self.config, self.server_state, self.lifespan.state, loop),
            connection,
            ssl=self.config.ssl,
            ssl_handshake_timeout=HEAD_SECONDS if self.config.ssl else None,
        )
        task = loop.create_task(self._connected(taken))
        self.server_state.tasks.add(task)
        task.add_done_callback(self.server_state.tasks.discard)

    async def _connected(self, taken: Awaitable[object]) -> None:
        # Who does not speak TLS, or is gone, is as one who never came.
        with contextlib.suppress(OSError):
            await taken


class Protocol(HttpToolsProtocol):
    """One connection."""

    # Whether this process is about to end: no connection is kept after its next answer.
    is_ending = False
    # Whether a head has begun and is not whole, how many began, and the bytes of this one.
    _is_head = False
    _heads = 0
    _size = 0
    _waiting: asyncio.TimerHandle | None = None
    _refusal: BadRequest | None = None
    _is_over = False
    # Whether the head that was whole last asks for another protocol.
    _is_offer = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take up a connection; one on which nothing comes is let go like one at rest."""
        both_ways = cast(asyncio.Transport, transport)
        super().connection_made(both_ways)
        self.transport = Joining(both_ways, self.loop)
        self._rest(LAST_SECONDS if self.is_ending else self.timeout_keep_alive)

    def _rest(self, seconds: float) -> None:
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def shutdown(self) -> None:
        """Let the connection go after its next answer; one may be asked for already."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.keep_alive = False
        elif not self._is_over and not self._is_head:
            self._rest(LAST_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._wait(False)
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        if self._is_over:
            return
        head = self._heads if self._is_head else 0
        self._unset_keepalive_if_required()
        self._parse(data)
        if self._is_head or self._waiting:
            self._wait(self._is_head)
            if head == self._heads:
                self._size += len(data)
                if self._size > LARGEST_HEAD:
                    self._refuse(431, f"the head is larger than {LARGEST_HEAD // 1024} KiB")

    def _parse(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except HttpParserError as problem:
            self.send_400_response(str(problem))
        except HttpParserUpgrade as offer:
            if self._is_offer:
                # The parser takes the body for the other protocol's.
                self._is_offer = False
                self._parse(self._without_offer() + data[offer.args[0] :])

    def _without_offer(self) -> bytes:
        """Return the head of a request as it would be if it asked for no other protocol."""
        version = self.parser.get_http_version().encode()
        headers = (b"%b: %b\r\n" % each for each in self.headers if each[0] != b"upgrade")
        line = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, version)
        return b"".join((line, *headers, b"\r\n"))

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer what came whole, also to who sends no more; tell of what did not."""
        cycle: RequestResponseCycle | None = self.cycle
        busy = cycle is not None and not cycle.response_complete
        if cycle is not None and busy and not cycle.more_body:
            cycle.keep_alive = False
            # TLS has no half of a connection.
            return self.scheme == "http"
        if not self._is_over and (busy or self._is_head):
            self._refuse(400, BROKEN_OFF if busy else "the head ended before it was whole")
        return self.scheme == "http" and bool(self.pipeline)

    def on_message_begin(self) -> None:
        """Begin a head."""
        super().on_message_begin()
        self._is_head = True
        self._heads += 1
        self._size = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what comes after a body may be without end, and says nothing."""
        if self._is_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Begin a request, if its head is no larger than it may be."""
        self._is_head = False
        if len(self.headers) > MOST_HEADERS:
            self._refusal = BadRequest(f"there are more than {MOST_HEADERS} headers", status=431)
        elif len(self.url) > LARGEST_HEAD:
            self._refusal = BadRequest("the path is too long", status=414)
        elif sum(len(name) + len(value) for name, value in self.headers) > LARGEST_HEAD:
            message = f"the head is larger than {LARGEST_HEAD // 1024} KiB"
            self._refusal = BadRequest(message, status=431)
        if self._refusal is not None:
            # The parser tells of it as of anything else that can't be read.
            raise self._refusal
        self._is_offer = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        if not self._is_offer:
            super().on_headers_complete()
            if self.is_ending:
                self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """End a request, if it has begun."""
        if not self._is_offer:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Go on to the next request; what follows an answer that came too soon is none."""
        super().on_response_complete()
        cycle: RequestResponseCycle = self.cycle
        if cycle.response_complete and cycle.more_body and not self.transport.is_closing():
            self._end()

    def send_400_response(self, msg: str) -> None:
        """Tell what is no request, and close; answers that are on their way come first."""
        cycle: RequestResponseCycle | None = self.cycle
        busy = cycle is not None and not cycle.response_complete
        if cycle is not None and busy and not cycle.more_body:
            cycle.keep_alive = False
            return
        what = BROKEN_OFF if busy else "this is no HTTP request"
        refusal = self._refusal or BadRequest(what, status=400)
        if cycle is not None and self.pipeline:
            self.pipeline[0] = cycle, _Refusing(refusal)
            self._is_over = True
            self._wait(False)
            return
        if cycle is not None and busy:
            # Who still waits for the body is told that it will not come.
            cycle.disconnected = True
            cycle.message_event.set()
        body = problem_document(refusal)
        self.transport.write(STATUS_LINE[refusal.status] + _ABOUT % len(body) + body)
        self._end()

    def _end(self) -> None:
        """Take no more; who still sends has a while to read what was told."""
        self._is_over = True
        self._wait(False)
        self.flow.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self._waiting = self.loop.call_later(LINGER_SECONDS, self.transport.close)
        else:
            self.transport.close()

    def _refuse(self, status: int, message: str) -> None:
        self._refusal = BadRequest(message, status=status)
        self.send_400_response(message)

    def _wait(self, on: bool) -> None:
        """Have the head be whole in time, or no longer."""
        if not on and self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        elif on and self._waiting is None:
            message = "the head does not come, or comes too slowly"
            self._waiting = self.loop.call_later(HEAD_SECONDS, self._refuse, 408, message)


class _Refusing:
    """What answers a request that is refused, when its turn has come."""

    def __init__(self, refusal: BadRequest) -> None:
        self._refusal = refusal

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Refuse, and close."""
        body = problem_document(self._refusal)
        about = {"content-type": "application/json", "connection": "close"}
        await send(start(self._refusal.status, {**about, "content-length": str(len(body))}))
        await send({"type": "http.response.body", "body": body})


class Joining(asyncio.Transport):
    """A transport that sends at once what is written in one turn of the loop.

    An answer is written as head and body: two packets would wake its reader twice.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send some bytes before this turn of the loop is over."""
        if not self._parts:
            self._loop.call_soon(self._send)
        self._parts.append(bytes(data))

    def is_closing(self) -> bool:
        """Tell whether nothing more is sent."""
        return self._transport.is_closing()

    def can_write_eof(self) -> bool:
        """Tell whether one half of the connection can be closed."""
        return self._transport.can_write_eof()

    def write_eof(self) -> None:
        """Say that no more comes after what was written."""
        self._send()
        self._transport.write_eof()

    def close(self) -> None:
        """Close after what was written is sent."""
        self._send()
        self._transport.close()
        if self._transport.get_extra_info("sslcontext") is not None:
            self._loop.call_later(LINGER_SECONDS, self._cut)

    def _cut(self) -> None:
        # In TLS the other side closes, too: a client at rest does not before it reads again.
        if not self._transport.get_write_buffer_size():
            self._transport.abort()

    def _send(self) -> None:
        if self._parts:
            together = b"".join(self._parts)
            self._parts = []
            self._transport.write(together)
