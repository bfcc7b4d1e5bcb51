"""What a user did wrong, as data: code, place, words, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, Final, Literal

from msgspec import Struct, structs

Severity = Literal["error", "warning"]

# So many names are compared with a name one by one.
MANY: Final = 300


class Position(Struct, frozen=True, order=True):
    """A place in a file: line and column from 1, a column being one character."""

    line: int = 1
    column: int = 1


class Span(Struct, frozen=True, kw_only=True):
    """A stretch of a file from `start` up to and without `end`."""

    file: str
    start: Position = Position()
    end: Position = Position()
    label: str = ""

    def labelled(self, label: str) -> Span:
        """Return the same place with a word on it."""
        return Span(file=self.file, start=self.start, end=self.end, label=label)


class Diagnostic(Struct, frozen=True, kw_only=True):
    """One mistake, or one warning, at one place; `related` are other places to look at."""

    code: str
    severity: Severity
    message: str
    span: Span
    node: str = ""
    related: tuple[Span, ...] = ()
    help: tuple[str, ...] = ()


def error(
    code: str,
    message: str,
    span: Span,
    *,
    node: str = "",
    related: Sequence[Span] = (),
    help: Sequence[str] = (),
) -> Diagnostic:
    """Make an error."""
    return Diagnostic(
        code=code,
        severity="error",
        message=message,
        span=span,
        node=node,
        related=tuple(related),
        help=tuple(help),
    )


def warning(
    code: str,
    message: str,
    span: Span,
    *,
    node: str = "",
    related: Sequence[Span] = (),
    help: Sequence[str] = (),
) -> Diagnostic:
    """Make a warning."""
    return Diagnostic(
        code=code,
        severity="warning",
        message=message,
        span=span,
        node=node,
        related=tuple(related),
        help=tuple(help),
    )


def cycle(
    head: str, round_: Sequence[str], edges: Mapping[str, Mapping[str, Span]], verb: str
) -> Diagnostic:
    """Return the error for names that lead back to the first, each edge with its place.

    `round_` begins and ends with one name; it is shown from its least one on, whoever found it.
    """
    start = min(range(len(round_) - 1), key=lambda i: round_[i])
    turned = [*round_[start:-1], *round_[: start + 1]]
    places = [
        edges[one][other].labelled(f"`{_bare(one)}` {verb} `{_bare(other)}`")
        for one, other in pairwise(turned)
    ]
    message = f"{head}: {' -> '.join(f'`{_bare(name)}`' for name in turned)}"
    return error("FF205", message, places[0], related=places[1:])


def _bare(node: str) -> str:
    """Return the name in a node's id; a path is its own name."""
    kind, dot, name = node.partition(".")
    return name if dot and "/" not in kind else node


def ordered(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Sort by file and place, each mistake once."""
    unique = dict.fromkeys(diagnostics)
    return sorted(unique, key=lambda d: (d.span.file, d.span.start, d.code, d.message))


def closest(name: str, valid: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the valid name that is most like a name, from 0 (any will do) to 1 (case aside).

    Of more than a few hundred only those are looked at that begin or end as the name does: in a
    large project with many unknown names, comparing all with all would take minutes.
    """
    wanted = name.lower()
    folded = {other.lower(): other for other in sorted(valid)}
    likely: Iterable[str] = folded
    if len(folded) > MANY:
        ends = (wanted[:1], wanted[-2:])
        alike = (o for o in folded if o[:1] == ends[0] or o[-2:] == ends[1])
        likely = [o for o in alike if abs(len(o) - len(wanted)) <= 2]
    close = get_close_matches(wanted, likely, n=1, cutoff=cutoff)
    return folded[close[0]] if close else None


def did_you_mean(name: str, valid: Iterable[str]) -> tuple[str, ...]:
    """Return one line of help naming the valid name that is closest, or nothing."""
    close = closest(name, valid)
    return (f"did you mean `{close}`?",) if close else ()


def shortened(text: str, length: int = 60) -> str:
    """Cut a text that is too long for a message."""
    return text if len(text) <= length else f"{text[:length]}…"


def listed(names: Iterable[str], last: str = "and") -> str:
    """Write names for a sentence: `a`, `b` and `c`."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"


def document(diagnostics: Sequence[Diagnostic], target: str) -> dict[str, Any]:
    """Return the `ffc.diagnostics/v1` document."""
    errors = sum(d.severity == "error" for d in diagnostics)
    return {
        "schema": "ffc.diagnostics/v1",
        "target": target,
        "ok": errors == 0,
        "counts": {"error": errors, "warning": len(diagnostics) - errors},
        "diagnostics": [_document(diagnostic) for diagnostic in diagnostics],
    }


def _document(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return a diagnostic as the document has it: a related place beside its label."""
    fields = {name: getattr(diagnostic, name) for name in diagnostic.__struct_fields__}
    related = [{"span": place, "label": place.label} for place in diagnostic.related]
    return {name: _sound(value) for name, value in {**fields, "related": related}.items()}


def _sound(value: Any) -> Any:
    """Return a value that JSON can hold: half a character, as in a strange file name, is `?`."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, Span):
        return structs.replace(value, file=_sound(value.file), label=_sound(value.label))
    if isinstance(value, dict):
        return {name: _sound(each) for name, each in value.items()}
    return [_sound(each) for each in value] if isinstance(value, list | tuple) else value
