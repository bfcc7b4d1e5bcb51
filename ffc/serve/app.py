"""The HTTP service as a plain ASGI callable: routes, JSON in and out, errors as documents."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hmac
import os
import re
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple, TypeVar
from urllib.parse import parse_qs

import msgspec

from ffc.auth import Principal, authorize
from ffc.core.clock import utc_now
from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.errors import BadRequest, Denied, FfcError, InternalError, StoreError
from ffc.online.lookup import FeatureReader
from ffc.online.requests import FeatureRequest
from ffc.serve import feast, metrics, openapi
from ffc.serve.aside import Aside
from ffc.serve.bodies import (
    LARGEST_BODY,
    LARGEST_TABLE,
    PATH,
    Receive,
    Scope,
    Send,
    body_into,
    body_of,
    drained,
    problem_document,
    send_file,
    status_of,
)
from ffc.serve.deployment import Loaded
from ffc.serve.logs import Log, Sparing, silent
from ffc.serve.offline import JSON, STREAM, Answer, Asked, Offline

REFRESH_SECONDS: Final = 1.0
LATER: Final = ("request",)
# What anybody may ask, and what answers of a status say besides.
_OPEN: Final = ("/healthz", "/readyz")
_ABOUT: Final = {
    401: [(b"www-authenticate", b"Bearer")],
    # What is left of such a body would be read as the next request.
    408: [(b"connection", b"close")],
    503: [(b"retry-after", b"1")],
}
# So many requests are answered by way of the warehouse at a time; the others wait.
_READERS: Final = 4
# What a machine may be out of for a while: files that are open, room, memory.
_SCARCE: Final = (errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.EDQUOT, errno.ENOMEM)
# A request's own name, if it is one that can be sent back.
_ID: Final = b"x-request-id"
_IS_ID: Final = re.compile(rb"[\x21-\x7e]{1,128}")


_Request = TypeVar("_Request")


class Told(NamedTuple):
    """An answer: its status, its body, and what that is."""

    status: int
    body: bytes
    kind: bytes = JSON.encode()


class FeatureService:
    """Serves features of the newest deployment, which `loaded` tells; it may take its time.

    With a `token` every request must bring it, but those about the server's health; `offline` adds
    what is built. `counted` are the figures of all workers; `log` is told of what is rare.
    """

    def __init__(
        self,
        loaded: Loaded,
        *,
        principal: Principal,
        clock: Callable[[], datetime] = utc_now,
        refresh: float = REFRESH_SECONDS,
        token: str = "",
        offline: Offline | None = None,
        counted: metrics.Shared | None = None,
        log: Log = silent,
    ) -> None:
        authorize(principal, "serve")
        self._loaded = loaded
        self._principal = principal
        self._clock = clock
        self._refresh = refresh
        self._token = f"Bearer {token}".encode() if token else b""
        self._offline = offline
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="offline")
        self._aside = Aside()
        self._reader: FeatureReader | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._counted = counted or metrics.Shared(None)
        self._log = log
        self._failed = Sparing(log)
        self._failure = ""
        self._prefix = os.urandom(6).hex().encode()
        self._numbers = count(1)
        self._decoder = msgspec.json.Decoder(FeatureRequest)
        self._feast = msgspec.json.Decoder(feast.FeastRequest)
        self._routes: dict[tuple[str, str], Callable[[bytes], Awaitable[Told]]] = {
            ("POST", "/v1/features"): self._features,
            ("GET", "/v1/features"): self._listing,
            ("POST", "/get-online-features"): self._as_feast,
            ("GET", "/healthz"): self._healthy,
            ("GET", "/readyz"): self._ready,
            ("GET", "/metrics"): self._metrics,
            ("GET", "/openapi.json"): self._openapi,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI scope."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    # A process's life

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await self._reload()
                self._refreshing = asyncio.create_task(self._keep_fresh())
                await send({"type": "lifespan.startup.complete"})
            else:
                if self._refreshing is not None:
                    self._refreshing.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await self._refreshing
                await asyncio.to_thread(self._counted.leave, last=True)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep(self._refresh)
            await self._reload()
            await asyncio.to_thread(self._counted.leave)

    async def _reload(self) -> None:
        """Move to the newest deployment; while the state store fails, stay with the last one."""
        try:
            reader = await asyncio.to_thread(self._loaded.load)
        except FfcError as problem:
            self._counted.own.reload("failed")
            if problem.message != self._failure:
                self._failure = problem.message
                self._log("reload_failed", code=problem.code, message=problem.message)
            return
        self._failure = ""
        if reader is not None:
            reader.counts = self._counted.own
            self._reader = reader
            self._counted.own.reload("moved")
            self._log("deployment", deployment=reader.deployment)

    # A request

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        path, method = scope["path"], scope["method"]
        route = self._routes.get((method, path))
        own = b""
        try:
            own, allowed = self._told_by(scope["headers"])
            if not allowed and path not in _OPEN:
                await drained(receive)
                raise _denied(scope)
            if route is None:
                # A HEAD is a GET whose answer is not sent: load balancers probe with it.
                method = "GET" if method == "HEAD" else method
                route = self._routes.get((method, path))
            if route is None:
                await self._elsewhere(method, own, scope, receive, send)
                self._counted.own.request("offline", 200, time.perf_counter() - began)
                return
            told = await route(await body_of(receive))
        except FfcError as problem:
            told = Told(status_of(problem), problem_document(problem))
            if told.status >= 500:
                self._failed("failed", path=path, code=problem.code, message=problem.message)
        except Exception as problem:
            told = self._unforeseen(problem, path, own)
        headers = [
            (b"content-type", told.kind),
            (b"content-length", b"%d" % len(told.body)),
            (_ID, own or self._id()),
            *_ABOUT.get(told.status, ()),
        ]
        if told.status == 405:
            headers.append((b"allow", ", ".join(self._methods(path)).encode()))
        await send({"type": "http.response.start", "status": told.status, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else told.body
        await send({"type": "http.response.body", "body": body})
        label = path if route is not None else "other"
        self._counted.own.request(label, told.status, time.perf_counter() - began)

    def _unforeseen(self, problem: Exception, path: str, own: bytes) -> Told:
        """Return what tells of a machine that has not enough of something, or of our mistake."""
        if isinstance(problem, OSError) and problem.errno in _SCARCE:
            short = StoreError(f"the server's machine: {os.strerror(problem.errno)}")
            self._failed("failed", path=path, code=short.code, message=short.message)
            return Told(status_of(short), problem_document(short))
        # The server goes on, and says where it was.
        bug = InternalError(f"a bug in ffc: {type(problem).__name__}")
        where = "".join(traceback.format_exception(problem))
        self._log("bug", path=path, request=own.decode(), traceback=where)
        return Told(500, problem_document(bug))

    def _id(self) -> bytes:
        return b"%s-%d" % (self._prefix, next(self._numbers))

    def _told_by(self, headers: list[tuple[bytes, bytes]]) -> tuple[bytes, bool]:
        """Return a request's own name, if it has a good one, and whether it brings the token."""
        own, allowed = b"", not self._token
        for name, value in headers:
            if name == _ID:
                own = value if _IS_ID.fullmatch(value) else b""
            elif name == b"authorization" and self._token:
                allowed = hmac.compare_digest(value, self._token)
        return own, allowed

    async def _elsewhere(
        self, method: str, own: bytes, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer with what is built, by way of files: bodies and answers may be large."""
        found = self._offline and self._offline.find(method, scope["path"])
        if not found:
            await drained(receive)
            raise self._no_route(scope["method"], scope["path"])
        answering, rest = found
        told = dict(scope["headers"])
        kind = told.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip()
        query = parse_qs(scope["query_string"].decode("latin-1"))
        with tempfile.TemporaryDirectory(prefix="ffc-serve-") as name:
            folder = Path(name)
            body = folder / "body"
            await body_into(body, receive, LARGEST_TABLE if kind == STREAM else LARGEST_BODY)
            if method == "POST" and kind not in (JSON, STREAM):
                # Any web page may post a text to a server on its reader's own machine.
                message = f"{scope['path']} takes {JSON} or {STREAM}, not `{kind or 'nothing'}`"
                raise BadRequest(message, status=415, help=["name it as the `Content-Type`"])
            asked = Asked(
                rest=rest,
                query={word: values[-1] for word, values in query.items()},
                kind=kind,
                body=body,
                folder=folder,
            )
            loop = asyncio.get_running_loop()
            answer: Answer = await loop.run_in_executor(self._readers, answering, asked)
            headers = {"content-type": answer.kind, **answer.headers}
            headers[_ID.decode()] = (own or self._id()).decode()
            await send_file(answer.path, headers, send, head=scope["method"] == "HEAD")

    def _no_route(self, method: str, path: str) -> BadRequest:
        methods = self._methods(path)
        if methods:
            message = f"{path} takes {' and '.join(methods)}, not {method}"
            return BadRequest(message, status=405)
        routes = ", ".join(f"{known} {route}" for known, route in self._known_routes())
        message = f"there is nothing at {path}"
        return BadRequest(message, field=PATH, status=404, help=[f"there is {routes}"])

    def _methods(self, path: str) -> list[str]:
        return [
            known
            for known, route in self._known_routes()
            if route == path or (route.endswith("/") and path.startswith(route))
        ]

    def _known_routes(self) -> list[tuple[str, str]]:
        return [*self._routes, *(self._offline.routes if self._offline else ())]

    # The routes

    async def _features(self, body: bytes) -> Told:
        request = _decoded(self._decoder, body)
        reader, now, principal = self._current(), self._clock(), self._principal
        return Told(
            200, await self._aside.joined(lambda: reader.respond(request, now, principal=principal))
        )

    async def _as_feast(self, body: bytes) -> Told:
        request = _decoded(self._feast, body)
        reader, now = self._current(), self._clock()
        asked = feast.asked(request, reader.models)

        def answer() -> Iterator[bytes]:
            picks, parts = reader.found(asked, now, principal=self._principal)
            return feast.answered(request, picks, parts)

        return Told(200, await self._aside.joined(answer))

    async def _listing(self, body: bytes) -> Told:
        document = {"schema": "ffc.served/v1", "features": self._current().features()}
        return Told(200, msgspec.json.encode(document))

    async def _healthy(self, body: bytes) -> Told:
        return Told(200, b'{"ok": true}')

    async def _ready(self, body: bytes) -> Told:
        self._current()
        await self._aside.done(self._loaded.ping)
        return Told(200, b'{"ok": true}')

    async def _metrics(self, body: bytes) -> Told:
        whole = await asyncio.to_thread(self._counted.whole)
        text = metrics.render(whole, self._loaded.gauges(self._clock()))
        return Told(200, text.encode(), metrics.CONTENT_TYPE.encode())

    async def _openapi(self, body: bytes) -> Told:
        return Told(200, openapi.document())

    def _current(self) -> FeatureReader:
        if self._reader is None:
            raise StoreError("nothing is deployed yet", help=["run `ffc run`"])
        return self._reader


def _denied(scope: Scope) -> Denied:
    given = any(name == b"authorization" for name, _ in scope["headers"])
    what = "another token than" if given else "no"
    message = f"the request brings {what} the token of this server"
    help_ = "send `Authorization: Bearer TOKEN`; in Python `ffc.Client(url, token=...)`"
    return Denied(message, help=[help_])


def _decoded(decoder: msgspec.json.Decoder[_Request], body: bytes) -> _Request:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as problem:
        raise _wrong_field(str(problem)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise BadRequest(f"the body is not JSON: {problem}", status=400) from None


def _wrong_field(text: str) -> BadRequest:
    """Put msgspec's words about a request into ours."""
    message, _, place = text.partition(" - at ")
    unknown = re.search(r"unknown field `(.*)`", message)
    if unknown is None:
        return BadRequest(message, field=place.strip("`$."))
    name = unknown[1]
    if name in LATER:
        return BadRequest(f"`{name}` is not in this version of ffc yet", field=name)
    known = FeatureRequest.__struct_fields__
    hints = did_you_mean(name, known) or (f"a request has {listed(known)}",)
    return BadRequest(f"a request has no `{name}`", field=name, help=hints)
