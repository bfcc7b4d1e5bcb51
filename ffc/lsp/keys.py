"""Which keys and which values may stand at a path of a YAML file, from the records of each kind."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Union, get_args, get_origin

import msgspec

from ffc.connect.finding import FILE as PROFILES_FILE
from ffc.connect.profiles import Profile
from ffc.core.cron import WORDS, Cron
from ffc.core.decode import Choice, Record
from ffc.core.types import SCALARS, Type
from ffc.project.files import PROJECT_FILE
from ffc.project.folders import SELECTORS_FILE
from ffc.project.kinds import KINDS
from ffc.project.resources import ProjectFile
from ffc.project.selectors import Definition, Selector, SelectorsFile

Path = tuple[str, ...]
# What stands at the root of a file that is no resource file.
_ROOTS: Final[Mapping[str, Any]] = {
    PROJECT_FILE: ProjectFile,
    PROFILES_FILE: dict[str, Profile],
    SELECTORS_FILE: SelectorsFile,
}
_KINDS: Final = "kinds"
# What stands under a key of a record that is read in a way of its own.
_WITHIN: Final[Mapping[tuple[Any, str], Any]] = {
    (SelectorsFile, "selectors"): Selector,
    (Selector, "definition"): Definition,
    **{(Definition, key): Definition for key in ("union", "intersection", "exclude")},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that may be written: what it holds, in words, and whether it must be there."""

    name: str
    holds: str
    required: bool
    about: str


def keys_at(file: str, path: Path) -> list[Key]:
    """Return the keys of the mapping at a path; none where any may stand."""
    found: dict[str, Key] = {}
    for kind in _at(file, path):
        if kind == _KINDS:
            found |= {name: _kind_key(name) for name in KINDS}
        elif isinstance(kind, type) and issubclass(kind, Record):
            about = _said(kind)
            for each in msgspec.structs.fields(kind):
                if each.name != "at":
                    holds, name = _words(each.type), each.encode_name
                    found[name] = Key(name=name, holds=holds, required=each.required, about=about)
        elif isinstance(kind, type) and issubclass(kind, Choice):
            found |= {
                word: Key(name=word, holds="", required=False, about=_said(record))
                for word, record in kind.KINDS.items()
            }
    return list(found.values())


def values_at(file: str, path: Path) -> list[str]:
    """Return the words that a value at a path may be, as far as they can be counted."""
    found: list[str] = []
    for kind in _at(file, path):
        if get_origin(kind) is Literal:
            found += [str(word) for word in get_args(kind)]
        elif kind is bool:
            found += ["true", "false"]
        elif kind is Type:
            found += [*SCALARS, "decimal(18, 2)", "list<string>", "vector(3)"]
        elif kind is Cron:
            found += list(WORDS)
        elif isinstance(kind, type) and issubclass(kind, Choice):
            found += list(kind.KINDS)
    return list(dict.fromkeys(found))


def _kind_key(name: str) -> Key:
    return Key(name=name, holds="list", required=False, about=_said(KINDS[name][0]))


def _said(record: type) -> str:
    return (inspect.getdoc(record) or "").split("\n\n")[0].replace("\n", " ")


def _at(file: str, path: Path) -> list[Any]:
    """Return the types that may stand at a path."""
    here: list[Any] = [_ROOTS.get(file, _KINDS)]
    for key in path:
        here = [inner for kind in here for inner in _under(kind, key)]
    return here


def _under(kind: Any, key: str) -> Iterator[Any]:
    """Yield what may stand under a key, items of lists instead of the lists."""
    if kind == _KINDS:
        if key in KINDS:
            yield KINDS[key][0]
    elif get_origin(kind) is dict:
        yield from _flat(get_args(kind)[1])
    elif (kind, key) in _WITHIN:
        yield _WITHIN[kind, key]
    elif isinstance(kind, type) and issubclass(kind, Record):
        for each in msgspec.structs.fields(kind):
            if each.encode_name == key:
                yield from _flat(each.type)
    elif isinstance(kind, type) and issubclass(kind, Choice) and key in kind.KINDS:
        yield kind.KINDS[key]


def _flat(kind: Any) -> Iterator[Any]:
    """Yield the types that a type is made of: those of a union, of a list's items."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        for one in get_args(kind):
            yield from _flat(one)
    elif origin in (tuple, list):
        yield from _flat(get_args(kind)[0])
    elif kind is not types.NoneType:
        yield kind


def _words(kind: Any) -> str:
    """Say in a word or two what a key holds."""
    listed = any(get_origin(one) in (tuple, list) for one in (kind, *get_args(kind)))
    found = []
    for one in _flat(kind):
        if get_origin(one) is Literal:
            found.append(" | ".join(map(str, get_args(one))))
        elif get_origin(one) is dict or (isinstance(one, type) and issubclass(one, Record)):
            found.append("mapping")
        elif isinstance(one, type) and issubclass(one, Choice):
            found.append(one.WHAT)
        else:
            found.append(_SAID.get(one, getattr(one, "__name__", "value").lower()))
    words = " or ".join(dict.fromkeys(found))
    return f"list of {words}" if listed else words


_SAID: Final[Mapping[Any, str]] = {str: "text", bool: "true | false", int: "number", Any: "value"}
