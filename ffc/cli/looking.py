"""Rows, runs and freshness as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import click

from ffc.adapter.state import NodeRun, RunRecord, StateStore
from ffc.cli.progress import result_text
from ffc.cli.streams import answer, answer_exactly, talk
from ffc.cli.widths import answer_folded, answer_width, table_width
from ffc.core.diagnostics import did_you_mean
from ffc.core.errors import NotFound
from ffc.core.tables import is_within, render_fitted, render_sideways, render_table
from ffc.manifest.files import encode
from ffc.run.looking.freshness import Fresh
from ffc.run.looking.reading import Rows, json_value, text_value

_ALL: Final = 1_000_000_000
# How the nodes of a run are counted, by how they fared.
_COUNTED: Final = {
    "done": ("success", "warn"),
    "same": ("unchanged",),
    "failed": ("error",),
    "skipped": ("skipped", "cancelled"),
}


def rows_document(found: Rows, **more: Any) -> dict[str, Any]:
    """Return the `ffc.rows/v1` document of rows."""
    columns = [{"name": field.name, "type": str(field.type)} for field in found.schema]
    shown = [[json_value(value) for value in row] for row in found.values()]
    return {"schema": "ffc.rows/v1", **more, "columns": columns, "rows": shown}


def render_rows(found: Rows, limit: int | None = None) -> tuple[str, int]:
    """Return rows as a table that fits, on its side if need be, and how many came.

    No more than `limit` of them are in the table.
    """
    names = [field.name for field in found.schema]
    rows = list(found.values())
    shown = [[_shown(value) for value in row] for row in rows[:limit]]
    table = render_table(names, shown)
    if is_within(table, answer_width()):
        return table, len(rows)
    return render_sideways(names, shown, answer_width()), len(rows)


def _shown(value: object) -> object:
    plain = value is None or isinstance(value, bool | int | float)
    return value if plain else text_value(value)


def duration(seconds: int) -> str:
    """Return seconds in the largest unit that they are whole in: `3d`."""
    units = (("d", 86_400), ("h", 3_600), ("m", 60))
    found = next(((unit, size) for unit, size in units if seconds and not seconds % size), ("s", 1))
    return f"{seconds // found[1]}{found[0]}"


def render_runs(runs: Sequence[tuple[RunRecord, Sequence[NodeRun]]]) -> str:
    """Return runs as a table, the newest first."""
    heads = ["run", "command", "started (UTC)", "took", "status", *_COUNTED]
    rows = [
        [
            *(run.id, run.command, run.started[:16].replace("T", " "), _took(run), run.status),
            *(sum(node.status in wanted for node in nodes) for wanted in _COUNTED.values()),
        ]
        for run, nodes in runs
    ]
    return render_fitted(heads, rows, table_width())


def _took(run: RunRecord) -> str:
    if not run.finished:
        return ""
    began, ended = (datetime.fromisoformat(time) for time in (run.started, run.finished))
    # A clock may have jumped back meanwhile.
    return f"{max(0.0, (ended - began).total_seconds()):.1f}s"


def render_run(run: RunRecord, nodes: Sequence[NodeRun]) -> str:
    """Return one run, and how its nodes fared."""
    head = f"{run.id} ({run.command} by {run.principal} in `{run.target}`): {run.status}"
    rows = [[n.action, n.id, n.status, n.rows.get("out", ""), f"{n.seconds:.2f}s"] for n in nodes]
    heads = ["action", "node", "status", "rows", "took"]
    table = render_fitted(heads, rows, table_width(), title=1)
    head = answer_folded(f"{head}, started {run.started}")
    return f"{head}\n\n{table}" if rows else head


def show_runs(state: StateStore, target: str, limit: int, output: str) -> None:
    """Write the newest runs of a target."""
    runs = [(run, state.run_nodes(run.id)) for run in state.runs(target, limit)]
    if output == "json":
        document = {"schema": "ffc.runs/v1", "target": target, "runs": [run for run, _ in runs]}
        answer_exactly(encode(document).decode())
    elif runs:
        answer(render_runs(runs))
    else:
        talk(f"there was no run in the target `{target}` yet")


def show_run(state: StateStore, target: str, run_id: str, output: str) -> None:
    """Write one run of a target, and what went wrong in it; raises NotFound."""
    runs = {run.id: run for run in state.runs(target, _ALL)}
    run = runs.get(run_id)
    if run is None:
        hints = did_you_mean(run_id, runs) or ("`ffc runs` lists them",)
        raise NotFound(f"the target `{target}` has no run `{run_id}`", help=hints)
    nodes = state.run_nodes(run_id)
    if output == "json":
        document = {"schema": "ffc.run/v1", "run": run, "results": nodes}
        answer_exactly(encode(document).decode())
        return
    answer(render_run(run, nodes))
    for node in nodes:
        if node.error is not None:
            answer(f"\n{node.id}\n{result_text(node, node.error)}")


_COLOURS: Final = {"pass": "green", "warn": "yellow", "error": "red"}


def fresh_line(fresh: Fresh) -> str:
    """Return how fresh a source is, on one line."""
    bounds = [
        f"{word} after {duration(after)}"
        for word, after in (("warn", fresh.warn_after), ("error", fresh.error_after))
        if after is not None
    ]
    age = fresh.reason or f"{_age(fresh.age or 0.0)} old, {', '.join(bounds)}"
    status = f"{fresh.status:<5}"
    line = answer_folded(f"{status}  {fresh.source}.{fresh.column}: {age}", len(status) + 2)
    return f"{click.style(status, fg=_COLOURS[fresh.status])}{line[len(status) :]}"


def _age(seconds: float) -> str:
    """Return an age in its largest unit: `3.2d`; one that is yet to come is below zero."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if abs(seconds) >= size:
            return f"{seconds / size:.1f}{unit}"
    return f"{seconds:.0f}s"


def show_freshness(target: str, found: Sequence[Fresh], output: str, selected: bool) -> None:
    """Write the document of what was measured, or that there is nothing to measure."""
    if output == "json":
        document = {"schema": "ffc.freshness/v1", "target": target, "sources": list(found)}
        answer_exactly(encode(document).decode())
    elif not found:
        meant = "none of the sources that are selected" if selected else "no deployed source"
        talk(f"{meant} has `freshness:`")
