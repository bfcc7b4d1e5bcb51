"""Every type on its whole way: out of the warehouse, into the online store, and back."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
from support.cli import ffc
from support.projects import open_session, small_project

from ffc.online.codec import RowCodec
from ffc.online.keys import KeyCodec, field_of
from ffc.registry import StateRegistry

# Each feature: its type, its SQL for the keys 1 to 3, and what must come back for them.
FEATURES: Final[dict[str, tuple[str, tuple[str, str, str], tuple[Any, Any, Any]]]] = {
    "f_string": ("string", ("''", "'é€😀'", "null"), ("", "é€😀", None)),
    "f_int32": ("int32", ("-2147483648", "2147483647", "null"), (-(2**31), 2**31 - 1, None)),
    "f_int64": ("int64", ("9007199254740993", "-9223372036854775808", "null"), (2**53 + 1, -(2**63), None)),
    "f_float32": ("float32", ("'-0.0'::float", "'inf'::float", "null"), (0.0, math.inf, None)),
    "f_float64": ("float64", ("'nan'::double", "'-0.0'::double", "null"), (math.nan, 0.0, None)),
    "f_bool": ("bool", ("true", "false", "null"), (True, False, None)),
    "f_timestamp": (
        "timestamp",
        ("timestamp '0001-01-01'", "timestamp '1969-12-31 23:59:59.999999'", "null"),
        (datetime(1, 1, 1), datetime(1969, 12, 31, 23, 59, 59, 999_999), None),
    ),
    "f_date": ("date", ("date '0001-01-01'", "date '9999-12-31'", "null"), (date(1, 1, 1), date(9999, 12, 31), None)),
    "f_money": (
        "decimal(12,2)",
        ("1.50::decimal(12,2)", "'-9999999999.99'::decimal(12,2)", "null"),
        (Decimal("1.50"), Decimal("-9999999999.99"), None),
    ),
    "f_huge": (
        "decimal(38,10)",
        (f"'{'9' * 28}.{'9' * 10}'::decimal(38,10)", "'-0.0000000001'::decimal(38,10)", "null"),
        (Decimal("9" * 28 + "." + "9" * 10), Decimal("-0.0000000001"), None),
    ),
    "f_bytes": ("bytes", (r"'\x00\xFF'::blob", "''::blob", "null"), (b"\x00\xff", b"", None)),
    "f_json": ("json", ("""'{"a": 1}'::json""", "'null'::json", "null"), ('{"a": 1}', "null", None)),
    "f_vector": ("vector(2)", ("[1, -2]::float[2]", "[-0.0, 0.5]::float[2]", "null"), ([1.0, -2.0], [0.0, 0.5], None)),
    "f_list": ("list<int64>", ("[1, null]::bigint[]", "[]::bigint[]", "null"), ([1, None], [], None)),
    "f_times": (
        "list<timestamp>",
        ("[timestamp '2024-01-01 00:00:00.5', null]", "[]::timestamp[]", "null"),
        ([datetime(2024, 1, 1, 0, 0, 0, 500_000), None], [], None),
    ),
}  # fmt: skip
KEYS: Final[dict[str, tuple[str, tuple[str, str, str], tuple[Any, Any, Any]]]] = {
    "k_string": ("string", ("'a'", "''", "'é'"), ("a", "", "é")),
    "k_int32": ("int32", ("-1", "0", "2147483647"), (-1, 0, 2**31 - 1)),
    "k_bool": ("bool", ("true", "false", "true"), (True, False, True)),
    "k_date": ("date", ("date '1969-12-31'", "date '2024-01-01'", "date '0001-01-01'"),
               (date(1969, 12, 31), date(2024, 1, 1), date(1, 1, 1))),
    "k_at": ("timestamp", ("timestamp '1969-12-31 23:59:59'", "timestamp '2024-01-01'", "timestamp '0001-01-01'"),
             (datetime(1969, 12, 31, 23, 59, 59), datetime(2024, 1, 1), datetime(1, 1, 1))),
    "k_money": ("decimal(6,2)", ("-1.28::decimal(6,2)", "0::decimal(6,2)", "1.27::decimal(6,2)"),
                (Decimal("-1.28"), Decimal("0.00"), Decimal("1.27"))),
}  # fmt: skip


def source() -> str:
    columns = {**KEYS, **FEATURES}
    rows = [
        ", ".join(f"{sql[i]} as {name}" for name, (_, sql, _) in columns.items()) for i in range(3)
    ]
    whole = " union all ".join(f"select {row}, timestamp '2024-01-01' as seen" for row in rows)
    config = "{{ config(materialized='table') }}\n"
    return f"{config}{whole}\n"


def described(columns: dict[str, Any]) -> str:
    return ", ".join(f"{{name: {name}, type: '{kind}'}}" for name, (kind, *_) in columns.items())


def project_at(folder: Path) -> Path:
    features = f"""\
entities:
  - {{name: thing, keys: [{described(KEYS)}]}}
feature_views:
  - name: everything
    entity: thing
    source: ref('everything_there_is')
    timestamp: seen
    created: null
    online: true
    features: [{described(FEATURES)}]
"""
    files = {"transformations/everything_there_is.sql": source(), "features/things.yml": features}
    return small_project(folder, **files)


def served(project: Path) -> list[tuple[Any, ...] | None]:
    """Return what the store holds under each of the keys."""
    with open_session(project) as session:
        registry = StateRegistry(session.state, "dev")
        view = next(v for v in registry.serving().views if v.name == "everything")
        codec = KeyCodec("small", "dev", view)
        keys = [codec.encode([values[i] for _, _, values in KEYS.values()]) for i in range(3)]
        found = session.online("default").read(keys)
    rows = RowCodec(view.features)
    decoded = [rows.decode(fields[field_of(view)]) for fields in found]
    at = datetime(2024, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    assert {(row.event_time, row.created) for row in decoded} == {(at, None)}
    return [row.values for row in decoded]


def test_every_type_comes_back(tmp_path: Path) -> None:
    project = project_at(tmp_path)
    done = ffc(project, "run")
    assert done.code == 0, done.stderr
    wanted = [tuple(values[i] for _, _, values in FEATURES.values()) for i in range(3)]
    assert repr(served(project)) == repr(wanted)
    again = ffc(project, "sync", "--output", "json").json()["results"]
    assert [r["rows"]["written"] for r in again] == [0, 0, 0]
    # The same in the difference to a snapshot: the values of two keys change places.
    with open_session(project) as session:
        relation = StateRegistry(session.state, "dev").relation("feature_view.everything")
    with duckdb.connect(project / ".ffc" / "test.duckdb") as connection:
        table = f'"{relation.schema}"."{relation.name}"'
        connection.execute(f"create temp table other as select * from {table}")
        swapped = ", ".join(f"{name} = other.{name}" for name in FEATURES)
        connection.execute(
            f"update {table} as t set {swapped} from other"
            " where t.k_int32 in (-1, 0) and t.k_int32 = -1 - other.k_int32"
        )
    done = ffc(project, "sync", "--output", "json")
    counts = {r["id"]: r["rows"] for r in done.json()["results"]}
    assert counts["feature_view.everything"]["changed"] == 2
    assert repr(served(project)) == repr([wanted[1], wanted[0], wanted[2]])
