"""`ffc freshness`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "freshness",
    cls=options.SelectingCommand,
    short_help="Tell how old the newest rows are.",
    examples=(
        "ffc freshness",
        "ffc freshness -s source:raw  # one source",
        "ffc freshness -s +fraud_training --output json  # what a training set reads",
    ),
)
@options.options(options.selection, options.WHERE, options.strict, options.TALK)
def command(
    typed: options.Typed,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    strict: bool,
    output: str,
    quiet: bool,
) -> int:
    """Measure the sources that have `freshness:`: how old their newest row is, and may be."""
    from ffc.auth import local_user
    from ffc.cli.looking import fresh_line, show_freshness
    from ffc.cli.selecting import Chosen, nothing_selected
    from ffc.cli.streams import answer
    from ffc.run.looking.freshness import Fresh, measure
    from ffc.workspace.folder import open_target

    def report(fresh: Fresh) -> None:
        if output == "text" and (not quiet or fresh.status == "error"):
            answer(fresh_line(fresh))

    with open_target(project_dir, profiles_dir, target, read_only=True) as opened:
        chosen = Chosen(typed=typed, strict=strict, quiet=quiet).deployed(opened)
        if chosen is not None and not chosen and output == "text":
            return nothing_selected(strict=strict, quiet=quiet)
        found = measure(opened.session, principal=local_user(), selected=chosen, report=report)
    show_freshness(opened.session.target.name, found, output, chosen is not None)
    failed = any(fresh.status == "error" for fresh in found)
    return 1 if failed or (strict and chosen is not None and not chosen) else 0
