"""Bodies of requests and answers over ASGI: bounded, in memory or by way of files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
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
# The field of a problem with the path itself: there is no such route.
PATH: Final = "path"
# A file is sent in pieces of so many bytes.
_PIECE: Final = 1024 * 1024


class Gone(Exception):
    """Whoever asked is not there any more."""


async def _pieces(receive: Receive, largest: int, size: int = 0) -> AsyncIterator[bytes]:
    """Yield a body as it comes, of which so much was there before.

    Raises BadRequest where it is too large, Gone where it ends.
    """
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        piece = message.get("body", b"")
        size += len(piece)
        if size > largest:
            raise _too_large(largest)
        yield piece
        if not message.get("more_body", False):
            return


async def body_of(receive: Receive) -> bytes:
    """Return a body; raises BadRequest where it is too large, Gone where it ends."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Gone
    body: bytes = message.get("body", b"")
    if message.get("more_body", False):
        body += b"".join([piece async for piece in _pieces(receive, LARGEST_BODY, len(body))])
    if len(body) > LARGEST_BODY:
        raise _too_large(LARGEST_BODY)
    return body


def _too_large(largest: int) -> BadRequest:
    limit = f"{largest // 1024 // 1024:,} MiB"
    return BadRequest(f"the body is larger than {limit}", status=413)


async def body_into(path: Path, receive: Receive, largest: int) -> None:
    """Put a body into a file; raises BadRequest where it is too large, StoreError without room."""
    with keeping(path.parent), path.open("wb") as file:
        async for piece in _pieces(receive, largest):
            await asyncio.to_thread(file.write, piece)


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
