"""Where in a file a value stands."""

from __future__ import annotations

import csv
from contextlib import suppress
from pathlib import Path

from ffc.adapter import Load
from ffc_duckdb.json_files import json_form, line_of


def where_is(load: Load, file: str, name: str, text: str) -> str:
    """Return the file, and where it tells the line, in which a column first holds a text."""
    line = None
    if load.format != "parquet":
        line = (_line if load.format == "csv" else line_of)(file, name, text)
    what = "record" if load.format == "json" and json_form(file) == "array" else "line"
    return f"`{load.name(file)}`, {what} {line}" if line else f"`{load.name(file)}`"


def _line(file: str, name: str, text: str) -> int | None:
    """Return the line in which the first row with a text begins."""
    with (
        Path(file).open(encoding="utf-8-sig", errors="replace", newline="") as lines,
        suppress(csv.Error),
    ):
        rows = csv.reader(lines)
        place = next(rows).index(name)
        line = rows.line_num + 1
        for row in rows:
            # A quoted empty field, which is wrong, looks here as a null does, which is not.
            if len(row) > place and row[place] == text != "":
                return line
            line = rows.line_num + 1
    return None
