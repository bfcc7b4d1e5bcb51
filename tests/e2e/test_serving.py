"""`ffc serve` beyond one answer: Feast's shape, figures, TLS, what is away, how it ends."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.cli import ffc
from support.projects import FILES, open_session, small_project
from support.server import Server, serving

from ffc.auth import Principal
from ffc.online.sync import sync
from ffc.run.collecting import clean

MODELS = """\
models:
  - {name: payer, training_set: main, owner: ml@example.com}
  - {name: lend.v2, features: [spending.amount], owner: ml@example.com}
"""
ASK = {"features": ["spending.amount", "profile.country"], "entities": [{"user_id": "u1"}]}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("serving") / "small"
    views = FILES["features/all.yml"].replace("    ttl: 30d\n", "")
    files = {"training_sets/models.yml": MODELS, "features/all.yml": views}
    built = small_project(folder, **files)
    assert ffc(built, "run").code == 0
    return built


@pytest.fixture(scope="module")
def server(project: Path) -> Iterator[Server]:
    with serving(project) as found:
        yield found


def _copy(project: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(project, tmp_path / "small"))


def _raw(server: Server, method: str, path: str, body: bytes | None = None, **headers: str) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(connection):
        connection.request(method, path, body, names)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()


def test_a_model_is_asked_by_name(server: Server) -> None:
    entities = [{"user_id": "u1"}, {"user_id": "nobody"}]
    told = server.call("POST", "/v1/features", {"model": "payer", "entities": entities})[1]
    of_set = server.call("POST", "/v1/features", {"training_set": "main", "entities": entities})[1]
    assert told["rows"] == of_set["rows"]
    assert [row["statuses"] for row in told["rows"]] == [["ok", "ok"], ["missing", "missing"]]
    own = server.call("POST", "/v1/features", {"model": "lend.v2", "entities": entities})[1]
    assert [column["name"] for column in own["columns"]] == ["spending__amount"]


def test_feasts_shape(server: Server) -> None:
    asked = {
        "features": ["spending:amount", "profile:country"],
        "entities": {"user_id": ["u1", "nobody"]},
        "full_feature_names": False,
    }
    status, told = server.call("POST", "/get-online-features", asked)
    assert status == 200
    assert told["metadata"] == {"feature_names": ["user_id", "amount", "country"]}
    key, amount, country = told["results"]
    never = "1970-01-01T00:00:00Z"
    assert key == {
        "values": ["u1", "nobody"],
        "statuses": ["PRESENT", "PRESENT"],
        "event_timestamps": [never, never],
    }
    assert amount == {
        "values": [2.5, 0.0],
        "statuses": ["PRESENT", "NOT_FOUND"],
        "event_timestamps": ["2024-01-02T00:00:00Z", never],
    }
    assert country["values"] == ["NL", None]
    named = server.call("POST", "/get-online-features", {**asked, "full_feature_names": True})[1]
    assert named["metadata"]["feature_names"] == ["user_id", "spending__amount", "profile__country"]
    of_model = {"feature_service": "payer", "entities": {"user_id": ["u1"]}}
    names = server.call("POST", "/get-online-features", of_model)[1]["metadata"]["feature_names"]
    assert names == ["user_id", "amount", "country"]
    whole = {**of_model, "full_feature_names": True}
    names = server.call("POST", "/get-online-features", whole)[1]["metadata"]["feature_names"]
    assert names == ["user_id", "spending__amount", "profile__country"]
    stars = {**asked, "features": ["profile:*", "spending:*"]}
    names = server.call("POST", "/get-online-features", stars)[1]["metadata"]["feature_names"]
    assert names == ["user_id", "country", "amount"]
    # What Feast answers with a 500, each with its status and a reason.
    for wrong, code, said in (
        ({"features": ["spending:nope"], "entities": {"user_id": ["u1"]}}, 404, "no feature"),
        ({"features": ["spending:amount"], "entities": {"user": ["u1"]}}, 422, "is missing"),
        ({"features": ["spending:amount"], "entities": {"user_id": [1]}}, 422, "must be a string"),
        ({"features": ["spending:amount"], "entities": {}}, 422, "a list of values"),
        ({"features": ["a:b"], "entities": {"x": [1], "y": []}}, 422, "all of one length"),
        ({"feature_service": "nope", "entities": {"user_id": ["u1"]}}, 404, "no training set"),
        ({"entities": {"user_id": ["u1"]}}, 422, "one of them"),
        (
            {"features": ["spending:amount"] * 2, "entities": {"user_id": ["u1"]}},
            422,
            "more than one feature is called `amount`",
        ),
    ):
        status, told = server.call("POST", "/get-online-features", wrong)
        assert status == code, told
        assert said in told["error"]["message"]


def test_a_request_has_a_name(server: Server) -> None:
    body = json.dumps(ASK).encode()
    names = {_raw(server, "POST", "/v1/features", body)[1]["x-request-id"] for _ in range(3)}
    assert len(names) == 3
    assert _raw(server, "GET", "/nope", x_request_id="mine-7")[1]["x-request-id"] == "mine-7"
    long = _raw(server, "GET", "/healthz", x_request_id="x" * 500)[1]["x-request-id"]
    assert len(long) < 40


def test_figures(server: Server) -> None:
    def figures() -> dict[str, float]:
        status, headers, text = _raw(server, "GET", "/metrics")
        assert (status, headers["content-type"].partition(";")[0]) == (200, "text/plain")
        lines = [line for line in text.decode().splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    before = figures()
    server.call("POST", "/v1/features", ASK)
    server.call("POST", "/v1/features", {**ASK, "entities": [{"user_id": "nobody"}] * 3})
    server.call("POST", "/v1/features", {"entities": []})
    for number in range(20):
        server.call("GET", f"/nowhere/{number}")
    after = figures()

    def more(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert more('ffc_requests_total{route="/v1/features",code="200"}') == 2
    assert more('ffc_requests_total{route="/v1/features",code="422"}') == 1
    assert more('ffc_requests_total{route="other",code="404"}') == 20
    assert more("ffc_entities_total") == 4
    assert more('ffc_feature_status_total{view="spending",status="missing"}') == 3
    assert more('ffc_feature_status_total{view="profile",status="ok"}') == 1
    assert more('ffc_request_seconds_count{route="/v1/features"}') == 3
    assert more('ffc_request_seconds_bucket{route="/v1/features",le="+Inf"}') == 3
    assert more('ffc_store_seconds_count{store="default"}') == 2
    assert after['ffc_view_rows{view="spending"}'] == 2
    assert after['ffc_view_age_seconds{view="spending"}'] > 0
    assert not [name for name in after if "nowhere" in name]


def test_what_it_says_of_itself_is_what_it_does(server: Server) -> None:
    document = server.call("GET", "/openapi.json")[1]
    assert document["openapi"] == "3.1.0"

    def check(told: Any, path: str, method: str, status: int) -> None:
        answers = document["paths"][path][method]["responses"]
        schema = answers[str(status)]["content"]["application/json"]["schema"]
        whole = {**schema, "components": document["components"]}
        Draft202012Validator(whole).validate(told)

    feast = {"features": ["spending:amount"], "entities": {"user_id": ["u1"]}}
    for method, path, asked in (
        ("POST", "/v1/features", ASK),
        ("POST", "/v1/features", {**ASK, "metadata": False}),
        ("POST", "/v1/features", {"entities": []}),
        ("POST", "/v1/features", {"model": "x", "entities": []}),
        ("GET", "/v1/features", None),
        ("POST", "/get-online-features", feast),
        ("GET", "/healthz", None),
        ("GET", "/readyz", None),
    ):
        status, told = server.call(method, path, asked)
        check(told, path, method.lower(), status)
    (known,) = server.call("GET", "/nope")[1]["error"]["help"]
    routes = {word.rstrip(",") for word in known.split() if word.startswith("/")}
    assert set(document["paths"]) == routes


def test_a_manifest_and_a_store_are_enough(project: Path, tmp_path: Path) -> None:
    """Neither project nor state nor warehouse: what a sync left in the store says what is whole."""
    there = tmp_path / "alone"
    (there / ".ffc").mkdir(parents=True)
    shutil.copy(project / "target" / "manifest.json", there / "manifest.json")
    shutil.copy(project / "profiles.yml", there / "profiles.yml")
    refused = ffc(there, "serve", "--manifest", "manifest.json")
    assert refused.code == 1
    assert "it is not there" in " ".join(refused.stderr.split())
    assert not (there / ".ffc" / "online.db").exists()
    shutil.copy(project / ".ffc" / "online.db", there / ".ffc" / "online.db")
    with serving(there, "--manifest", "manifest.json") as found:
        told = found.call("POST", "/v1/features", {"model": "payer", "entities": ASK["entities"]})
        assert told[1]["rows"][0]["values"] == [2.5, "NL"]
    assert not (there / ".ffc" / "state.db").exists()


def test_the_state_store_may_be_away(project: Path, tmp_path: Path) -> None:
    here = _copy(project, tmp_path)
    state = here / ".ffc" / "state.db"
    with serving(here) as found:
        state.rename(here / "away.db")
        state.mkdir()
        time.sleep(1.5)
        assert found.call("POST", "/v1/features", ASK)[0] == 200
        assert found.call("GET", "/readyz")[0] == 200
    # A server that starts now knows what the last one knew.
    with serving(here) as found:
        told = found.call("POST", "/v1/features", ASK)[1]
        assert told["rows"][0]["values"] == [2.5, "NL"]
        state.rmdir()
        (here / "away.db").rename(state)
        (here / "training_sets" / "models.yml").write_text(MODELS.replace("ml@", "us@"))
        assert ffc(here, "run").code == 0
        end = time.monotonic() + 10
        while time.monotonic() < end:
            if found.call("POST", "/v1/features", ASK)[1]["deployment"] == "d2":
                break
            time.sleep(0.2)
        assert found.call("POST", "/v1/features", ASK)[1]["deployment"] == "d2"


@pytest.mark.parametrize("options", [(), ("--manifest", "target/manifest.json")])
def test_a_clean_takes_no_row_that_a_server_still_reads(
    project: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Not even one that follows a sync at once, and gives nobody time."""
    here = _copy(project, tmp_path)
    if options:
        shutil.copy(here / "profiles.yml", here / "target")
        profiles = (here / "profiles.yml").read_text()
        there = profiles.replace(".ffc/online", str(here / ".ffc" / "online"))
        (here / "target" / "profiles.yml").write_text(there)
    with serving(here, *options) as found:
        with ThreadPoolExecutor(1) as other:
            cleaned = other.submit(_refill_and_clean, here)
            asked = 0
            while not cleaned.done():
                told = found.call("POST", "/v1/features", ASK)
                assert (told[0], told[1]["rows"][0]["values"]) == (200, [2.5, "NL"])
                asked += 1
        assert cleaned.result() == 2
        assert asked > 10


def _refill_and_clean(project: Path) -> int:
    """Fill every view anew, take the old rows away at once; return of how many views."""
    user = Principal("tester")
    with open_session(project) as session:
        assert all(not each.error for each in sync(session, "small", principal=user, anew=True))
        return len(clean(session, principal=user, grace=timedelta(0)).taken)


def test_a_folder_that_cannot_be_written_to_holds_up_nothing(project: Path, tmp_path: Path) -> None:
    """Of what is known nothing can be kept; but it is served, and so is what comes."""
    here = _copy(project, tmp_path)
    shutil.rmtree(here / "target")
    (here / "target").write_text("in the way")
    with serving(here, "--log-format", "json") as found:
        before = found.call("POST", "/v1/features", ASK)
        assert before[1]["rows"][0]["values"] == [2.5, "NL"]
        assert ffc(here, "sync", "--full-refresh").code == 0
        assert ffc(here, "clean", "--unused", "--grace", "0").code == 0
        told = found.call("POST", "/v1/features", ASK)
        assert told[1]["rows"][0]["values"] == [2.5, "NL"]
        (here / "target").unlink()
        end = time.monotonic() + 10
        while time.monotonic() < end and not (here / "target" / "serving.dev.json").exists():
            time.sleep(0.1)
        assert (here / "target" / "serving.dev.json").exists()
    events = [json.loads(line)["event"] for line in found.said.splitlines()[1:]]
    assert events == ["keep_failed", "deployment", "deployment"]


def test_tls_and_events_in_json(project: Path, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    given = ("--tls-cert", str(certificate), "--tls-key", str(key), "--log-format", "json")
    context = ssl.create_default_context(cafile=str(certificate))
    with serving(_copy(project, tmp_path), *given, context=context) as found:
        request = urllib.request.Request(
            f"https://127.0.0.1:{found.port}/v1/features", data=json.dumps(ASK).encode()
        )
        with urllib.request.urlopen(request, context=context, timeout=20) as response:
            assert json.loads(response.read())["rows"][0]["values"] == [2.5, "NL"]
        # The server does not wait for who rests.
        idle = context.wrap_socket(
            socket.create_connection(("127.0.0.1", found.port)), server_hostname="127.0.0.1"
        )
    idle.close()
    events = [json.loads(line) for line in found.said.splitlines() if line.startswith("{")]
    assert [event["event"] for event in events] == ["deployment"]
    assert events[0]["deployment"] == "d1"
    refused = ffc(project, "serve", "--tls-cert", str(certificate))
    assert refused.code == 2
    assert "go together" in refused.stderr


def test_a_request_on_its_way_when_the_server_ends_is_answered(
    project: Path, tmp_path: Path
) -> None:
    """On a connection that was kept, and on one that is new."""
    with serving(_copy(project, tmp_path)) as found:
        kept = http.client.HTTPConnection("127.0.0.1", found.port, timeout=10)
        fresh = http.client.HTTPConnection("127.0.0.1", found.port, timeout=10)
        kept.request("GET", "/healthz")
        assert kept.getresponse().read()
        # It stops to take connections, and is told to end meanwhile.
        (worker,) = found.workers()
        os.kill(worker, signal.SIGSTOP)
        fresh.connect()
        os.kill(found.pid, signal.SIGTERM)
        time.sleep(0.2)
        os.kill(worker, signal.SIGCONT)
        for connection in (kept, fresh):
            time.sleep(0.1)
            connection.request("POST", "/v1/features", json.dumps(ASK).encode())
            response = connection.getresponse()
            assert (response.status, response.getheader("connection")) == (200, "close")
            assert json.loads(response.read())["rows"][0]["values"] == [2.5, "NL"]
            connection.close()


def test_requests_that_were_accepted_are_finished(project: Path, tmp_path: Path) -> None:
    with serving(_copy(project, tmp_path)) as found:
        many = {**ASK, "entities": [{"user_id": f"u{n}"} for n in range(10_000)]}
        connection = http.client.HTTPConnection("127.0.0.1", found.port, timeout=30)
        connection.request("POST", "/v1/features", json.dumps(many).encode())
        time.sleep(0.05)
        os.kill(found.pid, signal.SIGTERM)
        with closing(connection):
            response = connection.getresponse()
            assert response.status == 200
            assert len(json.loads(response.read())["rows"]) == 10_000
