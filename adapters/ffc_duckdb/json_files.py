"""JSON files as DuckDB reads them, and which line of one is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ffc.adapter import DataError

# Bytes of a file that are looked at to tell an array of records from a record a line.
_HEAD: Final = 4096


def json_form(file: str) -> str:
    """Tell whether a file is one array of records or a record a line, as DuckDB calls both."""
    with Path(file).open("rb") as bytes_:
        head = bytes_.read(_HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
    return "array" if head.startswith(b"[") else "newline_delimited"


def json_text(value: object) -> str:
    """Return a value as DuckDB has it as text."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def line_of(file: str, name: str, text: str) -> int | None:
    """Return the line, or of an array the record, in which a column first holds a text."""
    for number, record in _records(file):
        if isinstance(record, dict) and name in record and json_text(record[name]) == text:
            return number
    return None


def _records(file: str) -> Iterator[tuple[int, object]]:
    if json_form(file) == "array":
        yield from enumerate(json.loads(Path(file).read_bytes()), 1)
        return
    with Path(file).open(encoding="utf-8-sig") as lines:
        yield from ((n, json.loads(line)) for n, line in enumerate(lines, 1) if line.strip())


def unreadable(file: str, name: str) -> DataError | None:
    """Return what to say of a file that is not JSON, naming the first line that is none."""
    try:
        if json_form(file) == "array":
            for number, record in _records(file):
                if not isinstance(record, dict):
                    shown = json_text(record)[:60]
                    return DataError(f"`{name}`, record {number} is no object: `{shown}`")
            return None
        with Path(file).open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip() and not isinstance(_parsed(line), dict):
                    return DataError(f"`{name}`, line {number} is no record: `{line.strip()[:60]}`")
    except json.JSONDecodeError as problem:
        return DataError(
            f"`{name}`, line {problem.lineno} can't be read", help=[f"it is no JSON: {problem.msg}"]
        )
    except UnicodeDecodeError:
        return DataError(f"`{name}` can't be read", help=["it is not UTF-8"])
    return None


def _parsed(line: str) -> object:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return None
