"""The types of columns, features and keys: one set on every store."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

SCALARS: Final = (
    "string",
    "int32",
    "int64",
    "float32",
    "float64",
    "bool",
    "timestamp",
    "date",
    "bytes",
    "json",
)
KEY_TYPES: Final = ("string", "int32", "int64", "bool", "date", "timestamp", "decimal")

_DECIMAL = re.compile(r"decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)")
_LIST = re.compile(r"list<(.+)>")
_VECTOR = re.compile(r"vector\(\s*(\d+)\s*\)")

# Every value of the first is a value of the second.
_WIDENS: Final = {("int32", "int64"), ("int32", "float64"), ("float32", "float64")}


class Type(Struct, frozen=True, kw_only=True):
    """A type: its name, and what decimal, list and vector add to it."""

    name: str
    precision: int = 0
    scale: int = 0
    size: int = 0
    item: Type | None = None

    def __str__(self) -> str:
        """Write the type as people write it in YAML."""
        if self.name == "decimal":
            return f"decimal({self.precision},{self.scale})"
        if self.name == "vector":
            return f"vector({self.size})"
        if self.name == "list":
            return f"list<{self.item}>"
        return self.name

    @property
    def is_key(self) -> bool:
        """Tell whether an entity's key may have this type."""
        return self.name in KEY_TYPES

    @property
    def is_float(self) -> bool:
        """Tell whether values are binary floating point numbers."""
        return self.name in ("float32", "float64")


def parse_type(text: str) -> Type | None:
    """Read a type such as `decimal(12,2)`, or return None where the text is none."""
    text = text.strip()
    if text in SCALARS:
        return Type(name=text)
    if match := _DECIMAL.fullmatch(text):
        precision, scale = int(match[1]), int(match[2])
        valid = 1 <= precision <= 38 and scale <= precision
        return Type(name="decimal", precision=precision, scale=scale) if valid else None
    if match := _VECTOR.fullmatch(text):
        return Type(name="vector", size=int(match[1])) if int(match[1]) else None
    if match := _LIST.fullmatch(text):
        item = parse_type(match[1])
        return Type(name="list", item=item) if item else None
    return None


def known_type(text: str) -> Type:
    """Read a type that is known to be one: from a manifest, from a checked record."""
    found = parse_type(text)
    if found is None:
        raise ValueError(text)
    return found


def widens(given: Type, wanted: Type) -> bool:
    """Tell whether every value of one type is, unchanged, a value of another."""
    if given == wanted or (given.name, wanted.name) in _WIDENS:
        return True
    if wanted.name == "decimal":
        whole = wanted.precision - wanted.scale
        if given.name == "decimal":
            return whole >= given.precision - given.scale and wanted.scale >= given.scale
        return whole >= {"int32": 10, "int64": 19}.get(given.name, 99)
    return False
