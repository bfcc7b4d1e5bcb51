"""Files as a query of DuckDB, each value as its column declares.

A value that is not of its type is never rounded or cut to fit: it becomes null beside a source that
is not null, which the statement takes for an error, and for which `refusal` looks afterwards.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from ffc.adapter import DataError, Load, Type, widens
from ffc.adapter.sql import converted, sql_type, type_of_native
from ffc_duckdb.json_files import json_form, unreadable
from ffc_duckdb.places import where_is

if TYPE_CHECKING:
    import duckdb

_TEXT: Final = Type(name="string")
_INTEGER: Final = r"\s*[+-]?\d+(\.0*)?\s*"
_DECIMAL: Final = r"\s*[+-]?\d*(\.\d{{0,{scale}}}0*)?\s*"
_NOT_FINITE: Final = r"(?i)\s*[+-]?(inf|infinity|nan)\s*"
_NAIVE: Final = r"\s*[\d/-]+([ T]+[\d:.]+)?\s*"
_SHOWN: Final = 60
_UNREADABLE: Final = re.compile(
    r"Invalid Input Error: CSV Error on Line: (?P<line>\d+)\n(?P<why>.*?)\n\s*Possible .*"
    r"^  file = (?P<file>[^\n]+)$",
    re.DOTALL | re.MULTILINE,
)
# DuckDB's errors of which the bytes of a Parquet file are the cause; what its decoder says of them
# has no type before it.
_OF_THE_FILE: Final = ("InvalidInputException", "Error")
_TYPED: Final = re.compile(r"[A-Z][\w ]* Error: ")
# What stands between columns in files that are not of commas.
_OTHERWISE: Final = re.compile(r"[;\t|]")
_HELP: Final = {
    "int32": "a whole number from -2147483648 to 2147483647",
    "int64": "a whole number from -9223372036854775808 to 9223372036854775807",
    "decimal": "a number without exponent, and with no more digits than are declared",
    "float32": "a number, `inf` or `nan`; too great a number is not taken for `inf`",
    "float64": "a number, `inf` or `nan`; too great a number is not taken for `inf`",
    "bool": "true or false",
    "date": "a day such as 2024-01-31, from the years 0001 to 9999",
    "timestamp": "a time such as 2024-01-31T12:00:00+02:00, finite, from the years 0001 to 9999",
    "vector": "as many numbers as are declared",
}


def load_query(cursor: duckdb.DuckDBPyConnection, load: Load) -> exp.Query:
    """Return the query of the files' rows; raises DataError where columns don't fit."""
    selects = [_checked(cursor, load, file) for file in load.files]
    query: exp.Query = selects[0]
    for select in selects[1:]:
        query = exp.union(query, select, distinct=False)
    return query


def refusal(cursor: duckdb.DuckDBPyConnection, load: Load, problem: str) -> DataError | None:
    """Return what to say of the row or the value that DuckDB had a problem with, if anything."""
    import duckdb

    if match := _UNREADABLE.match(problem):
        why = [_shortened(line) for line in match["why"].splitlines() if line.strip()]
        why = ["it is not UTF-8" if w.startswith("Invalid unicode") else w for w in why]
        message = f"`{load.name(match['file'])}`, line {match['line']} can't be read"
        return DataError(message, help=why)
    if load.format == "json":
        for file in load.files:
            if broken := unreadable(file, load.name(file)):
                return broken
    if load.format == "parquet":
        for file in load.files:
            if file in problem or (len(load.files) == 1 and not _TYPED.match(problem)):
                return _no_parquet(load, file, problem)
    with suppress(duckdb.Error, OSError):
        for file in load.files:
            for index, found in _wrong_values(cursor, load, file):
                return _misfit(load, file, index, found)
    return None


def _no_parquet(load: Load, file: str, problem: str) -> DataError:
    name, said = load.name(file), problem.strip().partition("\n")[0]
    said = said.removeprefix("Invalid Input Error: ").replace(file, name)
    return DataError(f"`{name}` is no Parquet file, or a broken one", help=[said])


def _wrong_values(
    cursor: duckdb.DuckDBPyConnection, load: Load, file: str
) -> Iterator[tuple[int, str]]:
    """Yield the first wrong value of each column that has one, as text."""
    pairs = _pairs(cursor, load, file)
    for index in range(len(load.columns)):
        shown = exp.cast(exp.column(f"given_{index}"), sql_type(_TEXT))
        query = exp.select(shown).from_(pairs).where(_wrong(index)).limit(1)
        if found := cursor.execute(query.sql(dialect="duckdb")).fetchone():
            yield index, found[0]


def _misfit(load: Load, file: str, index: int, text: str) -> DataError:
    name, wanted = load.columns[index]
    return DataError(
        f"{where_is(load, file, name, text)}: the column `{name}` holds `{_shortened(text)}`, "
        f"which is not {wanted}",
        help=[f"{wanted} is {_HELP[wanted.name]}"] if wanted.name in _HELP else [],
    )


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _checked(cursor: duckdb.DuckDBPyConnection, load: Load, file: str) -> exp.Select:
    values = [
        exp.alias_(_or_error(index, name, wanted), name, quoted=True)
        for index, (name, wanted) in enumerate(load.columns)
    ]
    return exp.select(*values).from_(_pairs(cursor, load, file))


def _or_error(index: int, name: str, wanted: Type) -> exp.Expr:
    refusal = exp.Literal.string(f"the column `{name}` holds a value that is not {wanted}")
    failing = exp.Anonymous(this="error", expressions=[refusal])
    value = exp.column(f"value_{index}")
    return exp.Case(ifs=[exp.If(this=_wrong(index), true=failing)], default=value)


def _wrong(index: int) -> exp.Expr:
    value, given = exp.column(f"value_{index}"), exp.column(f"given_{index}")
    return exp.and_(value.is_(exp.null()), exp.not_(given.is_(exp.null())))


def _pairs(cursor: duckdb.DuckDBPyConnection, load: Load, file: str) -> exp.Subquery:
    """Return each column as the file gives it and as the table is to have it."""
    scan = _scan(load, file)
    native = _columns(cursor, load, file, scan)
    _check_columns(load, file, native)
    columns = []
    for index, (name, wanted) in enumerate(load.columns):
        given: exp.Expr = exp.column(exp.to_identifier(name, quoted=True))
        if load.format == "parquet":
            value = _stored(given, native[name], wanted, load.timezone)
        elif load.format == "json":
            given, value = _of_json(given, wanted, load.timezone)
        else:
            value = _parsed(given, wanted, load.timezone)
        columns += [exp.alias_(given, f"given_{index}"), exp.alias_(value, f"value_{index}")]
    return exp.select(*columns).from_(scan).subquery("pairs")


def _scan(load: Load, file: str) -> exp.Expr:
    if load.format == "csv":
        return _csv(load, file)
    if load.format == "parquet":
        return _table_function("read_parquet", file, {})
    kinds = [
        exp.PropertyEQ(this=exp.Literal.string(name), expression=exp.Literal.string("JSON"))
        for name, _ in load.columns
    ]
    options = {
        "format": exp.Literal.string(json_form(file)),
        "columns": exp.Struct(expressions=kinds),
    }
    return _table_function("read_json", file, options)


def _of_json(given: exp.Expr, wanted: Type, timezone: str) -> tuple[exp.Expr, exp.Expr]:
    """Return a column of a JSON file as text, and as a type, null where it is not of it."""
    path = exp.Literal.string("$")
    text = exp.Anonymous(this="json_extract_string", expressions=[given, path])
    if wanted.name == "json":
        return text, given
    if wanted.name == "list" and wanted.item:
        item = wanted.item
        texts = _tried(given, Type(name="list", item=_TEXT))
        return text, _each(texts, lambda element: _parsed(element, item, timezone))
    if wanted.name == "vector":
        return text, _tried(given, wanted)
    return text, _parsed(text, wanted, timezone)


def _check_columns(load: Load, file: str, native: Mapping[str, str]) -> None:
    """Raise DataError where columns are not there or of other types: all of them, both named."""
    missing = [name for name, _ in load.columns if name not in native]
    if missing:
        hints = [f"it has {_listed(native)}"]
        if (
            load.format == "csv"
            and len(native) == 1
            and (other := _OTHERWISE.search(next(iter(native))))
        ):
            hints.append(f"columns of a CSV file are separated by commas, not by {other[0]!r}")
        raise DataError(f"`{load.name(file)}` has no column {_listed(missing)}", help=hints)
    wrong = misfits(load.columns, native) if load.format == "parquet" else []
    if wrong:
        raise DataError(
            f"`{load.name(file)}` has columns of other types than the source declares",
            help=[*wrong, "declare them as they are, and cast them in a transformation"],
        )


def misfits(columns: Iterable[tuple[str, Type]], native: Mapping[str, str]) -> list[str]:
    """Return what to say of each column that can't be read as its type without loss."""
    found = []
    for name, wanted in columns:
        given = _given(native[name])
        vector = wanted.name == "vector" and str(given) == "list<float32>"
        if not vector and (given is None or not widens(given, wanted)):
            found.append(f"`{name}` is {given or native[name]}, declared {wanted}")
    return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _csv(load: Load, file: str) -> exp.Expr:
    """Read a CSV file by its header, all of it as text, nothing guessed.

    DuckDB's own reading rounds: 1.5 as BIGINT is 2, and a time's offset is dropped.
    """
    kinds = [
        exp.PropertyEQ(this=exp.Literal.string(name), expression=exp.Literal.string("VARCHAR"))
        for name in csv_header(file, load.name(file))
    ]
    options = {
        "auto_detect": exp.false(),
        "header": exp.true(),
        "delim": exp.Literal.string(","),
        "quote": exp.Literal.string('"'),
        "escape": exp.Literal.string('"'),
        "nullstr": exp.Literal.string(""),
        "allow_quoted_nulls": exp.false(),
        "columns": exp.Struct(expressions=kinds),
    }
    return _table_function("read_csv", file, options)


def csv_header(file: str, shown: str) -> list[str]:
    """Return the columns of a CSV file; raises DataError for none, and for one named twice."""
    # What is no UTF-8 is DuckDB's to refuse, naming the line.
    with Path(file).open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        header = next(csv.reader(lines), [])
    if not header:
        raise DataError(f"`{shown}` is empty: a CSV file begins with its column names")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataError(f"`{shown}` has more than one column {_listed(twice)}")
    return header


def _table_function(name: str, file: str, options: Mapping[str, exp.Expr]) -> exp.Expr:
    arguments = [exp.EQ(this=exp.to_identifier(k), expression=v) for k, v in options.items()]
    path = exp.Literal.string(escape(file))
    return exp.Table(this=exp.Anonymous(this=name, expressions=[path, *arguments]))


def _columns(
    cursor: duckdb.DuckDBPyConnection, load: Load, file: str, scan: exp.Expr
) -> dict[str, str]:
    import duckdb

    query = exp.Describe(this=exp.select("*").from_(scan.copy()))
    try:
        rows = cursor.execute(query.sql("duckdb")).fetchall()
    except duckdb.Error as problem:
        if load.format == "parquet" and type(problem).__name__ in _OF_THE_FILE:
            raise _no_parquet(load, file, str(problem)) from problem
        # DuckDB looks at the first records already when it binds.
        if load.format == "json" and (broken := unreadable(file, load.name(file))):
            raise broken from problem
        raise
    return {name: native for name, native, *_ in rows}


def _parsed(text: exp.Expr, wanted: Type, timezone: str) -> exp.Expr:
    """Return a CSV file's text as a type, null where it is not just a value of it."""
    if wanted.name in ("int32", "int64"):
        return _where(_matches(text, _INTEGER), _tried(text, wanted))
    if wanted.name == "decimal":
        return _where(_matches(text, _DECIMAL.format(scale=wanted.scale)), _tried(text, wanted))
    if wanted.is_float:
        value = _tried(text, wanted)
        finite = exp.Anonymous(this="isfinite", expressions=[value])
        known = exp.or_(finite, _matches(text, _NOT_FINITE))
        return converted(_where(known, value), sql_type(wanted).sql(dialect="duckdb"), wanted)
    if wanted.name == "date":
        day = _tried(text, wanted)
        whole = exp.EQ(this=_tried(text, Type(name="timestamp")), expression=day)
        return _where(whole, _in_years(day))
    if wanted.name == "timestamp":
        return _in_years(_instant(text, timezone))
    if wanted.name == "list" and wanted.item:
        item = wanted.item
        texts = _tried(text, Type(name="list", item=_TEXT))
        return _each(texts, lambda element: _parsed(element, item, timezone))
    return text if wanted.name == "string" else _tried(text, wanted)


def _instant(text: exp.Expr, timezone: str) -> exp.Expr:
    """Read text as an instant: with an offset or a zone as it says, else in the source's zone.

    Digits finer than a microsecond are cut by DuckDB's parser, which is the floor.
    """
    zoned = _to_utc(exp.TryCast(this=text.copy(), to=exp.DataType(this=exp.DType.TIMESTAMPTZ)))
    if timezone == "UTC":
        return zoned
    naive = _to_utc(_in_zone(_tried(text, Type(name="timestamp")), timezone))
    return exp.Case(ifs=[exp.If(this=_matches(text, _NAIVE), true=naive)], default=zoned)


def _given(native: str) -> Type | None:
    # DuckDB writes and reads it, but no column of ours is of it.
    return type_of_native(native.replace("TIMESTAMPTZ_NS", "TIMESTAMP_NS"))


def _stored(value: exp.Expr, native: str, wanted: Type, timezone: str) -> exp.Expr:
    """Return a Parquet file's value as a type that holds it, null where it is out of range."""
    if native == "TIMESTAMPTZ_NS":
        # The session's zone is UTC.
        utc = exp.cast(value.copy(), exp.DataType(this=exp.DType.TIMESTAMP_NS))
        return _stored(utc, "TIMESTAMP_NS", wanted, "UTC")
    if wanted.name == "timestamp":
        value = converted(value.copy(), native, wanted)
        naive = timezone != "UTC" and native != "TIMESTAMP WITH TIME ZONE"
        return _in_years(_to_utc(_in_zone(value, timezone)) if naive else value)
    if wanted.name == "date":
        return _in_years(value)
    if wanted.name == "vector":
        return _tried(value, wanted)
    if wanted.name == "list" and wanted.item:
        item, inner = wanted.item, native.removesuffix("[]")
        return _each(value, lambda element: _stored(element, inner, item, timezone))
    return converted(value.copy(), native, wanted)


def _each(values: exp.Expr, change: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """Return a list of changed elements; null where one that is not null becomes so."""
    each = exp.Lambda(
        this=change(exp.column("element")), expressions=[exp.to_identifier("element")]
    )
    changed = exp.Anonymous(this="list_transform", expressions=[values.copy(), each])
    counts = [exp.Anonymous(this="list_count", expressions=[x]) for x in (changed, values.copy())]
    return _where(exp.EQ(this=counts[0], expression=counts[1]), changed)


def _tried(value: exp.Expr, wanted: Type) -> exp.Expr:
    return exp.TryCast(this=value.copy(), to=sql_type(wanted))


def _where(condition: exp.Expr, value: exp.Expr) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=condition, true=value.copy())])


def _matches(text: exp.Expr, pattern: str) -> exp.Expr:
    arguments = [text.copy(), exp.Literal.string(pattern)]
    return exp.Anonymous(this="regexp_full_match", expressions=arguments)


def _to_utc(value: exp.Expr) -> exp.Expr:
    return _in_zone(value, "UTC")


def _in_zone(value: exp.Expr, timezone: str) -> exp.Expr:
    return exp.AtTimeZone(this=exp.Paren(this=value), zone=exp.Literal.string(timezone))


def _in_years(value: exp.Expr) -> exp.Expr:
    """Return null for infinity and for years that not every store can hold."""
    low, high = (
        exp.cast(exp.Literal.string(t), exp.DataType(this=exp.DType.TIMESTAMP))
        for t in ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999")
    )
    return _where(exp.Between(this=exp.Paren(this=value), low=low, high=high), value)
