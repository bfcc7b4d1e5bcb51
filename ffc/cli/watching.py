"""`ffc compile --watch`: what is wrong with a project, as long as somebody works on it."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import click

from ffc.cli.diagnosing import answer_diagnostics, show_diagnostics, texts_of, told
from ffc.cli.failures import render_failure
from ffc.cli.rendering import render_counts, render_diagnostics
from ffc.cli.streams import is_live, is_read, talk
from ffc.core.characters import cells, encodable
from ffc.core.diagnostics import Diagnostic
from ffc.workspace.again import Again
from ffc.workspace.folder import Workspace
from ffc.workspace.watching import Watch, glance

# The cursor to the top; the rest of a line, and of the screen, cleared.
_TOP: Final = "\x1b[H"
_LINE: Final = "\x1b[K\n"
_BELOW: Final = "\x1b[J"
_CLEAR: Final = "\x1b[2J"
_ENDING: Final = "watching, Ctrl-C ends"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One compilation, what became of it, how long it took and when it was done."""

    workspace: Workspace | None = None
    problem: Exception | None = None
    seconds: float
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """How turns are shown: the format, how many diagnostics, whether only what is wrong."""

    output: str
    limit: int
    quiet: bool


def watch_project(
    again: Again, profiles_dir: Path | None, compile_: Callable[[], Workspace], showing: Showing
) -> int:
    """Compile after each save until Ctrl-C, which is how this ends well.

    What can't be compiled at all the first time is raised: it is what was asked for that is wrong.
    """
    screen = _Screen(showing) if showing.output == "text" and is_live() else None
    take = partial(_turn, again, compile_, screen.draw if screen else partial(_write, showing))
    try:
        with Watch(partial(glance, again.root, again.texts.read, profiles_dir)) as watch:
            turn = take(drawn=screen is not None)
            if turn.problem is not None:
                raise turn.problem
            while is_read(sys.stderr) and is_read(sys.stdout):
                if not watch.wait():
                    if screen and screen.is_another():
                        screen.draw(turn)
                    continue
                if screen is None and _is_talked(showing):
                    # Whoever reads along knows that what was said so far is of before.
                    talk(f"{time.strftime('%H:%M:%S')}  compiling")
                turn = take(drawn=screen is not None)
    except KeyboardInterrupt:
        return 0
    finally:
        again.end()
    return 0


def _turn(
    again: Again,
    compile_: Callable[[], Workspace],
    show: Callable[[Turn], None],
    drawn: bool,
) -> Turn:
    """Compile, show, write: whatever comes of it, there is a next turn.

    Who looks at a screen sees what is wrong at once; who reads lines finds written what they say.
    """
    turn = _tried(compile_)
    if drawn:
        show(turn)
    if turn.workspace is not None:
        written = _tried(partial(_written, again, turn.workspace))
        if written.problem is not None:
            turn = written
            drawn = False
    if not drawn:
        show(turn)
    again.rest()
    return turn


def _written(again: Again, workspace: Workspace) -> Workspace:
    again.write(workspace)
    return workspace


def _tried(work: Callable[[], Workspace]) -> Turn:
    """Do something; what it raises is what became of the turn."""
    started = time.perf_counter()
    workspace, problem = None, None
    try:
        workspace = work()
    except Exception as raised:
        problem = raised
    seconds = time.perf_counter() - started
    at = time.strftime("%H:%M:%S")
    return Turn(workspace=workspace, problem=problem, seconds=seconds, at=at)


def _write(showing: Showing, turn: Turn) -> None:
    """Write a turn below what is there."""
    if turn.workspace is None:
        talk(_failed(turn))
    elif showing.output == "text":
        show_diagnostics(turn.workspace, showing.quiet, showing.limit)
    else:
        answer_diagnostics(turn.workspace, showing.output, showing.quiet, showing.limit)
    if _is_talked(showing):
        talk(_status(turn, showing))


def _is_talked(showing: Showing) -> bool:
    """Tell whether lines stand beside the answer."""
    return not showing.quiet and showing.output not in ("json", "sarif")


def _failed(turn: Turn) -> str:
    return render_failure(turn.problem) if turn.problem is not None else ""


def _status(turn: Turn, showing: Showing) -> str:
    """Return the line that says when, what and how long."""
    took = f"{turn.seconds * 1000:.0f} ms" if turn.seconds < 1 else f"{turn.seconds:.1f} s"
    workspace = turn.workspace
    if workspace is None:
        what = "not compiled"
    elif not workspace.ok:
        what = f"{render_counts(told(workspace, showing.quiet))} found"
    else:
        count = workspace.outcome.nodes
        what = f"compiled {count:,} node{'' if count == 1 else 's'}"
    return f"{turn.at}  {what} in {took}; {_ENDING}"


class _Screen:
    """A terminal on which each turn is drawn over the one before."""

    def __init__(self, showing: Showing) -> None:
        self._showing = showing
        self._size = (0, 0)

    def is_another(self) -> bool:
        """Tell whether the terminal has another size than what was drawn was made for."""
        return self._size != _size()

    def draw(self, turn: Turn) -> None:
        """Draw a turn, no more of it than there is room for."""
        first = _CLEAR if self.is_another() else ""
        self._size = _size()
        lines = [*self._found(turn), click.style(_status(turn, self._showing), dim=True)]
        context = click.get_current_context(silent=True)
        if context is not None and context.color is False:
            lines = [click.unstyle(line) for line in lines]
        text = encodable("\n".join(lines), sys.stderr.encoding).replace("\n", _LINE)
        sys.stderr.write(f"{first}{_TOP}{text}{_LINE}{_BELOW}")
        sys.stderr.flush()

    def _found(self, turn: Turn) -> list[str]:
        """Return the lines of what was found, with what there was no room for."""
        if turn.workspace is None:
            return [*_failed(turn).split("\n"), ""]
        found = told(turn.workspace, self._showing.quiet)
        if not found:
            return []
        room = self._size[1] - 4
        # What is wrong goes before what is only doubtful: there may not be room for all.
        by_weight = sorted(found, key=lambda each: each.severity != "error")
        shown = by_weight[: self._showing.limit or None]
        blocks = _blocks(shown, texts_of(turn.workspace), self._size[0], room)
        rest = len(found) - len(blocks)
        more = [f"{rest:,} more, for which there is no room", ""] if rest else []
        return [*"\n\n".join(blocks).split("\n"), "", *more]


def _blocks(
    found: Sequence[Diagnostic], texts: Mapping[str, str], columns: int, room: int
) -> list[str]:
    """Return the first of what was found, as many as there is room for, and at least one."""
    blocks: list[str] = []
    for each in found:
        block = render_diagnostics([each], texts)
        need = sum(
            1 + max(0, cells(line) - 1) // columns for line in click.unstyle(block).split("\n")
        )
        room -= need + 1
        if room < 0 and blocks:
            break
        blocks.append(block)
    return blocks


def _size() -> tuple[int, int]:
    """Return how many columns and lines the terminal has."""
    size = shutil.get_terminal_size()
    return max(20, size.columns), max(8, size.lines)
