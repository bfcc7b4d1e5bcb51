"""`ffc lineage`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ffc.cli import completing, options


@click.command(
    "lineage",
    cls=options.Command,
    short_help="Show where a node or a column comes from and goes to.",
    examples=(
        "ffc lineage fraud_training --up",
        "ffc lineage customer_daily.avg_amount_7d  # one column",
        "ffc lineage raw.transactions --down --depth 1  # what reads it",
        "ffc lineage raw.transactions --down --output mermaid",
    ),
)
@click.argument("place", metavar="NODE[.COLUMN]", shell_complete=completing.complete_place)
@click.option("--up", is_flag=True, help="Only what it comes from.")
@click.option("--down", is_flag=True, help="Only what comes from it.")
@click.option(
    "--depth", type=click.IntRange(min=1), metavar="N", help="No more than so many steps away."
)
@options.options(
    options.WHERE,
    options.variables,
    options.lineage_output,
    options.quiet,
    options.color,
)
def command(
    place: str,
    up: bool,
    down: bool,
    depth: int | None,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    variables: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Show where NODE or NODE.COLUMN comes from, and what comes from it.

    A node is named by its id (`feature_view.orders@v1`) or by its name (`orders`, `raw.payments`).
    Of a column, branches are what its value is computed from; `rows:` are columns that only filter,
    group, join or order it. What a tree has twice is drawn once, and then said to be `(above)`.
    Needs no connection.
    """
    from ffc.auth import authorize, local_user
    from ffc.cli.diagnosing import show_diagnostics
    from ffc.cli.diagrams import dot, mermaid
    from ffc.cli.lineage import render_lineage
    from ffc.cli.streams import answer, answer_exactly
    from ffc.manifest.files import encode
    from ffc.manifest.lineage import column_graph, find_place, lineage_document, node_graph
    from ffc.workspace.folder import compile_workspace

    workspace = compile_workspace(project_dir, profiles_dir, target, variables)
    if workspace.manifest is None:
        show_diagnostics(workspace, quiet)
        return 1
    manifest = workspace.manifest
    start = find_place(manifest, place)
    authorize(local_user(), "read", start.node)
    graph = column_graph(manifest) if start.column else node_graph(manifest)
    ways = tuple(way for way, wanted in ((True, up), (False, down)) if wanted) or (True, False)
    near = graph.near(start, ways, depth)
    if output == "json":
        answer_exactly(encode(lineage_document(manifest, near, start, ways)).decode())
    elif output == "text":
        answer(render_lineage(manifest, graph, start, ways, depth, sys.stdout.encoding))
    else:
        answer_exactly((mermaid if output == "mermaid" else dot)(near, start, ways) + "\n")
    return 0
