"""What PostgreSQL calls its types, as `format_type` has them, and what they are to ffc."""

from __future__ import annotations

import re
from typing import Final

from ffc.adapter import Type

# https://www.postgresql.org/docs/current/datatype.html
_NATIVE: Final = {
    "text": "string",
    "character varying": "string",
    "character": "string",
    "smallint": "int32",
    "integer": "int32",
    "bigint": "int64",
    "real": "float32",
    "double precision": "float64",
    "boolean": "bool",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamp",
    "date": "date",
    "bytea": "bytes",
    "json": "json",
    "jsonb": "json",
}
_SIZED: Final = re.compile(r"([a-z ]+?)\((\d+)(?:,(\d+))?\)(.*)")
# What Arrow and DuckDB hold of a decimal.
_DIGITS: Final = 38


def type_of(native: str) -> Type | None:
    """Return the type of a column; None for one that features and keys can't have."""
    if native.endswith("[]"):
        item = type_of(native[:-2])
        return Type(name="list", item=item) if item else None
    if native in _NATIVE:
        return Type(name=_NATIVE[native])
    sized = _SIZED.fullmatch(native)
    if sized is None:
        return None
    name, size, scale, rest = sized.groups()
    if name == "numeric":
        fits = int(size) <= _DIGITS and 0 <= int(scale or 0) <= int(size)
        return Type(name="decimal", precision=int(size), scale=int(scale or 0)) if fits else None
    plain = _NATIVE.get(f"{name}{rest}")
    return Type(name=plain) if plain else None
