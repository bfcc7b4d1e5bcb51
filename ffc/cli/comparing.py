"""The builds of two targets beside each other, on the terminal and as a document."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from ffc.auth import local_user
from ffc.cli.exporting import export_progress
from ffc.cli.failures import failure_text
from ffc.cli.selecting import Chosen
from ffc.cli.streams import answer, answer_exactly, talk
from ffc.cli.widths import answer_width
from ffc.core.characters import visible
from ffc.core.errors import Misuse
from ffc.core.tables import is_within, render_sideways, render_table
from ffc.manifest.files import encode
from ffc.run.looking.comparing import Compared, ComparedColumn, ComparedRow, Comparing, How
from ffc.workspace.folder import OpenTarget, open_target

_COLOURS: Final = {"same": "green", "different": "red", "error": "red"}
_INDENT: Final = "    "
# So long a value is cut where values stand beside each other.
_LONGEST: Final = 40
# With less room than this beside the name of a node, its rows stand below it.
_NARROW: Final = 30


def compare_targets(
    where: tuple[Path | None, Path | None],
    targets: Sequence[str],
    nodes: Sequence[str],
    chosen: Chosen,
    how: How,
    output: str,
    quiet: bool,
) -> int:
    """Compare nodes in two targets and write how they do; return the exit code.

    `where` is the project's folder and that of profiles.yml. Raises Misuse unless two targets are
    meant.
    """
    names = _two(targets)
    with (
        open_target(*where, names[0], read_only=True) as first,
        open_target(*where, names[1], read_only=True) as second,
    ):
        comparing = Comparing(first.session, second.session)
        if comparing.names[0] == comparing.names[1]:
            raise Misuse("these are one target: name two", option="--target")
        found = []
        for node in _meant(comparing, nodes, chosen, first, second):
            with export_progress(node, None, quiet) as report:
                compared = comparing.compare(node, how, principal=local_user(), report=report)
            found.append(compared)
            if output == "text" and (not quiet or compared.status != "same"):
                answer(render_compared(comparing.names, compared))
    if output == "json":
        answer_exactly(encode(compared_document(comparing.names, found)).decode())
    elif not quiet:
        talk(_summary(found))
    return 1 if any(each.status != "same" for each in found) else 0


def _two(targets: Sequence[str]) -> tuple[str | None, str]:
    """Return the targets that are meant; None for the profile's own."""
    if len(targets) not in (1, 2):
        raise Misuse("name two targets: `--target dev --target prod`", option="--target")
    return (targets[0] if len(targets) == 2 else None, targets[-1])


def _meant(
    comparing: Comparing, nodes: Sequence[str], chosen: Chosen, *targets: OpenTarget
) -> list[str]:
    """Return the ids of what is to be compared: what is named, and what is selected."""
    named = comparing.meant(nodes)
    if named and not chosen.typed:
        return named
    selected = chosen.deployed_in(*targets)
    if selected is None:
        return comparing.all()
    if named and not chosen.typed.select and chosen.typed.selector is None:
        return [node for node in named if node in selected]
    return list(dict.fromkeys([*named, *(n for n in comparing.all() if n in selected)]))


def _summary(found: Sequence[Compared]) -> str:
    if not found:
        return "nothing to compare: no node that is meant is built"
    unlike = sum(each.status != "same" for each in found)
    nodes = f"{len(found):,} node{'' if len(found) == 1 else 's'} compared"
    differ = f"{unlike:,} differ{'s' if unlike == 1 else ''}" if unlike else "no difference"
    return f"{nodes}: {differ}"


def compared_document(targets: tuple[str, str], found: Sequence[Compared]) -> dict[str, Any]:
    """Return the `ffc.compared/v1` document."""
    return {"schema": "ffc.compared/v1", "targets": targets, "nodes": list(found)}


def render_compared(targets: tuple[str, str], found: Compared) -> str:
    """Return how the builds of a node compare: a line, and below it what differs."""
    if found.code:
        shown = failure_text(found.code, found.reason, found.help, room=_room())
        return f"{_head(targets, found)}\n{_indented(shown)}"
    blocks = [_head(targets, found)]
    lines = [line for text in _told(targets, found) for line in _wrapped(text)]
    if lines:
        blocks[0] = "\n".join([blocks[0], *lines])
    blocks += [_indented(block) for block in _samples(targets, found)]
    return "\n\n".join(blocks) + ("\n" if len(blocks) > 1 else "")


def _head(targets: tuple[str, str], found: Compared) -> str:
    word = click.style(f"{found.status:<9}", fg=_COLOURS[found.status])
    one, other = found.rows
    rows = ""
    if one is not None and other is not None:
        rows = _rows(one)
        rows += f" in {targets[0]}, {other:,} in {targets[1]}" if one != other else ""
    room = answer_width() - len(f"{found.status:<9}") - len(rows) - 4
    if room < _NARROW:
        return "\n".join([f"{word}  {found.node}", *([f"{_INDENT}{rows}"] if rows else [])])
    name = found.node if len(found.node) <= room else f"{found.node[: room - 1]}…"
    return f"{word}  {name:<{room}}  {rows}".rstrip()


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _told(targets: tuple[str, str], found: Compared) -> Iterator[str]:
    if found.reason:
        yield found.reason
    for column in found.columns:
        yield from _of_column(targets, column)
    if found.changed:
        by = f" (by {', '.join(f'`{name}`' for name in found.key)})" if found.key else ""
        yield f"{_rows(found.changed)} with other values{by}"
    for target, count in zip(targets, found.only, strict=True):
        if count:
            yield f"{_rows(count)} in {target} only"
    if any(found.only) and not found.key:
        yield "it has no key: `--key COLUMN` says which rows belong together"
    if found.status == "different" and not found.same_definition:
        yield "what they are built by differs, too: their definitions are not the same"


def _of_column(targets: tuple[str, str], column: ComparedColumn) -> Iterator[str]:
    one, other = column.types
    if one is None or other is None:
        yield f"`{column.name}` is in {targets[one is None]} only: {one or other}"
        return
    if one != other:
        more = "; its values are not compared" if column.rows is None else ""
        yield f"`{column.name}` is {one} in {targets[0]}, {other} in {targets[1]}{more}"
    elif column.rows is None:
        yield f"`{column.name}` ({one}) is not compared: the stores give it differently"
    if column.rows:
        yield f"`{column.name}` differs in {_rows(column.rows)}"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(
        visible(text),
        answer_width(),
        initial_indent=_INDENT,
        subsequent_indent=_INDENT * 2,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _samples(targets: tuple[str, str], found: Compared) -> Iterator[str]:
    changed = [row for row in found.samples if row.kind == "changed"]
    if changed:
        yield _changed(targets, changed)
    for index, (side, target) in enumerate(zip(("first", "second"), targets, strict=True)):
        rows = [row for row in found.samples if row.kind == side]
        if rows:
            yield f"in {target} only\n{_alone(rows, index)}"


def _changed(targets: tuple[str, str], rows: Sequence[ComparedRow]) -> str:
    """Return the values that differ, a line each; below their keys where these are too wide."""
    names = [*rows[0].key, "column", *targets]
    lines = [
        [*map(_shown, row.key.values()), name, *map(_shown, both)]
        for row in rows
        for name, both in row.values.items()
    ]
    table = render_table(names, lines)
    if is_within(table, _room()):
        return table
    return "\n\n".join(_changed_row(targets, row) for row in rows)


def _changed_row(targets: tuple[str, str], row: ComparedRow) -> str:
    key = ", ".join(f"{name} {visible(str(_shown(value)))}" for name, value in row.key.items())
    lines = [[name, *map(_shown, both)] for name, both in row.values.items()]
    return f"{_filled(key, _room())}\n{_table(['column', *targets], lines)}"


def _filled(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


def _alone(rows: Sequence[ComparedRow], index: int) -> str:
    names = [*rows[0].key, *rows[0].values]
    lines = [
        [*map(_shown, row.key.values()), *(_shown(both[index]) for both in row.values.values())]
        for row in rows
    ]
    return _table(names, lines)


def _table(names: Sequence[str], lines: Sequence[Sequence[object]]) -> str:
    table = render_table(names, lines)
    return table if is_within(table, _room()) else render_sideways(names, lines, _room())


def _room() -> int:
    return answer_width() - len(_INDENT)


def _shown(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _indented(block: str) -> str:
    return textwrap.indent(block, _INDENT)
