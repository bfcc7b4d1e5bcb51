"""Data sets of PyTorch and TensorFlow; neither is imported until it is asked for.

Features are float32, a null is NaN. Labels and weights that are whole numbers are int64, all
others, truths too, float32.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ffc.client.frames import imported
from ffc.core.errors import BadRequest

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from ffc.client.dataset import Dataset


def torch_dataset(batches: Dataset) -> Any:
    """Return a `torch.utils.data.IterableDataset` of `(X, y)`.

    Give it to a `DataLoader` with `batch_size=None`; of several workers each takes its share of the
    batches.
    """
    torch = imported("torch", "torch")
    data = imported("torch.utils.data", "torch")

    class Batches(data.IterableDataset):  # type: ignore[misc,name-defined]
        def __iter__(self) -> Iterator[tuple[Any, ...]]:
            worker = data.get_worker_info()
            number, workers = (worker.id, worker.num_workers) if worker else (0, 1)
            for index, arrays in enumerate(_arrays(batches)):
                if index % workers == number:
                    yield tuple(torch.from_numpy(array) for array in arrays)

    return Batches()


def tensorflow_dataset(batches: Dataset) -> Any:
    """Return a `tf.data.Dataset` of `(X, y)`."""
    tensorflow = imported("tensorflow", "tensorflow")
    spec = tensorflow.TensorSpec
    found = [spec(shape=(None, len(batches.features)), dtype=tensorflow.float32)]
    kinds = (
        tensorflow.int64 if _is_whole(kind) else tensorflow.float32 for kind in _others(batches)
    )
    found += [spec(shape=(None,), dtype=kind) for kind in kinds]
    return tensorflow.data.Dataset.from_generator(
        lambda: _arrays(batches), output_signature=tuple(found)
    )


def _arrays(batches: Dataset) -> Iterator[tuple[npt.NDArray[Any], ...]]:
    for batch in batches:
        features, *others = batch
        kinds = _others(batches)
        own = (_array(each, kind) for each, kind in zip(others, kinds, strict=True))
        yield (features.astype("float32"), *own)


def _others(batches: Dataset) -> list[pa.DataType]:
    """Return the types of the label and of the weights, as far as there are such."""
    names = (batches.label, batches.weight)
    return [batches.schema.field(name).type for name in names if name]


def _is_whole(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_integer(kind))


def _array(values: npt.NDArray[Any], kind: pa.DataType) -> npt.NDArray[np.generic]:
    import pyarrow as pa

    if not (_is_whole(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
        message = f"a label of {kind} is no number"
        raise BadRequest(message, help=["encode it where the training set is made"])
    if _is_whole(kind) and values.dtype.kind == "f":
        hints = ["leave these rows out: `.filter('LABEL is not null')`"]
        raise BadRequest("a label that is a whole number is null in some rows", help=hints)
    return values.astype("int64" if _is_whole(kind) else "float32")
