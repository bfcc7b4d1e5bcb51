"""`ffc show`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command("show", short_help="Tell what a node is, and show rows of its build.")
@click.argument("node")
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    metavar="N",
    default=5,
    show_default=True,
    help="How many rows of its newest good build; 0: none.",
)
@options.options(options.WHERE, options.variables, options.TALK)
def command(
    node: str,
    rows: int,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    variables: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Tell what NODE is as it is deployed, and show the first rows of its newest good build.

    NODE is a name (orders), a name with a variant (orders@v1) or an id (feature_view.orders@v1).
    What is not deployed is told as the project has it.
    """
    from ffc.auth import local_user
    from ffc.cli.looking import show_node
    from ffc.cli.showing import render_node, shown_document
    from ffc.cli.streams import answer, answer_exactly
    from ffc.manifest.files import encode

    where = (project_dir, profiles_dir, target, variables)
    shown = show_node(where, node, rows, local_user())
    told = (shown.node, shown.deployed, shown.build, shown.preview)
    if output == "json":
        answer_exactly(encode(shown_document(shown.target, *told)).decode())
        return 0
    answer(render_node(*told))
    return 0
