"""The HTTP service as a plain ASGI callable: routes, JSON in and out, errors as documents."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from ffc.auth import Principal, authorize
from ffc.core.clock import utc_now
from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.errors import BadRequest, Denied, FfcError, NotFound, StoreError
from ffc.online.lookup import FeatureReader, FeatureRequest
from ffc.serve.offline import BUILD_HEADER, REGISTRY, ROWS_HEADER, SETS, STREAM, Offline

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

LARGEST_BODY: Final = 4 * 1024 * 1024
REFRESH_SECONDS: Final = 1.0
LATER: Final = ("model", "request")
# What anybody may ask, and what answers of a status say besides.
_OPEN: Final = ("/healthz", "/readyz")
_ABOUT: Final[Mapping[int, Sequence[tuple[bytes, bytes]]]] = {
    401: [(b"www-authenticate", b"Bearer")],
    503: [(b"retry-after", b"1")],
}


class FeatureService:
    """Serves features of the newest deployment; `load` makes a reader of it, `ping` asks the store.

    `load` returns None where nothing changed since it was last asked; it and `ping` may take their
    time, they run in a thread. With a `token` every request must bring it, but those about the
    server's health; `offline` adds what is built.
    """

    def __init__(
        self,
        load: Callable[[], FeatureReader | None],
        ping: Callable[[], None],
        *,
        principal: Principal,
        clock: Callable[[], datetime] = utc_now,
        refresh: float = REFRESH_SECONDS,
        token: str = "",
        offline: Offline | None = None,
    ) -> None:
        authorize(principal, "serve")
        self._load = load
        self._ping = ping
        self._principal = principal
        self._clock = clock
        self._refresh = refresh
        self._token = f"Bearer {token}".encode() if token else b""
        self._offline = offline
        self._reader: FeatureReader | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._decoder = msgspec.json.Decoder(FeatureRequest)
        self._routes: dict[tuple[str, str], Callable[[bytes], Awaitable[tuple[int, bytes]]]] = {
            ("POST", "/v1/features"): self._features,
            ("GET", "/v1/features"): self._listing,
            ("GET", "/healthz"): self._healthy,
            ("GET", "/readyz"): self._ready,
        }
        if offline is not None:
            self._routes["GET", REGISTRY] = self._registry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI scope."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

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
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep(self._refresh)
            await self._reload()

    async def _reload(self) -> None:
        """Move to the newest deployment; while the state store fails, stay with the last one."""
        try:
            reader = await asyncio.to_thread(self._load)
        except FfcError:
            return
        if reader is not None:
            self._reader = reader

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._check_token(scope)
            body = await _body(receive)
            # A HEAD is a GET whose answer is not sent: load balancers probe with it.
            method = "GET" if scope["method"] == "HEAD" else scope["method"]
            if self._offline is not None and method == "GET" and scope["path"].startswith(SETS):
                await self._training_set(self._offline, scope, send)
                return
            route = self._routes.get((method, scope["path"]))
            if route is None:
                raise self._no_route(scope["method"], scope["path"])
            status, answer = await route(body)
        except BadRequest as problem:
            status, answer = problem.status, _problem(problem, problem.field)
        except NotFound as problem:
            status, answer = 404, _problem(problem)
        except Denied as problem:
            status, answer = 401, _problem(problem)
        except StoreError as problem:
            status, answer = 503, _problem(problem)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(answer)).encode()),
            *_ABOUT.get(status, ()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else answer
        await send({"type": "http.response.body", "body": body})

    def _check_token(self, scope: Scope) -> None:
        """Return if a request brings the token; raises Denied."""
        if not self._token or scope["path"] in _OPEN:
            return
        given = next((v for name, v in scope["headers"] if name == b"authorization"), b"")
        if not hmac.compare_digest(given, self._token):
            what = "another token than" if given else "no"
            message = f"the request brings {what} the token of this server"
            help_ = "send `Authorization: Bearer TOKEN`; in Python `ffc.Client(url, token=...)`"
            raise Denied(message, help=[help_])

    async def _training_set(self, offline: Offline, scope: Scope, send: Send) -> None:
        """Send a training set as it is read; what can't be read ends the stream unfinished."""
        name = scope["path"].removeprefix(SETS)
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        build = asked.get("build", [None])[0]
        found, parts = await asyncio.to_thread(offline.training_set, name, build)
        headers = [
            (b"content-type", STREAM.encode()),
            (BUILD_HEADER.encode(), found.id.encode()),
            (ROWS_HEADER.encode(), str(found.rows).encode()),
        ]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            if scope["method"] != "HEAD":
                while (part := await asyncio.to_thread(next, parts, None)) is not None:
                    await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await asyncio.to_thread(parts.close)

    async def _registry(self, body: bytes) -> tuple[int, bytes]:
        assert self._offline is not None
        return 200, await asyncio.to_thread(self._offline.registry)

    def _no_route(self, method: str, path: str) -> BadRequest:
        methods = [known for known, route in self._routes if route == path]
        if methods:
            message = f"{path} takes {' and '.join(methods)}, not {method}"
            return BadRequest(message, status=405)
        routes = ", ".join(f"{known} {route}" for known, route in self._routes)
        return BadRequest(f"there is nothing at {path}", status=404, help=[f"there is {routes}"])

    async def _features(self, body: bytes) -> tuple[int, bytes]:
        try:
            request = self._decoder.decode(body)
        except msgspec.ValidationError as problem:
            raise _wrong_field(str(problem)) from None
        except msgspec.DecodeError as problem:
            raise BadRequest(f"the body is not JSON: {problem}", status=400) from None
        answer = self._current().read(request, self._clock(), principal=self._principal)
        return 200, msgspec.json.encode(answer)

    async def _listing(self, body: bytes) -> tuple[int, bytes]:
        document = {"schema": "ffc.served/v1", "features": self._current().features()}
        return 200, msgspec.json.encode(document)

    async def _healthy(self, body: bytes) -> tuple[int, bytes]:
        return 200, b'{"ok": true}'

    async def _ready(self, body: bytes) -> tuple[int, bytes]:
        self._current()
        await asyncio.to_thread(self._ping)
        return 200, b'{"ok": true}'

    def _current(self) -> FeatureReader:
        if self._reader is None:
            raise StoreError("nothing is deployed yet", help=["run `ffc run`"])
        return self._reader


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


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > LARGEST_BODY:
            limit = f"{LARGEST_BODY // 1024 // 1024} MiB"
            raise BadRequest(f"the body is larger than {limit}", status=413)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _problem(problem: FfcError, field: str = "") -> bytes:
    return msgspec.json.encode(
        {
            "schema": "ffc.problem/v1",
            "error": {
                "code": problem.code,
                "message": problem.message,
                "field": field,
                "help": problem.help,
            },
        }
    )
