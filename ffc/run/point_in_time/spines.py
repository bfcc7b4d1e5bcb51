"""Tables of keys and times that features are looked up for: read, checked, put into a file.

What goes to the warehouse are a row's number, its keys and its instant; every other column stays
here and is put beside the answers as it was. Keys are of the type that their entity declares, or of
one that widens to it: ffc guesses nothing, since a wrong key finds wrong values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ffc.core.arrow import arrow_type, counted, sized
from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.errors import BadSpine
from ffc.core.files import batch_writer
from ffc.core.types import Type, known_type
from ffc.manifest.records import Entity, LabelRole
from ffc.run.point_in_time.asking import ROW, TIME, question_names

if TYPE_CHECKING:
    import pyarrow as pa

# Names by which people know a time, where a table has several.
_TIMES: Final = ("event_timestamp", "timestamp", "event_time")
# So many columns that are no times are named to somebody who has none.
_NAMED: Final = 3
# Rows in a row group of the file.
_ROWS: Final = 65_536
# Let ffc find the column of times.
FIND: Final = ""
_WIDER: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("string", "large_string", "string_view"),
    "int32": ("int8", "int16", "int32", "uint8", "uint16"),
    "int64": ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"),
    "bool": ("bool",),
    "date": ("date32[day]",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spine:
    """A table of keys and times; `read` gives its rows from the first, each time."""

    schema: pa.Schema
    read: Callable[[], Iterator[pa.RecordBatch]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """A spine as a file for the warehouse: how many rows, and whether each has an instant."""

    path: Path
    rows: int
    timed: bool


def check_once(names: Sequence[str]) -> None:
    """Return if each column has a name of its own; raises BadSpine."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        hints = ["give each a name of its own"]
        raise BadSpine(f"two columns of the spine have one name: {listed(twice)}", help=hints)


def time_column(spine: Spine, timestamp: str | None, keys: Sequence[str]) -> str | None:
    """Return the column that says of when a row asks, None where rows ask for the newest values.

    `timestamp` is its name, None for none, FIND to find it. Raises BadSpine where it is not plain.
    """
    import pyarrow as pa

    names = spine.schema.names
    if timestamp is None:
        return None
    if timestamp != FIND:
        if timestamp not in names:
            close = did_you_mean(str(timestamp), names) or (f"it has {listed(names)}",)
            raise BadSpine(f"the spine has no column `{timestamp}`", help=close)
        return timestamp
    others = [each for each in spine.schema if each.name not in keys]
    found = [each.name for each in others if _holds_times(each.type)]
    # What is all null is of any type.
    found += [e.name for e in others if pa.types.is_null(e.type) and e.name in _TIMES]
    known = [name for name in _TIMES if name in found]
    if len(found) == 1 or len(known) == 1:
        return (known or found)[0]
    raise _no_time(others, found)


def _holds_times(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def _no_time(others: Sequence[pa.Field], found: Sequence[str]) -> BadSpine:
    hints = [
        "name it with `timestamp`",
        "`timestamp=None`, or `--newest`, asks for the newest value of each row",
    ]
    if found:
        return BadSpine(f"the spine has several times: {listed(found)}", help=hints)
    texts = [each for each in others if each.name in _TIMES] or others
    hints[:1] = [f"`{each.name}` is {each.type}: make it times" for each in texts[:_NAMED]]
    return BadSpine("the spine has no column of times", help=hints)


def put_questions(
    spine: Spine,
    roles: Sequence[LabelRole],
    entities: Mapping[str, Entity],
    time: str | None,
    path: Path,
) -> Questions:
    """Write what the warehouse is asked with to a Parquet file; raises BadSpine."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds = key_types(spine, roles, entities)
    fields = [pa.field(ROW, pa.int64())]
    called = question_names(roles)
    fields += [pa.field(called[name], _stored(kind)) for name, (kind, _) in kinds.items()]
    fields += [pa.field(TIME, pa.timestamp("us"))] if time is not None else []
    schema = pa.schema(fields)
    rows = 0

    def asked() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        for batch in spine.read():
            count = batch.num_rows
            arrays = [counted(rows, count)]
            arrays += [_key(batch, name, kind, of) for name, (kind, of) in kinds.items()]
            arrays += [instants(batch.column(time), time)] if time is not None else []
            rows += count
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    with batch_writer(path, lambda at: parquet.ParquetWriter(at, schema)) as write:
        # Each batch is a row group, of which the file holds something in memory.
        for batch in sized(asked(), _ROWS):
            write(batch)
    return Questions(path=path, rows=rows, timed=time is not None)


def key_types(
    spine: Spine, roles: Sequence[LabelRole], entities: Mapping[str, Entity]
) -> dict[str, tuple[Type, str]]:
    """Return the type of each key column, and of which entity's key it is; raises BadSpine."""
    names = spine.schema.names
    found: dict[str, tuple[Type, str]] = {}
    for role in roles:
        for name, key in zip(role.keys, entities[role.entity].columns, strict=True):
            if name not in names:
                raise _missing(name, key.name, role, names)
            kind = known_type(key.type)
            _check(spine.schema.field(name).type, name, kind, role.entity)
            found[name] = (kind, role.entity)
    return found


def _missing(name: str, key: str, role: LabelRole, names: Sequence[str]) -> BadSpine:
    hints = list(did_you_mean(name, names))
    hints.append(
        f"where it is called otherwise: `entities={{'{role.role}': 'COLUMN'}}`, "
        f"or `--entity {role.role}=COLUMN`"
    )
    of = "" if name == key else f" (`{key}`)"
    return BadSpine(
        f"the spine has no column `{name}`{of}, the key of `{role.entity}`",
        help=[*hints, f"it has {listed(names)}"],
    )


def _check(given: pa.DataType, name: str, wanted: Type, entity: str) -> None:
    import pyarrow as pa

    plain = given.value_type if pa.types.is_dictionary(given) else given
    if pa.types.is_null(plain) or str(plain) in _WIDER.get(wanted.name, ()):
        return
    if wanted.name == "timestamp" and pa.types.is_timestamp(plain):
        return
    if wanted.name == "decimal" and pa.types.is_decimal(plain):
        whole = plain.precision - plain.scale <= wanted.precision - wanted.scale
        if whole and plain.scale <= wanted.scale:
            return
    hints = ["cast it where the table is made: ffc does not guess what a key means"]
    if pa.types.is_floating(plain) and wanted.name in ("int32", "int64"):
        hints.insert(0, "pandas makes integers with gaps floats: `.astype('Int64')` keeps them")
    message = f"the key `{name}` is {plain}, but the entity `{entity}` declares {wanted}"
    raise BadSpine(message, help=hints)


def _stored(kind: Type) -> pa.DataType:
    """Return the type of a key in the file: an instant has no zone there, as in the warehouse."""
    import pyarrow as pa

    return pa.timestamp("us") if kind.name == "timestamp" else arrow_type(kind)


def _key(batch: pa.RecordBatch, name: str, kind: Type, entity: str) -> pa.Array:

    column = batch.column(name)
    # A stream may change its mind about a type from batch to batch.
    _check(column.type, name, kind, entity)
    if kind.name == "timestamp":
        return instants(column, name)
    return _cast(column, _stored(kind))


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return a column as a type; its dictionary, if it has one, is cast before it is used."""
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        return column.cast(kind)
    plain = column.dictionary.cast(kind)
    return pa.DictionaryArray.from_arrays(column.indices, plain).dictionary_decode()


def instants(column: pa.Array, name: str) -> pa.Array:
    """Return times as zone-less UTC, floored to the microsecond; raises BadSpine."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if not (pa.types.is_null(kind) or _holds_times(kind)):
        hints = ["`pandas.to_datetime(..., utc=True)` makes texts times"]
        raise BadSpine(f"the column `{name}` is {kind}, not times", help=hints)
    if pa.types.is_timestamp(kind):
        # Arrow keeps instants; taking the zone off leaves them as they are, in UTC.
        numbers = column.cast(pa.int64())
        unit = "us" if kind.unit == "ns" else kind.unit
        column = (_floored(numbers) if kind.unit == "ns" else numbers).cast(pa.timestamp(unit))
    try:
        return _in_years(column.cast(pa.timestamp("us")), name)
    except pa.ArrowInvalid:
        raise _out_of_range(name) from None


def _floored(nanoseconds: pa.Array) -> pa.Array:
    """Return microseconds, before 1970 too the earlier one."""
    from pyarrow import compute

    cut = compute.divide(nanoseconds, 1000)
    later = compute.greater(compute.multiply(cut, 1000), nanoseconds)
    return compute.subtract(cut, later.cast(cut.type))


# The first and the last microsecond that every store can hold, since 1970.
_FIRST: Final = -62_135_596_800_000_000
_LAST: Final = 253_402_300_799_999_999


def _in_years(times: pa.Array, name: str) -> pa.Array:
    import pyarrow as pa
    from pyarrow import compute

    ends = compute.min_max(times.cast(pa.int64())).as_py()
    if ends["min"] is not None and (ends["min"] < _FIRST or ends["max"] > _LAST):
        raise _out_of_range(name)
    return times


def _out_of_range(name: str) -> BadSpine:
    message = f"the column `{name}` holds times that are of no year from 1 to 9999"
    return BadSpine(message, help=["mend them where the table is made, or say null"])
