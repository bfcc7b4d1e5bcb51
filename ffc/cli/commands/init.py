"""`ffc init`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "init",
    cls=options.Command,
    short_help="Start a new project from a template.",
    examples=(
        "ffc init fraud",
        "cd fraud && ffc run",
    ),
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@options.options(options.quiet, options.color)
def command(folder: Path, quiet: bool) -> int:
    """Make FOLDER a new project: a small fraud model with data of its own, to read and change."""
    from ffc.cli.starter import copy_template

    rows = copy_template(folder)
    if not quiet:
        for name, count in rows.items():
            click.echo(f"  {folder / 'data' / name}  {count:,} rows", err=True)
        click.echo(f"a new project in {folder}; next:\n", err=True)
        click.echo(f"  cd {shlex.quote(str(folder))}\n  ffc compile\n  ffc run", err=True)
    return 0
