"""Bad bodies to `ffc serve` over real sockets: each is told why, and the server goes on."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pytest
from support.abused import ASK, FEATURES, post
from support.server import Server

KEY: Final = {
    "number": "9007199254740993",
    "price": '"1.50"',
    "day": '"2024-01-31"',
    "at": '"2024-01-31T12:00:00Z"',
    "good": "true",
}
FEAST: Final = "/get-online-features"
STREAM: Final = "application/vnd.apache.arrow.stream"


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
