"""`ffc runs`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "runs",
    cls=options.Command,
    short_help="List the target's runs, or show one.",
    examples=(
        "ffc runs --limit 5",
        "ffc runs show r1  # how each node of it fared",
    ),
)
@click.argument("words", nargs=-1, metavar="[show ID]")
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="So many runs.",
)
@options.options(options.WHERE, options.TALK)
def command(
    words: tuple[str, ...],
    limit: int,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """List the newest runs of the target; `ffc runs show ID` tells how each node of one fared."""
    from ffc.cli.looking import show_run, show_runs
    from ffc.workspace.folder import open_target

    if words and (len(words) != 2 or words[0] != "show"):
        raise click.UsageError("write `ffc runs`, or `ffc runs show ID`")
    with open_target(project_dir, profiles_dir, target, read_only=True) as opened:
        state, name = opened.session.state, opened.session.target.name
        if words:
            show_run(state, name, words[1], output)
        else:
            show_runs(state, name, limit, output)
    return 0
