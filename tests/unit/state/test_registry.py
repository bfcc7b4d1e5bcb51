"""The registry: what is deployed, not what the project's files say today."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cli import ffc
from support.projects import FILES, ran_project

from ffc.adapter import Options
from ffc.core.errors import NotFound
from ffc.manifest.records import FeatureView
from ffc.registry import StateRegistry
from ffc_sqlite import SQLiteStateStore


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return ran_project(tmp_path)


def _registry(project: Path) -> StateRegistry:
    store = SQLiteStateStore(Options(where="t", folder=project, values={"path": ".ffc/state.db"}))
    try:
        registry = StateRegistry(store, "dev")
        # What was deployed before is read for it, if need be.
        registry.serving()
        return registry
    finally:
        store.close()


def test_it_holds_what_was_built(project: Path) -> None:
    registry = _registry(project)
    assert registry.deployment == "d1"
    assert sorted(registry.nodes()) == [
        "feature_view.profile",
        "feature_view.spending",
        "label.paid_back",
        "source.raw.events",
        "source.raw.users",
        "training_set.main",
        "transformation.clean",
    ]
    assert registry.relation("training_set.main").schema == "dev__ffc"
    assert registry.find("feature_view", "profile").id == "feature_view.profile"


def test_a_name_that_is_not_there_is_answered_with_the_close_one(project: Path) -> None:
    registry = _registry(project)
    with pytest.raises(NotFound, match="no training set named `mian`") as found:
        registry.find("training_set", "mian")
    assert found.value.help == ("did you mean `main`?",)
    with pytest.raises(NotFound, match="never built"):
        registry.build("feature_view.other")


def test_an_edited_file_changes_nothing_until_a_run(project: Path) -> None:
    text = FILES["features/all.yml"].replace("default: 0", "default: 7")
    (project / "features" / "all.yml").write_text(text)
    ask = ("get", "spending.amount", "--key", "user_id=none", "--output", "json")
    assert ffc(project, *ask).json()["rows"][0]["values"] == [0.0]
    assert ffc(project, "run").code == 0
    assert ffc(project, *ask).json()["rows"][0]["values"] == [7.0]
    view = _registry(project).nodes()["feature_view.spending"]
    assert isinstance(view, FeatureView)
    assert view.features[0].default == 7.0


def test_serving_follows_what_was_synced_not_what_was_built(project: Path) -> None:
    serving = _registry(project).serving()
    before = {view.id: (view.fingerprint, view.generation) for view in serving.views}
    # The online store can't be written, so the build moves on and the synced rows do not.
    (project / "profiles.yml").write_text(
        (project / "profiles.yml").read_text().replace(".ffc/online.db", "data/users.csv/x.db")
    )
    text = FILES["features/all.yml"].replace("default: 0", "default: 7")
    (project / "features" / "all.yml").write_text(text)
    failed = ffc(project, "run")
    assert failed.code == 1
    assert "online" in failed.stderr
    registry = _registry(project)
    built = registry.nodes()["feature_view.spending"]
    served = {view.id: (view.fingerprint, view.generation) for view in registry.serving().views}
    assert built.data_fingerprint != before["feature_view.spending"][0]
    assert served == before


def test_a_view_that_is_online_no_more_is_not_served(project: Path) -> None:
    text = FILES["features/all.yml"].replace("    online: true\n", "", 1)
    (project / "features" / "all.yml").write_text(text)
    assert ffc(project, "run").code == 0
    assert [view.id for view in _registry(project).serving().views] == ["feature_view.profile"]
    refused = ffc(project, "get", "spending.amount", "--key", "user_id=u1")
    assert refused.code == 1
    assert "no feature view `spending` is served" in refused.stderr


def _declare(project: Path, *, profile: bool) -> None:
    text, training = FILES["features/all.yml"], FILES["training_sets/main.yml"]
    if not profile:
        start, end = text.index("  - name: profile"), text.index("labels:")
        text, training = text[:start] + text[end:], training.replace(", profile.*", "")
    (project / "features" / "all.yml").write_text(text)
    (project / "training_sets" / "main.yml").write_text(training)


def test_a_view_that_comes_back_is_served_once_it_is_synced(project: Path) -> None:
    """Its rows are still there, as old as the day on which it went."""
    for profile, select in ((False, ()), (True, ("--select", "spending"))):
        _declare(project, profile=profile)
        assert ffc(project, "run", *select).code == 0
        assert [view.id for view in _registry(project).serving().views] == ["feature_view.spending"]
    synced = {r["id"]: r for r in ffc(project, "sync", "--output", "json").json()["results"]}
    # Nor are they written again.
    assert synced["feature_view.profile"]["rows"]["written"] == 0
    assert len(_registry(project).serving().views) == 2


def test_a_view_that_is_declared_no_more_is_gone(project: Path) -> None:
    ask = ("get", "profile.country", "--key", "user_id=u1")
    assert ffc(project, *ask).code == 0
    _declare(project, profile=False)
    assert ffc(project, "run").code == 0
    assert "feature_view.profile" not in _registry(project).nodes()
    assert ffc(project, *ask).code == 1
