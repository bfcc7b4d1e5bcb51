"""Diagnostics for machines: a line each for editors, annotations for GitHub."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath

from ffc.core.characters import visible, visible_path
from ffc.core.diagnostics import Diagnostic, Span


def concise(diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    """Yield `file:line:column: error[CODE]: message` for each diagnostic."""
    for found in diagnostics:
        yield f"{_place(found.span)}: {found.severity}[{found.code}]: {visible(found.message)}"


def github(diagnostics: Iterable[Diagnostic], prefix: str) -> Iterator[str]:
    """Yield a workflow command for each diagnostic, its file seen from the repository.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    for found in diagnostics:
        start, end = found.span.start, found.span.end
        places = {"file": within(found.span.file, prefix), "line": str(start.line)}
        # GitHub takes columns only where they lie in one line.
        if start.line == end.line:
            places |= {"col": str(start.column), "endLine": str(end.line)}
            places |= {"endColumn": str(end.column)}
        else:
            places |= {"endLine": str(end.line)}
        places |= {"title": found.code}
        told = ",".join(f"{name}={_property(value)}" for name, value in places.items())
        yield f"::{found.severity} {told}::{_data(_words(found))}"


def repository_prefix(root: Path) -> str:
    """Return the project's folder seen from its git repository, with a `/`; empty at its root."""
    root = root.resolve()
    repository = next((p for p in (root, *root.parents) if (p / ".git").exists()), root)
    inside = root.relative_to(repository).as_posix()
    return "" if inside == "." else f"{inside}/"


def outside(file: str) -> bool:
    """Say whether a file is not the project's: profiles.yml may lie elsewhere."""
    return file.startswith("~") or PurePath(file).is_absolute()


def within(file: str, prefix: str) -> str:
    """Return a project's file as seen from the repository; what is not the project's stays."""
    return file if outside(file) else f"{prefix}{file}"


def message_lines(diagnostic: Diagnostic) -> Sequence[str]:
    """Return the message, and a line for each help."""
    return [visible(diagnostic.message), *(f"help: {visible(text)}" for text in diagnostic.help)]


def _words(diagnostic: Diagnostic) -> str:
    labels = [f"{_place(place)}: {visible(place.label)}" for place in diagnostic.related]
    return "\n".join([*message_lines(diagnostic), *labels])


def _place(span: Span) -> str:
    return f"{visible_path(span.file)}:{span.start.line}:{span.start.column}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    escaped = _data(text).replace(":", "%3A").replace(",", "%2C")
    return visible_path(escaped)
