"""Every type at its extremes: loaded, lent, written in SQL, stored again, read."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Final

from sqlglot import exp

from ffc.adapter import DataError, Relation
from ffc.conformance.checks import Broken, Check, Group, expect_refusal
from ffc.conformance.offline.making import create, loading, rows_query, select_all, write_parquet
from ffc.conformance.places import OfflinePlace, offline_place
from ffc.conformance.values import EXTREMES, NESTED, arrow_values, comparable
from ffc.connect.warehouse import table_of
from ffc.core.arrow import typed
from ffc.core.types import known_type
from ffc.sql import build, relations
from ffc.sql.binding import bind

TYPES: Final = Group(
    role="offline",
    name="types",
    place=offline_place,
    help="`load`, `lend` and `batches` must keep every value; see ffc/conformance/values.py",
)
FILES: Final = Group(
    role="offline",
    name="files",
    place=offline_place,
    help="see `load` and `lend` in ffc/adapter/offline.py",
)
_LENT: Final = "lent"
# What a manifest can say of a default, as JSON has it.
_WRITTEN: Final[dict[str, Sequence[object]]] = {
    "string": EXTREMES["string"],
    "int32": EXTREMES["int32"],
    "int64": EXTREMES["int64"],
    "float64": (-1.7976931348623157e308, -0.1, 0.0, 5e-324, 0.1),
    "bool": (True, False),
    "timestamp": ("0001-01-01 00:00:00", "1969-12-31 23:59:59.999999", "9999-12-31 23:59:59"),
    "date": ("0001-01-01", "9999-12-31"),
    "decimal(38,10)": ("9999999999999999999999999999.9999999999", "-0.0000000001"),
}
# A text of a CSV file for each type that has such; no quotes mean null.
_CSV: Final[dict[str, Sequence[str]]] = {
    "string": ("", "a,b", 'a"b', "a\nb", " a ", "é", "null", "0"),
    "int32": ("-2147483648", "0", "2147483647"),
    "int64": ("-9223372036854775808", "9223372036854775807"),
    "float64": ("-1.7976931348623157e308", "5e-324", "0.1", "inf", "-inf", "nan"),
    "bool": ("true", "false"),
    "date": ("0001-01-01", "2024-02-29", "9999-12-31"),
    "timestamp": (
        "0001-01-01T00:00:00Z",
        "2024-03-31T02:30:00.000001",
        "2024-01-01T00:00:00+02:00",
    ),
    "decimal(38,10)": ("-9999999999999999999999999999.9999999999", "0.0000000001", "1"),
}
_MEANT: Final[dict[str, Sequence[object]]] = {
    "timestamp": tuple(
        map(
            datetime.fromisoformat,
            ("0001-01-01T00:00:00Z", "2024-03-31T02:30:00.000001Z", "2023-12-31T22:00:00Z"),
        )
    )
}
_WRONG: Final = {
    "int32": "2147483648",
    "int64": "1.5",
    "float64": "1,5",
    "bool": "perhaps",
    "date": "2024-02-30",
    "timestamp": "2024-01-01T25:00:00Z",
    "decimal(4,2)": "123.45",
}


def checks() -> Iterator[Check[OfflinePlace]]:
    """Yield the checks of types and files."""
    for kind, values in EXTREMES.items():
        work = partial(_holds_values, kind, values)
        if kind == NESTED:
            claim = f"{kind} comes back as it was, or is refused by the name of its column"
            yield TYPES.check(partial(_holds_or_refuses, work), name=kind, claim=claim)
            continue
        yield TYPES.check(work, name=kind, claim=f"{kind} comes back as it was, at its extremes")
        if not kind.startswith("vector"):
            # A list of numbers may be all that a store has for one.
            told = partial(_tells_type, kind, values)
            claim = f"a column of {kind} is told to be one, of a table, a copy and a view"
            yield TYPES.check(told, name=f"told_{kind}", claim=claim)
    for kind, values in _WRITTEN.items():
        work = partial(_holds_written, kind, values)
        claim = f"{kind} that a statement says is just that value"
        yield TYPES.check(work, name=f"written_{kind}", claim=claim)
    for kind, texts in _CSV.items():
        work = partial(_holds_csv, kind, texts)
        yield FILES.check(work, name=f"csv_{kind}", claim=f"{kind} is read from CSV and from JSON")
    for kind, text in _WRONG.items():
        work = partial(_refuses, kind, text)
        claim = f"`{text}` is refused as {kind}, and the column is named"
        yield FILES.check(work, name=f"refused_{kind}", claim=claim)
    yield from FILES.checks(
        naive_times_are_in_the_zone_of_the_source,
        several_files_make_one_table,
        a_load_that_fails_leaves_nothing,
        a_lent_file_can_be_joined,
    )


def _expect_values(
    place: OfflinePlace, kind: str, values: Sequence[object], how: str, query: exp.Query | str
) -> None:
    kinds = {"i": known_type("int64"), "x": known_type(kind)}
    ordered = query if isinstance(query, str) else query.order_by(build.ascending("i"))
    _, batches = typed(place.batches(ordered), kinds)
    got = [value for batch in batches for value in batch.column("x").to_pylist()]
    wanted = arrow_values(kind, values).to_pylist()
    expected, found = comparable(kind, wanted), comparable(kind, got)
    if len(expected) != len(found):
        raise Broken(f"rows are lost: {how}", expected=len(expected), got=len(found))
    wrong = [(a, b) for a, b in zip(expected, found, strict=True) if a != b]
    if wrong:
        raise Broken(f"a value is another one: {how}", expected=wrong[0][0], got=wrong[0][1])


def _holds_values(kind: str, values: Sequence[object], place: OfflinePlace) -> None:
    given = [*values, None]
    if kind == "json":
        # Parquet has no such type.
        _holds_json(given, place)
        return
    arrays = {"i": arrow_values("int64", range(len(given))), "x": arrow_values(kind, given)}
    file = write_parquet(place.folder / "values.parquet", arrays)
    place.store.load(loading(place, "t", file, {"i": "int64", "x": kind})).wait()
    _expect_values(place, kind, given, "loaded from Parquet", select_all(place, "t"))
    place.do(create(place, "u", select_all(place, "t")))
    _expect_values(place, kind, given, "stored by CREATE TABLE AS", select_all(place, "u"))
    with place.store.lend(file) as lent:
        rows = exp.select("i", "x").from_(build.reference(_LENT)).order_by(build.ascending("i"))
        query = _over(place, rows, lent)
        _expect_values(place, kind, given, "read from a lent file", query)


def _holds_or_refuses(work: Callable[[OfflinePlace], None], place: OfflinePlace) -> None:
    try:
        work(place)
    except DataError as problem:
        if "`x`" not in str(problem):
            raise


def _tells_type(kind: str, values: Sequence[object], place: OfflinePlace) -> None:
    if kind == "json":
        file = _file_of(place.folder / "values.json", f'{{"i": 0, "x": {values[-1]}}}\n')
    else:
        arrays = {"i": arrow_values("int64", [0]), "x": arrow_values(kind, values[:1])}
        file = write_parquet(place.folder / "values.parquet", arrays)
    place.store.load(loading(place, "t", file, {"i": "int64", "x": kind})).wait()
    place.do(create(place, "u", select_all(place, "t")))
    place.do(create(place, "v", select_all(place, "u"), "VIEW"))
    for name in ("t", "u", "v"):
        columns = place.store.columns(Relation(place.schema, name))
        found = {column: str(place.store.type_of(native)) for column, native in columns}
        if found != {"i": "int64", "x": kind}:
            raise Broken("a column is told to be of another type", expected=kind, got=found["x"])


def _holds_json(values: Sequence[object], place: OfflinePlace) -> None:
    lines = [f'{{"i": {i}, "x": {value or "null"}}}\n' for i, value in enumerate(values[1:])]
    file = _file_of(place.folder / "values.json", "".join(lines))
    place.store.load(loading(place, "t", file, {"i": "int64", "x": "json"})).wait()
    _expect_values(place, "json", values[1:], "loaded from JSON", select_all(place, "t"))
    place.do(create(place, "u", select_all(place, "t")))
    _expect_values(place, "json", values[1:], "stored by CREATE TABLE AS", select_all(place, "u"))


def _over(place: OfflinePlace, query: exp.Query, lent: Relation | str) -> str:
    """Return a query of what `reference(_LENT)` stands for, over the rows of a lent file."""
    (text,) = place.text(query)
    rows = lent if isinstance(lent, str) else table_of(lent)
    return bind(text, place.store.dialect, {_LENT: rows})


def _holds_written(kind: str, values: Sequence[object], place: OfflinePlace) -> None:
    query = rows_query({"i": "int64", "x": kind}, [[i, v] for i, v in enumerate(values)])
    wanted = [_python(kind, value) for value in values]
    _expect_values(
        place, kind, wanted, "written as SQL", exp.select("*").from_(query.subquery("q"))
    )
    place.do(create(place, "t", query))
    _expect_values(place, kind, wanted, "written as SQL into a table", select_all(place, "t"))


def _python(kind: str, text: object) -> object:
    """Return what a text of a manifest or of CSV means."""
    if not isinstance(text, str) or kind == "string":
        return text
    readers: dict[str, Callable[[str], object]] = {
        "int32": int,
        "int64": int,
        "float64": float,
        "bool": lambda said: said == "true",
        "date": lambda said: datetime.fromisoformat(said).date(),
        "timestamp": lambda said: datetime.fromisoformat(f"{said}+00:00"),
    }
    return readers.get(kind, Decimal)(text)


def _holds_csv(kind: str, texts: Sequence[str], place: OfflinePlace) -> None:
    wanted = [*(_MEANT.get(kind) or [_python(kind, text) for text in texts]), None]
    columns = {"i": "int64", "x": kind}
    file = place.folder / "values.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        out.write("i,x\n")
        csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(enumerate(texts))
        out.write(f"{len(texts)},\n")
    place.store.load(loading(place, "t", file, columns)).wait()
    _expect_values(place, kind, wanted, "loaded from CSV", select_all(place, "t"))
    lines = [{"i": i, "x": text} for i, text in enumerate([*texts, None])]
    told = place.folder / "values.json"
    told.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    place.store.load(loading(place, "u", told, columns)).wait()
    _expect_values(place, kind, wanted, "loaded from JSON", select_all(place, "u"))


def _refuses(kind: str, text: str, place: OfflinePlace) -> None:
    file = _file_of(place.folder / "wrong.csv", f'fine,the_wrong_one\n1,"{text}"\n')
    load = loading(place, "t", file, {"fine": "int64", "the_wrong_one": kind})
    message = f"`{text}` is taken for {kind}"
    expect_refusal(lambda: place.store.load(load).wait(), DataError, message, "the_wrong_one")


def _file_of(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def naive_times_are_in_the_zone_of_the_source(place: OfflinePlace) -> None:
    """A time without a zone is in that of the source, one with a zone in its own"""
    file = _file_of(place.folder / "t.csv", "i,x\n0,2024-07-01T12:00:00\n1,2024-07-01T12:00:00Z\n")
    load = loading(place, "t", file, {"i": "int64", "x": "timestamp"}, "America/New_York")
    place.store.load(load).wait()
    meant = [datetime.fromisoformat(f"2024-07-01T{hour}:00:00Z") for hour in (16, 12)]
    _expect_values(place, "timestamp", meant, "loaded from CSV", select_all(place, "t"))


def several_files_make_one_table(place: OfflinePlace) -> None:
    """The rows of several files make one table"""
    files = [_file_of(place.folder / f"{n}.csv", f"i,x\n{n},{n}\n") for n in range(3)]
    load = loading(place, "t", files[0], {"i": "int64", "x": "int64"}, "UTC", files)
    place.store.load(load).wait()
    _expect_values(place, "int64", [0, 1, 2], "loaded from three files", select_all(place, "t"))


def a_load_that_fails_leaves_nothing(place: OfflinePlace) -> None:
    """A load that fails half-way leaves no table"""
    rows = "".join(f"{n}\n" for n in range(20_000))
    file = _file_of(place.folder / "t.csv", f"x\n{rows}oops\n")
    load = loading(place, "t", file, {"x": "int64"})
    expect_refusal(lambda: place.store.load(load).wait(), DataError, "`oops` is a number")
    found = place.warehouse.rows(relations.listing(place.schema))
    if found:
        raise Broken("a load that failed has left a table", expected="none", got=found)


def a_lent_file_can_be_joined(place: OfflinePlace) -> None:
    """The rows of a lent file can be joined with those of a table"""
    arrays = {"i": arrow_values("int64", [0, 1]), "x": arrow_values("string", ["é", "b"])}
    file = write_parquet(place.folder / "lent.parquet", arrays)
    place.do(create(place, "t", rows_query({"i": "int64", "y": "string"}, [[0, "é"], [1, "c"]])))
    with place.store.lend(file) as lent:
        same = exp.EQ(this=build.column("x", "l"), expression=build.column("y", "t"))
        query = exp.select(build.column("i", "l"), build.column("x", "l"))
        query = query.from_(build.reference(_LENT, "l"))
        joined = query.join(build.table("t", place.schema, "t"), on=same)
        found = [row[1] for row in place.rows(_over(place, joined, lent))]
    if found != ["é"]:
        raise Broken("a join finds other rows", expected=["é"], got=found)
