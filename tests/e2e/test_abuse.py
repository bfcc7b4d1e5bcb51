"""Bad input to `ffc serve` over real sockets: each is told why, and the server goes on."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pytest
from support.cli import ffc
from support.projects import FILES, small_project
from support.server import Server, serving

SOURCES = """\
      - name: odd
        file: data/odd.csv
        columns:
          - {name: number, type: int64}
          - {name: price, type: "decimal(6,2)"}
          - {name: day, type: date}
          - {name: at, type: timestamp}
          - {name: good, type: bool}
          - {name: size, type: float64}
"""
VIEWS = """\
  - name: odd
    keys:
      - {name: number, type: int64}
      - {name: price, type: "decimal(6,2)"}
      - {name: day, type: date}
      - {name: at, type: timestamp}
      - {name: good, type: bool}
feature_views:
  - name: sizes
    entity: odd
    source: source('raw', 'odd')
    timestamp: null
    online: true
    features:
      - {name: size, type: float64}
"""
REST: Final = "1.50,2024-01-31,2024-01-31T12:00:00Z,true"
ODD = f"""\
number,price,day,at,good,size
9007199254740993,{REST},3
9007199254740992,{REST},NaN
0,{REST},0
"""
KEY: Final = {
    "number": "9007199254740993",
    "price": '"1.50"',
    "day": '"2024-01-31"',
    "at": '"2024-01-31T12:00:00Z"',
    "good": "true",
}
FEATURES: Final = "/v1/features"
FEAST: Final = "/get-online-features"
ASK: Final = b'{"features": ["profile.country"], "entities": [{"user_id": "u1"}]}'
STREAM: Final = "application/vnd.apache.arrow.stream"


class Told(NamedTuple):
    """An answer as it came."""

    status: int
    headers: str
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def reason(self) -> str:
        """Return why there is no answer: of each there is a document that says so."""
        document = self.json()
        assert document["schema"] == "ffc.problem/v1"
        return str(document["error"]["message"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    views = FILES["features/all.yml"].replace("    ttl: 30d\n", "")
    project = small_project(
        tmp_path_factory.mktemp("abuse") / "small",
        **{
            "sources/raw.yml": FILES["sources/raw.yml"] + SOURCES,
            "features/all.yml": views.replace("feature_views:\n", VIEWS),
            "data/odd.csv": ODD,
        },
    )
    assert ffc(project, "run").code == 0
    with serving(project, "--offline") as found:
        yield found
    assert "bug" not in found.said, found.said


@pytest.fixture(autouse=True)
def _goes_on(server: Server) -> Iterator[None]:
    """After each the server answers as before."""
    yield
    told = post(server, FEATURES, ASK)
    assert (told.status, told.json()["rows"][0]["values"]) == (200, ["NL"])


def exchanged(server: Server, sent: bytes, *, shut: bool = False) -> bytes:
    """Send bytes and return all that comes back."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=20)) as client:
        client.sendall(sent)
        if shut:
            client.shutdown(socket.SHUT_WR)
        found = b""
        while piece := client.recv(1 << 16):
            found += piece
        return found


def told_of(answer: bytes) -> Told:
    head, _, body = answer.partition(b"\r\n\r\n")
    return Told(int(head.split()[1]), head.decode("latin-1").lower(), body)


def asked(
    server: Server, line: str | bytes, body: bytes = b"", *headers: str, **options: bool
) -> Told:
    """Send one request whose line and headers are taken as they are."""
    line = line.encode() if isinstance(line, str) else line
    more = "".join(f"{header}\r\n" for header in ("Host: x", "Connection: close", *headers))
    return told_of(
        exchanged(
            server, line + b" HTTP/1.1\r\n" + more.encode("latin-1") + b"\r\n" + body, **options
        )
    )


def post(server: Server, path: str, body: bytes | str, *headers: str) -> Told:
    body = body.encode() if isinstance(body, str) else body
    if not any(header.startswith("Content-Type") for header in headers):
        headers = ("Content-Type: application/json", *headers)
    return asked(server, f"POST {path}", body, f"Content-Length: {len(body)}", *headers)


def odd(**changes: str) -> str:
    words = ", ".join(f'"{name}": {value}' for name, value in {**KEY, **changes}.items())
    return f'{{"features": ["sizes.size"], "entities": [{{{words}}}]}}'


NUMBERS = [
    ("9007199254740993", 200, [3.0]),
    ("9007199254740992", 200, ["NaN"]),
    ("9007199254740994", 200, [None]),
    ("9223372036854775807", 200, [None]),
    ("-0", 200, [0.0]),
    ("null", 200, [None]),
    ("9007199254740993.0", 422, "must be an int64"),
    ("9.007199254740993e15", 422, "must be an int64"),
    ("9223372036854775808", 422, "must be an int64"),
    ("1" * 30, 422, "must be an int64"),
    ("1" * 5000, 422, "out of range"),
    ("1e999", 422, "out of range"),
    ("-1e999", 422, "out of range"),
    ("true", 422, "must be an int64"),
    ('"9007199254740993"', 422, "must be an int64"),
    ("[0]", 422, "must be an int64"),
    ("NaN", 400, "not JSON"),
    ("Infinity", 400, "not JSON"),
    ("-Infinity", 400, "not JSON"),
    ("00", 400, "not JSON"),
    ("+0", 400, "not JSON"),
]


@pytest.mark.parametrize(("number", "status", "said"), NUMBERS)
def test_numbers(server: Server, number: str, status: int, said: Any) -> None:
    told = post(server, FEATURES, odd(number=number))
    assert told.status == status
    if status == 200:
        assert told.json()["rows"][0]["values"] == said
    else:
        assert said in told.reason()


OTHERS = [
    ("price", '"1.5"', 200, None),
    ("price", "1.5", 422, "must be a decimal(6,2), as a string"),
    ("price", '"NaN"', 422, "must be a decimal"),
    ("price", '"1e999999999"', 422, "must be a decimal"),
    ("price", '"1.505"', 422, "must be a decimal"),
    ("price", '"' + "9" * 100_000 + '"', 422, "must be a decimal"),
    ("day", '"2024-02-30"', 422, "must be a date"),
    ("day", "20240131", 422, "must be a date"),
    ("at", '"2024-01-31T13:00:00+01:00"', 200, None),
    ("at", '"0001-01-01T00:00:00+23:59"', 422, "must be a time"),
    ("at", "1e30", 422, "must be a time"),
    ("good", "1", 422, "must be true or false"),
    ("good", "{}", 422, "must be true or false"),
]


@pytest.mark.parametrize(("name", "value", "status", "said"), OTHERS)
def test_values_of_other_types(
    server: Server, name: str, value: str, status: int, said: str | None
) -> None:
    told = post(server, FEATURES, odd(**{name: value}))
    assert told.status == status
    if said is None:
        assert told.json()["rows"][0]["statuses"] == ["ok"]
    else:
        assert said in told.reason()


TEXTS = [
    (b'"u\\u0031"', 200, ["NL"]),
    (b'"u1\\u0000"', 200, [None]),
    ('"\N{GRINNING FACE}e\u0301"'.encode(), 200, [None]),
    (b'"' + b"x" * 4_000_000 + b'"', 200, [None]),
    (b'"\\ud800"', 400, "not JSON"),
    (b'"\\udc00 "', 400, "not JSON"),
    (b'"\xed\xa0\x80"', 400, "not JSON"),
    (b'"\xc0\x80"', 400, "not JSON"),
    (b'"\xff"', 400, "not JSON"),
    (b'"\x00"', 400, "not JSON"),
]


@pytest.mark.parametrize(("text", "status", "said"), TEXTS, ids=range(len(TEXTS)))
def test_texts(server: Server, text: bytes, status: int, said: Any) -> None:
    by_row = b'{"features": ["profile.country"], "entities": [{"user_id": %s}]}' % text
    by_column = b'{"features": ["profile:country"], "entities": {"user_id": [%s]}}' % text
    for path, body in ((FEATURES, by_row), (FEAST, by_column)):
        told = post(server, path, body)
        assert told.status == status
        if status == 400:
            assert said in told.reason()
        elif path == FEATURES:
            assert told.json()["rows"][0]["values"] == said
        else:
            assert told.json()["results"][1]["values"] == said


def test_of_two_keys_of_one_name_the_last_counts(server: Server) -> None:
    twice = ASK.replace(b'"u1"', b'"nobody", "user_id": "u1"')
    assert post(server, FEATURES, twice).json()["rows"][0]["values"] == ["NL"]
    twice = ASK.replace(b"{", b'{"features": ["nobody.knows"], ', 1)
    assert post(server, FEATURES, twice).status == 200


NESTED = [("[", "]"), ('{"a":', "}")]


@pytest.mark.parametrize(("left", "right"), NESTED)
@pytest.mark.parametrize("path", [FEATURES, FEAST, "/v1/keys", "/v1/uses"])
def test_nested_json(server: Server, path: str, left: str, right: str) -> None:
    """As deep as it is, around the depth to which JSON is read as well."""
    for depth in (*range(900, 1000, 9), 100_000):
        bomb = left * depth + "1" + right * depth
        row = f'{{"features": ["profile.country"], "entities": [{{"user_id": "u1", "x": {bomb}}}]}}'
        column = (
            f'{{"features": ["profile:country"], "entities": {{"user_id": ["u1"], "x": [{bomb}]}}}}'
        )
        body = {FEATURES: row, FEAST: column}.get(path, f'{{"features": {bomb}}}')
        told = post(server, path, body)
        assert told.status in (200, 400, 422)
        assert told.status != 200 or depth < 1000
        assert told.body.startswith(b"{")


BODIES = [
    (b"", 400, "not JSON"),
    (b"null", 422, "Expected `object`"),
    (b"[]", 422, "Expected `object`"),
    (b"{}", 422, "missing required field `entities`"),
    (ASK + b" x", 400, "not JSON"),
    (ASK + b"\x00", 400, "not JSON"),
    (b"\xef\xbb\xbf" + ASK, 400, "not JSON"),
    (ASK.decode().encode("utf-16"), 400, "not JSON"),
    (b'{"entities": [1]}', 422, "Expected `object`"),
    (b'{"entities": [{}], "features": ["profile.country"]}', 422, "`user_id` is missing"),
    (b'{"entities": [], "features": ["profile.country"], "x": 1}', 422, "has no `x`"),
    (b'{"entities": [], "features": ["\\u0000.x"]}', 404, "no feature view"),
]


@pytest.mark.parametrize(("body", "status", "said"), BODIES)
def test_bodies(server: Server, body: bytes, status: int, said: str) -> None:
    told = post(server, FEATURES, body)
    assert told.status == status
    assert said in told.reason()


def test_a_million_keys(server: Server) -> None:
    """Where they fit into a body they are counted; where not, who sends them all hears of it."""
    ones = ",".join(["1"] * 1_000_000)
    told = post(
        server, FEAST, f'{{"features": ["profile:country"], "entities": {{"user_id": [{ones}]}}}}'
    )
    assert told.status == 422
    assert "1,000,000 entities are asked about: 10,000 at the most" in told.reason()
    rows = ",".join([f'{{"user_id":"{n}"}}' for n in range(1_000_000)])
    for path in (FEATURES, FEAST):
        told = post(server, path, f'{{"features": ["profile.country"], "entities": [{rows}]}}')
        assert told.status == 413
        assert "larger than 4 MiB" in told.reason()
    assert post(server, "/nowhere", rows).status == 404
    names = ",".join(['"profile.*"'] * 200_000)
    told = post(server, FEATURES, f'{{"features": [{names}], "entities": []}}')
    assert told.status == 422
    assert "200,000 features are asked for: 2,000 at the most" in told.reason()


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "", "\xff", "a/b; charset=utf-16"]
)
def test_what_a_body_is_called_matters_to_the_warehouse_alone(server: Server, kind: str) -> None:
    assert post(server, FEATURES, ASK, f"Content-Type: {kind}").status == 200
    told = post(server, "/v1/historical", ASK, f"Content-Type: {kind}")
    assert told.status == 415
    assert "takes application/json or application/vnd.apache.arrow.stream" in told.reason()
    assert post(server, FEATURES, b"<xml/>", f"Content-Type: {kind}").status == 400


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


def test_slow_clients_do_not_keep_others_waiting(server: Server) -> None:
    began = [
        b"POST /v1/features HTTP/1.1\r\nHost: x\r\nContent-Le",
        b"POST /v1/features HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        b"POST /v1/historical HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        b"",
    ]
    with ExitStack() as open_:
        slow = []
        for number in range(400):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=20)
            slow.append(open_.enter_context(closing(client)))
            client.sendall(began[number % len(began)])
        start = time.monotonic()
        for _ in range(20):
            assert post(server, FEATURES, ASK).status == 200
        assert asked(server, "GET /v1/rows/clean").status == 200
        assert time.monotonic() - start < 10
        # One that goes on after all is answered.
        slow[1].sendall(b" " * 99)
        assert slow[1].recv(12) == b"HTTP/1.1 400"


def test_slow_readers_do_not_keep_others_waiting(server: Server) -> None:
    rows = ",".join(['{"user_id":"u1"}'] * 10_000)
    body = f'{{"features": ["profile.country"], "entities": [{rows}]}}'.encode()
    head = f"POST {FEATURES} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with ExitStack() as open_:
        for _ in range(10):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=20)
            open_.enter_context(closing(client)).sendall(head + body)
        assert post(server, FEATURES, ASK).status == 200


def arrow(table: pa.Table, asked_for: bytes | None) -> bytes:
    sink = pa.BufferOutputStream()
    schema = table.schema.with_metadata({"ffc.request": asked_for} if asked_for else None)
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_table(table.cast(schema))
    return bytes(sink.getvalue().to_pybytes())


def test_streams(server: Server) -> None:
    times = pa.array([1_706_745_600_000_000], pa.timestamp("us"))
    table = pa.table({"user_id": ["u1"], "at": times})
    wanted = b'{"features": ["spending.amount"]}'
    good = arrow(table, wanted)
    kind = f"Content-Type: {STREAM}"
    assert post(server, "/v1/historical", good, kind).status == 200
    for bad, status in (
        (b"", 422),
        (b"\xff" * 1000, 422),
        (good[:200], 422),
        (good[:-100], 422),
        *((good[:at] + b"\xff" * 40 + good[at + 40 :], 422) for at in (4, 304)),
        (arrow(table, None), 422),
        (arrow(table, b"[" * 50_000), 400),
        (arrow(table, b"\xff"), 400),
        (arrow(table, b'{"features": ["\xff"]}'), 400),
        (arrow(pa.table({"user_id": pa.nulls(1), "at": pa.nulls(1)}), wanted), 422),
        (arrow(table.rename_columns(["user_id", "user_id"]), wanted), 422),
    ):
        told = post(server, "/v1/historical", bad, kind)
        assert told.status == status, told
        assert told.reason()
    # Wherever it is damaged it is read as it is or refused.
    for at in range(0, len(good) - 8, 8):
        damaged = good[:at] + b"\xff" * 8 + good[at + 8 :]
        assert post(server, "/v1/historical", damaged, kind).status in (200, 400, 404, 422)


SMALL_BODIES = [
    ("/v1/uses", b'{"model": "\xff"}', 400),
    ("/v1/uses", b'{"model": "\\u0000", "training_set": "main"}', 404),
    ("/v1/uses", b'{"model": 1, "training_set": "main"}', 422),
    ("/v1/keys", b'{"features": {"a": 1}}', 422),
    ("/v1/keys", b'{"features": [["a"]]}', 422),
    ("/v1/keys", b'{"features": ["profile.country"], "entities": {"user": {"a": {}}}}', 422),
    ("/v1/keys", b'{"features": ["profile.country"], "boundary": []}', 422),
    ("/v1/historical", b'{"features": ["spending.amount"], "spine": {"view": 1}}', 422),
]


@pytest.mark.parametrize(("path", "body", "status"), SMALL_BODIES)
def test_bodies_of_the_other_routes(server: Server, path: str, body: bytes, status: int) -> None:
    told = post(server, path, body)
    assert told.status == status
    assert told.reason()


@pytest.mark.slow
def test_a_server_ends_though_clients_are_slow(tmp_path: Path) -> None:
    project = small_project(tmp_path / "small")
    assert ffc(project, "run").code == 0
    with ExitStack() as open_:
        with serving(project) as found:
            for _ in range(20):
                client = socket.create_connection(("127.0.0.1", found.port), timeout=20)
                open_.enter_context(closing(client))
                client.sendall(
                    b"POST /v1/features HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
                )
            assert post(found, FEATURES, ASK).status == 200
            start = time.monotonic()
        # It waits for them, but not for ever.
        assert time.monotonic() - start < 19
