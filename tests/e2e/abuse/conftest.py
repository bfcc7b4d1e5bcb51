"""A server that goes on, whatever was sent to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from support.abused import ASK, FEATURES, post
from support.cli import ffc
from support.projects import FILES, small_project
from support.server import Server, serving

SOURCES = """\
      - name: odd
        file: data/odd.csv
        columns:
          - {name: number, type: int64}
          - {name: price, type: "decimal(6,2)"}
          - {name: day, type: date}
          - {name: at, type: timestamp}
          - {name: good, type: bool}
          - {name: size, type: float64}
"""
VIEWS = """\
  - name: odd
    keys:
      - {name: number, type: int64}
      - {name: price, type: "decimal(6,2)"}
      - {name: day, type: date}
      - {name: at, type: timestamp}
      - {name: good, type: bool}
feature_views:
  - name: sizes
    entity: odd
    source: source('raw', 'odd')
    timestamp: null
    online: true
    features:
      - {name: size, type: float64}
"""
REST: Final = "1.50,2024-01-31,2024-01-31T12:00:00Z,true"
ODD = f"""\
number,price,day,at,good,size
9007199254740993,{REST},3
9007199254740992,{REST},NaN
0,{REST},0
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    views = FILES["features/all.yml"].replace("    ttl: 30d\n", "")
    project = small_project(
        tmp_path_factory.mktemp("abuse") / "small",
        **{
            "sources/raw.yml": FILES["sources/raw.yml"] + SOURCES,
            "features/all.yml": views.replace("feature_views:\n", VIEWS),
            "data/odd.csv": ODD,
        },
    )
    assert ffc(project, "run").code == 0
    with serving(project, "--offline") as found:
        yield found
    assert "bug" not in found.said, found.said


@pytest.fixture(autouse=True)
def _goes_on(server: Server) -> Iterator[None]:
    """After each the server answers as before."""
    yield
    told = post(server, FEATURES, ASK)
    assert (told.status, told.json()["rows"][0]["values"]) == (200, ["NL"])
