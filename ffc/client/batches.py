"""Batches of rows as models take them: features and label apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ffc.client.frames import as_array, as_frame

if TYPE_CHECKING:
    import pyarrow as pa


class Batch:
    """Some rows: unpacks to `X, y`, or `X, y, weights`, of its backend; without a label to `X`."""

    __slots__ = ("_backend", "_features", "_label", "_weight", "arrow")

    def __init__(
        self,
        arrow: pa.RecordBatch,
        features: Sequence[str],
        label: str | None,
        weight: str,
        backend: str,
    ) -> None:
        self.arrow = arrow
        self._features = features
        self._label = label
        self._weight = weight
        self._backend = backend

    def __len__(self) -> int:
        """Return how many rows there are."""
        return int(self.arrow.num_rows)

    def __iter__(self) -> Iterator[Any]:
        """Yield the features, the label, the weights: as many as there are of these."""
        yield self.features
        if self._label is not None:
            yield self.label
        if self._weight:
            yield self.weight

    @property
    def features(self) -> Any:
        """The columns that a model is given."""
        return as_frame(self.arrow.select(list(self._features)), self._backend)

    @property
    def label(self) -> Any:
        """What a model learns to predict."""
        return self._column(self._label) if self._label else None

    @property
    def weight(self) -> Any:
        """How much each row counts."""
        return self._column(self._weight) if self._weight else None

    def _column(self, name: str) -> Any:
        return as_array(self.arrow.column(name), self._backend, name)

    def __repr__(self) -> str:
        """Say how large it is."""
        return f"<Batch of {len(self):,} rows, {len(self._features)} features>"


def rows_of(
    batch: pa.RecordBatch, features: Sequence[str], label: str | None
) -> Iterator[tuple[dict[str, object], object]]:
    """Yield the features of each row by name, and its label."""
    answers = batch.column(label).to_pylist() if label else [None] * batch.num_rows
    yield from zip(batch.select(list(features)).to_pylist(), answers, strict=True)
