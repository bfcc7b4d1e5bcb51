"""Back to an earlier deployment: names, views and online values go whole, and all of it is told."""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.cli import ffc, write_files
from support.deployed import (
    ASK,
    CHANGED,
    MORE,
    PRINCIPAL,
    VIEWS,
    default_of,
    deployed,
    query,
    state_of,
)
from support.holder import held
from support.projects import FILES, compile_folder, open_session, ran_project, small_project

from ffc.core.errors import NoWayBack
from ffc.online.requests import FeatureRequest
from ffc.run.deploying.deployments import list_deployments
from ffc.run.deploying.rollback import plan_rollback, roll_back
from ffc.run.deploying.way_back import RolledBack
from ffc.run.events import Event, NodeFinished, NodeStarted, RunFinished, RunStarted
from ffc.run.executor import run
from ffc.serve.deployment import Deployment

# What moves


def test_a_changed_view_goes_back(project: Path) -> None:
    now = state_of(project)
    assert default_of(project) == 7.0
    done = ffc(project, "rollback", "--output", "json")
    assert done.code == 0, done.stderr
    document = done.json()
    assert (document["before"], document["to"], document["deployment"]) == ("d2", "d1", "d3")
    assert {c["id"]: c["change"] for c in document["changes"]} == {
        "feature_view.spending": "changed",
        "training_set.main": "changed",
    }
    assert [(r["action"], r["id"], r["status"]) for r in document["results"]] == [
        ("sync", "feature_view.spending", "unchanged"),
        ("move", "feature_view.spending", "success"),
        ("move", "training_set.main", "success"),
    ]
    assert default_of(project) == 0.0
    back = state_of(project)
    for change in document["changes"]:
        assert now["pointers"][change["id"]] == change["before"]
        assert back["pointers"][change["id"]] == change["build"]
        assert change["build"] in str(dict(back["views"])[change["id"].partition(".")[2]])
    moved = {n for n in back["pointers"] if back["pointers"][n] != now["pointers"][n]}
    assert moved == {
        "feature_view.spending",
        "training_set.main",
        "online.default.feature_view.spending",
    }


def test_a_rollback_can_be_rolled_back_and_builds_nothing(project: Path) -> None:
    before = {row for row in query(project, "select table_name from duckdb_tables()")}
    for expected, deployment in ((0.0, "d3"), (7.0, "d4"), (0.0, "d5")):
        assert ffc(project, "rollback").code == 0
        assert default_of(project) == expected
        assert state_of(project)["deployment"][0] == deployment
    after = {row for row in query(project, "select table_name from duckdb_tables()")}
    names = {re.sub(r"b[0-9a-f]{8}$", "", name) for (name,) in after}
    assert names == {re.sub(r"b[0-9a-f]{8}$", "", name) for (name,) in before}
    assert len(after) == len(before)
    # The files say what d2 said: a run of them is not confused by any of that.
    deployed(project)
    assert default_of(project) == 7.0


def test_a_run_of_the_old_text_after_it_builds_nothing(project: Path) -> None:
    assert ffc(project, "rollback").code == 0
    before = state_of(project)["pointers"]
    deployed(project, **{"features/all.yml": VIEWS})
    after = state_of(project)
    assert after["deployment"][0] == "d3"
    snapshots = {name for name in before if name.startswith("online.")}
    assert {n: b for n, b in after["pointers"].items() if n not in snapshots} == {
        n: b for n, b in before.items() if n not in snapshots
    }


def test_a_view_that_was_added_goes_and_comes(project: Path) -> None:
    asked = ("get", "extra.home", "--key", "user_id=u1", "--output", "json")
    deployed(project, **{"features/more.yml": MORE})
    assert ffc(project, *asked).json()["rows"][0]["values"] == ["NL"]
    done = ffc(project, "rollback", "--output", "json")
    (change,) = done.json()["changes"]
    assert (change["id"], change["change"], change["build"]) == (
        "feature_view.extra",
        "removed",
        "",
    )
    refused = ffc(project, *asked)
    assert (refused.code, "no feature view `extra`" in refused.stderr) == (1, True)
    assert ffc(project, "show", "extra", "--rows", "0").code == 0, "the project declares it still"
    assert ffc(project, "query", "select * from {{ ref('extra') }}").code == 1
    done = ffc(project, "rollback", "--output", "json")
    (change,) = done.json()["changes"]
    assert (change["id"], change["change"], change["before"]) == ("feature_view.extra", "added", "")
    assert ffc(project, *asked).json()["rows"][0]["values"] == ["NL"]


def test_a_training_set_has_the_columns_it_had(project: Path) -> None:
    less = "training_sets:\n  - {name: main, label: paid_back, features: [profile.*]}\n"
    deployed(project, **{"training_sets/main.yml": less})
    columns = (
        "select column_name from duckdb_columns() where schema_name='dev' and table_name='main'"
    )
    assert ("spending__amount",) not in query(project, columns)
    assert ffc(project, "rollback").code == 0
    assert ("spending__amount",) in query(project, columns)
    shown = ffc(project, "training-set", "main", "--output", "json").json()
    assert "spending__amount" in [column["name"] for column in shown["columns"]]


def test_words_and_where_a_view_is_served_go_back(tmp_path: Path) -> None:
    """Neither makes a build: the definition that is kept of one is what tells."""
    folder = ran_project(tmp_path)
    said = VIEWS.replace("    ttl: 30d\n    online: true\n", "    ttl: 30d\n    owner: me@x.com\n")
    deployed(folder, **{"features/all.yml": said})
    assert ffc(folder, *ASK).code == 1, "it is served no more"
    done = ffc(folder, "rollback", "--output", "json").json()
    assert [(c["id"], c["change"]) for c in done["changes"]] == [
        ("feature_view.spending", "described")
    ]
    assert [(r["action"], r["id"]) for r in done["results"]] == [("sync", "feature_view.spending")]
    assert default_of(folder) == 0.0
    node = ffc(folder, "show", "spending", "--deployed", "--output", "json").json()["node"]
    assert node["owner"] == ""


def test_to_a_deployment_by_its_id(project: Path) -> None:
    deployed(project, **{"features/all.yml": VIEWS.replace("default: 0", "default: 9")})
    assert ffc(project, "rollback", "--to", "d1").code == 0
    assert default_of(project) == 0.0
    assert ffc(project, "rollback", "--to", "d2").code == 0
    assert default_of(project) == 7.0
    before = state_of(project)
    again = ffc(project, "rollback", "--to", "d2", "--output", "json")
    assert (again.code, again.json()["status"]) == (0, "unchanged")
    assert again.json()["deployment"] == "d5"
    assert "there is nothing to do" in again.stderr
    assert state_of(project) == before


# The newest values


NOW = datetime(2024, 1, 4, 12, tzinfo=UTC)


def value_of(project: Path, key: str, now: datetime) -> list[Any]:
    with open_session(project) as session:
        reader = Deployment(session).reader()
        request = FeatureRequest(features=["spending.amount"], entities=[{"user_id": key}])
        return list(reader.read(request, now, principal=PRINCIPAL).rows[0].values)


def test_what_is_cut_over_to_is_the_newest(tmp_path: Path) -> None:
    """A row of u2 is learned after the old definition was last synced, and before the rollback."""
    rows = FILES["data/events.csv"] + "u2,99,true,2024-01-04T01:00:00Z,2024-01-06T00:00:00Z\n"
    folder = small_project(tmp_path, **{"data/events.csv": rows})
    later = NOW + timedelta(days=3)
    for text, now in ((VIEWS, NOW), (CHANGED, NOW + timedelta(hours=1))):
        write_files(folder, {"features/all.yml": text})
        with open_session(folder) as session:
            manifest = compile_folder(folder)
            run(manifest, session, principal=PRINCIPAL, clock=lambda now=now: now)
    assert value_of(folder, "u2", later) == [8.0]
    with open_session(folder) as session:
        done = roll_back(session, principal=PRINCIPAL, clock=lambda: later)
    assert value_of(folder, "u2", later) == [99.0]
    (sync,) = [r for r in done.results if r.action == "sync"]
    counts = {"out": 2, "written": 1, "new": 0, "changed": 1, "removed": 0, "held_back": 0}
    assert sync.rows == counts, "the difference, not all anew"


def test_a_view_that_comes_back_is_synced_before_it_is_served(tmp_path: Path) -> None:
    """It was not served meanwhile: what the store holds of it is old."""
    rows = FILES["data/events.csv"] + "u2,99,true,2024-01-04T01:00:00Z,2024-01-06T00:00:00Z\n"
    folder = small_project(tmp_path, **{"data/events.csv": rows})
    start, end = VIEWS.index("  - name: spending"), VIEWS.index("  - name: profile")
    without = VIEWS[:start] + VIEWS[end:]
    sets = FILES["training_sets/main.yml"].replace("spending.amount, ", "")
    later = NOW + timedelta(days=3)
    with open_session(folder) as session:
        run(compile_folder(folder), session, principal=PRINCIPAL, clock=lambda: NOW)
    write_files(folder, {"features/all.yml": without, "training_sets/main.yml": sets})
    with open_session(folder) as session:
        run(compile_folder(folder), session, principal=PRINCIPAL, clock=lambda: NOW)
        done = roll_back(session, principal=PRINCIPAL, clock=lambda: later)
    assert value_of(folder, "u2", later) == [99.0]
    assert done.results[0].action == "sync", "before its name moves"
    assert [r.id for r in done.results if r.action == "sync"] == ["feature_view.spending"]


# What is told


class Listener:
    def __init__(self) -> None:
        self.heard: list[Event] = []

    def receive(self, event: Event) -> None:
        self.heard.append(event)


def test_it_is_a_run_that_is_told_and_kept(project: Path) -> None:
    listener = Listener()
    with open_session(project) as session:
        done = roll_back(session, principal=PRINCIPAL, sinks=[listener])
        kept = session.state.runs("dev", 1)[0]
        assert tuple(session.state.run_nodes(kept.id)) == done.results
    first, *steps, last = listener.heard
    assert isinstance(first, RunStarted)
    assert (first.command, first.nodes, first.run_id) == ("rollback", 3, done.run_id)
    assert isinstance(last, RunFinished)
    assert last.status == "success"
    finished = [e for e in steps if isinstance(e, NodeFinished)]
    assert [e.index for e in finished] == [1, 2, 3]
    assert [e.id for e in steps if isinstance(e, NodeStarted)] == ["feature_view.spending"]
    assert (kept.id, kept.command, kept.principal) == (done.run_id, "rollback", "tester")
    with sqlite3.connect(project / ".ffc" / "state.db") as state:
        audited = state.execute("select principal, action, object from audit").fetchall()
    assert audited[-1] == ("tester", "rollback", "dev")
    listed = ffc(project, "runs").stdout
    assert re.search(r"r3 +rollback .* success +2 +1 +0 +0", listed)


def test_deployments_as_people_read_them(project: Path) -> None:
    write_files(project, {"features/more.yml": MORE})
    deployed(project)
    assert ffc(project, "rollback").code == 0
    assert ffc(project, "clean", "--unused").code == 0
    done = ffc(project, "deployments")
    assert (done.code, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= 80
    steady = re.sub(r"20\d\d-\d\d-\d\d \d\d:\d\d", "<the minute it was>", done.stdout)
    with open_session(project) as session:
        who = session.state.runs("dev", 1)[0].principal
    assert steady.replace(who, "me") == _LISTED
    few = ffc(project, "deployments", "--limit", "1").stdout.splitlines()
    assert few == done.stdout.splitlines()[:4]


_LISTED = """\
deployment  deployed (UTC)    added  changed  removed  described  now
----------  ----------------  -----  -------  -------  ---------  ----
d4          <the minute it was>      0        0        1          0  live
    by me, the same as d2
d3          <the minute it was>      1        0        0          0  kept
    by me
d2          <the minute it was>      0        2        0          0  kept
    by me
d1          <the minute it was>      8        0        0          0  gone
    by me, no build of `feature_view.spending`
"""


def test_deployments_for_machines(project: Path) -> None:
    found = ffc(project, "deployments", "--output", "json").json()
    newest, first = found["deployments"]
    assert (found["target"], newest["id"], newest["live"], newest["kept"]) == (
        "dev",
        "d2",
        *[True] * 2,
    )
    assert newest["changes"] == {"added": 0, "changed": 2, "removed": 0, "described": 0}
    assert (first["live"], first["kept"], first["missing"]) == (False, True, [])
    assert first["changes"]["added"] == 8


def test_deployments_of_a_target_that_has_none(tmp_path: Path) -> None:
    folder = small_project(tmp_path)
    done = ffc(folder, "deployments")
    assert (done.code, done.stdout) == (0, "")
    assert done.stderr == "nothing was deployed in the target `dev` yet\n"
    assert not (folder / ".ffc").exists(), "who only looks makes no file"


def test_deployments_are_told_while_a_run_holds_the_warehouse(
    project: Path, tmp_path: Path
) -> None:
    with held(project / ".ffc" / "test.duckdb", "write", tmp_path / "holder.py"):
        assert ffc(project, "deployments").code == 0


def test_it_needs_nothing_of_the_files(project: Path) -> None:
    (project / "features" / "all.yml").write_text("feature_views: [{name: no")
    assert ffc(project, "run").code == 1
    assert ffc(project, "rollback").code == 0
    assert default_of(project) == 0.0


def test_the_verbs_as_a_library(project: Path) -> None:
    with open_session(project) as session:
        plan = plan_rollback(session, principal=PRINCIPAL)
        assert isinstance(plan, RolledBack)
        assert [d.id for d in list_deployments(session, principal=PRINCIPAL)] == ["d2", "d1"]
        _forget(session)
        with pytest.raises(NoWayBack):
            plan_rollback(session, principal=PRINCIPAL)


def _forget(session: Any) -> None:
    lease = session.state.acquire("x", "y", 0, 1)
    used = session.state.in_use()
    unused = [b.id for b in session.state.builds() if b.id not in used]
    session.state.forget_builds(lease, unused, "2024-02-03T00:00:00.000000Z")
