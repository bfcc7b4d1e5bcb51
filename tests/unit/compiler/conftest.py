"""A database that binds queries."""

from __future__ import annotations

import pytest

from ffc.compiler.oracle import Oracle
from ffc.manifest.records import Column


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    made = Oracle()
    types = {"a": "int32", "b": "string", "c": "float64", "d": "timestamp", "e": "bool"}
    columns = [Column(name=name, type=type_, native="") for name, type_ in types.items()]
    made.declare_source("source.raw.t", columns)
    made.declare_source("source.raw.u", [columns[0], Column(name="k", type="string", native="")])
    return made
