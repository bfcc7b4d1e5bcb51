"""Whatever a person has of keys and times, as a table that can be read more than once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ffc.client.frames import arrow_table
from ffc.core.errors import BadSpine
from ffc.core.files import ENDINGS
from ffc.run.point_in_time.lookups import spooled
from ffc.run.point_in_time.spines import Spine

if TYPE_CHECKING:
    import pyarrow as pa

ROWS: Final = 65_536
# A file may be called `from.csv`.
_SQL: Final = re.compile(r"\s*(--|/\*|\(|(select|with|from)\b(?!\.))", re.IGNORECASE)
# The types of the keys, which are looked up only where they are needed.
Types = Callable[[], Mapping[str, "pa.DataType"]]


def is_query(given: object) -> bool:
    """Tell whether a spine is given as SQL."""
    return isinstance(given, str) and _SQL.match(given) is not None


def spine_of(given: object, folder: Path, types: Types) -> Spine:
    """Return a spine from a DataFrame, Arrow, a list of mappings or a file.

    What can be read but once is put into `folder` first. `types` are those of the keys, for a file
    of texts. Raises BadSpine where it is no table, or can't be read.
    """
    import pyarrow as pa

    if given is None:
        raise BadSpine("no spine is given", help=["a spine is a table of keys and times"])
    if isinstance(given, str | Path):
        return _file(Path(given), types)
    table = arrow_table(given)
    if isinstance(table, pa.Table):
        return Spine(schema=table.schema, read=lambda: iter(table.to_batches(ROWS)))
    return spooled(table.schema, iter(table), folder)


def _file(path: Path, types: Types) -> Spine:
    if path.suffix not in ENDINGS:
        message = f"a spine is a file that ends in one of {' '.join(ENDINGS)}, or SQL"
        raise BadSpine(message, help=[f"it is `{path}`"])
    if not path.is_file():
        hints = [f"files are looked for from `{Path.cwd()}`"] if not path.is_absolute() else []
        raise BadSpine(f"there is no file `{path}`", help=hints or ["is its name right?"])
    with _reading(path):
        if path.suffix == ".arrow":
            found = _arrow(path)
        else:
            found = _parquet(path) if path.suffix == ".parquet" else _csv(path, types())

    def read() -> Iterator[pa.RecordBatch]:
        with _reading(path):
            yield from found.read()

    return Spine(schema=found.schema, read=read)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Raise BadSpine for what can't be read, of the first rows or of later ones."""
    import pyarrow as pa

    try:
        yield
    except (OSError, pa.ArrowException) as problem:
        why = getattr(problem, "strerror", None) or str(problem).strip().splitlines()[0]
        hints = ["mend it, or write it anew"]
        raise BadSpine(f"`{path}` can't be read: {why}", help=hints) from problem


def _arrow(path: Path) -> Spine:
    import pyarrow as pa

    def read() -> Iterator[pa.RecordBatch]:
        with pa.OSFile(str(path)) as source, pa.ipc.open_file(source) as file:
            for index in range(file.num_record_batches):
                batch = file.get_batch(index)
                batch.validate(full=True)
                yield batch

    with pa.OSFile(str(path)) as source, pa.ipc.open_file(source) as file:
        return Spine(schema=file.schema, read=read)


def _parquet(path: Path) -> Spine:
    from pyarrow import parquet

    def read() -> Iterator[pa.RecordBatch]:
        with parquet.ParquetFile(path) as file:
            yield from file.iter_batches(ROWS)

    with parquet.ParquetFile(path) as file:
        return Spine(schema=file.schema_arrow, read=read)


def _csv(path: Path, types: Mapping[str, pa.DataType]) -> Spine:
    import pyarrow as pa
    from pyarrow import csv

    # Times are taken as they are written: an instant may come without a zone.
    kinds = {name: kind for name, kind in types.items() if not pa.types.is_timestamp(kind)}
    # As in a source's file: only what is empty is null, `NA` and `null` are texts.
    options = csv.ConvertOptions(
        column_types=kinds,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )

    def read() -> Iterator[pa.RecordBatch]:
        with csv.open_csv(path, convert_options=options) as file:
            yield from file

    with csv.open_csv(path, convert_options=options) as file:
        return Spine(schema=file.schema, read=read)
