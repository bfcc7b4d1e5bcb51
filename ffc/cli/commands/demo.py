"""`ffc demo`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "demo",
    cls=options.Command,
    short_help="See it all at work in a new folder, in seconds.",
    examples=(
        "ffc demo",
        "ffc demo my-demo",
    ),
)
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False))
@options.options(options.color)
def command(folder: Path | None) -> int:
    """Copy the template to FOLDER, compile it, build it, serve it, and ask it one question.

    Without FOLDER a new one is made below the current folder: ffc-demo, ffc-demo-2 and so on.
    """
    from ffc.cli.demo import free_folder, show_demo

    show_demo(folder or free_folder(Path.cwd()))
    return 0
