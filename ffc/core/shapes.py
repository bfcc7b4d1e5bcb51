"""What the shape of a value is called, and how it is written."""

from __future__ import annotations

import types
from typing import Any, Final, Literal, Union, get_args, get_origin

from msgspec import Struct

from ffc.core.diagnostics import listed
from ffc.core.scalars import KINDS
from ffc.core.yaml import Node

# What stands for the key of a mapping that may have any.
ANY_KEY: Final = "key"
WORDS: Final = {"mapping": "mapping", "sequence": "list"}


def shape_of(kind: Any) -> str:
    """Return the kind of node that a key takes."""
    origin = get_origin(kind)
    if origin in (tuple, list):
        return "sequence"
    is_record = isinstance(kind, type) and issubclass(kind, Struct) and kind not in KINDS
    return "mapping" if origin is dict or is_record else "scalar"


def wanted(kind: Any) -> str:
    """Say what a key takes."""
    of = [one for one in get_args(kind) if one is not type(None)]
    if get_origin(kind) in (Union, types.UnionType):
        return wanted(of[0])
    if get_origin(kind) is Literal:
        return listed(map(str, of), "or")
    shape = shape_of(kind)
    if shape != "scalar":
        return f"a {WORDS[shape]}"
    return KINDS[kind].wanted if kind in KINDS else "a value"


def how_to_fill(kind: Any) -> str:
    """Say what to write behind a key that has no value."""
    if shape_of(kind) == "sequence":
        return "write its items below it, each behind a `- `"
    return f"write {wanted(kind)} behind it"


def how_to_write(node: Node, kind: str, key: str) -> tuple[str, ...]:
    """Say how what was written becomes a list, or a mapping with a key."""
    if kind == "mapping":
        if node.described == f"`{node.text}`" and key != ANY_KEY:
            return (f"write `{key}: {node.text}`",)
        return (f"write keys and values: `{key}: ...`",)
    return (f"write `[{node.text}]`",) if node.kind == "scalar" else ("begin each item with `- `",)
