"""One run as it is told: what happens, in order, to all who listen; what came of it, kept."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from ffc.adapter.state import NodeRun, StateStore
from ffc.core.clock import Clock, stamp
from ffc.run.events import (
    Event,
    NodeFinished,
    NodeProgressed,
    NodeStarted,
    RunFinished,
    RunStarted,
    Sink,
)
from ffc.run.sinks import ResultsSink, RunResults, StateSink


class Telling:
    """Who is told of a run, from its beginning on; several threads may report."""

    def __init__(
        self,
        state: StateStore,
        target: str,
        command: str,
        principal: str,
        sinks: Sequence[Sink],
        clock: Clock,
    ) -> None:
        self.run_id = state.begin_run(target, command, principal, stamp(clock()))
        self._target = target
        self._command = command
        self._clock = clock
        self._results = ResultsSink()
        self._sinks: list[Sink] = [self._results, StateSink(state, self.run_id), *sinks]
        self._lock = threading.Lock()
        self._begun = self._ended = self._total = 0

    @property
    def document(self) -> RunResults:
        """What came of it so far."""
        return self._results.document

    def start(self, total: int, git: Mapping[str, Any] | None = None) -> None:
        """Tell that so many steps are to come."""
        self._total = total
        self._emit(
            RunStarted(
                run_id=self.run_id,
                command=self._command,
                target=self._target,
                at=stamp(self._clock()),
                nodes=total,
                git=git,
            )
        )

    def begin(self, node: str) -> None:
        """Tell that a step begins."""
        with self._lock:
            self._begun += 1
            self._tell(NodeStarted(id=node, index=self._begun, total=self._total))

    def progress(self, node: str, rows: int) -> None:
        """Tell how far a step is."""
        self._emit(NodeProgressed(id=node, rows=rows))

    def end(self, result: NodeRun) -> None:
        """Tell how a step fared."""
        with self._lock:
            self._ended += 1
            self._tell(NodeFinished(node=result, index=self._ended, total=self._total))

    def report(self, result: NodeRun) -> None:
        """Tell how a test or a measurement fared, which is no step of its own."""
        with self._lock:
            self._tell(NodeFinished(node=result, index=self._ended, total=self._total))

    def finish(self, status: str) -> None:
        """Tell that the run is over."""
        self._emit(RunFinished(run_id=self.run_id, at=stamp(self._clock()), status=status))

    def _emit(self, event: Event) -> None:
        with self._lock:
            self._tell(event)

    def _tell(self, event: Event) -> None:
        for sink in self._sinks:
            sink.receive(event)
