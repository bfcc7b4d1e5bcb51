"""The point-in-time cases as projects, and what each must answer."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from typing import Any, Final

import yaml

from ffc.conformance.projects import as_yaml, csv_text, project_file, source_table
from ffc.core.names import DEFAULT_VARIANT

FILE: Final = "point_in_time.yaml"
# What the language has and this version refuses, saying so, whatever the warehouse.
_REFUSED: Final = """
    a_day_is_24_hours as_known_window no_time_or_key_defaults window_after_the_huge window_all_null
    window_as_known window_avg_of_ints window_beside_latest window_beside_ties window_composite
    window_composite_key window_default window_delay window_few window_first_last window_functions
    window_ignores_ttl window_inclusive window_inclusive_lag_edges window_lag window_lengths
    window_nan window_null_label_time window_rows_of_the_label window_text window_ties
    window_variance_far_from_zero window_where window_where_each
"""
NOT_YET: Final = frozenset(_REFUSED.split())
# The codes that refuse a case which must be refused, and a word of what they must say.
REFUSALS: Final = {
    "static_duplicate_fails": ("FF807", "more than one row for a key"),
    "same_name_twice": ("FF405", "two columns of one name"),
    "no_time_no_window": ("FF508", "needs the label's time"),
    "no_time_no_lag": ("FF508", "needs the label's time"),
    "static_no_lag": ("FF501", "static"),
}

Case = Mapping[str, Any]


class _Loader(yaml.SafeLoader):
    """A loader to which times are texts, as they are written."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp")]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def read_cases() -> list[dict[str, Any]]:
    """Return every case, those too that this version refuses."""
    text = files("ffc.conformance").joinpath(FILE).read_text(encoding="utf-8")
    found: list[dict[str, Any]] = yaml.load(text, _Loader)
    return found


def case_files(case: Case) -> dict[str, str]:
    """Return a case's project: its data as CSV, its resources as YAML."""
    label = case["label"]
    data, tables, views = {}, [], []
    for index, view in enumerate(case["views"]):
        name = f"v{index}"
        data[f"data/{name}.csv"] = csv_text(list(view["columns"]), view["rows"])
        tables.append(source_table(name, view["columns"]))
        views.append({**_words(view), "source": f"source('raw', '{name}')"})
    data["data/label.csv"] = csv_text(list(label["columns"]), label["rows"])
    tables.append(source_table("label", label["columns"]))
    column = label.get("column") or label["name"]
    labels = [{**_words(label), "source": "source('raw', 'label')", "column": column}]
    resources = {
        "sources": [{"name": "raw", "tables": tables}],
        "entities": [_entity(case, name, keys) for name, keys in case["entities"].items()],
        "feature_views": views,
        "labels": labels,
        "training_sets": [{"name": "ts", "label": label["name"], **case["training_set"]}],
    }
    return {**project_file(), "features/all.yml": as_yaml(resources), **data}


def _words(resource: Case) -> dict[str, Any]:
    return {k: v for k, v in resource.items() if k not in ("columns", "rows")}


def _entity(case: Case, name: str, keys: list[str]) -> dict[str, Any]:
    typed = [{"name": key, "type": _key_type(case, name, i)} for i, key in enumerate(keys)]
    return {"name": name, "keys": typed}


def _key_type(case: Case, entity: str, index: int) -> str:
    """Return a key's type: that of the column in the first view of the entity, else the label's."""
    for view in case["views"]:
        if view["entity"] == entity:
            key = case["entities"][entity][index]
            return str(view["columns"][view.get("keys", {}).get(key, key)])
    key = case["label"]["entities"][entity][index]
    return str(case["label"]["columns"][key])


def times_of(case: Case) -> list[bool]:
    """Return of each column of the answer whether its values are instants."""
    kinds = dict(case["label"]["columns"])
    for view in case["views"]:
        variant = view.get("variant", DEFAULT_VARIANT)
        infix = "" if variant == DEFAULT_VARIANT else f"__{variant}"
        for feature in view["features"]:
            kind = view["columns"].get(feature.get("column", feature["name"]))
            kinds[f"{view['name']}{infix}__{feature['name']}"] = kind
    return [kinds.get(c) in ("timestamp", "date") for c in case["expect"]["columns"]]


@contextmanager
def time_zone(name: str | None) -> Iterator[None]:
    """Put this process in a time zone for a while, where it can be put in one."""
    before = os.environ.get("TZ")
    if name is None or not hasattr(time, "tzset"):
        yield
        return
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        os.environ.update({} if before is None else {"TZ": before})
        time.tzset()
