"""`ffc search`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options

_KINDS = ("source", "transformation", "entity", "feature_view", "label", "training_set", "model")


@click.command(
    "search",
    cls=options.Command,
    short_help="Find nodes by words.",
    examples=(
        "ffc search fraud",
        "ffc search late share --kind feature_view  # every word, wherever it is",
        "ffc search transactoin  # misspelt, and found",
    ),
)
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice(_KINDS), help="Only nodes of this kind."
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    metavar="N",
    default=10,
    show_default=True,
    help="So many; 0: all.",
)
@options.options(options.WHERE, options.variables, options.TALK)
def command(
    words: tuple[str, ...],
    kinds: tuple[str, ...],
    limit: int,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    variables: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Find nodes by WORDS in names, columns, descriptions, tags and owners, the best first.

    A node is found if it has every word, wherever it has it: `late share` finds a view with a
    column `late_share_7d`. Case does not count, the beginning of a word will do, and so will one
    that is misspelt. Needs no connection.
    """
    from ffc.auth import authorize, local_user
    from ffc.cli.finding import show_finding
    from ffc.core.errors import Misuse
    from ffc.manifest.finding import find_nodes, sought
    from ffc.workspace.folder import compile_workspace

    query = " ".join(words)
    if not query.strip():
        raise Misuse("there is no word in it", option="WORDS...")
    authorize(local_user(), "read")
    workspace = compile_workspace(project_dir, profiles_dir, target, variables)
    if workspace.manifest is None:
        # A search that finds something need not load what shows mistakes.
        from ffc.cli.diagnosing import show_diagnostics

        show_diagnostics(workspace, quiet)
        return 1
    manifest = sought(workspace.manifest)
    found = find_nodes(manifest.nodes, query, kinds, limit or None)
    show_finding(manifest.target.name, query, kinds, found, output, quiet)
    return 0
