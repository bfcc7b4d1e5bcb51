"""`ffc debug`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "debug",
    cls=options.Command,
    short_help="Try every connection of a target.",
    examples=(
        "ffc debug",
        "ffc debug --target prod --output json",
    ),
)
@options.options(options.WHERE, options.TALK)
def command(
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Check the project's settings and every store of its target, and say how to mend each.

    What is written to try is taken away again. No secret is shown.
    """
    from ffc.auth import local_user
    from ffc.cli.debugging import show_check, show_versions, write_document
    from ffc.run.looking.debugging import debug
    from ffc.workspace.folder import open_target

    shown = output == "text"
    if shown and not quiet:
        show_versions()
    with open_target(project_dir, profiles_dir, target) as opened:
        report = show_check(quiet) if shown else lambda _: None
        found = debug(opened.session, principal=local_user(), report=report)
        name = opened.session.target.name
    if not shown:
        write_document(name, found)
    return 0 if all(checked.ok for checked in found) else 1
