"""`ffc deployments`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "deployments",
    cls=options.Command,
    short_help="List what was deployed in the target.",
    examples=(
        "ffc deployments",
        "ffc deployments --limit 5 --output json",
    ),
)
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="So many deployments.",
)
@options.options(options.WHERE, options.TALK)
def command(
    limit: int,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """List the newest deployments of the target, the live one first.

    Each is told with how many nodes it has otherwise than the one before it, who deployed it, of
    which git commit, and whether `ffc rollback` can go back to it: whether every build that it
    needs is kept.
    """
    from ffc.auth import local_user
    from ffc.cli.deploying import show_deployments
    from ffc.run.deploying.deployments import list_deployments
    from ffc.workspace.folder import open_target

    with open_target(project_dir, profiles_dir, target, read_only=True) as opened:
        found = list_deployments(opened.session, principal=local_user(), limit=limit)
        show_deployments(opened.session.target.name, found, output)
    return 0
