"""The Python client against a server: what is sent, what it refuses, what others answer."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from support.cli import ffc
from support.clients import TOKEN, address, sent
from support.server import Server, serving

from ffc import Client, errors

ASKED: dict[str, dict[str, Any]] = {
    "features": {"features": ["spending.amount", "profile.*"], "entities": [{"user_id": "u1"}]},
    "many": {"features": ["profile.*"], "entities": [{"user_id": f"u{n}"} for n in range(300)]},
    "nobody": {"features": ["spending.amount"], "entities": []},
    "set": {"training_set": "main", "entities": [{"user_id": "u2"}, {"user_id": None}]},
    "model": {"model": "payer", "entities": [{"user_id": "u2"}], "metadata": False},
}


@pytest.mark.parametrize("case", ASKED)
def test_in_process_is_as_over_http(client: Client, server: Server, case: str) -> None:
    asked = ASKED[case]
    body = json.dumps(asked).encode()
    status, told = sent(server, "/v1/features", "application/json", body)
    assert status == 200
    for found in (client.features(**asked), asyncio.run(client.features.ask(**asked))):
        mine = msgspec.to_builtins(found)
        assert {**mine, "as_of": ""} == {**told, "as_of": ""}


def test_a_server_takes_no_sql(server: Server) -> None:
    client = Client(address(server), token=TOKEN)
    with pytest.raises(errors.BadRequest, match="takes no SQL") as caught:
        client.historical(["spending.amount"], "select 1")
    assert "the project's folder" in str(caught.value)


def test_what_is_sent_to_a_server(server: Server) -> None:
    """Whatever comes, it is refused with a 4xx and a reason."""
    arrow = "application/vnd.apache.arrow.stream"
    plain = pa.table({"user_id": ["u1"]})
    stream = pa.BufferOutputStream()
    with pa.ipc.new_stream(stream, plain.schema) as writer:
        writer.write_table(plain)
    whole = stream.getvalue().to_pybytes()
    for path, kind, body, said in (
        ("/v1/historical", arrow, b"", "the spine can't be read"),
        ("/v1/historical", arrow, b"no stream at all", "the spine can't be read"),
        ("/v1/historical", arrow, whole, "does not say which features"),
        ("/v1/historical", "application/json", b"", "not JSON"),
        ("/v1/historical", "application/json", b"[]", "Expected `object`"),
        ("/v1/historical", "application/json", b'{"features": ["spending.*"]}', "no spine"),
        ("/v1/historical", "application/json", b'{"feature": []}', "unknown field `feature`"),
        ("/v1/keys", "application/json", b'{"features": 3}', "features are a list"),
        ("/v1/uses", "application/json", b"{}", "missing required field `model`"),
        ("/v1/historical", "text/plain", b"x" * (5 * 1024 * 1024), "larger than 4 MiB"),
        ("/v1/uses", "text/plain", b'{"model": "payer"}', "takes application/json"),
        ("/v1/rows/clean", "", None, "takes GET"),
    ):
        status, told = sent(server, path, kind, b"" if body is None else body)
        assert 400 <= status < 500, (path, status, told)
        assert said in told["error"]["message"], told
    status, told = sent(server, "/v1/rows/clean?limit=-1", "", None)
    assert (status, told["error"]["field"]) == (422, "limit")


def test_a_token_that_is_wrong(server: Server, shared: Path) -> None:
    asks: list[Any] = [
        lambda c: c.views,
        lambda c: c.features.names,
        lambda c: c.training_set("main"),
    ]
    for token in (None, "another"):
        for ask in asks:
            with pytest.raises(errors.Denied, match="token") as caught:
                ask(Client(address(server), token=token))
            assert caught.value.code == "FF702"
    assert server.call("GET", "/healthz")[0] == 200
    assert server.call("GET", "/v1/features")[0] == 401
    refused = ffc(shared, "serve", "--token-env", "FFC_NO_SUCH_VARIABLE")
    assert refused.code == 2
    assert "FFC_NO_SUCH_VARIABLE is not set" in refused.stderr


def test_a_server_that_tells_values_only(shared: Path) -> None:
    with serving(shared) as found:
        client = Client(address(found))
        assert client.features.names == ["profile.country", "spending.amount"]
        for ask in (lambda: client.views, lambda: client.training_set("main")):
            with pytest.raises(errors.NotFound, match="--offline"):
                ask()


def test_an_address_where_nobody_answers() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(errors.Unreachable, match=f"nobody answers at http://127.0.0.1:{port}"):
        _ = Client(f"http://127.0.0.1:{port}").views


class _Other(BaseHTTPRequestHandler):
    """Somebody else's server: says yes to all, in words of its own, or breaks off."""

    def do_GET(self) -> None:
        self.send_response(200 if "registry" in self.path else 500)
        self.end_headers()
        self.wfile.write(b"<html>hello</html>")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def test_somebody_else_answers() -> None:
    other = HTTPServer(("127.0.0.1", 0), _Other)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    try:
        client = Client(f"http://127.0.0.1:{other.server_port}")
        for ask in (lambda: client.views, lambda: client.features.names):
            with pytest.raises(errors.Unreachable, match="server of ffc"):
                ask()
    finally:
        other.shutdown()
        other.server_close()
