"""`ffc show`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import completing, options


@click.command(
    "show",
    cls=options.Command,
    short_help="Show a node or a column: facts, columns, SQL, builds, rows.",
    examples=(
        "ffc show customer_daily",
        "ffc show customer_daily.txn_count_7d",
        "ffc show clean_transactions --raw  # its SQL, as it is written",
        "ffc show fraud_training --rows 20",
        "ffc show label.is_fraud --output json",
        "ffc show fraud_training --stats  # its columns in figures",
    ),
)
@click.argument("node", metavar="NODE[.COLUMN]", shell_complete=completing.complete_place)
@click.option("--sql", is_flag=True, help="Only its SQL, as compiled for the target.")
@click.option("--raw", is_flag=True, help="Only its SQL, as it is written.")
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
@click.option("--deployed", is_flag=True, help="As it is deployed, whatever the project says now.")
@options.options(options.WHERE, options.variables, options.TALK)
def command(
    node: str,
    sql: bool,
    raw: bool,
    rows: int,
    statistics: bool,
    deployed: bool,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    variables: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Show what a node is: facts, columns and where each comes from, SQL, builds, first rows.

    NODE is a name, a name and a variant (`customer_daily@v1`), or an id (`label.is_fraud`); of
    NODE.COLUMN the column is shown. It is told as the project has it, built or not; what the
    project has no more, as it is deployed. `--stats` is for training sets and feature views; `~`
    marks an estimate.
    """
    from ffc.cli.describing import show_statistics
    from ffc.cli.showing import Wanted, show_node
    from ffc.workspace.folder import open_target

    if statistics:
        with open_target(project_dir, profiles_dir, target, read_only=True) as opened:
            show_statistics(opened.session, node, output)
        return 0
    wanted = Wanted(rows=rows, sql=sql, raw=raw, deployed=deployed)
    show_node((project_dir, profiles_dir, target, variables), node, wanted, output, quiet)
    return 0
