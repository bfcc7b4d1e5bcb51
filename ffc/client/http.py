"""Requests to a server of ffc, and its refusals as the errors that they were there."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar

import msgspec

from ffc.core import errors
from ffc.core.errors import BadRequest, FfcError, NotFound, StoreError, Unreachable
from ffc.serve.bodies import PATH

if TYPE_CHECKING:
    import pyarrow as pa

# Seconds without a word: of what a server knows, and of what it must ask its warehouse first.
SHORT: Final = 30.0
LONG: Final = 6 * 3600.0

JSON: Final = "application/json"

Document = TypeVar("Document")


class Address:
    """A server's address; `token` is sent with every request."""

    def __init__(self, where: str, token: str | None) -> None:
        self.where = where.rstrip("/")
        self._token = token

    def document(self, path: str, kind: type[Document], asked: object = None) -> Document:
        """Return the document at a path; with `asked` that is posted to it."""
        body = None if asked is None else encoded(asked)
        with self.opened(path, body, timeout=SHORT) as response:
            told = response.read()
        try:
            return msgspec.json.decode(told, type=kind)
        except msgspec.MsgspecError as problem:
            message = f"what {self.where} answers can't be read: {problem}"
            hints = ["is it a server of ffc, of this version?"]
            raise Unreachable(message, help=hints) from problem

    def opened(
        self,
        path: str,
        body: bytes | BinaryIO | None = None,
        *,
        kind: str = JSON,
        timeout: float = LONG,
    ) -> Any:
        """Return the answer to a request, to be read; a body that is a file is sent in pieces."""
        headers = {"accept": JSON} | ({"content-type": kind} if body is not None else {})
        headers |= {"authorization": f"Bearer {self._token}"} if self._token else {}
        if body is not None and not isinstance(body, bytes):
            headers["content-length"] = str(Path(body.name).stat().st_size)
        request = urllib.request.Request(f"{self.where}{path}", data=body, headers=headers)
        try:
            return urllib.request.urlopen(request, timeout=timeout)
        except urllib.error.HTTPError as problem:
            raise self._problem(problem) from None
        except (urllib.error.URLError, http.client.HTTPException, OSError) as problem:
            why = getattr(problem, "reason", problem)
            hints = ["`ffc serve` starts one; is the address right?"]
            raise Unreachable(f"nobody answers at {self.where}: {why}", help=hints) from problem

    def _problem(self, answer: urllib.error.HTTPError) -> FfcError:
        """Return what a server refused, as the error that it was there."""
        try:
            told = json.loads(answer.read())["error"]
            message, code = str(told["message"]), str(told["code"])
            hints, field = tuple(told["help"]), str(told.get("field", ""))
        except (ValueError, KeyError, TypeError):
            message = f"{self.where} answers {answer.code} {answer.reason}"
            return Unreachable(message, help=["is it a server of ffc?"])
        if answer.code == 404 and field == PATH:
            message = f"the server at {self.where} tells values only: {message}"
            return NotFound(message, help=["start it with `ffc serve --offline`"])
        if code == BadRequest.code and answer.code != 404:
            return BadRequest(message, field=field, status=answer.code, help=hints)
        missing = NotFound if answer.code == 404 else StoreError
        return _classes().get(code, missing)(message, help=hints)


def encoded(asked: object) -> bytes:
    """Return a request as JSON; raises BadRequest for what JSON has no words for."""
    try:
        return msgspec.json.encode(asked)
    except (TypeError, ValueError, UnicodeError) as problem:
        hints = ["names are texts, and so are times"]
        raise BadRequest(f"the request can't be sent: {problem}", help=hints) from problem


def _classes() -> dict[str, type[FfcError]]:
    """Return the errors that need no more than words, by code."""
    plain = (
        *(errors.BadSpine, errors.DataError, errors.Denied, errors.NotFound, errors.StateError),
        *(errors.StatementFailed, errors.StoreError, errors.Transient, errors.Unreachable),
    )
    return {each.code: each for each in plain}


def rows_in(response: Any, where: str) -> Any:
    """Return a reader of the rows that come; raises Unreachable where none do."""
    import pyarrow as pa

    try:
        return pa.ipc.open_stream(response)
    except (pa.ArrowException, http.client.HTTPException, OSError) as problem:
        message = f"what {where} answers are no rows: {problem}"
        raise Unreachable(message, help=["is it a server of ffc, of this version?"]) from problem


def whole(stream: Any, where: str) -> Iterator[pa.RecordBatch]:
    """Yield what comes; raises Unreachable where it ends before it is whole."""
    import pyarrow as pa

    try:
        yield from stream
    except (pa.ArrowException, http.client.HTTPException, OSError) as problem:
        raise Unreachable(f"{where} stopped in the middle: {problem}") from problem
