"""A run from the command line: compiled, selected, built, shown."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Final

import click

from ffc.auth import local_user
from ffc.cli.diagnosing import show_diagnostics
from ffc.cli.progress import TerminalSink
from ffc.cli.selecting import nothing_selected
from ffc.cli.signals import TERMINATED
from ffc.cli.streams import is_live
from ffc.connect.session import Session
from ffc.core.errors import NotFound
from ffc.manifest.files import encode, write_project
from ffc.manifest.records import Manifest
from ffc.run.events import Sink
from ffc.run.executor import COMMANDS, run
from ffc.run.requests import THREADS, Period, RunRequest
from ffc.run.sinks import ResultsSink
from ffc.workspace.folder import compile_workspace, git_state

# The project's folder, that of profiles.yml, the target, variables, whether warnings are errors.
Where = tuple[Path | None, Path | None, str | None, str | None, bool]
# Which nodes a run is of, by what was compiled, the open target and the folder; None for all.
Select = Callable[[Manifest, Callable[[], Session], Path], frozenset[str] | None]
# More batches than that nobody means: one takes longer than a blink.
MOST: Final = 100_000
# How what is to be tried again fared.
_UNWELL: Final = ("error", "skipped", "cancelled")
# Why there is nothing to do.
_WHY: Final = {"run": "nothing is selected", "retry": "nothing failed in the last run"}
# How a process is asked to end: by a person, by a terminal that is closed.
_ASKED: Final = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)


def run_project(
    where: Where,
    request: RunRequest,
    threads: int | None,
    output: str,
    quiet: bool,
    select: Select = lambda *_: None,
) -> int:
    """Compile a project and run what is selected of it; return the exit code."""
    workspace = compile_workspace(*where)
    show_diagnostics(workspace, quiet)
    if workspace.manifest is None or workspace.target is None:
        return 1
    folder = workspace.root / "target"
    write_project(workspace.manifest, folder)
    results = ResultsSink(folder / "run_results.json")
    with Session(workspace.target) as session, ended_when_asked(), shown(quiet) as terminal:
        selected = select(workspace.manifest, lambda: session, workspace.root)
        if selected is not None and not selected:
            return nothing_selected(strict=where[-1], quiet=quiet, why=_WHY[request.command])
        threads = threads or workspace.target.threads or THREADS
        request = replace(request, threads=threads, selected=selected)
        document = run(
            workspace.manifest,
            session,
            principal=local_user(),
            request=request,
            sinks=[terminal, results],
            git=git_state(workspace.root),
        )
    if output == "json":
        click.echo(encode(document).decode(), nl=False)
    return 0 if document.status == "success" else 1


def left_over(manifest: Manifest, opens: Callable[[], Session], root: Path) -> frozenset[str]:
    """Return the nodes that the last run of a target did not end well with, tests included.

    Of a run that was killed nobody knows more: those that it did not come to are among them.
    """
    runs = opens().state.runs(manifest.target.name, limit=100)
    last = next((each for each in runs if each.command in COMMANDS), None)
    if last is None:
        raise NotFound("there was no run yet", help=["`ffc run` is the first one"])
    results = opens().state.run_nodes(last.id)
    nodes = frozenset(node.id for node in manifest.nodes)
    unwell = [r for r in results if r.status in _UNWELL]
    failed = nodes & {r.id for r in unwell}
    # A test that failed is tried again by way of its node, though that was built.
    tests = [r.id for r in unwell if r.action == "test"]
    failed |= {node for node in nodes if any(each.startswith(f"test.{node}.") for each in tests)}
    if last.status in ("running", "interrupted"):
        return nodes - ({r.id for r in results} - failed)
    return failed


@contextmanager
def shown(quiet: bool) -> Iterator[Sink]:
    """Show a run: live where somebody looks on, else in plain lines."""
    if quiet or not is_live():
        yield TerminalSink(quiet)
        return
    from ffc.cli.live import LiveSink

    with LiveSink() as sink:
        yield sink


@contextmanager
def ended_when_asked() -> Iterator[None]:
    """Make a signal end a run as Ctrl-C does: what runs is cancelled, nothing is left half-built.

    One that is ignored stays so: that is what `nohup` is for.
    """

    def end(number: int, frame: FrameType | None) -> None:
        sys.exit(TERMINATED + number)

    heard = [each for each in _ASKED if signal.getsignal(each) != signal.SIG_IGN]
    try:
        before = {each: signal.signal(each, end) for each in heard}
    except ValueError:
        # Only the main thread hears signals; whoever runs another one ends it in a way of its own.
        yield
        return
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def period_of(start: datetime | None, end: datetime | None, step: int | None) -> Period | None:
    """Return the times that `--from`, `--to` and `--batch` mean; raises a usage error."""
    if start is None and end is None:
        if step is not None:
            raise click.BadParameter("it needs `--from` and `--to`", param_hint="'--batch'")
        return None
    if start is None or end is None:
        missing = "--from" if start is None else "--to"
        raise click.BadParameter("`--from` and `--to` go together", param_hint=f"'{missing}'")
    if start >= end:
        raise click.BadParameter("it is not after `--from`", param_hint="'--to'")
    if step and (end - start) / timedelta(seconds=step) > MOST:
        raise click.BadParameter(
            f"that is more than {MOST:,} batches: take longer ones", param_hint="'--batch'"
        )
    first, last = (time.replace(tzinfo=UTC) for time in (start, end))
    return Period(start=first, end=last, step=timedelta(seconds=step) if step else None)
