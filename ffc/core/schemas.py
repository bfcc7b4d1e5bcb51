"""JSON Schemas (draft 2020-12) of what people write in YAML, from the records it is read into."""

from __future__ import annotations

import inspect
import types
from collections.abc import Mapping
from typing import Any, Final, Literal, Union, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from ffc.core.cron import WORDS, Cron
from ffc.core.decode import Choice, Record
from ffc.core.durations import SECONDS, Duration
from ffc.core.names import ColumnName, Name
from ffc.core.scalars import Number, Period, ServedName, Value
from ffc.core.types import SCALARS, Type

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def _types(depth: int = 4) -> str:
    """Return the pattern of a type; no pattern has lists of lists of any depth."""
    bounded = (
        r"decimal\(\s*([1-9]|[12]\d|3[0-8])\s*,\s*([12]?\d|3[0-8])\s*\)|vector\(\s*0*[1-9]\d*\s*\)"
    )
    known = "|".join((*SCALARS, bounded))
    found = known
    for _ in range(depth):
        found = f"{known}|list<({found})>"
    return f"^({found})$"


_UNITS: Final = "".join(SECONDS)
_TYPE: Final[Schema] = {
    "description": "A type of a column, a feature or a key.",
    "anyOf": [{"enum": list(SCALARS)}, {"type": "string", "pattern": _types()}],
}
_DURATION: Final[Schema] = {
    "description": "A duration: a number and a unit, as in 30s, 15m, 1h, 7d or 4w.",
    "type": "string",
    "pattern": f"^[0-9]{{1,9}}[{_UNITS}]$",
}
# What each kind of `ffc.core.scalars.KINDS` is as a schema.
OF_SCALARS: Final[Mapping[Any, Schema]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    Number: {"type": "number"},
    Value: {"type": ["string", "number", "boolean"]},
    Name: {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*_?$"},
    ColumnName: {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]*$"},
    ServedName: {"type": "string", "pattern": "^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$"},
    Type: _TYPE,
    Duration: _DURATION,
    Period: {**_DURATION, "pattern": f"^(?!0+[{_UNITS}])[0-9]{{1,9}}[{_UNITS}]$"},
    Cron: {
        "description": "A schedule: minute, hour, day of the month, month, day of the week.",
        "anyOf": [
            {"enum": list(WORDS)},
            {"type": "string", "pattern": r"^\s*[\w*/,-]+(\s+[\w*/,-]+){4}\s*$"},
        ],
    },
}
_NULL: Final[Schema] = {"type": "null"}


class Schemas:
    """Schemas of types; `definitions` are those of the records that were met on the way."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def of(self, kind: Any) -> Schema:
        """Return the schema of a type as records are annotated with."""
        origin, inner = get_origin(kind), get_args(kind)
        if origin in (Union, types.UnionType):
            return self._union([one for one in inner if one is not type(None)])
        if origin in (tuple, list):
            return {"type": "array", "items": self.of(inner[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.of(inner[1])}
        if origin is Literal:
            return {"enum": list(inner)}
        if isinstance(kind, type) and issubclass(kind, Record | Choice):
            return self._reference(kind)
        return {} if kind in (object, Any) else dict(OF_SCALARS[kind])

    def _union(self, kinds: list[Any]) -> Schema:
        found = [self.of(kind) for kind in kinds]
        return found[0] if len(found) == 1 else {"anyOf": found}

    def _reference(self, cls: type[Record | Choice]) -> Schema:
        name = cls.__name__
        if name not in self.definitions:
            self.definitions[name] = {}  # so that a record may hold itself
            made = self._record(cls) if issubclass(cls, Record) else self._choice(cls)
            self.definitions[name] = {"description": inspect.getdoc(cls) or "", **made}
        return {"$ref": f"#/$defs/{name}"}

    def _record(self, cls: type[Record]) -> Schema:
        fields = [f for f in msgspec.structs.fields(cls) if f.name != "at"]
        found: Schema = {
            "type": "object",
            "properties": {f.encode_name: self._field(cls, f) for f in fields},
            "required": [f.encode_name for f in fields if f.required],
            "additionalProperties": False,
        }
        if cls.ONE_OF:
            found["oneOf"] = [{"required": [name]} for name in cls.ONE_OF]
        if not cls.SHORT:
            return found
        (short,) = (f for f in fields if f.encode_name == cls.SHORT)
        return {"anyOf": [self.of(short.type), found]}

    def _field(self, cls: type[Record], field: FieldInfo) -> Schema:
        """Return the schema of a key; one that need not be there may be empty too."""
        found = self.of(field.type)
        if field.encode_name in cls.PARTS:
            found["minItems"] = 1
        if not field.required and found:
            found = _or_nothing(found)
        if field.encode_name in cls.LATER:
            found["description"] = f"{cls.LATER[field.encode_name].replace('`', '')}."
        if isinstance(field.default, str | bool | int) and field.default != "":
            found["default"] = field.default
        return found

    def _choice(self, cls: type[Choice]) -> Schema:
        """Return the schema of a word, or of a mapping from one word to what it takes."""
        alone = [
            word
            for word, record in cls.KINDS.items()
            if not any(f.required and f.name != "at" for f in msgspec.structs.fields(record))
        ]
        taken = {word: self._reference(record) for word, record in cls.KINDS.items()}
        return {
            "anyOf": [
                {"enum": alone},
                {
                    "type": "object",
                    "properties": {
                        word: _or_nothing(schema) if word in alone else schema
                        for word, schema in taken.items()
                    },
                    "minProperties": 1,
                    "maxProperties": 1,
                    "additionalProperties": False,
                },
            ]
        }


def _or_nothing(schema: Schema) -> Schema:
    """Return a schema that null fits too."""
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], _NULL]}
    return {"anyOf": [schema, _NULL]} if schema else schema


def file_schema(title: str, description: str, schemas: Schemas, root: Schema) -> Schema:
    """Return the schema of a whole file, with the definitions that it refers to."""
    head = {"$schema": DRAFT, "title": title, "description": description}
    return {**head, **root, "$defs": dict(sorted(schemas.definitions.items()))}
