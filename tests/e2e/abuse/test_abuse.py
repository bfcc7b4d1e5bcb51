"""Bad HTTP to `ffc serve` over real sockets: each is told why, and the server goes on."""

from __future__ import annotations

import re

import pytest
from support.abused import ASK, FEATURES, Told, asked, exchanged, told_of
from support.server import Server

LENGTHS = [
    ("Content-Length: 0\r\nConnection: close\r\n", 400, "not JSON"),
    ("Content-Length: -1\r\n", 400, ""),
    ("Content-Length: 1e3\r\n", 400, ""),
    ("Content-Length: 99999999999999999999\r\n", 400, ""),
    ("Content-Length: 5\r\nContent-Length: 6\r\n", 400, ""),
    ("Content-Length: 500\r\n", 400, "ended before it was whole"),
    ("Transfer-Encoding: chunked\r\n", 400, "ended before it was whole"),
    ("Transfer-Encoding: gzip\r\n", 400, ""),
]


@pytest.mark.parametrize(("header", "status", "said"), LENGTHS)
def test_lengths(server: Server, header: str, status: int, said: str) -> None:
    """What is no HTTP the server's HTTP refuses, without a document."""
    sent = f"POST {FEATURES} HTTP/1.1\r\nHost: x\r\n{header}\r\n".encode() + ASK
    told = told_of(exchanged(server, sent, shut=True))
    assert told.status == status
    assert said in (told.reason() if said else "")


def test_chunks(server: Server) -> None:
    def chunked(*chunks: bytes) -> Told:
        body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))
        return asked(server, f"POST {FEATURES}", body, "Transfer-Encoding: chunked")

    single = [bytes([byte]) for byte in ASK]
    assert chunked(*single).json()["rows"][0]["values"] == ["NL"]
    assert chunked(*[b" " * (1 << 20)] * 8).status == 413
    told = asked(server, f"POST {FEATURES}", b"zz\r\n", "Transfer-Encoding: chunked")
    assert (told.status, told.reason()) == (400, "the body ended before it was whole")


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"])
def test_other_methods(server: Server, method: str) -> None:
    told = asked(server, f"{method} {FEATURES}")
    assert told.status == 405
    assert f"takes POST and GET, not {method}" in told.reason()
    assert "allow: post, get" in told.headers
    assert asked(server, f"{method} /nowhere").status == 404


def test_heads(server: Server) -> None:
    whole, head = asked(server, "GET /openapi.json"), asked(server, "HEAD /openapi.json")
    assert (head.status, head.body) == (200, b"")
    assert f"content-length: {len(whole.body)}" in head.headers
    assert asked(server, "HEAD /nowhere")[::2] == (404, b"")


PATHS = [
    ("/" + "a" * 10_000, 404),
    ("/" + "a" * 100_000, 414),
    ("/" + "a" * 1_000_000, 431),
    ("//v1/features", 404),
    ("/v1/features/", 404),
    ("/v1/rows/\xff", 400),
    ("/v1/rows/\x00", 400),
    ("/v1/rows/%00", 404),
    ("/v1/rows/%ff", 404),
    ("/v1/rows/..", 404),
    ("/v1/rows/../../etc/passwd", 404),
    ("/v1/rows/%2e%2e%2fregistry", 404),
    ("/v1/rows/..%5c..%5cx", 404),
    ("/v1/rows/%0d%0aSet-Cookie:x", 404),
    ("/v1/rows/clean%22;drop%20table%20x", 404),
    ("/v1/rows/clean?limit=-1", 422),
    ("/v1/rows/clean?limit=%D9%A1", 422),
    ("/v1/rows/clean?limit=9999999999999999999", 422),
    ("/v1/rows/clean?limit=" + "1" * 5000, 422),
    ("/v1/rows/clean?limit=999999999999999999", 200),
    ("/v1/training-sets/..%2f..", 404),
    ("/v1/training-sets/main?build=../../x", 404),
    ("/v1/training-sets/main?build=%00", 404),
    ("/v1/entities/..", 404),
    ("/v1/builds?node=%00", 404),
]


@pytest.mark.parametrize(("path", "status"), PATHS, ids=range(len(PATHS)))
def test_paths(server: Server, path: str, status: int) -> None:
    told = asked(server, b"GET " + path.encode("latin-1"))
    assert told.status == status
    assert "set-cookie" not in told.headers
    if status != 200:
        assert told.reason()


HEADERS = [
    ("X-A: " + "a" * 10_000, 200),
    ("X-A: " + "a" * 1_000_000, 431),
    ("X-A: a\x00b", 400),
    ("no colon", 400),
    ("X-Request-Id: a b", 200),
    ("Authorization: \xff", 200),
    ("\r\n".join(f"X-{n}: a" for n in range(500)), 431),
    ("Upgrade: websocket", 200),
]


@pytest.mark.parametrize(("header", "status"), HEADERS, ids=range(len(HEADERS)))
def test_headers(server: Server, header: str, status: int) -> None:
    told = asked(server, "GET /healthz", b"", header)
    assert told.status == status
    assert status == 200 or told.reason()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01" * 50,
        b"\x00" * 500,
        b"hello\r\n\r\n",
        b"get /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x",
    ],
)
def test_what_is_no_http(server: Server, sent: bytes) -> None:
    told = told_of(exchanged(server, sent, shut=True))
    assert told.status == 400
    assert told.reason()


def test_requests_in_a_row_are_answered_in_order(server: Server) -> None:
    """A hundred are sent before the first is answered, some of them bad."""
    sent = b""
    for number in range(100):
        body = ASK.replace(b"u1", b"%d" % number) if number % 10 else b"nonsense"
        head = f"POST {FEATURES} HTTP/1.1\r\nHost: x\r\nX-Request-Id: {number}\r\n"
        sent += f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    sent += b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    found = exchanged(server, sent)
    assert [int(n) for n in re.findall(rb"x-request-id: (\d+)\r", found)] == list(range(100))
    assert [int(n) for n in re.findall(rb'"user_id":"(\d+)"', found)] == [
        n for n in range(100) if n % 10
    ]
    statuses = [int(status) for status in re.findall(rb"HTTP/1.1 (\d+)", found)]
    assert statuses == [200 if n % 10 else 400 for n in range(100)] + [200]
