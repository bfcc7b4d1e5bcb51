"""Names of resources, and the ids that the manifest knows them by."""

from __future__ import annotations

import re
from typing import Final, NewType

DEFAULT_VARIANT: Final = "default"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*_?")
_COLUMN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


# A name that follows the rule: `[A-Za-z][A-Za-z0-9_]*` without `__`.
Name = NewType("Name", str)
ColumnName = NewType("ColumnName", str)


def is_name(text: str) -> bool:
    """Tell whether a text is a name."""
    return _NAME.fullmatch(text) is not None


def is_column_name(text: str) -> bool:
    """Tell whether a text may name a column: as a name, but for underscores in a row."""
    return _COLUMN.fullmatch(text) is not None


def node_id(kind: str, name: str, variant: str = DEFAULT_VARIANT) -> str:
    """Return the id of a resource: `kind.name`, and `@variant` unless it is the default one."""
    return f"{kind}.{name}" if variant == DEFAULT_VARIANT else f"{kind}.{name}@{variant}"


def split_variant(text: str) -> tuple[str, str | None]:
    """Split `name@variant`; the variant is None where none is written."""
    name, _, variant = text.partition("@")
    return name, variant or None
