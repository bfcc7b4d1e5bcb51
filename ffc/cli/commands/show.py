"""`ffc show`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import completing, options


@click.command(
    "show",
    cls=options.Command,
    short_help="Show a deployed node: facts, columns, rows.",
    examples=(
        "ffc show customer_daily",
        "ffc show fraud_training --rows 20",
        "ffc show label.is_fraud --output json",
        "ffc show fraud_training --stats  # its columns in figures",
    ),
)
@click.argument("node", shell_complete=completing.complete_node)
@click.option(
    "--rows",
    metavar="N",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    help="So many rows.",
)
@click.option(
    "--stats",
    "statistics",
    is_flag=True,
    help="Its columns in figures instead, as its build has them: nulls, range, shape.",
)
@options.options(options.WHERE, options.variables, options.TALK)
def command(
    node: str,
    rows: int,
    statistics: bool,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    variables: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Show what is deployed under a name: what it is, its columns, its first rows.

    NODE is a name, a name and a variant (`customer_daily@v1`), or an id (`label.is_fraud`). What is
    not deployed is told as the project has it. `--stats` is for training sets and feature views;
    `~` marks an estimate.
    """
    from ffc.auth import local_user
    from ffc.cli.describing import show_statistics
    from ffc.cli.looking import facts_document, render_facts, render_rows, rows_document
    from ffc.cli.streams import answer, answer_exactly
    from ffc.core.errors import NotFound
    from ffc.manifest.files import encode
    from ffc.manifest.records import TrainingSet
    from ffc.run.reading import deployed_node, read_rows
    from ffc.run.searching import Searched, deployed_searches
    from ffc.workspace.folder import declared_node, open_target

    with open_target(project_dir, profiles_dir, target, read_only=True) as opened:
        if statistics:
            show_statistics(opened.session, node, output)
            return 0
        try:
            found = deployed_node(opened.session, node, principal=local_user())
        except NotFound as problem:
            where = (project_dir, profiles_dir, target, variables)
            found = declared_node(where, node, problem)
        built = found.build is not None and rows
        sample = read_rows(opened.session, found, rows, principal=local_user()) if built else None
        searches: tuple[Searched, ...] = ()
        if found.build is not None and isinstance(found.node, TrainingSet):
            searches = deployed_searches(opened.session, found.node)
        if output == "json":
            shown = rows_document(sample) if sample else {"columns": [], "rows": []}
            document = {**shown, "schema": "ffc.node/v1", **facts_document(found, searches)}
            answer_exactly(encode(document).decode())
            return 0
        answer(render_facts(found, searches))
        if sample is not None:
            answer(f"\n{render_rows(sample)[0]}")
    return 0
