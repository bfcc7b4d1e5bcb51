"""What a run is asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

THREADS: Final = 4
RETRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Times from `start`, included, to `end`, not included, in batches of `step`; all UTC."""

    start: datetime
    end: datetime
    step: timedelta | None = None

    def batches(self) -> list[tuple[datetime, datetime]]:
        """Return the batches in order; the last one may be shorter."""
        found = []
        start = self.start
        while start < self.end:
            end = min(self.end, start + self.step) if self.step else self.end
            found.append((start, end))
            start = end
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who has something built and of what, as each build remembers it.

    `deployment` is the manifest's id; `dirty` tells of files that are not as `commit` has them.
    """

    principal: str = ""
    deployment: str = ""
    commit: str = ""
    dirty: bool = False


def origin_of(principal: str, deployment: str, git: Mapping[str, Any] | None) -> Origin:
    """Return what builds remember; `git` is `{commit, dirty}`, None outside git."""
    known = git or {}
    return Origin(
        principal=principal,
        deployment=deployment,
        commit=str(known.get("commit", "")),
        dirty=bool(known.get("dirty")),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """Which nodes to build and how.

    `selected` are ids of nodes, None for all. `threads` is how many are built at a time; `retries`
    how often a failure is tried again that may pass. `force` builds what did not change, too;
    `full_refresh` builds incrementals from nothing; `period` fills them anew for a range of time.
    """

    command: str = "run"
    selected: frozenset[str] | None = None
    threads: int = THREADS
    retries: int = RETRIES
    fail_fast: bool = False
    force: bool = False
    full_refresh: bool = False
    period: Period | None = None

    def wants(self, node: str) -> bool:
        """Tell whether a node was asked for."""
        return self.selected is None or node in self.selected
