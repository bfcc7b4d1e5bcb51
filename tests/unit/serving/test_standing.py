"""How views that are served stand: how old they are, and how far behind the warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from support.cli import ffc
from support.projects import open_session, ran_project

from ffc.adapter import Move
from ffc.auth import Principal
from ffc.connect.holding import holding
from ffc.connect.session import Session
from ffc.core.clock import stamp
from ffc.core.errors import StateError, Unreachable
from ffc.manifest.files import read_manifest
from ffc.manifest.served import ServedView
from ffc.online.marks import Mark, Marks
from ffc.online.requests import FeatureRequest
from ffc.serve import deployment, server
from ffc.serve.deployment import BareManifest, Deployment
from ffc.serve.logs import silent

VIEW = "feature_view.spending"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with open_session(ran_project(tmp_path)) as opened:
        yield opened


def figures(loaded: Deployment | BareManifest, now: datetime) -> dict[tuple[str, str], float]:
    told = loaded.gauges(now)
    keys = [(each.name, each.labels.get("view", "")) for each in told]
    assert len(set(keys)) == len(keys), "a figure twice is none that Prometheus takes"
    return dict(zip(keys, (each.value for each in told), strict=True))


def build(session: Session, name: str, created: datetime) -> None:
    """Make a newer good build of the view, as a run does whose sync fails."""
    with holding(session.state, "dev") as lease:
        known = session.state.pointers("dev")[VIEW].build
        (definition,) = session.state.definitions([(VIEW, known.fingerprint)]).values()
        newer = replace(known, id=name, created=stamp(created))
        session.state.finish_build(lease, "dev", newer, definition)


def test_lag_grows_from_the_first_build_that_is_not_served_until_it_is(session: Session) -> None:
    loaded = Deployment(session, lag=True)
    assert loaded.load() is not None
    now = datetime.now(UTC)
    told = figures(loaded, now)
    assert told["view_lag_seconds", "spending"] == 0
    assert told["view_lag_seconds", "profile"] == 0
    first = now + timedelta(minutes=10)
    for number in range(3):
        build(session, f"b{number}", first + timedelta(hours=number))
        late = Deployment(session, lag=True)
        late.load()
        told = figures(late, first + timedelta(hours=number, seconds=30))
        assert told["view_lag_seconds", "spending"] == 3600 * number + 30
        assert told["view_lag_seconds", "profile"] == 0
    # The same, where one server saw them come.
    loaded = Deployment(session, lag=True)
    loaded.load()
    build(session, "b9", first + timedelta(hours=9))
    loaded._looked = 0.0
    loaded.load()
    late_by = figures(loaded, first + timedelta(hours=9))["view_lag_seconds", "spending"]
    assert late_by == 9 * 3600


def test_a_sync_ends_the_lag_at_once(tmp_path: Path) -> None:
    project = ran_project(tmp_path)
    with open_session(project) as session:
        build(session, "b1", datetime.now(UTC) - timedelta(seconds=5))
        loaded = Deployment(session, lag=True)
        loaded.load()
        assert figures(loaded, datetime.now(UTC))["view_lag_seconds", "spending"] > 0
        assert ffc(project, "sync").code == 0
        assert loaded.load() is not None
        assert figures(loaded, datetime.now(UTC))["view_lag_seconds", "spending"] == 0


def test_after_a_rollback_it_is_the_sync_that_counts(session: Session) -> None:
    """What is meant is older than what is served: no build tells since when that is so."""
    loaded = Deployment(session, lag=True)
    loaded.load()
    synced = session.state.pointers("dev")["online.default.feature_view.spending"].build
    build(session, "b0", datetime.fromisoformat(synced.created) - timedelta(days=3))
    loaded._looked = 0.0
    loaded.load()
    now = datetime.fromisoformat(synced.created) + timedelta(seconds=7)
    assert figures(loaded, now)["view_lag_seconds", "spending"] == 7


def test_age_is_what_the_last_sync_says_and_never_negative(session: Session) -> None:
    loaded = Deployment(session)
    loaded.load()
    views = {each.view: each for each in session.state.online_views("dev")}
    synced = datetime.fromisoformat(views[VIEW].as_of)
    told = figures(loaded, synced + timedelta(seconds=90))
    assert told["view_age_seconds", "spending"] == 90
    assert told["view_rows", "spending"] == 2
    # Who does not ask how far it is behind is not told.
    assert ("view_lag_seconds", "spending") not in told
    assert figures(loaded, synced - timedelta(hours=1))["view_age_seconds", "spending"] == 0


def test_a_view_that_moved_to_another_store_is_told_of_once(session: Session) -> None:
    view = next(v for v in session.state.online_views("dev") if v.view == VIEW)
    deployed = session.state.deployment("dev")
    assert deployed is not None
    elsewhere = replace(view, store="other", as_of="2020-01-01T00:00:00.000000Z")
    move = Move(manifest=deployed[1], definitions=[], pointers=[], online=[elsewhere])
    with holding(session.state, "dev") as lease:
        session.state.move(lease, "dev", move, stamp(datetime.now(UTC)), "me")
    loaded = Deployment(session, lag=True)
    loaded.load()
    now = datetime.fromisoformat(view.as_of) + timedelta(seconds=3)
    assert figures(loaded, now)["view_age_seconds", "spending"] == 3


def test_lag_is_looked_at_now_and_then(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []
    clock = [1000.0]
    monkeypatch.setattr(deployment.time, "monotonic", lambda: clock[0])
    look = deployment.Behind.look

    def counted(self: deployment.Behind, views: Iterable[ServedView]) -> dict[str, str]:
        looks.append(clock[0])
        return look(self, views)

    monkeypatch.setattr(deployment.Behind, "look", counted)
    loaded = Deployment(session, lag=True)
    for _ in range(25):
        loaded.load()
        clock[0] += 1
    assert looks == [1000.0, 1010.0, 1020.0]


def test_a_state_store_that_is_away_leaves_the_lag_out(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = Deployment(session, lag=True)
    loaded.load()
    now = datetime.now(UTC)
    assert ("view_lag_seconds", "spending") in figures(loaded, now)

    def away(target: str) -> None:
        raise StateError("it is away")

    with monkeypatch.context() as patched:
        patched.setattr(session.state, "deployment", away)
        with pytest.raises(StateError):
            loaded.load()
        told = figures(loaded, now)
        assert ("view_lag_seconds", "spending") not in told
        assert ("view_age_seconds", "spending") in told
    loaded.load()
    assert ("view_lag_seconds", "spending") in figures(loaded, now)
    with monkeypatch.context() as patched:
        patched.setattr(session.state, "pointers", away)
        loaded._looked = 0.0
        assert loaded.load() is None
        assert ("view_lag_seconds", "spending") not in figures(loaded, now)


def test_rows_that_are_taken_away_are_not_read_without_a_state_store(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could not tell that its name leads elsewhere: half of the rows would seem missing."""
    loaded = Deployment(session)
    reader = loaded.load()
    assert reader is not None

    def away(target: str) -> None:
        raise StateError("it is away")

    manifest = read_manifest(session.target.folder / "target" / "manifest.json")
    view = next(each for each in manifest.serving.views if each.id == VIEW)
    store = session.online("default")
    marks = Marks(store, manifest.project.name, manifest.target.name, view)
    ((generation, mark),) = marks.read().items()
    assert mark is not None
    monkeypatch.setattr(session.state, "deployment", away)
    with pytest.raises(StateError):
        loaded.load()
    store.write(marks.row(generation, mark.taken()))
    reader = loaded.load()
    assert reader is not None
    who, asked = Principal("me"), [{"user_id": "u1"}]
    request = FeatureRequest(features=["spending.amount"], entities=asked)
    with pytest.raises(Unreachable, match="does not hold `spending`"):
        reader.read(request, datetime.now(UTC), principal=who)
    request = FeatureRequest(features=["profile.country"], entities=asked)
    assert reader.read(request, datetime.now(UTC), principal=who).rows[0].values == ["NL"]


def test_a_manifest_alone_tells_ages_by_the_marks(session: Session) -> None:
    path = session.target.folder / "target" / "manifest.json"
    loaded = BareManifest(session, path)
    assert loaded.load() is not None
    views = {each.view: each for each in session.state.online_views("dev")}
    now = datetime.fromisoformat(views[VIEW].as_of) + timedelta(seconds=12)
    told = figures(loaded, now)
    assert told["view_age_seconds", "spending"] == 12
    assert {name for name, _ in told} == {"deployment_info", "view_age_seconds"}
    # While one is brought to another instant, what is served is of neither.
    manifest = read_manifest(path)
    view = next(each for each in manifest.serving.views if each.id == VIEW)
    marks = Marks(session.online("default"), manifest.project.name, manifest.target.name, view)
    ((generation, mark),) = marks.read().items()
    assert mark is not None
    going = Mark(snapshot="b2", at=stamp(now), before=mark.snapshot, query="q", done=0)
    session.online("default").write(marks.row(generation, going))
    loaded.load()
    assert ("view_age_seconds", "spending") not in figures(loaded, now)
    assert ("view_age_seconds", "profile") in figures(loaded, now)


def test_a_server_asks_for_the_lag(session: Session) -> None:
    options = server.ServeOptions(
        project=str(session.target.folder), profile="test", target="dev", host="", port=1
    )
    loaded = server._loaded(options, session.target, silent)
    loaded.load()
    assert any(each.name == "view_lag_seconds" for each in loaded.gauges(datetime.now(UTC)))
