"""`ffc freshness`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "freshness", cls=options.SelectingCommand, short_help="Tell how old the newest rows are."
)
@options.options(options.selection, options.WHERE, options.TALK)
def command(
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    state: Path | None,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Measure the sources that have `freshness:`: how old their newest row is, and may be."""
    from ffc.auth import local_user
    from ffc.cli.looking import fresh_line, show_freshness
    from ffc.cli.selecting import Chosen
    from ffc.cli.streams import answer
    from ffc.run.freshness import Fresh, measure
    from ffc.workspace.folder import open_target

    def report(fresh: Fresh) -> None:
        if output == "text" and (not quiet or fresh.status == "error"):
            answer(fresh_line(fresh))

    with open_target(project_dir, profiles_dir, target, read_only=True) as opened:
        chosen = Chosen(wanted=select, unwanted=exclude, state=state).deployed(opened)
        found = measure(opened.session, principal=local_user(), selected=chosen, report=report)
    show_freshness(opened.session.target.name, found, output)
    return 1 if any(fresh.status == "error" for fresh in found) else 0
