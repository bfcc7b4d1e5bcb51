"""Runs that were: a table of them, and one with its nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import click
import msgspec

from ffc.adapter.state import NodeRun, RunRecord, StateStore
from ffc.cli.failures import failure_text, warning_text
from ffc.cli.frames import WIDTH
from ffc.cli.tables import cut, render_table
from ffc.core.diagnostics import listed
from ffc.core.errors import NotFound

# Where a run is looked for by its id.
MANY: Final = 1_000_000
_ORDER: Final = ("success", "warn", "unchanged", "error", "skipped", "cancelled")
_COLOURS: Final = {"success": "green", "error": "red", "warn": "yellow", "interrupted": "yellow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """A run and how its nodes fared; `now` is when it was looked at."""

    record: RunRecord
    results: Sequence[NodeRun]
    now: datetime

    @property
    def seconds(self) -> float | None:
        """How long it took, or goes on until now; None for one that was killed."""
        end = datetime.fromisoformat(self.record.finished) if self.record.finished else self.now
        if not self.record.finished and self.record.status != "running":
            return None
        return (end - datetime.fromisoformat(self.record.started)).total_seconds()

    @property
    def counts(self) -> dict[str, int]:
        """How many nodes ended how."""
        found = Counter(result.status for result in self.results)
        order = [*_ORDER, *sorted(found.keys() - set(_ORDER))]
        return {status: found[status] for status in order if found[status]}

    def summary(self) -> dict[str, Any]:
        """Return what JSON documents have of it."""
        facts = msgspec.structs.asdict(self.record)
        return {**facts, "seconds": self.seconds, "counts": self.counts}


def newest_runs(state: StateStore, target: str, limit: int, now: datetime) -> list[PastRun]:
    """Return the newest runs of a target, newest first."""
    return [
        PastRun(record=record, results=state.run_nodes(record.id), now=now)
        for record in state.runs(target, limit)
    ]


def find_run(state: StateStore, target: str, run_id: str | None, now: datetime) -> PastRun:
    """Return a run by its id (`r42` or `42`), the newest without one; raises NotFound."""
    records = state.runs(target, MANY)
    if not records:
        raise NotFound(f"nothing ran in the target `{target}` yet", help=["`ffc run` does"])
    wanted = records[0].id if run_id is None else f"r{run_id.lower().removeprefix('r')}"
    for record in records:
        if record.id == wanted:
            return PastRun(record=record, results=state.run_nodes(wanted), now=now)
    newest = listed(record.id for record in records[:3])
    message = f"there is no run `{run_id}` in the target `{target}`"
    raise NotFound(message, help=[f"the newest are {newest}; `ffc runs` lists them"])


def runs_document(target: str, runs: Sequence[PastRun]) -> dict[str, Any]:
    """Return the `ffc.runs/v1` document."""
    return {"schema": "ffc.runs/v1", "target": target, "runs": [run.summary() for run in runs]}


def run_document(run: PastRun) -> dict[str, Any]:
    """Return the `ffc.run/v1` document."""
    return {"schema": "ffc.run/v1", **run.summary(), "results": list(run.results)}


def render_runs(runs: Sequence[PastRun]) -> str:
    """Return runs as a table, newest first."""
    header = ["run", "command", "started (UTC)", "took", "status", "nodes"]
    rows = [
        (
            *(run.record.id, run.record.command, _instant(run.record.started)[:-3]),
            *(took(run.seconds), run.record.status, _counted(run.counts)),
        )
        for run in runs
    ]
    return cut(render_table(header, rows))


def render_run(run: PastRun) -> str:
    """Return a run with its nodes, and at the end what was wrong."""
    record = run.record
    by = f", by {record.principal}" if record.principal else ""
    head = f"run {record.id}: {record.command} in target `{record.target}`{by}"
    status = click.style(record.status, fg=_COLOURS.get(record.status))
    facts = f"{_instant(record.started)}Z, {took(run.seconds)}, {status}"
    parts = [f"{click.style(head, bold=True)}\n{facts}"]
    if run.results:
        parts.append("\n".join(map(_line, run.results)))
    for result in run.results:
        if result.error is not None:
            error = result.error
            told = failure_text(str(error["code"]), str(error["message"]), error["help"])
            parts.append(f"{result.id}\n{told}")
        elif result.status == "warn":
            parts.append(f"{result.id}\n{warning_text('FF506', result.reason)}")
    return "\n\n".join(parts)


def _line(result: NodeRun) -> str:
    rows = f"{result.rows['out']:,} rows" if "out" in result.rows else ""
    right = f"{rows:>14}  {result.status:<9} {result.seconds:>6.2f}s"
    left = f"{result.action} {result.id}" if result.action != "build" else result.id
    room = WIDTH - len(right) - 1
    left = left if len(left) <= room else f"{left[: room - 1]}…"
    painted = click.style(result.status, fg=_COLOURS.get(result.status))
    return f"{left:<{room}} {right.replace(result.status, painted)}"


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {status}" for status, number in counts.items()) or "none"


def _instant(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def took(seconds: float | None) -> str:
    """Return a duration as people say it: `0.42 s`, `3 min 5 s`, `2 h 10 min`."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
