"""The Python client while runs go on and files are edited, in a fork, and its own files."""

from __future__ import annotations

import os
import shutil
import time
from functools import partial
from pathlib import Path

import pytest
from support.cli import ffc
from support.clients import MODELS
from support.projects import FILES

from ffc import Client, errors


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
