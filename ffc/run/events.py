"""What happens in a run, as typed events, and who listens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct

from ffc.adapter.state import NodeRun


class RunStarted(Struct, frozen=True, kw_only=True, tag=True):
    """A run begins; `at` is ISO 8601, UTC."""

    run_id: str
    command: str
    target: str
    at: str
    nodes: int
    git: Mapping[str, Any] | None = None


class NodeStarted(Struct, frozen=True, kw_only=True, tag=True):
    """A node's turn comes; `index` counts from 1."""

    id: str
    index: int
    total: int


class NodeProgressed(Struct, frozen=True, kw_only=True, tag=True):
    """A node that takes long has come so far."""

    id: str
    rows: int


class NodeFinished(Struct, frozen=True, kw_only=True, tag=True):
    """A node ended, well or not."""

    node: NodeRun
    index: int
    total: int


class RunFinished(Struct, frozen=True, kw_only=True, tag=True):
    """The run ended: `success` or `error`."""

    run_id: str
    at: str
    status: str


Event = RunStarted | NodeStarted | NodeProgressed | NodeFinished | RunFinished


class Sink(Protocol):
    """Somebody who listens to events, in the order in which they happen."""

    def receive(self, event: Event) -> None:
        """Take one event."""
