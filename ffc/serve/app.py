"""The HTTP service as a plain ASGI callable: routes, JSON in and out, errors as documents."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import re
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

import msgspec

from ffc.auth import Principal, authorize
from ffc.core.clock import utc_now
from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.errors import BadRequest, Denied, FfcError, StoreError
from ffc.online.lookup import FeatureReader
from ffc.online.requests import FeatureRequest
from ffc.serve.bodies import (
    LARGEST_BODY,
    LARGEST_TABLE,
    PATH,
    Gone,
    Receive,
    Scope,
    Send,
    body_into,
    body_of,
    problem_document,
    send_file,
    start,
    status_of,
)
from ffc.serve.offline import JSON, STREAM, Answer, Asked, Offline

REFRESH_SECONDS: Final = 1.0
LATER: Final = ("request",)
# What anybody may ask, and what answers of a status say besides.
_OPEN: Final = ("/healthz", "/readyz")
_ABOUT: Final[Mapping[int, Mapping[str, str]]] = {
    401: {"www-authenticate": "Bearer"},
    503: {"retry-after": "1"},
}
# So many requests are answered by way of the warehouse at a time; the others wait.
_READERS: Final = 4


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
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="offline")
        self._reader: FeatureReader | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._decoder = msgspec.json.Decoder(FeatureRequest)
        self._routes: dict[tuple[str, str], Callable[[bytes], Awaitable[tuple[int, bytes]]]] = {
            ("POST", "/v1/features"): self._features,
            ("GET", "/v1/features"): self._listing,
            ("GET", "/healthz"): self._healthy,
            ("GET", "/readyz"): self._ready,
        }

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
        # A HEAD is a GET whose answer is not sent: load balancers probe with it.
        head = scope["method"] == "HEAD"
        method = "GET" if head else scope["method"]
        try:
            self._check_token(scope)
            found = self._offline and self._offline.find(method, scope["path"])
            if found:
                await self._offline_answer(*found, scope, receive, send)
                return
            body = await body_of(receive)
            route = self._routes.get((method, scope["path"]))
            if route is None:
                raise self._no_route(scope["method"], scope["path"])
            status, answer = await route(body)
        except Gone:
            return
        except FfcError as problem:
            status, answer = status_of(problem), problem_document(problem)
        about = _ABOUT.get(status, {})
        headers = {"content-type": JSON, "content-length": str(len(answer)), **about}
        await send(start(status, headers))
        await send({"type": "http.response.body", "body": b"" if head else answer})

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

    async def _offline_answer(
        self,
        answering: Callable[[Asked], Answer],
        rest: str,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Answer with what is built, by way of files: bodies and answers may be large."""
        told = dict(scope["headers"])
        kind = told.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip()
        query = parse_qs(scope["query_string"].decode("latin-1"))
        with tempfile.TemporaryDirectory(prefix="ffc-serve-") as name:
            folder = Path(name)
            body = folder / "body"
            await body_into(body, receive, LARGEST_TABLE if kind == STREAM else LARGEST_BODY)
            asked = Asked(
                rest=rest,
                query={word: values[-1] for word, values in query.items()},
                kind=kind,
                body=body,
                folder=folder,
            )
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._readers, answering, asked)
            headers = {"content-type": answer.kind, **answer.headers}
            await send_file(answer.path, headers, send, head=scope["method"] == "HEAD")

    def _no_route(self, method: str, path: str) -> BadRequest:
        known_routes = [*self._routes, *(self._offline.routes if self._offline else ())]
        methods = [
            known
            for known, route in known_routes
            if route == path or (route.endswith("/") and path.startswith(route))
        ]
        if methods:
            message = f"{path} takes {' and '.join(methods)}, not {method}"
            return BadRequest(message, status=405)
        routes = ", ".join(f"{known} {route}" for known, route in known_routes)
        message = f"there is nothing at {path}"
        return BadRequest(message, field=PATH, status=404, help=[f"there is {routes}"])

    async def _features(self, body: bytes) -> tuple[int, bytes]:
        try:
            request = self._decoder.decode(body)
        except msgspec.ValidationError as problem:
            raise _wrong_field(str(problem)) from None
        except msgspec.DecodeError as problem:
            raise BadRequest(f"the body is not JSON: {problem}", status=400) from None
        answer = self._current().respond(request, self._clock(), principal=self._principal)
        return 200, answer

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
