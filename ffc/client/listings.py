"""What there is: features, views, training sets, models, columns, as lists that show themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar, overload

from msgspec import Struct

from ffc.client.frames import as_frame, check_backend
from ffc.client.html import table_html
from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.errors import NotFound
from ffc.core.tables import render_table


class Named(Struct, frozen=True, kw_only=True):
    """Something with a name, as the client calls it.

    `built` says whether its newest definition is built: `yes`, `no`, or `changed` since it was;
    it is empty for what is never built.
    """

    name: str
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    built: str = ""


class FeatureInfo(Named, frozen=True, kw_only=True):
    """A feature, named `view.feature`; `default` is what a missing value becomes."""

    type: str
    view: str
    entity: str
    default: object = None
    online: str = ""


class ViewInfo(Named, frozen=True, kw_only=True):
    """A feature view: of whom, from where, since when; `ttl` is in seconds."""

    entity: str
    keys: tuple[str, ...]
    source: str
    timestamp: str = ""
    created: str = ""
    ttl: int | None = None
    online: str = ""
    features: tuple[str, ...] = ()
    rows: int | None = None


class TrainingSetInfo(Named, frozen=True, kw_only=True):
    """A training set: its label, its columns, its newest build."""

    label: str
    columns: tuple[str, ...]
    rows: int | None = None
    build: str = ""
    created: str = ""


class ModelInfo(Named, frozen=True, kw_only=True):
    """A model: the training set, or the features, that it asks for."""

    training_set: str = ""
    features: tuple[str, ...] = ()


class ColumnInfo(Struct, frozen=True, kw_only=True):
    """A column of a node; of a training set `role` says what it is for."""

    name: str
    type: str
    role: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    comes_from: str = ""


class Found(Struct, frozen=True, kw_only=True):
    """Something that a search found, and where it says what was searched for."""

    name: str
    kind: str
    where: str
    text: str


class Related(Struct, frozen=True, kw_only=True):
    """One thing that comes from another; `kind` tells values from rows that are only chosen."""

    parent: str
    child: str
    kind: str


Item = TypeVar("Item", bound=Struct)


class Listing(Sequence[Item], Generic[Item]):
    """Some things in order; by number, or by name where they have one.

    `items` may be a function that looks for them, when the first of them is asked for.
    """

    def __init__(
        self, what: str, items: Sequence[Item] | Callable[[], Sequence[Item]], shown: Sequence[str]
    ) -> None:
        self._what = what
        self._found = items
        self._shown = tuple(shown)

    @cached_property
    def _items(self) -> tuple[Item, ...]:
        return tuple(self._found() if callable(self._found) else self._found)

    @property
    def names(self) -> list[str]:
        """The names of all; of what has none, such as builds, the ids."""
        return [_name(item) for item in self._items]

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        """Yield each."""
        return iter(self._items)

    @overload
    def __getitem__(self, key: int | str) -> Item: ...

    @overload
    def __getitem__(self, key: slice) -> Sequence[Item]: ...

    def __getitem__(self, key: int | str | slice) -> Item | Sequence[Item]:
        """Return one by its number or its name, or a few; raises NotFound for a name."""
        if not isinstance(key, str):
            return self._items[key]
        for item in self._items:
            if _name(item) == key:
                return item
        hints = did_you_mean(key, self.names) or (f"there is {listed(self.names) or 'none'}",)
        raise NotFound(f"there is no `{key}` among the {self._what}", help=hints)

    def __contains__(self, key: object) -> bool:
        """Tell whether a name, or an item, is among them."""
        return key in self.names if isinstance(key, str) else key in self._items

    def dataframe(self, backend: str = "pandas") -> Any:
        """Return them as a DataFrame."""
        import pyarrow as pa

        check_backend(backend, ("pandas", "polars", "arrow"))
        rows = [{name: _text(getattr(i, name)) for name in i.__struct_fields__} for i in self]
        return as_frame(pa.Table.from_pylist(rows), backend)

    def __repr__(self) -> str:
        """Return a table of text."""
        return render_table(self._shown, self._rows()) if self._items else f"no {self._what}"

    def _repr_html_(self) -> str:
        return table_html(f"{len(self)} {self._what}", self._shown, self._rows())

    def _rows(self) -> list[list[str]]:
        return [[_text(getattr(item, name)) for name in self._shown] for item in self._items]


def _name(item: Struct) -> str:
    return str(getattr(item, "name", getattr(item, "id", "")))


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
