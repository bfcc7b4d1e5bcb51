"""One feature from a YAML line to an HTTP answer: the template project through every command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import csv, ipc, parquet
from support.cli import ffc
from support.server import Server, serving

from ffc import __version__

ROWS = 19_631
ASKED = ["customer_daily.avg_amount_7d", "customer_daily.txn_count_7d", "customer_profile.*"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("line")
    assert ffc(folder, "init", "fraud").code == 0
    built = ffc(folder / "fraud", "run")
    assert built.code == 0, built.stderr
    return folder / "fraud"


@pytest.fixture(scope="module")
def server(project: Path) -> Iterator[Server]:
    with serving(project) as found:
        yield found


def test_the_template_compiles_without_a_word(project: Path) -> None:
    compiled = ffc(project, "compile", "--output", "json")
    assert compiled.code == 0
    assert compiled.json() == {
        "schema": "ffc.diagnostics/v1",
        "target": "dev",
        "ok": True,
        "counts": {"error": 0, "warning": 0},
        "diagnostics": [],
    }
    manifest = json.loads((project / "target" / "manifest.json").read_text())
    assert manifest["schema"] == "ffc.manifest/v1"
    sql = (project / "target" / "compiled" / "training_set.fraud_training.sql").read_text()
    assert "ASOF JOIN" in sql


def test_a_run_writes_its_results(project: Path) -> None:
    document = json.loads((project / "target" / "run_results.json").read_text())
    assert document["schema"] == "ffc.run_results/v1"
    assert document["status"] == "success"
    built = {r["id"]: r for r in document["results"] if r["action"] == "build"}
    assert built["training_set.fraud_training"]["rows"] == {"out": ROWS}
    assert built["training_set.fraud_training"]["relation"].split(".")[0].endswith("__ffc")
    synced = {r["id"]: r["rows"] for r in document["results"] if r["action"] == "sync"}
    counts = {"written": 600, "new": 600, "changed": 0, "removed": 0, "held_back": 0}
    assert synced["feature_view.customer_daily"] == {"out": 600, **counts}


def test_a_second_run_builds_nothing_and_writes_nothing(project: Path) -> None:
    again = ffc(project, "run", "--output", "json")
    assert again.code == 0
    results = again.json()["results"]
    assert {r["status"] for r in results if r["action"] == "build"} == {"unchanged"}
    assert {r["rows"]["written"] for r in results if r["action"] == "sync"} == {0}
    synced = ffc(project, "sync", "--output", "json")
    assert [r["rows"]["written"] for r in synced.json()["results"]] == [0, 0, 0]


def test_a_training_set_has_the_rows_of_its_label(project: Path, tmp_path: Path) -> None:
    printed = ffc(project, "training-set", "fraud_training", "--rows", "2", "--output", "json")
    document = printed.json()
    names = [column["name"] for column in document["columns"]]
    assert names[:5] == ["customer_id", "merchant_id", "event_time", "transaction_id", "amount"]
    assert names[-1] == "is_fraud"
    assert len(document["rows"]) == 2
    readers: dict[str, Any] = {
        ".parquet": parquet.read_table,
        ".csv": csv.read_csv,
        ".arrow": lambda path: ipc.open_file(path).read_all(),
    }
    for ending, read in readers.items():
        file = tmp_path / f"training{ending}"
        assert ffc(project, "training-set", "fraud_training", "--to", str(file)).code == 0
        table: pa.Table = read(file)
        assert (table.num_rows, table.column_names) == (ROWS, names)
    assert not list(tmp_path.glob(".*"))


def test_an_ending_that_is_no_format_is_refused(project: Path, tmp_path: Path) -> None:
    refused = ffc(project, "training-set", "fraud_training", "--to", str(tmp_path / "x.xlsx"))
    assert refused.code == 2
    assert ".parquet .csv .arrow" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_get_and_serve_give_the_same_answer(project: Path, server: Server) -> None:
    got = ffc(project, "get", *ASKED, "--key", "customer_id=C00042", "--output", "json").json()
    status, served = server.call(
        "POST", "/v1/features", {"features": ASKED, "entities": [{"customer_id": "C00042"}]}
    )
    assert status == 200
    assert got.pop("as_of") != served.pop("as_of")
    assert served == got
    assert served["schema"] == "ffc.features/v1"
    (row,) = served["rows"]
    assert row["values"] == [27.26, 2, 5000, "NL", True]
    assert set(row["statuses"]) == {"ok"}


def test_a_training_set_can_be_asked_for_by_name(server: Server) -> None:
    entities = [
        {"customer_id": "C00042", "merchant_id": 1001},
        {"customer_id": "no", "merchant_id": 9},
    ]
    body = {"training_set": "fraud_training", "entities": entities, "metadata": False}
    status, answer = server.call("POST", "/v1/features", body)
    assert status == 200
    assert answer["columns"][0] == {"name": "customer_daily__avg_amount_7d", "type": "float64"}
    found, missing = answer["rows"]
    assert set(found) == {"entity", "values"}
    assert found["values"][-3:] == ["travel", 0.11, False]
    # No row: the default where there is one, else null.
    assert missing["values"] == [None, 0, None, None, None, 0.5, None]


@pytest.mark.parametrize(
    ("body", "status", "field", "words"),
    [
        ({"features": ["custmer_daily.x"], "entities": []}, 404, "features[0]", "no feature view"),
        ({"features": ["customer_daily.x"], "entities": []}, 404, "features[0]", "no feature `x`"),
        ({"features": ASKED, "entities": [{}]}, 422, "entities[0].customer_id", "is missing"),
        (
            {"features": ASKED, "entities": [{"customer_id": 5}]},
            422,
            "entities[0].customer_id",
            "must be a string",
        ),
        ({"features": ASKED}, 422, "", "entities"),
        ({"features": ASKED, "entities": [], "x": 1}, 422, "x", "a request has no `x`"),
        ({"model": "m", "entities": []}, 404, "model", "no model `m`"),
        ({"model": "m", "features": ASKED, "entities": []}, 404, "model", "no model `m`"),
        ({"features": ASKED, "training_set": "x", "entities": []}, 422, "features", "one of them"),
        ({"features": ASKED, "request": {}, "entities": []}, 422, "request", "not in this version"),
        ({"entities": []}, 422, "features", "one of them"),
        ({"training_set": "nope", "entities": []}, 404, "training_set", "no training set"),
        (b"{", 400, "", "not JSON"),
        (b"x" * (5 * 1024 * 1024), 413, "", "larger than"),
    ],
)
def test_a_clients_mistake_is_named(
    server: Server, body: Any, status: int, field: str, words: str
) -> None:
    found, answer = server.call("POST", "/v1/features", body)
    assert found == status
    assert answer["error"]["code"] == "FF808"
    assert answer["error"]["field"] == field
    assert words in answer["error"]["message"]


def test_the_other_routes(server: Server) -> None:
    status, listing = server.call("GET", "/v1/features")
    assert status == 200
    assert {
        "feature": "merchant_profile.risk_score",
        "type": "float64",
        "entity": "merchant",
        "keys": {"merchant_id": "int64"},
    } in listing["features"]
    assert server.call("GET", "/healthz") == (200, {"ok": True})
    assert server.call("GET", "/readyz") == (200, {"ok": True})
    assert server.head("/healthz") == (200, b"")
    assert server.call("GET", "/nothing")[0] == 404
    assert server.call("GET", "/v1/features/")[0] == 404
    assert server.call("PUT", "/v1/features")[0] == 405


def test_a_port_that_is_taken_is_refused(project: Path, server: Server) -> None:
    refused = ffc(project, "serve", "--port", str(server.port))
    assert refused.code == 1
    assert f"can't listen on 127.0.0.1:{server.port}" in refused.stderr
    assert "--port" in refused.stderr


def test_the_server_picks_up_what_a_run_synced(tmp_path: Path) -> None:
    ffc(tmp_path, "init", "p")
    project = tmp_path / "p"
    assert ffc(project, "run").code == 0
    question = {"features": ["customer_profile.credit_limit"], "entities": [{"customer_id": "new"}]}
    with serving(project) as server:
        before = server.call("POST", "/v1/features", question)[1]
        assert before["rows"][0]["statuses"] == ["missing"]
        with (project / "data" / "customer_profiles.csv").open("a") as file:
            file.write("new,777,NL,true,2024-01-01T00:00:00Z,2024-01-01T00:00:00Z\n")
        assert ffc(project, "run").code == 0
        after = server.call("POST", "/v1/features", question)[1]
        assert after["rows"][0]["values"] == [777]
        # A changed definition is filled beside the old one, and the server moves over to it.
        file = project / "features" / "customer.yml"
        renamed = "{name: limit, column: credit_limit,"
        file.write_text(file.read_text().replace("{name: credit_limit,", renamed))
        training_set = project / "training_sets" / "fraud.yml"
        training_set.write_text(training_set.read_text().replace("credit_limit", "limit"))
        assert ffc(project, "run").code == 0
        question["features"] = ["customer_profile.limit"]
        status, answer = _until(server, question)
        assert (status, answer["rows"][0]["values"]) == (200, [777])


def _until(server: Server, question: Any) -> tuple[int, Any]:
    """Ask until a new deployment is seen, which takes a second or so."""
    import time

    for _ in range(100):
        status, answer = server.call("POST", "/v1/features", question)
        if status == 200:
            return status, answer
        time.sleep(0.05)
    return status, answer


def test_help_names_every_command(tmp_path: Path) -> None:
    shown = ffc(tmp_path, "--help")
    assert shown.code == 0
    for name in ("init", "compile", "run", "training-set", "sync", "get", "serve", "demo"):
        assert f"  {name} " in shown.stdout
        assert ffc(tmp_path, name, "--help").code == 0
    assert ffc(tmp_path, "--version").stdout == f"ffc, version {__version__}\n"
    misspelt = ffc(tmp_path, "compil")
    assert misspelt.code == 2
    assert "compile" in misspelt.stderr


def test_outside_a_project(tmp_path: Path) -> None:
    for command in (["compile"], ["run"], ["sync"], ["training-set", "x"]):
        refused = ffc(tmp_path, *command)
        assert refused.code == 1
        assert "there is no ffc.yml here" in refused.stderr
        assert "ffc init" in refused.stderr


def test_init_leaves_a_folder_in_use_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    refused = ffc(tmp_path, "init", ".")
    assert refused.code == 1
    assert "not empty" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
