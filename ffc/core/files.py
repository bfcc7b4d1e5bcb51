"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ffc.core.errors import StoreError

if TYPE_CHECKING:
    import pyarrow as pa

# The endings of files that tables are written to, which say how.
ENDINGS: Final = (".parquet", ".csv", ".arrow")


def write_atomically(path: Path, *data: bytes) -> None:
    """Put bytes under a name in one step; a reader sees the old file or the new one.

    Raises StoreError where it can't be written.
    """
    with _writing(f"`{path}` can't be written"):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.writelines(data)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


@contextmanager
def _writing(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        why = os.strerror(problem.errno) if problem.errno else str(problem)
        hints = ["make room there, and see that you may write there"]
        raise StoreError(f"{what}: {why}", help=hints) from problem


@contextmanager
def keeping(folder: Path) -> Iterator[None]:
    """Raise StoreError for rows that can't be kept in a folder."""
    with _writing(f"the rows can't be kept in `{folder}`"):
        yield


@contextmanager
def batch_writer(
    path: Path, open: Callable[[Path], Any]
) -> Iterator[Callable[[pa.RecordBatch], None]]:
    """Open a file of rows; what is yielded writes some; raises StoreError where it can't.

    What goes wrong where the rows come from is another matter, and stays as it is.
    """
    with keeping(path.parent):
        file = open(path)

    def write(batch: pa.RecordBatch) -> None:
        with keeping(path.parent):
            file.write_batch(batch)

    try:
        yield write
    finally:
        with keeping(path.parent):
            file.close()
