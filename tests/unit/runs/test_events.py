"""Every sink hears every event of a run once, in order."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.projects import compile_folder, open_session, small_project

from ffc.auth import Principal
from ffc.run.events import Event, NodeFinished, NodeProgressed, NodeStarted, RunFinished, RunStarted
from ffc.run.executor import run

NOW = datetime(2024, 2, 1, tzinfo=UTC)


class Listener:
    """Keep what is heard."""

    def __init__(self) -> None:
        self.heard: list[Event] = []

    def receive(self, event: Event) -> None:
        self.heard.append(event)


@pytest.fixture
def heard(tmp_path: Path) -> list[list[Event]]:
    small_project(tmp_path)
    one, two = Listener(), Listener()
    with open_session(tmp_path) as session:
        run(
            compile_folder(tmp_path),
            session,
            principal=Principal("tester"),
            sinks=[one, two],
            clock=lambda: NOW,
        )
        (kept,) = session.state.runs("dev", 5)
        finished = [e.node for e in one.heard if isinstance(e, NodeFinished)]
        assert session.state.run_nodes(kept.id) == finished
    assert (kept.principal, kept.status) == ("tester", "success")
    return [one.heard, two.heard]


def test_all_sinks_hear_the_same(heard: list[list[Event]]) -> None:
    assert heard[0] == heard[1]


def test_events_come_in_order(heard: list[list[Event]]) -> None:
    first, *steps, measured, last = heard[0]
    assert isinstance(first, RunStarted)
    assert first.at == "2024-02-01T00:00:00.000000Z"
    assert isinstance(last, RunFinished)
    assert last.status == "success"
    progress = [event for event in steps if isinstance(event, NodeProgressed)]
    assert {event.id: event.rows for event in progress} == {
        "feature_view.profile": 2,
        "feature_view.spending": 2,
    }
    assert len(steps) == 2 * first.nodes + len(progress)
    assert isinstance(measured, NodeFinished)
    assert measured.node.action == "measure"
    started = [event for event in steps if isinstance(event, NodeStarted)]
    finished = [event for event in steps if isinstance(event, NodeFinished)]
    assert [event.index for event in started] == list(range(1, first.nodes + 1))
    assert [event.index for event in finished] == list(range(1, first.nodes + 1))
    for end in finished:
        begins = [s for s in started if s.id == end.node.id]
        assert any(steps.index(begin) < steps.index(end) for begin in begins)


def test_a_node_is_built_after_what_it_reads(heard: list[list[Event]], tmp_path: Path) -> None:
    manifest = compile_folder(tmp_path)
    built: list[str] = []
    for event in heard[0]:
        if isinstance(event, NodeFinished) and event.node.action == "build":
            reads = manifest.node(event.node.id).depends_on
            assert {node for node in reads if not node.startswith("entity")} <= set(built)
            built.append(event.node.id)
    assert len(built) == 7
