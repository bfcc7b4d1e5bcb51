"""Columns of Arrow as bytes: numpy records for what is of fixed width, joined to what is not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ffc.core.arrow import arrow_type
from ffc.core.types import Type
from ffc.online.codec import packer

Numbers = npt.NDArray[Any]
# A part of every row of a batch: a numpy format with a value a row, or bytes of any length.
Part: TypeAlias = tuple[str, Any] | pa.Array

# How the types of fixed width are packed.
FORMATS: Final = {
    "int32": ">i4",
    "int64": ">i8",
    "float32": ">f4",
    "float64": ">f8",
    "bool": ">u1",
    "timestamp": ">i8",
    "date": ">i4",
}
# The years 1 to 9999 in microseconds since 1970, and in days.
_INSTANTS: Final = (-62_135_596_800_000_000, 253_402_300_799_999_999)
_DAYS: Final = (-719_162, 2_932_896)
# What `date.toordinal` says of the first day of 1970.
_ORDINAL: Final = 719_163
_MOST: Final = 2**31 - 1


def joined(parts: Sequence[Part], count: int) -> pa.Array:
    """Return the bytes of so many rows: the parts of each, one after the other."""
    pieces: list[pa.Array] = []
    for is_fixed, group in groupby(parts, lambda part: isinstance(part, tuple)):
        alike = list(group)
        pieces += [_records(alike, count)] if is_fixed else alike
    if len(pieces) == 1:
        return pieces[0]
    return pc.binary_join_element_wise(*pieces, pa.scalar(b"", pa.binary()))


def constant(data: bytes) -> Part:
    """Return a part that is the same in every row; not empty."""
    return f"V{len(data)}", np.void(data)


def varied(array: pa.Array) -> list[Part]:
    """Return the two parts of bytes of any length: how many there are, and they."""
    return [(">u4", _numbers(pc.binary_length(array), "<i4")), array]


def binary(data: Numbers, ends: Numbers, valid: Numbers | None = None) -> pa.Array:
    """Return the bytes between each two neighbours of `ends`; null where not `valid`."""
    if ends[-1] > _MOST:
        raise ValueError("the rows of one batch are larger than two gigabytes")
    bitmap = None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))
    buffers = [bitmap, pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.binary(), len(ends) - 1, buffers)


def _records(parts: Sequence[Any], count: int) -> pa.Array:
    layout = np.dtype([(f"p{i}", form) for i, (form, _) in enumerate(parts)])
    records = np.empty(count, layout)
    for i, (_, values) in enumerate(parts):
        records[f"p{i}"] = values
    return binary(records, np.arange(count + 1) * layout.itemsize)


def flags(array: pa.Array) -> Numbers:
    """Return booleans, a null as false."""
    return _numbers(_filled(array.cast(pa.uint8())), "u1").astype(np.bool_)


def null_bitmap(columns: Sequence[pa.Array], count: int) -> Numbers:
    """Return each row's null bitmap, the first column the lowest bit of the first byte."""
    bitmap = np.zeros((count, (len(columns) + 7) // 8), np.uint8)
    for i, column in enumerate(columns):
        if column.null_count:
            bitmap[:, i // 8] |= flags(pc.is_null(column)).astype(np.uint8) << (i % 8)
    return bitmap


def fixed(kind: Type, array: pa.Array) -> Numbers:
    """Return values of a type of FORMATS as they are packed, a null as zero.

    Raises ValueError for a time out of the years 1 to 9999, or a value of another type.
    """
    if kind.name == "timestamp":
        return instants(array)
    array = _typed(kind, array)
    if kind.name == "bool":
        return flags(array).astype(np.uint8)
    values = _numbers(_filled(array), FORMATS[kind.name].replace(">", "<"))
    if kind.name == "date":
        _check(values, _DAYS, "a date")
        return np.where(flags(array.is_valid()), values + _ORDINAL, 0)
    # Adding zero makes the one zero of -0.0.
    return values + values.dtype.type(0) if kind.is_float else values


def instants(array: pa.Array) -> Numbers:
    """Return instants as microseconds since 1970, a null as zero; without zone they are UTC.

    Raises ValueError for one out of the years 1 to 9999.
    """
    zone = getattr(array.type, "tz", None)
    array = array.cast(pa.timestamp("us", zone))
    values = _numbers(_filled(array.view(pa.int64())), "<i8")
    _check(values, _INSTANTS, "an instant")
    return values


def bytes_of(kind: Type, array: pa.Array) -> pa.Array:
    """Return the bytes of values that are of no fixed width, those of a null being none.

    Raises ValueError or TypeError for values that can't be stored.
    """
    if kind.name == "list":
        return _packed(kind, array)
    if kind.name == "vector":
        return _vectors(kind, array)
    array = _typed(kind, array)
    if kind.name == "decimal":
        return _decimals(array)
    return _filled(array.cast(pa.binary()), b"")


def _packed(kind: Type, array: pa.Array) -> pa.Array:
    pack = packer(kind)
    packed = [b"" if value is None else pack(value) for value in array.to_pylist()]
    # By way of a buffer: to take a list, pyarrow would import pandas.
    sizes = np.fromiter(map(len, packed), np.int64, len(packed))
    return binary(np.frombuffer(b"".join(packed), np.uint8), _ends(sizes))


def _vectors(kind: Type, array: pa.Array) -> pa.Array:
    """Return the elements of each vector, one after the other."""
    valid = array.drop_null()
    sizes = pc.list_value_length(valid)
    elements = _numbers(_filled(valid.flatten()), "<f4")
    wrong = pc.any(pc.not_equal(sizes, kind.size)).as_py() or valid.flatten().null_count
    if wrong or array.type.value_type != pa.float32():
        raise ValueError(f"{kind} takes {kind.size} numbers, none of them null")
    widths = flags(array.is_valid()).astype(np.int64) * (4 * kind.size)
    return binary((elements + np.float32(0)).astype(">f4"), _ends(widths))


def _decimals(array: pa.Array) -> pa.Array:
    """Return decimals as whole numbers of their last places, in as few bytes as hold the sign."""
    count = len(array)
    halves = np.frombuffer(array.buffers()[1] or b"", "<u8").reshape(-1, 2)
    low, high = halves[array.offset : array.offset + count].T
    # Of a null whatever lies there.
    valid = flags(array.is_valid())
    low, high = np.where(valid, low, 0), np.where(valid, high, 0)
    negative = high >> 63 == 1
    # The bytes of the absolute value, the highest first: -x is ~x + 1.
    carry = (low == 0).astype(np.uint64)
    size = np.empty((count, 2), ">u8")
    size[:, 0] = np.where(negative, ~high + carry, high)
    size[:, 1] = np.where(negative, ~low + np.uint64(1), low)
    digits = size.view(np.uint8)
    first = np.where(digits.any(axis=1), (digits != 0).argmax(axis=1), 15)
    top = digits[np.arange(count), first]
    widths = np.where(valid, 16 - first + (top >= 128), 0)
    size[:, 0], size[:, 1] = high, low
    kept = np.arange(16) >= 16 - widths[:, None]
    return binary(size.view(np.uint8)[kept], _ends(widths))


def _typed(kind: Type, array: pa.Array) -> pa.Array:
    """Return a column as its declared type; raises ValueError where a value doesn't fit."""
    array = array.storage if isinstance(array, pa.ExtensionArray) else array
    return array.cast(arrow_type(kind))


def _filled(array: pa.Array, value: Any = 0) -> pa.Array:
    return array.fill_null(pa.scalar(value, array.type)) if array.null_count else array


def _numbers(array: pa.Array, form: str) -> Numbers:
    """Return a column without nulls as numpy has it; never by way of pandas."""
    values = np.frombuffer(array.buffers()[1] or b"", form)
    return values[array.offset : array.offset + len(array)]


def _ends(sizes: Numbers) -> Numbers:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)])


def _check(values: Numbers, bounds: tuple[int, int], what: str) -> None:
    if len(values) and not bounds[0] <= values.min() <= values.max() <= bounds[1]:
        raise ValueError(f"{what} is out of the years 1 to 9999")
