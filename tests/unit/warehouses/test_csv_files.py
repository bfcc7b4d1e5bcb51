"""CSV files, and what holds of all files, as tables of a warehouse."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import duckdb
import pytest
from support.offline import NEW_YORK, WAREHOUSES, called, load, loaded, tables, warehouse

from ffc.adapter import DataError, OfflineStore, Unreachable


@pytest.fixture(params=WAREHOUSES, scope="module")
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OfflineStore]:
    with warehouse(request.param, tmp_path_factory.mktemp("warehouse")) as store:
        yield store


def csv_file(folder: Path, text: str, name: str = "f.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder / name


def csv_value(
    store: OfflineStore, folder: Path, kind: str, text: str, timezone: str = "UTC"
) -> Any:
    quoted = '"' + text.replace('"', '""') + '"'
    file = csv_file(folder, f"a,v,z\n1,{quoted},x\n")
    ((value,),) = load(store, {"v": kind}, file, timezone=timezone)
    return value


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", " a ", " a "),
        ("string", "NULL", "NULL"),
        ("string", 'a,"b"\nc', 'a,"b"\nc'),
        ("int32", "-2147483648", -(2**31)),
        ("int64", "9223372036854775807", 2**63 - 1),
        ("int64", "9007199254740993", 2**53 + 1),
        # As others write the whole numbers of a column that has nulls.
        ("int64", "9007199254740993.0", 2**53 + 1),
        ("int64", " +7 ", 7),
        ("float64", "0.1", 0.1),
        ("float64", "1e3", 1000.0),
        ("float64", "inf", math.inf),
        ("float64", "-Infinity", -math.inf),
        ("float32", "0.1", 0.10000000149011612),
        ("float32", "-inf", -math.inf),
        ("bool", "true", True),
        ("bool", "False", False),
        ("decimal(12,2)", "-1.5", Decimal("-1.50")),
        ("decimal(12,2)", "1.50000", Decimal("1.50")),
        ("decimal(12,2)", ".5", Decimal("0.50")),
        ("decimal(38,0)", "9" * 38, Decimal("9" * 38)),
        ("decimal(38,38)", "0." + "9" * 38, Decimal("0." + "9" * 38)),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("date", "0001-01-01", date(1, 1, 1)),
        ("date", "9999-12-31", date(9999, 12, 31)),
        ("date", "2024-01-05 00:00:00", date(2024, 1, 5)),
        ("bytes", r"a\x00\xFF", b"a\x00\xff"),
        ("json", '{"a": 1}', '{"a": 1}'),
        ("list<int64>", "[1, NULL, 9007199254740993]", [1, None, 2**53 + 1]),
        ("list<string>", "[]", []),
        ("vector(2)", "[1, 2.5]", [1.0, 2.5]),
    ],
)
def test_a_csv_value(
    store: OfflineStore, tmp_path: Path, kind: str, text: str, value: object
) -> None:
    found = csv_value(store, tmp_path, kind, text)
    assert found == value
    assert type(found) is type(value)


def test_a_list_of_lists(store: OfflineStore, tmp_path: Path) -> None:
    if store.dialect == "postgres":
        with pytest.raises(DataError, match="`v` is a list of lists, which PostgreSQL can't hold"):
            csv_value(store, tmp_path, "list<list<int32>>", "[[1]]")
        return
    given = csv_value(store, tmp_path, "list<list<int32>>", "[[1, NULL], NULL, []]")
    assert given == [[1, None], None, []]
    with pytest.raises(
        DataError, match=r"holds `\[\[1\], \[a\]\]`, which is not list<list<int64>>"
    ):
        csv_value(store, tmp_path, "list<list<int64>>", "[[1], [a]]")


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_nan_and_negative_zero(store: OfflineStore, tmp_path: Path, kind: str) -> None:
    assert str(csv_value(store, tmp_path, kind, "NaN")) == "nan"
    assert str(csv_value(store, tmp_path, kind, "-0.0")) == "0.0"
    assert str(csv_value(store, tmp_path, f"list<{kind}>", "[-0.0]")) == "[0.0]"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("int32", "2147483648"),
        ("int64", "9223372036854775808"),
        ("int64", "1.5"),
        ("int64", "1e3"),
        ("int64", "0x10"),
        ("int64", "1_000"),
        ("int64", "true"),
        ("int64", "abc"),
        ("float64", "1e400"),
        ("float64", "1,5"),
        ("float32", "-1e300"),
        ("bool", "maybe"),
        ("decimal(12,2)", "1.005"),
        ("decimal(12,2)", "10000000000"),
        ("decimal(12,2)", "nan"),
        ("decimal(12,2)", "."),
        ("date", "2024-02-30"),
        ("date", "infinity"),
        ("date", "0000-12-31"),
        ("date", "10000-01-01"),
        ("date", "2024-01-05 12:00:00"),
        ("timestamp", "yesterday"),
        ("timestamp", "2024-02-30"),
        ("timestamp", "1704067200"),
        ("timestamp", "infinity"),
        ("timestamp", "-infinity"),
        ("timestamp", "0000-12-31 23:59:59"),
        ("timestamp", "10000-01-01"),
        ("timestamp", "9999-12-31 23:59:59-01:00"),
        ("bytes", "é"),
        ("json", "{"),
        ("list<int64>", "[1.5]"),
        ("list<int64>", "1, 2"),
        ("list<timestamp>", "[infinity]"),
        ("vector(2)", "[1]"),
    ],
)
def test_a_csv_value_that_does_not_fit_is_named_with_its_line(
    store: OfflineStore, tmp_path: Path, kind: str, text: str
) -> None:
    file = csv_file(tmp_path, f'a,v\n"1\n2",\n\n"{text}","{text}"\n')
    with pytest.raises(DataError) as caught:
        load(store, {"a": "string", "v": kind}, file)
    assert caught.value.message == (
        f"`f.csv`, line 5: the column `v` holds `{text}`, which is not {kind}"
    )
    assert tables(store) == []


def test_a_long_value_is_shown_in_part(store: OfflineStore, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"`{'x' * 60}…`, which is not date") as caught:
        load(store, {"v": "date"}, csv_file(tmp_path, "v\n" + "x" * 1000 + "\n"))
    assert caught.value.help == ("date is a day such as 2024-01-31, from the years 0001 to 9999",)


def test_an_empty_field_is_null_and_a_quoted_one_is_not(
    store: OfflineStore, tmp_path: Path
) -> None:
    kinds = ("string", "int64", "float64", "timestamp", "date", "bool", "decimal(9,1)", "bytes")
    kinds += ("list<int64>", "json", "vector(1)")
    names = [f"c{n}" for n in range(len(kinds))]
    empty = csv_file(tmp_path, ",".join(names) + "\n" + "," * (len(kinds) - 1) + "\n")
    columns = dict(zip(names, kinds, strict=True))
    assert load(store, columns, empty) == [(None,) * len(kinds)]
    texts = csv_file(tmp_path, 'a,b\n"",1\n,2\n')
    assert load(store, {"b": "int64", "a": "string"}, texts) == [(1, ""), (2, None)]
    wrong = csv_file(tmp_path, 'a,b\n,1\n"",2\n')
    with pytest.raises(DataError) as caught:
        load(store, {"a": "int64"}, wrong)
    assert caught.value.message == "`f.csv`: the column `a` holds ``, which is not int64"


@pytest.mark.parametrize(
    ("text", "utc", "new_york"),
    [
        ("2024-01-01", "2024-01-01T00:00:00", "2024-01-01T05:00:00"),
        ("2024-07-01 12:00", "2024-07-01T12:00:00", "2024-07-01T16:00:00"),
        ("2024-01-01T12:00:00Z", "2024-01-01T12:00:00", None),
        ("2024-01-01T12:00:00+02:00", "2024-01-01T10:00:00", None),
        ("2024-01-01T12:00:00+05:30", "2024-01-01T06:30:00", None),
        ("2024-01-01 12:00:00-05", "2024-01-01T17:00:00", None),
        ("2024-01-01 12:00:00 UTC", "2024-01-01T12:00:00", None),
        ("2024-01-01 12:00:00 Europe/Berlin", "2024-01-01T11:00:00", None),
        ("2024-01-01 00:00:00.1234569", "2024-01-01T00:00:00.123456", "2024-01-01T05:00:00.123456"),
        ("1969-12-31 18:59:59.9999999", "1969-12-31T18:59:59.999999", "1969-12-31T23:59:59.999999"),
        # The hour that is not, taken for winter's, and the one that is twice, for the second.
        ("2024-03-10 02:30:00", "2024-03-10T02:30:00", "2024-03-10T07:30:00"),
        ("2024-11-03 01:30:00", "2024-11-03T01:30:00", "2024-11-03T06:30:00"),
        ("0001-01-01 00:00:00", "0001-01-01T00:00:00", "0001-01-01T04:56:02"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999", None),
    ],
)
def test_a_csv_time(
    store: OfflineStore, tmp_path: Path, text: str, utc: str, new_york: str | None
) -> None:
    for timezone, wanted in (("UTC", utc), (NEW_YORK, new_york or utc)):
        instant = datetime.fromisoformat(wanted)
        assert csv_value(store, tmp_path, "timestamp", text, timezone) == instant, timezone
        found = csv_value(store, tmp_path, "list<timestamp>", f"[{text}]", timezone)
        assert found == [instant], timezone


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_files_as_others_write_them(store: OfflineStore, tmp_path: Path, end: str) -> None:
    text = "\ufeffé 'x',b\n1,2".replace("\n", end)
    assert load(store, {"é 'x'": "int64"}, csv_file(tmp_path, text)) == [(1,)]
    text = "a,b\n1,x\n2,y\n".replace("\n", end)
    assert load(store, {"b": "string"}, csv_file(tmp_path, text)) == [("x",), ("y",)]


def test_a_header_alone_is_an_empty_table(store: OfflineStore, tmp_path: Path) -> None:
    for text in ("a,t\n", "a,t"):
        file = csv_file(tmp_path, text)
        assert load(store, {"t": "timestamp", "a": "decimal(9,2)"}, file) == []
    described = [("t", called(store, "TIMESTAMP")), ("a", called(store, "DECIMAL(9,2)"))]
    assert store.columns(loaded(store)) == described


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("", "`f.csv` is empty: a CSV file begins with its column names", ()),
        ("b,A\n1,2\n", "`f.csv` has no column `a`", ("it has `b`, `A`",)),
        (
            "a;b\n1;2\n",
            "`f.csv` has no column `a`",
            ("it has `a;b`", "columns of a CSV file are separated by commas, not by ';'"),
        ),
        ("a,b,a\n1,2,3\n", "`f.csv` has more than one column `a`", ()),
    ],
)
def test_a_csv_file_without_the_columns(
    store: OfflineStore, tmp_path: Path, text: str, message: str, help: tuple[str, ...]
) -> None:
    with pytest.raises(DataError) as caught:
        load(store, {"a": "int64"}, csv_file(tmp_path, text))
    assert (caught.value.message, caught.value.help) == (message, help)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (b"1,2,3", "Expected Number of Columns: 2 Found: 3"),
        (b"1", "Expected Number of Columns: 2 Found: 1"),
        (b"\xff,2", "it is not UTF-8"),
        (b'"x,2', "Value with unterminated quote found."),
    ],
)
def test_a_csv_row_that_cannot_be_read(
    store: OfflineStore, tmp_path: Path, row: bytes, why: str
) -> None:
    (tmp_path / "f.csv").write_bytes(b"a,b\n1,2\n" + row + b"\n")
    with pytest.raises(DataError) as caught:
        load(store, {"a": "string", "b": "string"}, tmp_path / "f.csv")
    assert caught.value.message == "`f.csv`, line 3 can't be read"
    shown, reason = caught.value.help
    assert shown.startswith("Original Line: ")
    assert reason.startswith(why)


@pytest.mark.parametrize("what", ["empty", "text", "cut", "flipped", "page"])
def test_a_parquet_file_that_is_none(store: OfflineStore, tmp_path: Path, what: str) -> None:
    file = tmp_path / "f.parquet"
    duckdb.execute(f"COPY (SELECT range AS a FROM range(5000)) TO '{file}'")
    good = file.read_bytes()
    middle = bytes(255 - each for each in good[200:300])
    broken = {
        "empty": b"",
        "text": b"a,b\n1,2\n" * 10,
        "cut": good[: len(good) // 2],
        "flipped": good[:200] + middle + good[300:],
        "page": good[:4] + bytes(16) + good[20:],
    }
    file.write_bytes(broken[what])
    with pytest.raises(DataError) as caught:
        load(store, {"a": "int64"}, file, kind="parquet")
    assert caught.value.message == "`f.parquet` is no Parquet file, or a broken one"
    assert not any("LINE 1" in line for line in caught.value.help)


def test_a_wrong_value_of_a_later_file(store: OfflineStore, tmp_path: Path) -> None:
    good = csv_file(tmp_path, "a,b\n1,x\n", "good.csv")
    bad = csv_file(tmp_path, "b,a\ny,1\ny,two\n", "bad.csv")
    with pytest.raises(DataError, match=r"`bad\.csv`, line 3: the column `a` holds `two`"):
        load(store, {"a": "int64", "b": "string"}, good, bad)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_that_is_gone(
    store: OfflineStore, tmp_path: Path, kind: Literal["csv", "parquet"]
) -> None:
    with pytest.raises(Unreachable, match=r"gone\.file"):
        load(store, {"a": "int64"}, tmp_path / "gone.file", kind=kind)


@pytest.mark.parametrize("name", ["a[b].csv", "a*.csv", "a?.csv", "it's.csv", "a b.csv"])
def test_a_file_of_any_name_is_that_file(store: OfflineStore, tmp_path: Path, name: str) -> None:
    csv_file(tmp_path, "a\n2\n", "ab.csv")
    assert load(store, {"a": "int64"}, csv_file(tmp_path, "a\n1\n", name)) == [(1,)]
