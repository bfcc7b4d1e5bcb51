"""Selection: dbt's grammar, held to a graph walked by hand."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from support.cli import ffc
from support.projects import FILES, manifest, small_project

from ffc.manifest.methods import BadSelection
from ffc.manifest.records import Manifest
from ffc.manifest.selection import SelectionContext, select, suggestions

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


ONLINE = {"spending", "profile"}


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
        (("file:clean", "resource_type:label"), {"clean", "paid_back"}),
        (("fqn:clean", "name:main"), {"clean", "main"}),
        (("small.clean",), {"clean"}),
        (("transformations",), {"clean"}),
        (("./features/,kind:label",), {"paid_back"}),
        (("*/clean.sql", "path:**/main.yml"), {"clean", "main"}),
        (("path:*.sql",), set()),
        (("clean.sql+1,kind:label",), {"paid_back"}),
        (("1+clean,source:raw.*",), {"raw.events"}),
        (("0+clean+0",), {"clean"}),
        (("config.ttl:30d",), {"spending"}),
        (("config.online:TRUE,config.boundary:exclusive",), set()),
        (("config.online:true", "config.format:csv"), {*ONLINE, "raw.events", "raw.users"}),
        (("config.online:default",), ONLINE),
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
        "test.transformation.clean.unique_user_id": "error",
        "gone.node": "error",
        "training_set.main": "skipped",
    }
    assert names("result:error+", "result:skipped", results=lambda: results) == {
        "clean",
        "spending",
        "paid_back",
        "main",
    }


@pytest.mark.parametrize(
    ("word", "help_"),
    [
        ("tags:x", "did you mean `tag`?"),
        ("clean,tags:x+", "did you mean `tag`?"),
        ("kind:feature_views", "did you mean `feature_view`?"),
        ("resource_type:seed", "did you mean `source`?"),
        ("resource_type:exposure", "did you mean `model`?"),
        ("kind:unit_test", "tests are a node's own"),
        ("config.materialised:table", "did you mean `config.materialized`?"),
        ("config:table", "`config.materialized`"),
        ("group:risk", "`owner:` or `tag:`"),
        ("package:this", "leave it out"),
        ("access:public", "leave it out"),
        ("exposure:x", "`kind:model`"),
        ("metric:x", "`kind:feature_view`"),
        ("test_type:generic", "tests are a node's own"),
        ("source_status:fresher", "`ffc freshness`"),
        ("version:latest", "`customer_daily@v1`"),
        ("feature_view:spending", "`feature_view.NAME`"),
        ("state:modified.persisted_descriptions", "did you mean `modified.words`?"),
        ("state:modified.contract", "did you mean `modified.body`?"),
        ("result:fail", "did you mean `error`?"),
        ("result:pass", "did you mean `success`?"),
        ("selector:nightly", "selectors.yml declares"),
        ("state:modfied", "did you mean `modified`?"),
        ("state:new", "`--state DIR`"),
        ("result:lost", "there are"),
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


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("cleen", "clean"),
        ("2+cleen+1", "2+clean+1"),
        ("@profil", "@profile"),
        ("feature_view.profil", "feature_view.profile"),
        ("nightly", "tag:nightly"),
        ("+nightly", "+tag:nightly"),
        ("raw", "source:raw"),
        ("label", "kind:label"),
        ("tag:nightli+", "tag:nightly+"),
        ("owner:rsk@example.com", "owner:risk@example.com"),
        ("entity:usr", "entity:user"),
        ("source:raw.event", "source:raw.events"),
        ("features/al.yml", "features/all.yml"),
        ("path:feature", "path:features"),
        ("cleen.sql", "clean.sql"),
        ("config.materialized:tabel", "config.materialized:table"),
        ("config.online:ture", "config.online:true"),
        ("clean,cleen+", "clean+"),
    ],
)
def test_what_matches_nothing_may_be_meant_to_be(word: str, meant: str) -> None:
    (unmatched,) = select(small(), [word]).unmatched
    assert suggestions(small(), unmatched) == (f"did you mean `{meant}`?",)


def test_nothing_is_suggested_for_what_is_like_nothing() -> None:
    (unmatched,) = select(small(), ["zzzzzzz"]).unmatched
    assert suggestions(small(), unmatched) == ()


BIG = "select user_id from {{ ref('clean') }}"


@cache
def folders() -> Manifest:
    paths = ("marts/core/big", "marts/small", "staging/marts")
    files = {f"transformations/{path}.sql": BIG for path in paths}
    return manifest(**files)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("big", {"big"}),
        ("marts", {"big", "small", "marts"}),
        ("marts.core", {"big"}),
        ("marts.core.big", {"big"}),
        ("small.marts.core", {"big"}),
        ("marts.big", set()),
        ("marts.c*", {"big"}),
        ("marts.*", {"big", "small"}),
        ("core", set()),
        ("transformations.staging", {"marts"}),
        ("path:transformations/*/core", {"big"}),
        ("path:transformations/*.sql", {"clean"}),
        ("path:transformations/**/*.sql", {"big", "small", "marts", "clean"}),
        # A name goes before the project's.
        ("small", {"small"}),
    ],
)
def test_folders_are_parts_of_names(word: str, expected: set[str]) -> None:
    found = {name.partition(".")[2] for name in select(folders(), [word]).nodes}
    assert found == expected


def test_a_project_is_all_that_is_in_it() -> None:
    assert select(small(), ["small"]).nodes == select(small(), []).nodes


VARIANTS = """\
  - name: profile
    variant: v1
    entity: user
    source: source('raw', 'users')
    timestamp: null
    features:
      - {name: country, type: string}
labels:
"""


def test_variants_are_named_apart_and_together() -> None:
    text = FILES["features/all.yml"]
    both = text.replace("labels:\n", VARIANTS).replace("profile\n    entity", PREFERRED)
    found = manifest(**{"features/all.yml": both})

    def of(*words: str) -> set[str]:
        return {name.partition(".")[2] for name in select(found, words).nodes}

    assert of("profile") == {"profile", "profile@v1"}
    assert of("profile@default") == of("feature_view.profile@default") == {"profile"}
    assert of("feature_view.profile") == {"profile"}
    assert of("profile@v1") == of("profile__v1") == of("feature_view.profile@v1") == {"profile@v1"}
    assert of("profile@v?") == {"profile@v1"}


PREFERRED = "profile\n    default: true\n    entity"


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


def test_steps_beyond_any_graph_are_all(tmp_path: Path) -> None:
    assert names(f"{'9' * 5000}+main") == names("+main")
    assert names(f"clean+{'9' * 5000}") == names("clean+")


def test_a_word_does_not_tell_a_terminal_what_to_do(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    done = ffc(project, "ls", "--color", "-s", "\x1b[31mred")
    assert (done.code, done.stdout) == (0, "")
    assert "`\ufffd[31mred` matches no node" in done.stderr
