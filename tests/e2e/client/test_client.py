"""The Python client against a folder, a bare manifest and a server: the same, whatever is asked."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from support.cli import ffc
from support.clients import address, sent
from support.projects import small_project
from support.server import Server, serving

from ffc import Client, errors


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
    status, told = sent(server, "/v1/features", "application/json", json.dumps(asked).encode())
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
