"""`ffc builds`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import completing, options


@click.command(
    "builds",
    cls=options.SelectingCommand,
    short_help="List builds: who made each, when, of what.",
    examples=(
        "ffc builds",
        "ffc builds customer_daily  # of one node",
        "ffc builds -s +fraud_training --limit 5  # of all that it reads",
        "ffc builds --all --output json",
    ),
)
@click.argument("node", default="", shell_complete=completing.complete_node)
@click.option("--all", "every_kind", is_flag=True, help="Of every node, not of training sets only.")
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="So many builds.",
)
@options.options(options.selection, options.WHERE, options.TALK)
def command(
    node: str,
    every_kind: bool,
    limit: int,
    typed: options.Typed,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """List the newest builds of training sets, those of NODE, or of what is selected.

    Each is told with who made it, the deployment and the git commit that it is of, a hash of its
    rows, and the models that used it. One that was collected is told of, too: its rows are gone.
    """
    from ffc.auth import local_user
    from ffc.cli.building import show_builds
    from ffc.cli.selecting import Chosen
    from ffc.run.looking.builds import list_builds
    from ffc.workspace.folder import open_target

    if node and typed:
        raise click.UsageError("name a node, or select some")
    with open_target(project_dir, profiles_dir, target, read_only=True) as opened:
        session = opened.session
        chosen = Chosen(typed=typed, quiet=quiet).deployed(opened) if typed else None
        found = list_builds(
            session,
            principal=local_user(),
            node=node,
            selected=chosen,
            every_kind=every_kind,
            limit=limit,
        )
        show_builds(session.target.name, found, output)
    return 0
