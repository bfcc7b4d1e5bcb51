"""What a search found, as people read it and as a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import click

from ffc.cli.streams import answer, answer_exactly, talk
from ffc.cli.widths import answer_width
from ffc.core.characters import cells, leading, visible
from ffc.core.diagnostics import listed
from ffc.manifest.files import encode
from ffc.manifest.finding import Finding, Hit, Match

# So many places of a node are told, beside the columns that are named so.
_PLACES: Final = 3
_INDENT: Final = " " * 4
_LABEL: Final = len("description")
_CUT: Final = "…"

_Spans = Sequence[tuple[int, int]]


def show_finding(
    target: str, query: str, kinds: Sequence[str], found: Finding, output: str, quiet: bool
) -> None:
    """Write what was found; what is to be said of the query itself goes to stderr."""
    if output == "json":
        answer_exactly(encode(finding_document(target, query, found)).decode())
        return
    if found.hits:
        answer("\n\n".join(map(render_hit, found.hits)))
    if not quiet or not found.hits:
        for line in remarks(kinds, found):
            talk(line)


def finding_document(target: str, query: str, found: Finding) -> dict[str, Any]:
    """Return the `ffc.search/v1` document."""
    return {
        "schema": "ffc.search/v1",
        "target": target,
        "query": query,
        "words": found.words,
        "has": found.has,
        "found": found.found,
        "kinds": found.kinds,
        "taken": found.taken,
        "missing": found.missing,
        "help": found.help,
        "hits": [_hit_document(hit) for hit in found.hits],
    }


def _hit_document(hit: Hit) -> dict[str, Any]:
    names = ("id", "kind", "name", "variant", "path", "line", "description", "owner", "tags")
    facts = {name: getattr(hit.node, name) for name in names}
    return {**facts, "score": hit.score, "matches": hit.matches}


def render_hit(hit: Hit) -> str:
    """Return a node, where it lies, and where the words are in it: they are marked in colour."""
    node = hit.node
    kind, _, name = node.id.partition(".")
    spans = {m.text: m.spans for m in hit.matches if m.where in ("name", "kind")}
    parts = [(kind, spans.get(kind, ())), (".", ()), (name, spans.get(name, ()))]
    shown = "".join(_marked(text, where, bold=True) for text, where in parts)
    place = f"{visible(node.path)}:{node.line}"
    if cells(f"{node.id}  {place}") <= answer_width():
        lines = [f"{shown}  {click.style(place, dim=True)}"]
    else:
        lines = [shown, f"{_INDENT}{click.style(place, dim=True)}"]
    head = len(lines)
    columns = [match for match in hit.matches if match.where == "column"]
    others = [match for match in hit.matches if match.where not in ("name", "kind", "column")]
    if columns:
        names, rest = _columns(columns)
        lines += [_labelled("column", names), *([_labelled("", rest)] if rest else [])]
    lines += [_labelled(match.where, _place(match)) for match in others[:_PLACES]]
    if len(others) > _PLACES:
        lines.append(_labelled("", f"and {len(others) - _PLACES} more such places"))
    if len(lines) == head and node.description:
        lines.append(f"{_INDENT}{_window(node.description, (), answer_width() - len(_INDENT))}")
    return "\n".join(lines)


def _room() -> int:
    """Return what is left of a line for a text."""
    return answer_width() - len(_INDENT) - _LABEL - 2


def _labelled(label: str, text: str) -> str:
    return f"{_INDENT}{click.style(f'{label:<{_LABEL}}', dim=True)}  {text}"


def _columns(matches: Sequence[Match]) -> tuple[str, str]:
    """Return the names of columns on a line, as many as fit, and how many more there are.

    That has a line of its own where there is no room for it beside one name.
    """
    shown: list[str] = []
    room = _room() - len(f", and {len(matches)} more")
    for match in matches:
        room -= cells(visible(match.text)) + 2
        if shown and room < 0:
            break
        shown.append(_window(match.text, match.spans, _room()))
    rest = len(matches) - len(shown)
    more = f"and {rest} more" if rest else ""
    beside = cells(click.unstyle(", ".join([*shown, more]))) <= _room()
    return (", ".join([*shown, more]), "") if more and beside else (", ".join(shown), more)


def _place(match: Match) -> str:
    if not match.column:
        return _window(match.text, match.spans, _room())
    column = visible(match.column)
    if match.where == "tag":
        return f"{_window(match.text, match.spans, _room())} of {column}"
    return f"{column}: {_window(match.text, match.spans, max(20, _room() - cells(column) - 2))}"


def _window(text: str, spans: _Spans, room: int) -> str:
    """Return as much of a text as fits, with the first of what is marked in it."""
    seen = visible(text)
    if cells(seen) <= room:
        return _marked(seen, spans)
    first = spans[0][0] if spans else 0
    start = 0 if first < room // 2 else seen.rfind(" ", 0, first - room // 3) + 1
    head = _CUT if start else ""
    end = start + leading(seen[start:], room - len(head) - len(_CUT))
    tail = _CUT if end < len(seen) else ""
    inside = [(max(a, start) - start, min(b, end) - start) for a, b in spans if b > start]
    inside = [(a, b) for a, b in inside if a < b]
    return f"{head}{_marked(seen[start:end], inside)}{tail}"


def _marked(text: str, spans: _Spans, *, bold: bool = False) -> str:
    """Return a text with stretches of it in colour."""
    parts, at = [], 0
    for start, end in spans:
        parts += [
            _plain(text[at:start], bold),
            click.style(text[start:end], fg="yellow", bold=True),
        ]
        at = end
    return "".join([*parts, _plain(text[at:], bold)])


def _plain(text: str, bold: bool) -> str:
    return click.style(text, bold=True) if bold and text else text


def remarks(kinds: Sequence[str], found: Finding) -> Iterator[str]:
    """Yield what there is to say of a search: what was taken for what, what was left out."""
    for word, meant in found.taken.items():
        yield f"`{visible(word)}` begins no name: taken for {listed(meant, 'or')}"
    if not found.hits:
        words = listed(map(visible, found.missing), "or") or "any of these words"
        here = f" of the kind {listed(kinds, 'or')}" if kinds else ""
        yield f"nothing{here} has {words}"
        yield from (f"  = help: {hint}" for hint in _hints(found))
        return
    if found.has < found.words:
        yield f"nothing has all {found.words} words: these have {found.has}"
        yield from (f"  = help: {hint}" for hint in found.help)
    if rest := found.found - len(found.hits):
        yield f"{rest} more {'was' if rest == 1 else 'were'} found: `--limit 0` shows all"


def _hints(found: Finding) -> Sequence[str]:
    others = [f"{count} of the kind `{kind}`" for kind, count in sorted(found.kinds.items())]
    elsewhere = [f"there are {', '.join(others)}: leave `--kind` out"] if others else []
    return [*found.help, *elsewhere] or ["`ffc ls` lists what there is"]
