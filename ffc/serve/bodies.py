"""Bodies of requests and answers over ASGI: bounded, in memory or by way of files."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from math import inf
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from ffc.core.errors import BadRequest, Denied, FfcError, NotFound, StateError, StoreError
from ffc.core.files import keeping

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

LARGEST_BODY: Final = 4 * 1024 * 1024
# A table that is sent to have features looked up for it.
LARGEST_TABLE: Final = 8 * 1024**3
# The next piece of a body is there within so many seconds, and the whole, if it is no table; nor
# does a server that is told to stop wait longer.
PIECE_SECONDS: Final = 10.0
BODY_SECONDS: Final = 60.0
# So much of a body that is too large is let go by.
_DRAINED: Final = 64 * 1024 * 1024
# The field of a problem with the path itself: there is no such route.
PATH: Final = "path"
BROKEN_OFF: Final = "the body ended before it was whole"
# A file is sent in pieces of so many bytes.
_PIECE: Final = 1024 * 1024


async def _pieces(receive: Receive, largest: int, size: int = 0) -> AsyncIterator[bytes]:
    """Yield a body as it comes, of which so much was there before.

    Raises BadRequest where it is too large, or ends before it is whole.
    """
    more = True
    while more:
        message = await receive()
        piece = _piece_of(message)
        more = message.get("more_body", False)
        size += len(piece)
        if size > largest:
            if more:
                await drained(receive)
            raise _too_large(largest)
        yield piece


def _piece_of(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        # Told to whoever is still there: a body may also break off where its sender does not.
        raise BadRequest(BROKEN_OFF, status=400)
    piece: bytes = message.get("body", b"")
    return piece


def _in_time(receive: Receive, limit: asyncio.Timeout, seconds: float = inf) -> Receive:
    """Return what puts a limit off with each piece that comes, but not for ever."""
    now = asyncio.get_running_loop().time
    last = now() + seconds

    async def receive_in_time() -> Message:
        limit.reschedule(min(now() + PIECE_SECONDS, last))
        return await receive()

    return receive_in_time


async def drained(receive: Receive) -> None:
    """Let a body go by that nobody wants: who still sends reads no answer.

    Of a very large one not all of it, nor for long.
    """
    left = _DRAINED
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PIECE_SECONDS):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


async def body_of(receive: Receive) -> bytes:
    """Return a body; raises BadRequest where it is too large, too slow or not whole."""
    try:
        async with asyncio.timeout(PIECE_SECONDS) as limit:
            message = await receive()
            body = _piece_of(message)
            if message.get("more_body", False):
                rest = _in_time(receive, limit, BODY_SECONDS)
                pieces = [piece async for piece in _pieces(rest, LARGEST_BODY, len(body))]
                body += b"".join(pieces)
    except TimeoutError:
        raise _too_slow() from None
    if len(body) > LARGEST_BODY:
        raise _too_large(LARGEST_BODY)
    return body


def _too_large(largest: int) -> BadRequest:
    limit = f"{largest // 1024 // 1024:,} MiB"
    return BadRequest(f"the body is larger than {limit}", status=413)


def _too_slow() -> BadRequest:
    return BadRequest("the body does not come, or comes too slowly", status=408)


async def body_into(path: Path, receive: Receive, largest: int) -> None:
    """Put a body into a file; raises BadRequest as `body_of` does, StoreError without room."""
    try:
        with keeping(path.parent), path.open("wb") as file:
            async with asyncio.timeout(None) as limit:
                async for piece in _pieces(_in_time(receive, limit), largest):
                    await asyncio.to_thread(file.write, piece)
    except TimeoutError:
        raise _too_slow() from None


def start(status: int, headers: Mapping[str, str]) -> Message:
    """Return the message that begins an answer."""
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": pairs}


async def send_file(path: Path, headers: Mapping[str, str], send: Send, *, head: bool) -> None:
    """Send a file; of a HEAD only what is said of it."""
    length = str(path.stat().st_size)
    await send(start(200, {**headers, "content-length": length}))
    if not head:
        with path.open("rb") as file:
            while piece := await asyncio.to_thread(file.read, _PIECE):
                await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def status_of(problem: FfcError) -> int:
    """Return the HTTP status that tells a problem."""
    if isinstance(problem, BadRequest):
        return problem.status
    if isinstance(problem, NotFound):
        return 404
    if isinstance(problem, Denied):
        return 401
    return 503 if isinstance(problem, StoreError | StateError) else 422


class Problem(msgspec.Struct, kw_only=True):
    """Why a request has no answer, and what to do; `field` is its place in the request."""

    code: str
    message: str
    field: str
    help: list[str]


class ProblemDocument(msgspec.Struct, kw_only=True):
    """What the server answers to a request that it can't answer."""

    schema: Literal["ffc.problem/v1"] = "ffc.problem/v1"
    error: Problem


def problem_document(problem: FfcError) -> bytes:
    """Return a problem as a document."""
    told = Problem(
        code=problem.code,
        message=problem.message,
        field=problem.field if isinstance(problem, BadRequest) else "",
        help=list(problem.help),
    )
    return msgspec.json.encode(ProblemDocument(error=told))
