"""Models as nodes: what each asks for, where it comes from, how it is found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.cli import ffc
from support.projects import FILES, manifest, open_session, ran_project, small_project

from ffc.adapter import Relation
from ffc.core.errors import NotFound
from ffc.manifest.files import encode, write_project
from ffc.manifest.records import Model, ModelFeature
from ffc.manifest.selection import select
from ffc.manifest.upgrades import decode_manifest
from ffc.registry import StateRegistry

MODELS = """\
models:
  - name: churn-rf
    training_set: main
    description: A forest.
    owner: ml
    tags: [daily]
  - {name: lend.v2, features: [profile.country, spending.*, per_day]}
on_demand:
  - {name: per_day, sql: spending.amount / 30, type: float64}
"""
OF_A_SET = {"training_sets/models.yml": "models:\n  - {name: churn-rf, training_set: main}\n"}
BOTH = {"training_sets/models.yml": MODELS}


def _model(name: str, **changes: str) -> Model:
    found = manifest(**{**BOTH, **changes}).node(f"model.{name}")
    assert isinstance(found, Model)
    return found


def test_a_model_of_a_training_set() -> None:
    found = _model("churn-rf")
    assert (found.name, found.variant, found.kind) == ("churn-rf", "default", "model")
    assert (found.path, found.line) == ("training_sets/models.yml", 2)
    assert (found.description, found.owner, found.tags) == ("A forest.", "ml", ("daily",))
    assert found.depends_on == ("training_set.main",)
    assert (found.training_set, found.features) == ("training_set.main", ())
    assert [(c.name, c.type) for c in found.columns] == [
        ("spending__amount", "float64"),
        ("profile__country", "string"),
    ]
    assert found.entities == ("user",)


def test_a_model_of_its_own_features_in_order() -> None:
    found = _model("lend.v2")
    assert found.features == (
        ModelFeature(view="feature_view.profile", feature="country", column="profile__country"),
        ModelFeature(view="feature_view.spending", feature="amount", column="spending__amount"),
        ModelFeature(view="", feature="per_day", column="per_day"),
    )
    assert found.training_set == ""
    # What an on-demand feature reads is read by the model.
    assert found.depends_on == ("feature_view.profile", "feature_view.spending")
    alone = MODELS.replace("[profile.country, spending.*, per_day]", "[per_day]")
    assert _model("lend.v2", **{"training_sets/models.yml": alone}).depends_on == (
        "feature_view.spending",
    )


def test_columns_and_tags_go_on_to_models() -> None:
    sources = FILES["sources/raw.yml"].replace(
        "{name: amount, type: float64}", "{name: amount, type: float64, tags: [pii]}"
    )
    tagged = {"sources/raw.yml": sources}
    of_set, own = _model("churn-rf", **tagged), _model("lend.v2", **tagged)
    assert of_set.lineage["spending__amount"].values == (("training_set.main", "spending__amount"),)
    assert own.lineage["spending__amount"].values == (("feature_view.spending", "amount"),)
    for model in (of_set, own):
        assert {c.name: c.tags for c in model.columns if c.tags} == {"spending__amount": ("pii",)}


def test_a_manifest_with_models_is_read_back(tmp_path: Path) -> None:
    found = manifest(**BOTH)
    assert decode_manifest(encode(found)) == found
    write_project(found, tmp_path)
    assert not list((tmp_path / "compiled").glob("model.*"))
    assert "model." not in encode(manifest()).decode()


def test_a_fingerprint_is_of_what_is_asked_for() -> None:
    def both(**changes: str) -> list[tuple[str, str]]:
        models = [_model(name, **changes) for name in ("churn-rf", "lend.v2")]
        return [(m.data_fingerprint, m.metadata_fingerprint) for m in models]

    (set_data, set_words), (own_data, own_words) = both()
    words = MODELS.replace("owner: ml", "owner: me")
    renamed = both(**{"training_sets/models.yml": words})
    assert renamed[0][0] == set_data
    assert renamed[0][1] != set_words
    turned = MODELS.replace("[profile.country, spending.*,", "[spending.*, profile.country,")
    assert both(**{"training_sets/models.yml": turned})[1][0] != own_data
    view = FILES["features/all.yml"].replace("default: 0", "default: 9")
    changed = both(**{"features/all.yml": view})
    assert changed[0][0] != set_data
    assert changed[1][0] != own_data
    picks = FILES["training_sets/main.yml"].replace("[spending.amount, ", "[")
    changed = both(**{"training_sets/main.yml": picks})
    assert changed[0][0] != set_data
    assert changed[1] == (own_data, own_words)


@pytest.mark.parametrize(
    ("word", "ids"),
    [
        ("kind:model", {"model.churn-rf", "model.lend.v2"}),
        ("tag:daily", {"model.churn-rf"}),
        ("lend.v2", {"model.lend.v2"}),
        ("entity:user,kind:model", {"model.churn-rf", "model.lend.v2"}),
        ("1+churn-rf", {"model.churn-rf", "training_set.main"}),
        ("profile+1,kind:model", {"model.lend.v2"}),
        ("profile+,kind:model", {"model.churn-rf", "model.lend.v2"}),
        ("+lend.v2,kind:source", {"source.raw.events", "source.raw.users"}),
    ],
)
def test_models_are_selected(word: str, ids: set[str]) -> None:
    assert select(manifest(**BOTH), [word]).nodes == ids


# Deployed


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return ran_project(tmp_path, **OF_A_SET)


def _registry(project: Path) -> StateRegistry:
    with open_session(project) as session:
        return StateRegistry(session.state, "dev")


def test_the_registry_knows_models_and_entities_by_the_newest_deployment(project: Path) -> None:
    results = json.loads((project / "target" / "run_results.json").read_text())["results"]
    assert not [r for r in results if r["id"].startswith("model.")]
    registry = _registry(project)
    assert "model.churn-rf" not in registry.nodes()
    never = registry.declared().keys() - registry.nodes().keys()
    assert never == {"model.churn-rf", "entity.user"}
    assert registry.model("churn-rf").training_set == "training_set.main"
    assert list(registry.models()) == ["churn-rf"]
    with pytest.raises(NotFound, match="no model named `churn` is deployed") as found:
        registry.model("churn")
    assert found.value.help == ("did you mean `churn-rf`?",)
    with pytest.raises(NotFound) as found:
        registry.model("something else")
    assert found.value.help == ("the models are `churn-rf`",)
    (project / "training_sets" / "models.yml").unlink()
    assert ffc(project, "run").code == 0
    with pytest.raises(NotFound) as found:
        _registry(project).model("churn-rf")
    assert found.value.help == ("no models are: `ffc run` deploys them",)


def test_before_the_first_run_nothing_is_declared(tmp_path: Path) -> None:
    registry = _registry(small_project(tmp_path))
    assert registry.declared() == {}
    with pytest.raises(NotFound, match="nothing is deployed yet"):
        registry.manifest()
    with pytest.raises(NotFound, match="no model named `churn-rf`"):
        registry.model("churn-rf")


def test_a_node_that_failed_is_declared_and_not_deployed(project: Path) -> None:
    (project / "features" / "more.yml").write_text(
        "feature_views:\n  - name: late\n    entity: user\n    source: source('raw', 'users')\n"
        "    timestamp: null\n    features: [{name: country, type: string}]\n"
    )
    with (project / "data" / "users.csv").open("a") as file:
        file.write("u1,FR\n")
    assert ffc(project, "run").code == 1
    registry = _registry(project)
    assert "feature_view.late" in registry.declared()
    assert "feature_view.late" not in registry.nodes()
    assert registry.relation("training_set.main") == Relation(
        *registry.build("training_set.main").relation
    )


def test_a_model_is_listed_shown_and_traced(project: Path) -> None:
    listed = ffc(project, "ls", "--select", "kind:model", "--output", "json").json()
    (node,) = listed["nodes"]
    assert (node["id"], node["depends_on"]) == ("model.churn-rf", ["training_set.main"])
    shown = ffc(project, "show", "churn-rf")
    assert shown.code == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert lines[0].split() == ["node", "model.churn-rf"]
    assert "entity    user" in lines
    assert "reads     training_set.main" in lines
    assert "ffc run" not in shown.stdout
    as_json = ffc(project, "show", "churn-rf", "--output", "json").json()
    assert (as_json["node"]["id"], as_json["build"], as_json["rows"]) == (
        "model.churn-rf",
        None,
        [],
    )
    assert ffc(project, "show", "entity.user").stdout.startswith("node     entity.user\n")
    up = ffc(project, "lineage", "churn-rf", "--up").stdout
    assert "source.raw.events" in up
    down = ffc(project, "lineage", "raw.users.country", "--down").stdout
    assert "model.churn-rf.profile__country" in down


def test_what_a_model_needs_is_run(project: Path) -> None:
    ran = ffc(project, "run", "--force", "--select", "+churn-rf", "--output", "json")
    assert ran.code == 0, ran.stderr
    assert "training_set.main" in {r["id"] for r in ran.json()["results"]}
    alone = ffc(project, "run", "--select", "churn-rf", "--output", "json")
    assert (alone.code, alone.json()["results"]) == (0, [])


def test_a_model_may_move_on_in_a_protected_target(project: Path) -> None:
    profiles = project / "profiles.yml"
    profiles.write_text(
        profiles.read_text().replace("schema: dev", "schema: dev\n      protected: true")
    )
    own = "models:\n  - {name: churn-rf, features: [profile.*]}\n"
    (project / "training_sets" / "models.yml").write_text(own)
    assert ffc(project, "run").code == 0
    assert _registry(project).model("churn-rf").depends_on == ("feature_view.profile",)
