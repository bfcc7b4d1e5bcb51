"""A conformance case as a project on disk, and its answer as comparable rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from pyarrow import ipc
from support.cli import PROFILES, write_files

CASES = Path(__file__).parent / "point_in_time.yaml"


def read_cases() -> list[dict[str, Any]]:
    """Return the cases; times stay text, as they are written."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return yaml.load(CASES.read_text(), Loader)


def write_project(case: Mapping[str, Any], folder: Path) -> None:
    """Write a case's project: its data as CSV, its resources as YAML."""
    label = case["label"]
    tables, views = [], []
    for index, view in enumerate(case["views"]):
        tables.append(_table(folder, f"v{index}", view["columns"], view["rows"]))
        words = {k: v for k, v in view.items() if k not in ("columns", "rows")}
        views.append({**words, "source": f"source('raw', 'v{index}')"})
    tables.append(_table(folder, "label", label["columns"], label["rows"]))
    words = {k: v for k, v in label.items() if k not in ("columns", "rows")}
    labels = [
        {
            **words,
            "source": "source('raw', 'label')",
            "column": label.get("column") or label["name"],
        }
    ]
    entities = [
        {
            "name": name,
            "keys": [{"name": k, "type": _key_type(case, name, i)} for i, k in enumerate(keys)],
        }
        for name, keys in case["entities"].items()
    ]
    training_set = {"name": "ts", "label": label["name"], **case["training_set"]}
    resources = {
        "sources": [{"name": "raw", "tables": tables}],
        "entities": entities,
        "feature_views": views,
        "labels": labels,
        "training_sets": [training_set],
    }
    write_files(
        folder,
        {
            "ffc.yml": "name: case\nversion: 1\nprofile: test\n",
            "profiles.yml": PROFILES,
            "features/all.yml": yaml.safe_dump(resources, allow_unicode=True, sort_keys=False),
        },
    )


def _key_type(case: Mapping[str, Any], entity: str, index: int) -> str:
    """Return a key's type: that of the column in the first view of the entity, else the label's."""
    for view in case["views"]:
        if view["entity"] == entity:
            key = case["entities"][entity][index]
            return view["columns"][view.get("keys", {}).get(key, key)]
    key = case["label"]["entities"][entity][index]
    return case["label"]["columns"][key]


def _table(
    folder: Path, name: str, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    lines = [",".join(_field(column) for column in columns)]
    lines += [",".join(_field(row.get(column)) for column in columns) for row in rows]
    write_files(folder, {f"data/{name}.csv": "\n".join(lines) + "\n"})
    declared = [{"name": column, "type": kind} for column, kind in columns.items()]
    return {"name": name, "file": f"data/{name}.csv", "columns": declared}


def _field(value: Any) -> str:
    if value is None:
        return ""
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return '"' + text.replace('"', '""') + '"'


def read_answer(path: Path) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns and the rows of an Arrow file."""
    with ipc.open_file(path) as file:
        table: pa.Table = file.read_all()
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    return table.column_names, [tuple(row) for row in rows]


def differences(
    expected: Sequence[Sequence[Any]], answer: Sequence[Sequence[Any]], times: Sequence[bool]
) -> list[str]:
    """Compare rows as multisets; floats to 1e-9 relative, times as instants."""
    left = sorted((_comparable(row, times) for row in expected), key=repr)
    right = sorted((_comparable(row, times) for row in answer), key=repr)
    unmatched = list(right)
    missing = []
    for row in left:
        found = next((other for other in unmatched if _equal(row, other)), None)
        if found is None:
            missing.append(f"missing: {row}")
        else:
            unmatched.remove(found)
    return [*missing, *(f"unexpected: {row}" for row in unmatched)]


def _comparable(row: Sequence[Any], times: Sequence[bool]) -> tuple[Any, ...]:
    return tuple(_instant(v) if t else v for v, t in zip(row, times, strict=True))


def _instant(value: Any) -> Any:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return value


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(_equal, left, right))
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        return left is not None and right is not None and Decimal(str(left)) == Decimal(str(right))
    numbers = (int, float)
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, numbers) and isinstance(right, numbers):
        if math.isnan(left) or math.isnan(right):
            return math.isnan(left) and math.isnan(right)
        if isinstance(left, int) and isinstance(right, int):
            return left == right
        return math.isclose(left, right, rel_tol=1e-9)
    return type(left) is type(right) and left == right
