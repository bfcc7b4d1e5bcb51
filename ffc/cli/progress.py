"""A run in lines: one a node, what failed again at the end."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import click

from ffc.adapter.state import NodeRun
from ffc.cli.failures import failure_text, warning_text
from ffc.cli.streams import say
from ffc.cli.widths import answer_width, talk_width
from ffc.core.diagnostics import listed
from ffc.run.events import Event, NodeFinished, RunFinished, RunStarted

_COLOURS: Final = {
    "success": "green",
    "unchanged": None,
    "error": "red",
    "skipped": "yellow",
    "cancelled": "yellow",
    "warn": "yellow",
}
# With less room than this a name has a line of its own.
_NARROW: Final = 30
# So many of the nodes that were skipped are named.
_NAMED: Final = 6
_WORDS: Final = {
    "unchanged": "unchanged",
    "error": "failed",
    "skipped": "skipped",
    "cancelled": "cancelled",
}


class TerminalSink:
    """Write a run to stderr, or to stdout where it is the answer; when quiet, only what failed."""

    def __init__(self, quiet: bool = False, err: bool = True) -> None:
        self._quiet = quiet
        self._err = err
        self._results: list[NodeRun] = []
        self._began = ""

    def receive(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, RunStarted):
            self._began = event.at
            self._say(f"run {event.run_id} in target `{event.target}`")
        elif isinstance(event, NodeFinished):
            self._results.append(event.node)
            if event.node.action != "test" or event.node.status != "success":
                self._say(line(event, talk_width() if self._err else answer_width()))
        elif isinstance(event, RunFinished):
            for result in self._results:
                if result.status == "warn" and not _is_told(result):
                    self.write(f"\n{result.id}", True)
                    self.write(warning_text("FF506", result.reason), True)
                if result.error is not None:
                    self.write(f"\n{result.id}", True)
                    self.write(result_text(result, result.error), True)
            for text in _held_back(self._results):
                self.write(f"\n{text}", True)
            if self._results:
                self._say(f"\n{_summary(self._results)}{_took(self._began, event.at)}")

    def _say(self, text: str) -> None:
        if not self._quiet:
            self.write(text, self._err)

    def write(self, text: str, err: bool) -> None:
        """Write a line, to stderr or to stdout."""
        if err:
            say(text)
        else:
            click.echo(text)


def _is_told(result: NodeRun) -> bool:
    """Tell whether a result's error says why it is a warning; else its reason does."""
    return result.error is not None and result.reason in ("", result.error["message"])


def line(event: NodeFinished, width: int) -> str:
    """Return how a node fared, on one line if there is room."""
    node = event.node
    count = f"{event.index:>{len(str(event.total))}}/{event.total}"
    rows = f"{node.rows['out']:,} rows" if "out" in node.rows else ""
    if node.rows.get("failing"):
        rows = f"{node.rows['failing']:,} failing"
    if node.action == "sync":
        rows = _synced(node.rows)
    elif node.rows.get("added") or node.rows.get("removed"):
        rows = f"+{node.rows['added']:,} -{node.rows['removed']:,} rows"
    right = f"{rows:>14}  {node.status:<9} {node.seconds:>6.2f}s"
    verb = f"{node.action} " if node.action != "build" else ""

    def left(room: int) -> str:
        head = f"{count} {verb}"
        if node.action == "test":
            return head + test_name(node.id, room - len(head))
        head += node.id
        return head if len(head) <= room else f"{head[: room - 1]}…"

    return beside(left, right, node.status, _COLOURS.get(node.status), width)


def beside(
    left: Callable[[int], str], right: str, status: str, colour: str | None, width: int
) -> str:
    """Return how something fared to the right of its name; below it where there is little room."""
    room = width - len(right) - 1
    told = right.replace(status, click.style(status, fg=colour)) if colour else right
    if room < _NARROW:
        return f"{left(width)}\n{' ' * (width - len(right))}{told}"
    return f"{left(room):<{room}} {told}"


def _synced(rows: Mapping[str, int]) -> str:
    """Return what a sync wrote, where it is not all that there is, and what it holds back."""
    if "out" not in rows:
        return ""
    counts = {"+": rows["new"], "~": rows["changed"], "-": rows["removed"]}
    written = [f"{sign}{count:,}" for sign, count in counts.items() if count]
    whole = not written or written == [f"+{rows['out']:,}"]
    told = f"{rows['out']:,} rows" if whole else f"{' '.join(written)} rows"
    return f"{told}, {rows['held_back']:,} held back" if rows["held_back"] else told


def test_name(name: str, room: int) -> str:
    """Return a test's id without its kind; where it is too long, its end tells tests apart."""
    name = name.removeprefix("test.")
    return name if len(name) <= room else f"…{name[len(name) - room + 1 :]}"


def _summary(results: list[NodeRun]) -> str:
    done = {"build": "built", "sync": "synced", "test": "tested", "measure": "measured"}
    done |= {"move": "moved", "remove": "removed"}
    good = ("success", "warn")
    words = [done[r.action] if r.status in good else _WORDS[r.status] for r in results]
    order = ("built", "tested", "synced", "measured", "moved", "removed", *_WORDS.values())
    told = [f"{words.count(word)} {word}" for word in order if word in words]
    return f"done: {', '.join(told) or 'nothing to do'}"


def _took(began: str, ended: str) -> str:
    """Return how long a run took; nothing where it is not known."""
    if not began or not ended:
        return ""
    seconds = (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()
    return f" in {max(0.0, seconds):.1f} s"


def _held_back(results: list[NodeRun]) -> list[str]:
    """Return why nodes were skipped, each cause once."""
    causes: dict[str, dict[str, None]] = {}
    for result in results:
        if result.status == "skipped":
            causes.setdefault(result.reason, {})[result.id] = None
    return [
        textwrap.fill(
            f"skipped, since {reason}: {_some(list(nodes))}",
            talk_width(),
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for reason, nodes in causes.items()
    ]


def _some(nodes: list[str]) -> str:
    if len(nodes) <= _NAMED:
        return listed(nodes)
    named = ", ".join(f"`{node}`" for node in nodes[:_NAMED])
    return f"{named} and {len(nodes) - _NAMED} more"


def result_text(result: NodeRun, error: Mapping[str, object]) -> str:
    """Return what a result has to say of what went wrong, or may have."""
    word = "warning" if result.status == "warn" else "error"
    code, message = str(error["code"]), str(error["message"])
    return failure_text(code, message, error["help"], word, result.samples)


def show_results(results: list[NodeRun], quiet: bool = False) -> None:
    """Write results that are all there already, as a run would have."""
    sink = TerminalSink(quiet)
    for index, result in enumerate(results, 1):
        sink.receive(NodeFinished(node=result, index=index, total=len(results)))
    sink.receive(RunFinished(run_id="", at="", status=""))
