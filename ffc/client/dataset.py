"""Rows to train with: kept, mixed, split, in batches, as they come and as often as you like.

Nothing is read before it is needed, and no more is held than a batch and the buffer of
`shuffle`. Every method returns another data set; they chain in any order.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, NoReturn

from ffc.client import steps
from ffc.client.batches import Batch, rows_of
from ffc.client.frames import as_array, as_frame, check_backend
from ffc.client.stored import StoredRows
from ffc.core.arrow import counted, sized
from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.errors import BadRequest
from ffc.manifest.records import OutputColumn
from ffc.run.point_in_time.historical import time_of

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import compute as pc

    from ffc.client.steps import Batches

SplitBy = Literal["random", "key", "time"]

# Rows in a batch where nobody asked for batches.
ROWS: Final = 65_536
BUFFER: Final = 100_000


class Row(NamedTuple):
    """One row: its features by name, and its label (None where there is none)."""

    features: dict[str, object]
    label: object


@dataclass(frozen=True, slots=True)
class _Step:
    """A step of a chain: what it makes of the rows before it, and which columns it looks at.

    `work` is given a function that reads the rows of a pass, and the number of the pass.
    """

    work: Callable[[Callable[[int], Batches], int], Batches]
    columns: frozenset[str] | None = frozenset()
    endless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a data set is: columns and what each is for, steps, how it is handed out."""

    name: str
    columns: tuple[OutputColumn, ...]
    shown: tuple[str, ...] | None = None
    steps: tuple[_Step, ...] = ()
    size: int = 0
    drop_last: bool = False
    backend: str = "arrow"
    weight: str = ""


class Dataset:
    """A training set, or features that were looked up: rows in a fixed order."""

    def __init__(self, rows: StoredRows, plan: Plan) -> None:
        self._rows = rows
        self._plan = plan

    # What it is

    @property
    def name(self) -> str:
        """What it is called."""
        return self._plan.name

    @property
    def columns(self) -> tuple[OutputColumn, ...]:
        """Its columns in order: name, type, what each is for (`role`), where it comes from."""
        shown = self._plan.shown
        if shown is None:
            return self._plan.columns
        by_name = {column.name: column for column in self._plan.columns}
        extra = [n for n in (self._plan.weight, *self._labels()) if n and n not in shown]
        return tuple(by_name[name] for name in (*shown, *extra))

    @property
    def features(self) -> list[str]:
        """The columns that a model is given, in order."""
        aside = {self._plan.weight, *self._labels()}
        if self._plan.shown is not None:
            return [name for name in self._plan.shown if name not in aside]
        found = [c.name for c in self._plan.columns if c.role == "feature"]
        return [name for name in found if name not in aside]

    @property
    def label(self) -> str | None:
        """The column that a model learns to predict; None where there is none."""
        return next(iter(self._labels()), None)

    @property
    def weight(self) -> str:
        """The column of weights; empty where there is none."""
        return self._plan.weight

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of its columns; reads the rows if they were not read yet."""
        import pyarrow as pa

        whole = self._rows.schema
        return pa.schema([whole.field(column.name) for column in self.columns])

    def __repr__(self) -> str:
        """Say what it is without reading it."""
        label = f", label {self.label}" if self.label else ""
        return f"<Dataset {self.name}: {len(self.features)} features{label}>"

    def _repr_html_(self) -> str:
        from ffc.client.html import dataset_html

        return dataset_html(self.name, self.columns)

    def __copy__(self) -> Dataset:
        """Return itself: it never changes."""
        return self

    def __deepcopy__(self, memo: object) -> Dataset:
        """Return itself: it never changes, and its file goes with it."""
        return self

    def __reduce__(self) -> NoReturn:
        """Raise TypeError: its rows lie with the client that fetched them."""
        message = "a Dataset stays in its process: pickle its `arrow().read_all()`, or write a file"
        raise TypeError(message)

    # What is read

    def arrow(self) -> pa.RecordBatchReader:
        """Return a reader of the rows."""
        import pyarrow as pa

        schema = self.schema
        if self._plan.size:
            return pa.RecordBatchReader.from_batches(schema, self._sized(schema.names))
        return pa.RecordBatchReader.from_batches(schema, self._read(schema.names))

    def dataframe(self, backend: str = "pandas") -> Any:
        """Return all rows as a DataFrame of `pandas` or `polars`, or as a table of `arrow`."""
        check_backend(backend, ("pandas", "polars", "arrow"))
        self._finite("dataframe")
        return as_frame(self.arrow().read_all(), backend)

    def xy(self, backend: str = "pandas") -> tuple[Any, ...]:
        """Return all features and the label, apart: `X, y`, or `X, y, weights` with `weights()`."""
        check_backend(backend)
        self._finite("xy")
        table = self.arrow().read_all()
        found = [as_frame(table.select(self.features), backend)]
        others = [name for name in (*self._labels(), self._plan.weight) if name]
        return (*found, *(as_array(table.column(name), backend, name) for name in others))

    def count(self) -> int:
        """Return how many rows there are."""
        self._finite("count")
        if not self._plan.steps:
            return self._rows.rows
        return sum(batch.num_rows for batch in self._read([]))

    def __iter__(self) -> Iterator[Any]:
        """Yield `(features, label)`, a row at a time; with `batch()` a batch at a time."""
        plan = self._plan
        label, weight = self.label, plan.weight
        names = [name for name in (*self.features, label, weight) if name]
        if plan.size:
            for batch in self._sized(names):
                yield Batch(batch, self.features, label, weight, plan.backend)
            return
        for batch in self._read(names):
            for values, answer in rows_of(batch, self.features, label):
                yield Row(values, answer)

    # What can be done to it

    def batch(self, size: int, *, drop_last: bool = False, backend: str = "arrow") -> Dataset:
        """Hand rows out `size` at a time, each batch as `(X, y)` of a backend.

        The last batch may be smaller; `drop_last` leaves it out.
        """
        _positive(size, "batch")
        check_backend(backend)
        return self._with(size=size, drop_last=drop_last, backend=backend)

    def shuffle(self, buffer: int = BUFFER, *, seed: int = 0) -> Dataset:
        """Mix rows through a buffer of so many; each pass of `repeat` in another order."""
        _positive(buffer, "shuffle")

        def work(before: Callable[[int], Batches], epoch: int) -> Batches:
            return steps.mixed(before(epoch), buffer, seed, epoch)

        return self._and(_Step(work))

    def repeat(self, times: int | None = None) -> Dataset:
        """Go through the rows so many times; without a number, for ever."""
        if times is not None:
            _positive(times, "repeat")

        def work(before: Callable[[int], Batches], epoch: int) -> Batches:
            passes = itertools.count() if times is None else range(times)
            first = 0 if times is None else epoch * times
            return (batch for index in passes for batch in before(first + index))

        return self._and(_Step(work, endless=times is None))

    def select(self, *columns: str) -> Dataset:
        """Keep these columns, in this order; the label stays, beside them if it is not named."""
        known = [column.name for column in self._plan.columns]
        for name in columns:
            if name not in known:
                raise _no_column(name, known)
        if not columns or len(set(columns)) != len(columns):
            raise BadRequest("`select` takes columns, each once", field="select")
        return self._with(shown=columns)

    def filter(self, condition: str | pc.Expression) -> Dataset:
        """Keep the rows of which a condition is true: SQL, or a `pyarrow.compute` expression."""
        used = steps.columns_of(condition) if isinstance(condition, str) else None
        schema = self._rows.schema
        if used is not None:
            found = {name.lower(): name for name in schema.names}
            for name in used:
                if name.lower() not in found:
                    raise _no_column(name, schema.names)
            used = frozenset(found[name.lower()] for name in used)
        mask = steps.condition(condition, schema)
        return self._masked(mask, used)

    def weights(self, column: str) -> Dataset:
        """Take a column as the weight of each row: `X, y, w` instead of `X, y`."""
        known = [each.name for each in self._plan.columns]
        if column not in known:
            raise _no_column(column, known)
        return self._with(weight=column)

    def split(
        self,
        test: float = 0.2,
        *,
        by: SplitBy = "random",
        seed: int = 0,
        key: str | Sequence[str] = (),
        at: object = None,
    ) -> tuple[Dataset, Dataset]:
        """Return two data sets, to train and to test with; `test` is the share of rows to test.

        `random` tosses for each row; `key` keeps all rows of a key on one side, that of the label's
        first entity or of `key`; `time` tests with the newest rows (those from `at` on, if that is
        given), so that nothing of the future is trained on: rows of one instant stay together, and
        those without a time are on neither side.
        """
        if by not in ("random", "key", "time"):
            known = listed(("random", "key", "time"), "or")
            raise BadRequest(f"`split` is by {known}", field="split")
        if not 0 < test < 1:
            raise BadRequest("`test` is a share between 0 and 1", field="split")
        if by == "time":
            return self._split_by_time(test, at)
        if by == "key":
            keys = self._keys(key)
            masks = [steps.by_key(keys, test, seed, wanted) for wanted in (False, True)]
            train, tested = (self._masked(mask, frozenset(keys)) for mask in masks)
        else:
            masks = [steps.by_chance(test, seed, wanted) for wanted in (False, True)]
            train, tested = (self._masked(mask, frozenset()) for mask in masks)
        return train, tested

    def torch(self, size: int = 1024) -> Any:
        """Return an `IterableDataset` of PyTorch: `(X, y)` as tensors, `size` rows at a time."""
        from ffc.client.tensors import torch_dataset

        return torch_dataset(self.batch(self._plan.size or size, backend="numpy"))

    def tensorflow(self, size: int = 1024) -> Any:
        """Return a `tf.data.Dataset`: `(X, y)` as tensors, `size` rows at a time."""
        from ffc.client.tensors import tensorflow_dataset

        return tensorflow_dataset(self.batch(self._plan.size or size, backend="numpy"))

    # How

    def _labels(self) -> list[str]:
        return [c.name for c in self._plan.columns if c.role == "label"]

    def _with(self, **changes: Any) -> Dataset:
        return Dataset(self._rows, replace(self._plan, **changes))

    def _and(self, step: _Step) -> Dataset:
        return self._with(steps=(*self._plan.steps, step))

    def _masked(self, mask: steps.Mask, columns: frozenset[str] | None) -> Dataset:
        def work(before: Callable[[int], Batches], epoch: int) -> Batches:
            return steps.kept(before(epoch), mask)

        return self._and(_Step(work, columns))

    def _finite(self, what: str) -> None:
        if any(step.endless for step in self._plan.steps):
            message = f"`{what}` has no end after `repeat()`"
            raise BadRequest(message, help=["say how often: `repeat(3)`, or leave it out here"])

    def _keys(self, said: str | Sequence[str]) -> list[str]:
        known = [column.name for column in self._plan.columns]
        keys = [said] if isinstance(said, str) else list(said)
        for name in keys:
            if name not in known:
                raise _no_column(name, known)
        keys = keys or [c.name for c in self._plan.columns if c.role == "key"][:1]
        if not keys:
            raise BadRequest("there is no key to split by", help=["name columns with `key`"])
        return keys

    def _split_by_time(self, test: float, at: object) -> tuple[Dataset, Dataset]:
        time = next((c.name for c in self._plan.columns if c.role == "timestamp"), None)
        if time is None:
            raise BadRequest("there is no time to split by", help=["split by `key` or `random`"])
        self._finite("split")
        if at is not None:
            border: int | None = _instant(at)
        else:
            border = steps.border_of(lambda: self._read([time]), time, test)
        if border is None:
            raise BadRequest(f"no row has a time in `{time}`", field="split")
        sides = [
            self._masked(steps.by_time(time, border, wanted), frozenset([time]))
            for wanted in (False, True)
        ]
        return sides[0], sides[1]

    def _sized(self, names: Sequence[str]) -> Batches:
        return sized(self._read(names), self._plan.size, self._plan.drop_last)

    def _read(self, names: Sequence[str]) -> Batches:
        """Yield the rows after all steps, with these columns."""
        wanted: set[str] | None = set(names)
        for step in self._plan.steps:
            wanted = None if wanted is None or step.columns is None else wanted | step.columns
        order = [n for n in self._rows.schema.names if wanted is None or n in wanted]

        read = _from_the_first(self._rows, order)
        for step in self._plan.steps:
            read = _after(step, read)
        return (batch.select(list(names)) for batch in read(0))


def _from_the_first(rows: StoredRows, columns: Sequence[str]) -> Callable[[int], Batches]:
    return lambda epoch: _numbered(rows.batches(columns))


def _after(step: _Step, before: Callable[[int], Batches]) -> Callable[[int], Batches]:
    return lambda epoch: step.work(before, epoch)


def _numbered(batches: Batches) -> Batches:
    """Put the number of each row behind its columns."""
    first = 0
    for batch in batches:
        numbers = counted(first, batch.num_rows)
        yield batch.append_column(steps.ROW, numbers)
        first += batch.num_rows


def _no_column(name: str, known: Sequence[str]) -> BadRequest:
    hints = did_you_mean(name, known) or (f"there is {listed(known)}",)
    return BadRequest(f"there is no column `{name}`", help=hints)


def _positive(count: object, what: str) -> None:
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise BadRequest(f"`{what}` takes a whole number from 1", field=what)


def _instant(said: object) -> int:
    return (time_of(said, "at") - datetime(1970, 1, 1)) // timedelta(microseconds=1)
