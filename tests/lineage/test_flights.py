"""The lineage of three columns of the flights project is what one would write by hand."""

from __future__ import annotations

import pytest
from e2e.test_flights import LINEAGE
from projects.flights_data import PROJECT
from support.projects import compile_folder

from ffc.manifest.lineage import Place, column_graph


@pytest.mark.parametrize("column", LINEAGE)
def test_a_column_comes_from_what_is_written(column: str) -> None:
    name, _, own = column.partition(".")
    reached = column_graph(compile_folder(PROJECT)).reached(
        Place(f"training_set.{name}", own), True
    )
    found: dict[str, set[tuple[str, str]]] = {"value": set(), "row": set()}
    for place, kind in reached.items():
        if place.node.startswith("source."):
            found[kind].add((place.node, place.column))
    expected = LINEAGE[column]
    assert found["value"] == set(expected["values"])
    assert found["row"] == set(expected["rows"])
