"""Deployments, and the way back to one, as people read them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from ffc.auth import local_user
from ffc.cli.building import commit_text
from ffc.cli.running import ended_when_asked, shown
from ffc.cli.streams import answer, answer_exactly, talk
from ffc.cli.widths import answer_width, table_width, talk_width
from ffc.connect.session import Session
from ffc.core.characters import visible
from ffc.core.tables import fitted, render_fitted
from ffc.manifest.files import encode
from ffc.run.deploying.deployments import Changes, DeploymentFacts, some
from ffc.run.deploying.rollback import roll_back
from ffc.run.deploying.way_back import RolledBack

_INDENT: Final = " " * 4


def show_deployments(target: str, found: Sequence[DeploymentFacts], output: str) -> None:
    """Write deployments, the newest first."""
    if output == "json":
        document = {"schema": "ffc.deployments/v1", "target": target, "deployments": found}
        answer_exactly(encode(document).decode())
    elif found:
        answer(render_deployments(found))
    else:
        talk(f"nothing was deployed in the target `{target}` yet")


def render_deployments(found: Sequence[DeploymentFacts]) -> str:
    """Return deployments as a table that fits 80 columns; below each line, whose it is."""
    rows = [
        [
            *(each.id, _minute(each.created)),
            *msgspec.structs.astuple(each.changes),
            "live" if each.live else "kept" if each.kept else "gone",
        ]
        for each in found
    ]
    heads = ["deployment", "deployed (UTC)", *Changes.__struct_fields__, "now"]
    lines, table = fitted(heads, rows, table_width())
    for each, row in zip(found, table, strict=True):
        lines += [*row, *_details(each)]
    return "\n".join(lines)


def _minute(instant: str) -> str:
    return instant[:16].replace("T", " ")


def _details(each: DeploymentFacts) -> Iterator[str]:
    parts = [
        f"by {each.principal}",
        f"commit {commit_text(each.commit, each.dirty)}" if each.commit else "",
        f"the same as {each.same_as}" if each.same_as else "",
        f"no build of {some(each.missing)}" if each.missing else "",
    ]
    text = visible(", ".join(part for part in parts if part))
    room = answer_width() - len(_INDENT)
    yield from (f"{_INDENT}{line}" for line in textwrap.wrap(text, room, break_on_hyphens=False))


def show_plan(plan: RolledBack, output: str) -> None:
    """Write what a rollback would change."""
    if output == "json":
        answer_exactly(encode(plan).decode())
        return
    answer(render_plan(plan))


def render_plan(plan: RolledBack) -> str:
    """Return what a rollback changes as a table, names of nodes last; nothing where it is none."""
    head = f"{plan.to} instead of {plan.before} in the target `{plan.target}`"
    if not plan.changes:
        return f"{head}: no node changes"
    heads = ["change", "build", "becomes", "built (UTC)", "node"]
    rows = [[c.change, c.before, c.build, _minute(c.built), c.id] for c in plan.changes]
    return f"{head}\n\n{render_fitted(heads, rows, table_width())}"


def go_back(session: Session, to: str, output: str, quiet: bool) -> int:
    """Roll a target back; return the exit code."""
    with ended_when_asked(), shown(quiet) as terminal:
        done = roll_back(session, principal=local_user(), to=to, sinks=[terminal])
    if output == "json":
        answer_exactly(encode(done).decode())
    if not quiet:
        talk(textwrap.fill(_ended(done), talk_width(), break_on_hyphens=False))
    return 1 if done.status == "error" else 0


def _ended(done: RolledBack) -> str:
    """Say what the target is now, and how old its rows may be."""
    target = f"the target `{done.target}`"
    if done.status == "unchanged":
        return f"{target} is what {done.to} said: there is nothing to do"
    if done.status == "error":
        return f"nothing moved: {target} is {done.before}, as it was"
    if done.deployment in (done.to, done.before):
        return f"{target} is {done.deployment}, now as a whole"
    built = [change.built for change in done.changes if change.built]
    told = f"{target} is {done.deployment} now, which says what {done.to} said"
    if not built:
        return told
    since = "`ffc run` of the files as they were brings what came since"
    return f"{told}; its rows are those of {_minute(min(built))} (UTC) and later: {since}"
