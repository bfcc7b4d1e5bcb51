"""`ffc show` of what is deployed: builds, rows, what changed since, what can't be read."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from support.cli import PROFILES, ffc
from support.projects import small_project
from support.shown import facts


@pytest.fixture
def changing(built: Path, tmp_path: Path) -> Path:
    """Return a copy of it that may be changed."""
    return Path(shutil.copytree(built, tmp_path / "copy"))


def test_builds_and_rows(built: Path) -> None:
    done = ffc(built, "show", "clean", "--rows", "2")
    assert (done.code, done.stderr) == (0, "")
    builds = [block for block in done.stdout.split("\n\n") if block.startswith("build ")]
    assert re.search(r"^b\w+ +\d{4}-\d\d-\d\d \d\d:\d\d +4 +\S+ +.*current$", builds[0], re.M)
    document = ffc(built, "show", "clean", "--output", "json").json()
    assert (document["deployed"], document["node"]["id"]) == ("same", "transformation.clean")
    assert [build["id"] for build in document["builds"]] == [document["build"]["id"]]
    assert len(document["rows"]) == 4


def test_the_newest_builds(changing: Path) -> None:
    for _ in range(6):
        assert ffc(changing, "run", "--force", "-s", "profile").code == 0
    document = ffc(changing, "show", "profile", "--output", "json").json()
    assert len(document["builds"]) == 5
    assert [build["current"] for build in document["builds"]] == [True, *[False] * 4]
    assert document["builds"][0]["id"] == document["build"]["id"]


def test_what_changed_since_is_shown_as_it_is_now(changing: Path) -> None:
    path = changing / "features" / "all.yml"
    path.write_text(path.read_text().replace("    ttl: 30d\n", "    ttl: 7d\n    owner: me\n"))
    shown = facts(ffc(changing, "show", "spending").stdout)
    assert (shown["owner"], shown["ttl"]) == ("me", "7d")
    assert shown["deployed"] == "as the project had it before: `ffc run` deploys it as it is now"
    document = ffc(changing, "show", "spending", "--output", "json").json()
    assert (document["deployed"], document["node"]["owner"]) == ("otherwise", "me")
    assert document["build"] is not None
    before = facts(ffc(changing, "show", "spending", "--deployed").stdout)
    assert before["ttl"] == "30d"
    assert not {"owner", "deployed"} & set(before)
    assert ffc(changing, "run").code == 0
    assert "deployed" not in facts(ffc(changing, "show", "spending").stdout)
    # What nothing is built of is compared as well.
    path.write_text(path.read_text().replace("{name: user,", "{name: user, owner: us,"))
    assert "deployed" in facts(ffc(changing, "show", "entity.user").stdout)


def test_what_the_project_has_no_more_is_shown_as_it_is_deployed(changing: Path) -> None:
    (changing / "training_sets" / "main.yml").unlink()
    done = ffc(changing, "show", "main")
    assert (done.code, facts(done.stdout)["node"]) == (0, "training_set.main")
    assert done.stderr == "note: the project declares it no more: this is what is deployed\n"
    assert ffc(changing, "show", "main", "-q").stderr == ""
    document = ffc(changing, "show", "main", "--output", "json").json()
    assert (document["deployed"], len(document["rows"])) == ("gone", 4)


def test_a_project_that_does_not_compile_shows_what_is_deployed(changing: Path) -> None:
    (changing / "transformations" / "clean.sql").write_text("selec")
    done = ffc(changing, "show", "clean.amount")
    assert (done.code, facts(done.stdout)["type"]) == (0, "float64")
    said = "note: the project does not compile (`ffc compile`): this is what is deployed\n"
    assert done.stderr == said
    unknown = ffc(changing, "show", "cleen")
    assert unknown.code == 1
    assert "did you mean `clean`?" in unknown.stderr
    assert "the project does not compile" in unknown.stderr
    assert ffc(changing, "show", "clean", "--deployed").stderr == ""


def test_nothing_is_deployed(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    refused = ffc(project, "show", "clean", "--deployed")
    assert refused.code == 1
    assert "nothing is deployed yet" in refused.stderr
    (project / "transformations" / "clean.sql").write_text("selec")
    broken = ffc(project, "show", "clean")
    assert broken.code == 1
    assert "the project does not compile" in broken.stderr


@pytest.mark.parametrize("broken", ["unset", "unreachable", "damaged"])
def test_a_state_store_that_can_not_be_read_hides_nothing_else(tmp_path: Path, broken: str) -> None:
    stores = {
        "unset": "{type: sqlite, path: \"{{ env_var('NOWHERE_AT_ALL') }}\"}",
        "unreachable": "{type: postgres, host: 127.0.0.1, port: 1, user: a, dbname: a}",
        "damaged": "{type: sqlite, path: .ffc/state.db}",
    }
    profiles = PROFILES.replace("{type: sqlite, path: .ffc/state.db}", stores[broken])
    project = small_project(tmp_path, **{"profiles.yml": profiles})
    if broken == "damaged":
        (project / ".ffc").mkdir()
        (project / ".ffc" / "state.db").write_bytes(b"no store of anybody's" * 200)
    done = ffc(project, "show", "clean")
    assert done.code == 0
    assert done.stderr.startswith("note: what is deployed is not shown: ")
    assert facts(done.stdout)["materialized"] == "table"
    assert "build" not in facts(done.stdout)
    document = ffc(project, "show", "clean", "--output", "json").json()
    assert document["deployed"] == "unknown"
    assert ffc(project, "show", "clean", "--deployed").code == 1
