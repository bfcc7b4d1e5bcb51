"""Tests of data on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from ffc.adapter.state import NodeRun
from ffc.cli.progress import beside, result_text, test_name
from ffc.cli.streams import answer, talk
from ffc.cli.widths import answer_width

_COLOURS: Final = {"success": "green", "warn": "yellow", "error": "red"}
_WORDS: Final = {"success": "passed", "warn": "warned", "error": "failed"}


def show_tests(quiet: bool) -> Callable[[NodeRun], None]:
    """Return what writes each test's result as it comes: a line, and why it fails."""

    def show(result: NodeRun) -> None:
        if not quiet:
            answer(_line(result))
        if result.error is not None:
            talk(f"{result_text(result, result.error)}\n")

    return show


def _line(result: NodeRun) -> str:
    word = _WORDS[result.status]
    failing = result.rows.get("failing", 0)
    count = f"{failing:,} failing" if failing else ""
    right = f"{count:>16}  {word:<6} {result.seconds:>6.2f}s"
    colour = _COLOURS[result.status]
    return beside(partial(test_name, result.id), right, word, colour, answer_width())


def show_summary(results: Sequence[NodeRun], selected: bool) -> None:
    """Write how many tests fared how."""
    if not results:
        meant = "none of the nodes that are selected" if selected else "no deployed node"
        talk(f"{meant} has a test: write `tests:` and `ffc run`")
        return
    counts = [(word, sum(r.status == s for r in results)) for s, word in _WORDS.items()]
    talk(f"done: {', '.join(f'{count} {word}' for word, count in counts if count)}")


def tests_document(target: str, results: Sequence[NodeRun]) -> dict[str, Any]:
    """Return the `ffc.test_results/v1` document."""
    return {"schema": "ffc.test_results/v1", "target": target, "results": list(results)}
