"""The Python client against a folder, a bare manifest and a server: the same, while runs go on."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from support.cli import ffc
from support.projects import FILES, small_project
from support.server import Server, serving

from ffc import Client, errors

TOKEN = "a token of these tests"
MODELS = "models: [{name: payer, training_set: main, owner: ml@example.com}]\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    built = small_project(tmp_path / "small", **{"training_sets/models.yml": MODELS})
    assert ffc(built, "run").code == 0
    return built


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that was run; nobody changes it."""
    folder = tmp_path_factory.mktemp("shared") / "small"
    built = small_project(folder, **{"training_sets/models.yml": MODELS})
    assert ffc(built, "run").code == 0
    return built


@pytest.fixture(scope="module")
def server(shared: Path) -> Iterator[Server]:
    os.environ["FFC_TEST_TOKEN"] = TOKEN
    with serving(shared, "--offline", "--token-env", "FFC_TEST_TOKEN") as found:
        yield found
    del os.environ["FFC_TEST_TOKEN"]


def address(found: Server) -> str:
    return f"http://127.0.0.1:{found.port}"


@pytest.fixture(params=["folder", "inside", "manifest", "url"])
def client(request: pytest.FixtureRequest, shared: Path, tmp_path: Path) -> Client:
    """Return a client of the same project, wherever it reads from."""
    if request.param == "url":
        return Client(address(request.getfixturevalue("server")), token=TOKEN)
    if request.param == "manifest":
        # Beside the state, without a file of the project.
        for name in ("profiles.yml", ".ffc"):
            where = tmp_path / name
            copy = shutil.copytree if name == ".ffc" else shutil.copy
            copy(shared / name, where)
        shutil.copy(shared / "target" / "manifest.json", tmp_path / "manifest.json")
        return Client(tmp_path / "manifest.json")
    return Client(shared / "features" if request.param == "inside" else shared)


def test_what_there_is(client: Client) -> None:
    assert client.views.names == ["profile", "spending"]
    assert client.features.names == ["profile.country", "spending.amount"]
    assert client.features["spending.amount"].type == "float64"
    assert client.training_sets["main"].rows == 4
    assert client.training_sets["main"].built == "yes"
    assert client.models["payer"].training_set == "main"
    assert [c.name for c in client.columns("main")] == [
        *("user_id", "seen", "profile__country", "spending__amount", "paid_back")
    ] or client.columns("main").names == client.training_set("main").schema.names
    assert "spending" in client.search("SPEND").names
    assert [f.name for f in client.search("no such word")] == []
    parents = {link.parent for link in client.lineage("spending.amount")}
    assert "transformation.clean.amount" in parents
    for listing in (client.views, client.features, client.training_sets, client.models):
        assert listing.names[0] in repr(listing)
        assert f"<td style='text-align:left'>{listing.names[0]}</td>" in listing._repr_html_()
        assert len(listing.dataframe()) == len(listing)
    assert "spending" in client._repr_html_()


def test_the_rows_of_a_training_set(client: Client, shared: Path, tmp_path: Path) -> None:
    found = client.training_set("main")
    ffc(shared, "training-set", "main", "--to", str(tmp_path / "main.arrow"))
    with pa.ipc.open_file(tmp_path / "main.arrow") as file:
        expected = file.read_all()
    assert found.dataframe("arrow").equals(expected)
    assert str(found.schema.field("seen").type) == "timestamp[us, tz=UTC]"
    features, label = found.xy()
    assert (list(features.columns), label.name) == (found.features, "paid_back")
    assert sum(len(batch) for batch in found.shuffle(2).repeat(3).batch(3)) == 12


def test_the_newest_values(client: Client, server: Server) -> None:
    asked = {"features": ["spending.amount", "profile.country"], "entities": [{"user_id": "u1"}]}
    found = client.features(asked["features"], asked["entities"])
    status, told = _sent(server, "/v1/features", "application/json", json.dumps(asked).encode())
    assert status == 200
    assert [c.name for c in found.columns] == [c["name"] for c in told["columns"]]
    assert found.rows[0].values == told["rows"][0]["values"]
    assert found.rows[0].statuses == told["rows"][0]["statuses"]
    by_set = client.features(training_set="main", entities=[{"user_id": "u2"}], metadata=False)
    assert by_set.rows[0].statuses is None


@pytest.mark.parametrize(
    ("wrong", "kind", "said"),
    [
        (lambda c: c.training_set("mian"), errors.NotFound, "main"),
        (lambda c: c.training_set("main", build="b0").count(), errors.NotFound, "b0"),
        (lambda c: c.columns("mian"), errors.NotFound, "main"),
        (lambda c: c.lineage("spending.amont"), errors.NotFound, "amount"),
        (lambda c: c.views["spendin"], errors.NotFound, "spending"),
        (lambda c: c.features(["spending.amont"], [{"user_id": "u"}]), errors.FfcError, "amount"),
        (lambda c: c.features(["spending.amount"], [{"user": "u"}]), errors.BadRequest, "user_id"),
        (lambda c: c.features(["spending.amount"], [{"user_id": 7}]), errors.BadRequest, "user_id"),
    ],
)
def test_names_that_are_wrong(client: Client, wrong: Any, kind: Any, said: str) -> None:
    with pytest.raises(kind, match=said) as caught:
        wrong(client)
    assert caught.value.code in str(caught.value)


def test_every_key_as_serving_answers_now(client: Client) -> None:
    found = client.entities("spending")
    rows = {row["user_id"]: row["spending__amount"] for row in found.dataframe("arrow").to_pylist()}
    asked = [{"user_id": key} for key in rows]
    told = client.features(["spending.amount"], asked)
    assert [row.values[0] for row in told.rows] == list(rows.values())
    static = client.entities("profile").dataframe("arrow").to_pylist()
    assert {row["user_id"]: row["profile__country"] for row in static} == {"u1": "NL", "u2": "DE"}


def test_rows_of_anything(client: Client) -> None:
    assert len(client.dataframe("clean")) == 4
    assert len(client.dataframe("source.raw.users", limit=1)) == 1
    assert str(client.dataframe("clean", backend="polars").schema["seen"]).startswith("Datetime")
    with pytest.raises(errors.NotFound, match="clean"):
        client.dataframe("clea")


ASKED: dict[str, dict[str, Any]] = {
    "features": {"features": ["spending.amount", "profile.*"], "entities": [{"user_id": "u1"}]},
    "many": {"features": ["profile.*"], "entities": [{"user_id": f"u{n}"} for n in range(300)]},
    "nobody": {"features": ["spending.amount"], "entities": []},
    "set": {"training_set": "main", "entities": [{"user_id": "u2"}, {"user_id": None}]},
    "model": {"model": "payer", "entities": [{"user_id": "u2"}], "metadata": False},
}


@pytest.mark.parametrize("case", ASKED)
def test_in_process_is_as_over_http(client: Client, server: Server, case: str) -> None:
    asked = ASKED[case]
    body = json.dumps(asked).encode()
    status, told = _sent(server, "/v1/features", "application/json", body)
    assert status == 200
    for found in (client.features(**asked), asyncio.run(client.features.ask(**asked))):
        mine = msgspec.to_builtins(found)
        assert {**mine, "as_of": ""} == {**told, "as_of": ""}


def test_what_is_deployed_meanwhile_is_seen(project: Path) -> None:
    client = Client(project)
    ask = partial(client.features, ["spending.amount"], [{"user_id": "u2"}])
    first = ask()
    models = project / "training_sets" / "models.yml"
    models.write_text(MODELS.replace("ml@", "us@"))
    events = project / "data" / "events.csv"
    events.write_text(events.read_text() + "u2,77,true,2024-01-09T00:00:00Z,2024-01-09T01:00:00Z\n")
    # A run is held up by nobody who asked.
    assert ffc(project, "run").code == 0
    end = time.monotonic() + 10
    while ask().deployment == first.deployment and time.monotonic() < end:
        time.sleep(0.1)
    assert ask().deployment != first.deployment
    assert ask().rows[0].event_times == ["2024-01-09T00:00:00Z"]
    # Other settings hold at once, or nearly so: another online store, which is not there.
    profiles = project / "profiles.yml"
    profiles.write_text(profiles.read_text().replace("online.db", "another.db"))
    time.sleep(1.2)
    with pytest.raises(errors.StoreError, match=r"another\.db can't be used: it is not there"):
        ask()


def test_a_fork_opens_its_own(shared: Path) -> None:
    client = Client(shared)
    ask = partial(client.features, ["profile.country"], [{"user_id": "u1"}])
    assert ask().rows[0].values == ["NL"]
    child = os.fork()
    if child == 0:
        # Whatever happens there, no test goes on in it.
        try:
            os._exit(0 if ask().rows[0].values == ["NL"] else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert ask().rows[0].values == ["NL"]


def test_any_table(client: Client, shared: Path, tmp_path: Path) -> None:
    """However the spine is given, the answer is that of the project's own folder, to the byte."""
    times = pa.array([5, 8, 2], pa.timestamp("s", tz="Europe/Paris"))
    days = pa.array([at.as_py() for at in times], pa.timestamp("us", tz="Europe/Paris"))
    notes = pa.array(["a", None, "b"]).dictionary_encode()
    schema = pa.schema(
        [
            pa.field("note", notes.type, metadata={"of": "a field"}),
            ("user_id", pa.string()),
            ("seen", days.type),
        ],
        metadata={"whose": "mine"},
    )
    table = pa.table([notes, pa.array(["u1", "u2", None]), days], schema=schema)
    mine = Client(shared)
    asked: Any = ["profile.*", {"feature": "spending.amount", "as": "spent"}]
    expected = mine.historical(asked, table, boundary="inclusive")
    found = client.historical(asked, table, boundary="inclusive")
    assert found.columns == expected.columns
    assert [column.role for column in found.columns][:3] == ["include", "key", "timestamp"]
    assert found.dataframe("arrow").equals(expected.dataframe("arrow"), check_metadata=True)
    # A file of texts, whose keys are of the types that are declared.
    file = tmp_path / "asked.csv"
    file.write_text("user_id,seen\nu1,2024-01-05T00:00:00Z\nu2,2024-01-08T00:00:00Z\n")
    ours, own = (c.historical(["spending.amount"], file) for c in (client, mine))
    assert ours.dataframe("arrow").equals(own.dataframe("arrow"))
    newest = client.historical(["spending.amount"], [{"user_id": "u1"}], timestamp=None)
    assert newest.dataframe("arrow").num_rows == 1
    between = {"view": "spending", "from": "2024-01-01", "to": "2024-02-01"}
    ours, own = (c.historical([], between) for c in (client, mine))
    assert ours.count() > 0
    assert ours.dataframe("arrow").equals(own.dataframe("arrow"), check_metadata=True)


WRONG_LOOKUPS: dict[str, tuple[Any, Any, type[errors.FfcError], str]] = {
    "name": (["spendin.amount"], [], errors.NotFound, "did you mean `spending`"),
    "feature": (["spending.amout"], [], errors.NotFound, "did you mean `amount`"),
    "no list": ("spending.amount", [], errors.BadRequest, "features are a list"),
    "nothing": ([], [], errors.BadRequest, "no feature is asked for"),
    "object": ([object()], [], errors.BadRequest, "no feature|can't be sent"),
    "no spine": (["spending.amount"], None, errors.BadSpine, "no spine is given"),
    "no key": (["spending.amount"], [{"seen": datetime(2024, 1, 1)}], errors.BadSpine, "user_id"),
    "view": ([], {"view": "no", "from": "2024", "to": "2025"}, errors.NotFound, "no"),
    "words": ([], {"view": "spending"}, errors.BadRequest, "`view`, `from` and `to`"),
    "times": ([], {"view": "spending", "from": "x", "to": "y"}, errors.BadRequest, "is no time"),
}


@pytest.mark.parametrize("case", WRONG_LOOKUPS)
def test_lookups_that_are_wrong(client: Client, case: str) -> None:
    features, spine, kind, said = WRONG_LOOKUPS[case]
    with pytest.raises(kind, match=said) as caught:
        client.historical(features, spine)
    assert caught.value.code in str(caught.value)


def test_builds_and_models(project: Path) -> None:
    with serving(project, "--offline") as found:
        client, mine = Client(address(found)), Client(project)
        assert client.training_set("main", model="payer").count() == 4
        assert list(client.builds()) == list(mine.builds())
        (build,) = client.builds("main")
        assert build.models == ("payer",)
        assert client.training_set("main", build.id).count() == 4
        for ask in (
            lambda: client.builds("mian"),
            lambda: client.training_set("main", model="paier"),
            lambda: client.training_set("main", "b0", model="payer"),
            lambda: client.training_set("main", "b0").count(),
        ):
            with pytest.raises(errors.NotFound):
                ask()
        # The warehouse is let go of before all rows are read, and by those who are gone.
        reader = client.training_set("main").arrow()
        assert ffc(project, "run", "--force").code == 0
        assert sum(batch.num_rows for batch in reader) == 4


def test_a_server_takes_no_sql(server: Server) -> None:
    client = Client(address(server), token=TOKEN)
    with pytest.raises(errors.BadRequest, match="takes no SQL") as caught:
        client.historical(["spending.amount"], "select 1")
    assert "the project's folder" in str(caught.value)


def test_what_is_sent_to_a_server(server: Server) -> None:
    """Whatever comes, it is refused with a 4xx and a reason."""
    arrow = "application/vnd.apache.arrow.stream"
    plain = pa.table({"user_id": ["u1"]})
    stream = pa.BufferOutputStream()
    with pa.ipc.new_stream(stream, plain.schema) as writer:
        writer.write_table(plain)
    whole = stream.getvalue().to_pybytes()
    for path, kind, body, said in (
        ("/v1/historical", arrow, b"", "the spine can't be read"),
        ("/v1/historical", arrow, b"no stream at all", "the spine can't be read"),
        ("/v1/historical", arrow, whole, "does not say which features"),
        ("/v1/historical", "application/json", b"", "not JSON"),
        ("/v1/historical", "application/json", b"[]", "Expected `object`"),
        ("/v1/historical", "application/json", b'{"features": ["spending.*"]}', "no spine"),
        ("/v1/historical", "application/json", b'{"feature": []}', "unknown field `feature`"),
        ("/v1/keys", "application/json", b'{"features": 3}', "features are a list"),
        ("/v1/uses", "application/json", b"{}", "missing required field `model`"),
        ("/v1/historical", "text/plain", b"x" * (5 * 1024 * 1024), "larger than 4 MiB"),
        ("/v1/uses", "text/plain", b'{"model": "payer"}', "takes application/json"),
        ("/v1/rows/clean", "", None, "takes GET"),
    ):
        status, told = _sent(server, path, kind, b"" if body is None else body)
        assert 400 <= status < 500, (path, status, told)
        assert said in told["error"]["message"], told
    status, told = _sent(server, "/v1/rows/clean?limit=-1", "", None)
    assert (status, told["error"]["field"]) == (422, "limit")


def _sent(server: Server, path: str, kind: str, body: bytes | None) -> tuple[int, Any]:
    headers = {"content-type": kind, "authorization": f"Bearer {TOKEN}"}
    request = urllib.request.Request(f"{address(server)}{path}", data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as problem:
        return problem.code, json.loads(problem.read())


def test_a_token_that_is_wrong(server: Server, shared: Path) -> None:
    asks: list[Any] = [
        lambda c: c.views,
        lambda c: c.features.names,
        lambda c: c.training_set("main"),
    ]
    for token in (None, "another"):
        for ask in asks:
            with pytest.raises(errors.Denied, match="token") as caught:
                ask(Client(address(server), token=token))
            assert caught.value.code == "FF702"
    assert server.call("GET", "/healthz")[0] == 200
    assert server.call("GET", "/v1/features")[0] == 401
    refused = ffc(shared, "serve", "--token-env", "FFC_NO_SUCH_VARIABLE")
    assert refused.code == 2
    assert "FFC_NO_SUCH_VARIABLE is not set" in refused.stderr


def test_a_server_that_tells_values_only(shared: Path) -> None:
    with serving(shared) as found:
        client = Client(address(found))
        assert client.features.names == ["profile.country", "spending.amount"]
        for ask in (lambda: client.views, lambda: client.training_set("main")):
            with pytest.raises(errors.NotFound, match="--offline"):
                ask()


def test_an_address_where_nobody_answers() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(errors.Unreachable, match=f"nobody answers at http://127.0.0.1:{port}"):
        _ = Client(f"http://127.0.0.1:{port}").views


class _Other(BaseHTTPRequestHandler):
    """Somebody else's server: says yes to all, in words of its own, or breaks off."""

    def do_GET(self) -> None:
        self.send_response(200 if "registry" in self.path else 500)
        self.end_headers()
        self.wfile.write(b"<html>hello</html>")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def test_somebody_else_answers() -> None:
    other = HTTPServer(("127.0.0.1", 0), _Other)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    try:
        client = Client(f"http://127.0.0.1:{other.server_port}")
        for ask in (lambda: client.views, lambda: client.features.names):
            with pytest.raises(errors.Unreachable, match="server of ffc"):
                ask()
    finally:
        other.shutdown()
        other.server_close()


def test_edited_files_are_seen_without_a_restart(project: Path) -> None:
    client = Client(project)
    before = client.training_set("main")
    assert before.count() == 4
    text = FILES["features/all.yml"].replace(
        "      - {name: country, type: string}",
        "      - {name: country, type: string}\n      - {name: land, column: country, type: string}",
    )
    (project / "features" / "all.yml").write_text(text)
    assert client.features["profile.land"].built == "changed"
    with pytest.raises(errors.NotFound, match="land"):
        client.historical(["profile.land"], [{"user_id": "u1"}], timestamp=None)
    (project / "features" / "more.yml").write_text("feature_views: [{name: broken\n")
    with pytest.raises(errors.ProjectError, match=r"features/more.yml:\d+:\d+: error\[FF"):
        _ = client.views
    assert client.training_set("main").count() == 4, "what is built can be read all the same"
    (project / "features" / "more.yml").unlink()
    with (project / "data" / "events.csv").open("a") as file:
        file.write("u1,7,true,2024-03-01T00:00:00Z,2024-03-01T01:00:00Z\n")
    assert ffc(project, "run").code == 0
    assert client.features["profile.land"].built == "yes"
    found = client.historical(["profile.land"], [{"user_id": "u1"}], timestamp=None)
    assert found.dataframe("arrow").column("profile__land").to_pylist() == ["NL"]
    # A data set is of the build that it was taken of.
    assert (before.count(), client.training_set("main").count()) == (4, 5)


def test_a_run_goes_on_while_rows_are_read(project: Path) -> None:
    client = Client(project)
    sql = "select user_id, seen from {{ ref('paid_back') }}"
    rows = iter(client.training_set("main").batch(1))
    next(rows)
    looked_up = iter(client.historical(["spending.amount"], sql))
    next(looked_up)
    assert ffc(project, "run", "--force").code == 0
    assert sum(1 for _ in rows) == 3
    assert sum(1 for _ in looked_up) == 3


def test_a_build_is_the_same_bytes_again(project: Path) -> None:
    client = Client(project)
    first = client.builds("main")[0]
    assert (first.rows, first.current) == (4, True)
    before = client.training_set("main", model="payer").dataframe("arrow")
    shutil.rmtree(project / "target" / "cache")
    with (project / "data" / "events.csv").open("a") as file:
        file.write("u1,7,true,2024-03-01T00:00:00Z,2024-03-01T01:00:00Z\n")
    assert ffc(project, "run").code == 0
    again = client.training_set("main", build=first.id).dataframe("arrow")
    assert again.equals(before)
    told = {build.id: build for build in client.builds("main")}
    assert len(told) == 2
    assert client.builds("main").names == list(told)
    assert client.builds("main")[first.id] == told[first.id]
    assert told[first.id].models == ("payer",)
    assert told[first.id].content_hash
    assert not told[first.id].current
    with pytest.raises(errors.NotFound, match="payer"):
        client.training_set("main", model="payr")
    shutil.rmtree(project / "target" / "cache")
    assert ffc(project, "clean", "--unused", "--training-sets", "1").code == 0
    with pytest.raises(errors.NotFound, match="collected"):
        client.training_set("main", build=first.id)
    assert client.builds("main")[1].collected


def test_a_few_files_are_kept(project: Path) -> None:
    client = Client(project)
    for _ in range(5):
        client.training_set("main").count()
        assert ffc(project, "run", "--force").code == 0
    client.training_set("main").count()
    assert len(list((project / "target" / "cache").iterdir())) == 3


def test_a_client_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(errors.ProfileError, match=r"there is no ffc\.yml"):
        Client(tmp_path)
    project = small_project(tmp_path / "small")
    client = Client(project)
    assert client.training_sets["main"].built == "no"
    for ask in (
        lambda: client.training_set("main"),
        lambda: client.historical(["spending.amount"], []),
        lambda: client.dataframe("clean"),
    ):
        with pytest.raises(errors.NotFound, match="ffc run"):
            ask()
    assert not (project / ".ffc").exists(), "reading makes no file"
    with pytest.raises(errors.Misuse, match="prdo"):
        _ = Client(project, target="prdo").views
