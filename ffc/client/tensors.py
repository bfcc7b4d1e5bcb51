"""Data sets of PyTorch and TensorFlow; neither is imported until it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ffc.client.frames import imported

if TYPE_CHECKING:
    from ffc.client.dataset import Dataset


def torch_dataset(batches: Dataset) -> Any:
    """Return a `torch.utils.data.IterableDataset` of `(X, y)`: X float32, y of its own type.

    Give it to a `DataLoader` with `batch_size=None`; of several workers each takes its share of the
    batches.
    """
    torch = imported("torch", "torch")
    data = imported("torch.utils.data", "torch")

    def tensors() -> Iterator[tuple[Any, ...]]:
        worker = data.get_worker_info()
        number, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        for index, batch in enumerate(batches):
            if index % workers == number:
                features, *others = batch
                yield (torch.from_numpy(features).float(), *map(torch.as_tensor, others))

    class Batches(data.IterableDataset):  # type: ignore[misc,name-defined]
        def __iter__(self) -> Iterator[tuple[Any, ...]]:
            return tensors()

    return Batches()


def tensorflow_dataset(batches: Dataset) -> Any:
    """Return a `tf.data.Dataset` of `(X, y)`: X float32, y of its own type."""
    tensorflow = imported("tensorflow", "tensorflow")

    def tensors() -> Iterator[tuple[Any, ...]]:
        for batch in batches:
            features, *others = batch
            yield (features.astype("float32"), *others)

    return tensorflow.data.Dataset.from_generator(
        tensors, output_signature=_signature(tensorflow, batches)
    )


def _signature(tensorflow: Any, batches: Dataset) -> tuple[Any, ...]:
    """Return what TensorFlow wants to know of the tensors: of any size, so many features."""
    spec = tensorflow.TensorSpec
    found = [spec(shape=(None, len(batches.features)), dtype=tensorflow.float32)]
    first = next(iter(batches))
    _, *others = first
    found += [spec(shape=(None,), dtype=tensorflow.as_dtype(other.dtype)) for other in others]
    return tuple(found)
