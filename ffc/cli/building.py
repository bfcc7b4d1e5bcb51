"""Builds as people read them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from ffc.cli.streams import answer, answer_exactly, talk
from ffc.cli.widths import answer_width, table_width
from ffc.core.characters import visible
from ffc.core.tables import fitted
from ffc.manifest.files import encode
from ffc.run.looking.builds import BuildFacts

# So many digits of a commit tell it from others.
_COMMIT: Final = 8
_INDENT: Final = " " * 4
_SET: Final = "training_set."


def show_builds(target: str, builds: Sequence[BuildFacts], output: str) -> None:
    """Write builds, the newest first."""
    if output == "json":
        document = {"schema": "ffc.builds/v1", "target": target, "builds": builds}
        answer_exactly(encode(document).decode())
    elif builds:
        answer(render_builds(builds))
    else:
        talk(f"nothing was built in the target `{target}` yet")


def render_builds(builds: Sequence[BuildFacts]) -> str:
    """Return builds as a table that fits; below each line, what it was made of."""
    alone = all(build.node.startswith(_SET) for build in builds)
    names = [b.node.removeprefix(_SET) if alone else b.node for b in builds]
    rows = [
        [b.id, b.created[:16].replace("T", " "), "" if b.rows is None else f"{b.rows:,}", _is(b), n]
        for b, n in zip(builds, names, strict=True)
    ]
    heads = ["build", "built (UTC)", "rows", "now", "node"]
    lines, table = fitted(heads, rows, table_width())
    for build, row in zip(builds, table, strict=True):
        lines += [*row, *_details(build)]
    return "\n".join(lines)


def _is(build: BuildFacts) -> str:
    return "current" if build.current else "collected" if build.collected else ""


def commit_text(commit: str, dirty: bool) -> str:
    """Return a commit as people write it, with a `+` where files differed from it."""
    return f"{commit[:_COMMIT]}{'+' if dirty else ''}"


def _details(build: BuildFacts) -> Iterator[str]:
    """Yield what a build was made of; nothing of one that an older ffc made."""
    parts = [
        f"by {build.principal}" if build.principal else "",
        f"of {build.deployment}" if build.deployment else "",
        f"commit {commit_text(build.commit, build.dirty)}" if build.commit else "",
        build.content_hash,
        f"used by {', '.join(build.models)}" if build.models else "",
    ]
    text = visible(", ".join(part for part in parts if part))
    room = answer_width() - len(_INDENT)
    yield from (f"{_INDENT}{line}" for line in textwrap.wrap(text, room, break_on_hyphens=False))
