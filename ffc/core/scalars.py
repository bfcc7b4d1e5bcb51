"""What a single value of YAML may be: how it is read, what it must be, how it is put right."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NewType

from msgspec import Struct

from ffc.core.cron import SHAPE, Cron, parse_cron
from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.durations import Duration, parse_duration
from ffc.core.names import ColumnName, Name, is_column_name, is_name
from ffc.core.types import SCALARS, Type, parse_type
from ffc.core.yaml import Node

# A name that is no part of SQL: `fraud-rf`, `churn.v2`.
ServedName = NewType("ServedName", str)
# A whole number or one with a point; not `true`.
Number = NewType("Number", float)
# A duration that is longer than nothing.
Period = NewType("Period", Duration)
# A number, a text, true or false: anything but nothing.
Value = NewType("Value", object)

_SERVED = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")


def _text(node: Node) -> str | None:
    return node.value if isinstance(node.value, str) else None


def _integer(node: Node) -> int | None:
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        return node.value
    return None


def _number(node: Node) -> int | float | None:
    if isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value
    return None


def _name(node: Node) -> Name | None:
    return Name(node.value) if isinstance(node.value, str) and is_name(node.value) else None


def _column(node: Node) -> ColumnName | None:
    text = _text(node)
    return ColumnName(text) if text is not None and is_column_name(text) else None


def _served(node: Node) -> ServedName | None:
    text = _text(node)
    return ServedName(text) if text is not None and _SERVED.fullmatch(text) else None


def _type(node: Node) -> Type | None:
    return parse_type(node.text)


def _duration(node: Node) -> Duration | None:
    return parse_duration(node.text)


def _period(node: Node) -> Period | None:
    return Period(parse_duration(node.text) or Duration(0)) or None


def _truth(node: Node) -> bool | None:
    return node.value if isinstance(node.value, bool) else None


def _cron(node: Node) -> Cron | None:
    return parse_cron(node.text) if isinstance(node.value, str) else None


def _value(node: Node) -> object:
    return node.value


def _how_text(node: Node) -> tuple[str, ...]:
    if node.kind == "mapping" and node.pairs:
        key = node.pairs[0][0].text
        return (f"`{key}: ` begins a mapping: leave the `:` out, or put the text in quotes",)
    quoted = f'put it in quotes: `"{node.text}"`'
    return (quoted if node.kind == "scalar" else "write one text, without brackets or `- `",)


def _how_truth(node: Node) -> tuple[str, ...]:
    meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(node.text.lower())
    if node.text in ("true", "false"):
        return ("write it without quotes",)
    said = f"`{node.text}` is a text in YAML: write `{meant}`"
    return (said if meant else "write `true` or `false`, without quotes",)


def _how_name(node: Node) -> tuple[str, ...]:
    name, at, variant = node.text.partition("@")
    if at and is_name(name) and is_name(variant):
        return (f"write `{name}`: a variant has a key of its own, `variant: {variant}`",)
    return ("a name has letters, digits and single underscores, a letter first",)


def _how_column(node: Node) -> tuple[str, ...]:
    return ("a column's name has letters, digits and underscores, a letter first",)


def _how_served(node: Node) -> tuple[str, ...]:
    return ("a model's name has letters, digits, `_`, `-` and `.`",)


def _how_type(node: Node) -> tuple[str, ...]:
    word = node.text.strip().lower()
    close = did_you_mean(_SYNONYMS.get(word, word), SCALARS)
    return close or (f"types are {listed((*SCALARS, 'decimal(p,s)', 'list<T>', 'vector(n)'))}",)


def _how_duration(node: Node) -> tuple[str, ...]:
    count, period = node.get("count"), node.get("period")
    if count is not None and period is not None:
        return (f"write `{count.text}{period.text[:1]}`",)
    return ("write a number and a unit: `30s`, `15m`, `1h`, `7d` or `4w`",)


def _how_cron(node: Node) -> tuple[str, ...]:
    return (SHAPE,)


def _how_number(node: Node) -> tuple[str, ...]:
    quoted = isinstance(node.value, str) and node.text.strip().replace(".", "", 1).isdigit()
    return ("write it without quotes" if quoted else "write digits, such as `10`",)


def _how_value(node: Node) -> tuple[str, ...]:
    return ("write a number, a text, `true` or `false`",)


_SYNONYMS: Final = {
    **dict.fromkeys(("text", "str", "varchar", "char", "uuid", "object"), "string"),
    **dict.fromkeys(("int", "integer", "bigint", "long"), "int64"),
    **dict.fromkeys(("float", "double", "real", "number", "numeric"), "float64"),
    "smallint": "int32",
    "boolean": "bool",
    "datetime": "timestamp",
    "timestamptz": "timestamp",
    "blob": "bytes",
}


class Scalar(Struct, frozen=True):
    """A kind of value: `read` returns None for a node that is none, `how` says what to write.

    `read` raises BadCron where it knows better what is wrong.
    """

    read: Callable[[Node], Any]
    wanted: str
    how: Callable[[Node], tuple[str, ...]]


KINDS: Final[Mapping[Any, Scalar]] = {
    str: Scalar(_text, "text", _how_text),
    int: Scalar(_integer, "a whole number", _how_number),
    Number: Scalar(_number, "a number", _how_number),
    bool: Scalar(_truth, "`true` or `false`", _how_truth),
    Name: Scalar(_name, "a name", _how_name),
    ColumnName: Scalar(_column, "a column's name", _how_column),
    ServedName: Scalar(_served, "a name", _how_served),
    Type: Scalar(_type, "a type", _how_type),
    Duration: Scalar(_duration, "a duration", _how_duration),
    Period: Scalar(_period, "a duration longer than nothing", _how_duration),
    Cron: Scalar(_cron, "a schedule", _how_cron),
    Value: Scalar(_value, "a single value", _how_value),
}
