"""A project with a key of every type, and tables of keys and times to ask it with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pandas as pd
import polars as pl
import pyarrow as pa
from pyarrow import csv, parquet

from support.projects import FILES, small_project

KEYS: Final = {
    "string": "c7",
    "int64": "7",
    "int32": "7",
    "date": "1969-12-31",
    "timestamp": "1969-12-31T23:59:59.999999Z",
    "decimal(10,2)": "12.50",
    "bool": "true",
}
_NAMES: Final = {kind: f"of_{kind.partition('(')[0]}" for kind in KEYS}


def keyed_project(folder: Path) -> Path:
    """Write the small project, with an entity, a source and a view for each type of key."""
    entities = [
        *FILES["features/all.yml"].split("feature_views:")[0].splitlines(),
        "  - {name: pair, keys: [{name: user_id, type: string}, {name: item, type: int64}]}",
    ]
    views, tables, data = [], [], {}
    for kind, value in KEYS.items():
        name = _NAMES[kind]
        entities.append(f"  - {{name: {name}, keys: [{{name: {name}_id, type: '{kind}'}}]}}")
        views += _view(name, name, [f"{name}_id"])
        tables += _table(name, {f"{name}_id": kind})
        data[f"data/{name}.csv"] = f"{name}_id,seen,n\n{value},2024-01-01T00:00:00Z,1\n"
    views += _view("pairs", "pair", ["user_id", "item"])
    tables += _table("pairs", {"user_id": "string", "item": "int64"})
    data["data/pairs.csv"] = "user_id,item,seen,n\nu1,1,2024-01-01,1\nu1,2,2024-01-01,2\n"
    own = FILES["features/all.yml"].split("feature_views:")[1]
    views_text, labels = own.split("labels:")
    words = ["\n".join(entities), f"feature_views:{views_text}" + "\n".join(views)]
    return small_project(
        folder,
        **{
            "features/all.yml": "\n".join([*words, f"labels:{labels}"]),
            "sources/raw.yml": FILES["sources/raw.yml"] + "\n".join(tables) + "\n",
            **data,
        },
    )


def _view(name: str, entity: str, keys: list[str]) -> list[str]:
    return [
        f"  - name: {name}",
        f"    entity: {entity}",
        f"    source: source('raw', '{name}')",
        "    timestamp: seen",
        "    features: [{name: n, type: int64}]",
    ]


def _table(name: str, keys: dict[str, str]) -> list[str]:
    columns = {**keys, "seen": "timestamp", "n": "int64"}
    return [
        f"      - name: {name}",
        f"        file: data/{name}.csv",
        "        columns:",
        *(f"          - {{name: {column}, type: '{kind}'}}" for column, kind in columns.items()),
    ]


def at(day: int, hour: int = 0) -> datetime:
    """Return an instant of January 2024."""
    return datetime(2024, 1, day, hour, tzinfo=UTC)


def spine(**columns: Any) -> pa.Table:
    """Return a table: by default of the two users, who ask late in January."""
    return pa.table({"user_id": ["u1", "u2"], "at": [at(10), at(20)], **columns})


def _file(suffix: str) -> Callable[[pa.Table, Path], object]:
    def write(table: pa.Table, folder: Path) -> object:
        path = folder / f"asked{suffix}"
        if suffix == ".parquet":
            parquet.write_table(table, path)
        elif suffix == ".csv":
            csv.write_csv(table, path)
        else:
            with pa.ipc.new_file(path, table.schema) as file:
                file.write_table(table, 1)
        return path if suffix == ".csv" else str(path)

    return write


def _reader(table: pa.Table, folder: Path) -> object:
    return pa.RecordBatchReader.from_batches(table.schema, iter(table.to_batches(1)))


# Each makes something that the same table can be given as.
FORMS: Final[dict[str, Callable[[pa.Table, Path], object]]] = {
    "arrow": lambda table, folder: table,
    "batch": lambda table, folder: table.combine_chunks().to_batches()[0],
    "reader": _reader,
    "pandas": lambda table, folder: table.to_pandas(),
    "pandas of arrow": lambda table, folder: table.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda table, folder: pl.from_arrow(table),
    "rows": lambda table, folder: table.to_pylist(),
    "parquet": _file(".parquet"),
    "arrow file": _file(".arrow"),
    "csv": _file(".csv"),
}
