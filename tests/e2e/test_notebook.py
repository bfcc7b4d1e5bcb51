"""The template's notebook runs from top to bottom, learns something, and is served what it learned from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import nbformat
import pytest
from nbclient import NotebookClient
from support.cli import ffc
from support.server import serving

from ffc import Client

NOTEBOOK: Final = "train_and_serve.ipynb"
TEMPLATE: Final = Path(__file__).parent.parent.parent / "project_template" / NOTEBOOK
# What the notebook found, as its last line.
TELL: Final = """
import json
told = {
    "newest": [older.dataframe().shape[0], len(label)],
    "auc": auc,
    "precision": precision,
    "frauds": float(label.mean()),
    "payment": {"customer_id": payment["customer_id"], "merchant_id": payment["merchant_id"]},
    "served": json.loads(served.to_json(orient="records"))[0],
    "then": json.loads(then[list(served.columns)].to_json(orient="records"))[0],
}
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notebook")
    assert ffc(folder, "init", "fraud").code == 0
    built = ffc(folder / "fraud", "run")
    assert built.code == 0, built.stderr
    return folder / "fraud"


@pytest.fixture(scope="module")
def cells(project: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Return the cells as a kernel left them; a cell that fails fails here."""
    home = tmp_path_factory.mktemp("jupyter")
    notebook = nbformat.read(project / NOTEBOOK, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(TELL))
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(project)}})
    with pytest.MonkeyPatch.context() as patch:
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
            patch.setenv(name, str(home / name.lower()))
        client.execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def told(cells: list[Any]) -> dict[str, Any]:
    return json.loads(_texts(cells[-1]))


def _texts(cell: Any) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def test_it_has_no_outputs_before_it_ran() -> None:
    notebook = nbformat.read(TEMPLATE, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [(cell.outputs, cell.execution_count) for cell in code] == [([], None)] * len(code)


def test_it_shows_what_there_is(cells: list[Any]) -> None:
    shown = cells[0].outputs[-1].data
    assert "customer_daily.avg_amount_7d" in shown["text/plain"]
    assert "<table" in shown["text/html"]


def test_its_model_beats_chance_on_the_newest_fifth(told: dict[str, Any]) -> None:
    older, newest = told["newest"]
    assert 0.15 < newest / (older + newest) < 0.25
    assert told["auc"] > 0.65
    assert told["precision"] > 2 * told["frauds"]


def test_what_is_served_is_what_history_says(project: Path, told: dict[str, Any]) -> None:
    assert len(told["served"]) == 7
    assert None not in told["served"].values()
    assert told["served"] == told["then"]
    with serving(project) as server:
        client = Client(f"http://127.0.0.1:{server.port}")
        answer = client.features(training_set="fraud_training", entities=[told["payment"]])
    names = [column.name for column in answer.columns]
    assert dict(zip(names, answer.rows[0].values, strict=True)) == told["served"]
