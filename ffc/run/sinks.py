"""Sinks that remember: the results file and the state store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from ffc.adapter.state import NodeRun, StateStore
from ffc.core.files import write_atomically
from ffc.manifest.files import encode
from ffc.run.events import Event, NodeFinished, RunFinished, RunStarted


class RunResults(Struct, kw_only=True):
    """The document `ffc.run_results/v1`."""

    schema: str = "ffc.run_results/v1"
    run_id: str = ""
    command: str = ""
    target: str = ""
    git: dict[str, Any] | None = None
    started_at: str = ""
    finished_at: str = ""
    status: str = "running"
    results: list[NodeRun] = []


class ResultsSink:
    """Collect a run's results; with a path, write them there when the run is over."""

    def __init__(self, path: Path | None = None) -> None:
        self.document = RunResults()
        self._path = path

    def receive(self, event: Event) -> None:
        """Take one event."""
        document = self.document
        if isinstance(event, RunStarted):
            document.run_id, document.command = event.run_id, event.command
            document.target, document.started_at = event.target, event.at
            document.git = dict(event.git) if event.git else None
        elif isinstance(event, NodeFinished):
            document.results.append(event.node)
        elif isinstance(event, RunFinished):
            document.finished_at, document.status = event.at, event.status
            if self._path is not None:
                write_atomically(self._path, encode(document))


class StateSink:
    """Keep a run's history in the state store."""

    def __init__(self, state: StateStore, run_id: str) -> None:
        self._state = state
        self._run_id = run_id

    def receive(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, NodeFinished):
            self._state.record_node(self._run_id, event.node)
        elif isinstance(event, RunFinished):
            self._state.finish_run(self._run_id, event.status, event.at)
