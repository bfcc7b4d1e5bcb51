"""Every library verb takes a principal and asks once; who is refused changes nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.projects import compile_folder, open_session, small_project

from ffc.auth import Principal, authorize
from ffc.connect.session import Session
from ffc.core.errors import Denied
from ffc.manifest.served import Serving
from ffc.online.lookup import FeatureReader
from ffc.online.requests import FeatureRequest
from ffc.online.sync import sync
from ffc.run.deploying.deployments import list_deployments
from ffc.run.deploying.rollback import plan_rollback, roll_back
from ffc.run.executor import run
from ffc.run.looking.comparing import Comparing
from ffc.run.point_in_time.training import read_training_set
from ffc.serve.app import FeatureService
from ffc.serve.deployment import Deployment
from ffc.workspace.introspection import look_at_sources
from ffc.workspace.source_sync import sync_sources

NOW = datetime(2024, 2, 1, tzinfo=UTC)
NOBODY = Principal("")
VERBS: list[Callable[..., Any]] = [
    run,
    sync,
    roll_back,
    plan_rollback,
    list_deployments,
    read_training_set,
    Comparing.compare,
    sync_sources,
    look_at_sources,
    FeatureReader.read,
    FeatureReader.respond,
    FeatureService.__init__,
]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__qualname__)
def test_a_verb_must_be_told_who_asks(verb: Callable[..., Any]) -> None:
    parameter = inspect.signature(verb).parameters["principal"]
    assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
    assert parameter.default is inspect.Parameter.empty
    assert inspect.getsource(verb).count("authorize(principal") == 1


def test_nobody_is_denied() -> None:
    with pytest.raises(Denied, match="nobody may run"):
        authorize(NOBODY, "run")
    authorize(Principal("someone"), "run")


def test_who_is_refused_changes_nothing(tmp_path: Path) -> None:
    small_project(tmp_path)
    manifest = compile_folder(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with open_session(tmp_path) as session:
        for attempt in (
            lambda: run(manifest, session, principal=NOBODY),
            lambda: sync(session, "small", principal=NOBODY),
            lambda: roll_back(session, principal=NOBODY),
            lambda: _service(session),
            lambda: _reader().read(
                FeatureRequest(features=["x.y"], entities=[]), NOW, principal=NOBODY
            ),
        ):
            with pytest.raises(Denied):
                attempt()
    assert sorted(tmp_path.rglob("*")) == before


def test_reading_a_training_set_asks_for_it_by_name(tmp_path: Path) -> None:
    small_project(tmp_path)
    with open_session(tmp_path) as session:
        run(compile_folder(tmp_path), session, principal=Principal("someone"))
        with pytest.raises(Denied, match=r"training_set\.main"):
            read_training_set(session, "main", principal=NOBODY)


def _service(session: Session) -> FeatureService:
    return FeatureService(Deployment(session), principal=NOBODY)


def _reader() -> FeatureReader:
    def no_store(name: str) -> Any:
        raise AssertionError(name)

    return FeatureReader(Serving(), no_store, project="p", target="t", deployment="d0")
