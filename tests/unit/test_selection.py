"""Selection: dbt's grammar, held to a graph walked by hand."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.cli import ffc
from support.projects import FILES, manifest, small_project

from ffc.manifest.records import Manifest
from ffc.manifest.selection import BadSelection, SelectionContext, select

TAGGED = FILES["features/all.yml"].replace(
    "    online: true\n    features:\n      - {name: country",
    "    online: true\n    tags: [nightly, pii]\n    owner: risk@example.com\n"
    "    features:\n      - {name: country",
)


@cache
def small() -> Manifest:
    return manifest(**{"features/all.yml": TAGGED})


def names(*wanted: str, without: tuple[str, ...] = (), **context: object) -> set[str]:
    found = select(small(), wanted, without, SelectionContext(**context))  # type: ignore[arg-type]
    return {name.partition(".")[2].removesuffix("@default") for name in found.nodes}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("clean",), {"clean"}),
        (("transformation.clean",), {"clean"}),
        (("feature_view.spending",), {"spending"}),
        (("spending@default",), {"spending"}),
        (("sp*",), {"spending"}),
        (("[cm]*",), {"clean", "main"}),
        (("clean main",), {"clean", "main"}),
        (("clean", "main"), {"clean", "main"}),
        (("raw.*", "kind:label"), {"raw.events", "raw.users", "paid_back"}),
        (("source:raw",), {"raw.events", "raw.users"}),
        (("tag:nightly",), {"profile"}),
        (("owner:risk*",), {"profile"}),
        (("path:features,kind:label",), {"paid_back"}),
        (("transformations/clean.sql",), {"clean"}),
        (("clean.sql",), {"clean"}),
        (("file:main.yml",), {"main"}),
        (("entity:user,kind:feature_view",), {"spending", "profile"}),
        (("entity:user,kind:training_set",), {"main"}),
        (("config.materialized:table",), {"clean"}),
        (("clean+",), {"clean", "spending", "paid_back", "main"}),
        (("clean+1",), {"clean", "spending", "paid_back"}),
        (("+clean",), {"clean", "raw.events"}),
        (("1+spending",), {"spending", "clean", "user"}),
        (("1+clean+1",), {"raw.events", "clean", "spending", "paid_back"}),
        (
            ("@profile",),
            {
                "profile",
                "main",
                "raw.users",
                "user",
                "spending",
                "paid_back",
                "clean",
                "raw.events",
            },
        ),
    ],
)
def test_what_words_mean(words: tuple[str, ...], expected: set[str]) -> None:
    assert names(*words) == expected


def test_what_is_excluded_goes_last() -> None:
    assert names("clean+", without=("main", "kind:label")) == {"clean", "spending"}
    assert "clean" not in names(without=("clean",))
    assert len(names(without=("clean",))) == len(small().nodes) - 1


def test_states_are_those_of_another_manifest() -> None:
    files = {
        "features/all.yml": TAGGED.replace("default: 0", "default: 1").replace("pii", "secret")
    }
    before = manifest(**files)
    assert names("state:modified", before=before) == {"spending", "profile", "main"}
    assert names("state:modified.body", before=before) == {"spending", "main"}
    assert names("state:new", before=before) == set()
    assert "clean" in names("state:unmodified", before=before)
    assert names("state:modified+", before=small()) == set()


def test_results_are_those_of_the_last_run() -> None:
    results = {
        "transformation.clean": "error",
        "gone.node": "error",
        "training_set.main": "skipped",
    }
    assert names("result:error+", "result:skipped", results=results) == {
        "clean",
        "spending",
        "paid_back",
        "main",
    }


@pytest.mark.parametrize(
    ("word", "help_"),
    [
        ("tags:x", "did you mean `tag`?"),
        ("state:modfied", "did you mean `modified`?"),
        ("state:new", "`--state DIR`"),
        ("result:failed", "there are"),
        ("git:main", "git knows"),
        ("@clean+", "leave out the `+`"),
        ("+", "write a name"),
        ("clean,", "write a name"),
        ("tag:", "write a name"),
    ],
)
def test_what_means_nothing_is_refused(word: str, help_: str) -> None:
    with pytest.raises(BadSelection) as caught:
        names(word)
    assert help_ in " ".join((caught.value.message, *caught.value.help))


IDS = sorted(node.id for node in small().nodes)
WORDS = st.sampled_from([*IDS, "tag:nightly", "kind:feature_view", "raw.*"])
GRAPH = {node.id: set(node.depends_on) & set(IDS) for node in small().nodes}


def closure(start: frozenset[str], graph: dict[str, set[str]], steps: int) -> frozenset[str]:
    found = start
    for _ in range(steps):
        found |= {name for each in found for name in graph[each]}
    return found


def ids(*words: str) -> frozenset[str]:
    return select(small(), words).nodes


@settings(max_examples=150, deadline=None)
@given(WORDS, WORDS, st.integers(0, 4))
def test_the_algebra(one: str, other: str, steps: int) -> None:
    read_by = {name: {n for n, reads in GRAPH.items() if name in reads} for name in IDS}
    assert ids(one, other) == ids(f"{one} {other}") == ids(one) | ids(other)
    assert ids(f"{one},{other}") == ids(one) & ids(other)
    assert select(small(), [one], [other]).nodes == ids(one) - ids(other)
    assert ids(f"+{one}") == closure(ids(one), GRAPH, len(IDS))
    assert ids(f"{one}+{steps}") == closure(ids(one), read_by, steps)
    assert ids(f"{steps}+{one}") == closure(ids(one), GRAPH, steps)
    assert ids(f"@{one}") == closure(closure(ids(one), read_by, len(IDS)), GRAPH, len(IDS))


def test_a_run_of_some_nodes(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    refused = ffc(project, "run", "-s", "clean")
    assert refused.code == 1
    assert "`clean` reads `source.raw.events`, which was never built" in " ".join(
        refused.stderr.split()
    )
    assert ffc(project, "run", "--select", "+clean", "+profile+", "--exclude", "main").code == 0
    document = json.loads((project / "target" / "run_results.json").read_text())
    assert {r["id"] for r in document["results"]} == {
        "source.raw.events",
        "source.raw.users",
        "transformation.clean",
        "feature_view.profile",
    }
    assert ffc(project, "run").code == 0
    text = FILES["transformations/clean.sql"].replace("amount >=", "amount >")
    (project / "transformations" / "clean.sql").write_text(text)
    stale = ffc(project, "run", "-s", "spending")
    assert stale.code == 1
    assert "which changed since it was built" in " ".join(stale.stderr.split())
    assert ffc(project, "run", "-s", "+spending").code == 0


def test_a_selection_of_nothing(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    done = ffc(project, "run", "-s", "cleen")
    assert done.code == 0
    assert "warning: `cleen` matches no node; did you mean `clean`?" in done.stderr
    assert "nothing is selected" in done.stderr
    assert ffc(project, "run", "-s", "cleen", "--strict").code == 1
    assert ffc(project, "run", "-s", "tags:x").code == 2
    assert ffc(project, "run", "-s", "git:main").code == 2


def test_what_git_says_changed(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    (project / ".gitignore").write_text(".ffc/\ntarget/\n")
    for command in (
        ("init", "-q"),
        ("add", "-A"),
        ("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "first"),
    ):
        subprocess.run(["git", *command], cwd=project, check=True)
    assert ffc(project, "run").code == 0
    text = FILES["transformations/clean.sql"]
    (project / "transformations" / "clean.sql").write_text(f"-- again\n{text}")
    (project / "transformations" / "new.sql").write_text("select 1 as one")
    assert ffc(project, "run", "-s", "git:HEAD").code == 0
    document = json.loads((project / "target" / "run_results.json").read_text())
    assert {r["id"]: r["status"] for r in document["results"]} == {
        "transformation.clean": "unchanged",
        "transformation.new": "success",
    }
