"""`ffc compare`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import completing, options


@click.command(
    "compare",
    cls=options.SelectingCommand,
    short_help="Compare what two targets have built.",
    examples=(
        "ffc compare --target dev --target prod",
        "ffc compare fraud_training -t prod --rows 20  # with the profile's own",
        "ffc compare -t prod -s kind:feature_view,tag:fraud",
        "ffc compare clean_transactions -t prod --key transaction_id --tolerance 0",
    ),
)
@click.argument("nodes", nargs=-1, metavar="[NODE]...", shell_complete=completing.complete_node)
@click.option(
    "--target",
    "-t",
    "targets",
    multiple=True,
    metavar="NAME",
    shell_complete=completing.complete_target,
    help="A target of profiles.yml, given twice; given once: the profile's own and that one.",
)
@click.option(
    "--key",
    multiple=True,
    metavar="COLUMN",
    help="A column that tells rows apart, instead of those that a node says; may be repeated.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0, max=1, max_open=True),
    default=1e-9,
    show_default=True,
    help="How far floats may lie apart, as a share of the greater one; 0: exactly the same.",
)
@click.option(
    "--absolute-tolerance",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    help="How far floats may lie apart, whatever their size.",
)
@click.option(
    "--rows",
    metavar="N",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    help="So many rows that differ are shown, of each way in which they do.",
)
@options.options(
    options.selection,
    options.project_dir,
    options.profiles_dir,
    options.TALK,
)
def command(
    nodes: tuple[str, ...],
    targets: tuple[str, ...],
    key: tuple[str, ...],
    tolerance: float,
    absolute_tolerance: float,
    rows: int,
    typed: options.Typed,
    project_dir: Path | None,
    profiles_dir: Path | None,
    output: str,
    quiet: bool,
) -> int:
    """Compare the newest good builds of nodes in two targets: columns, counts, rows.

    NODE is a name, a name and a variant, or an id; without one and without `--select` all that is
    built is compared. Rows belong together by their key, or are counted where a node has none. The
    exit code is 1 where anything differs.
    """
    from ffc.cli.comparing import compare_targets
    from ffc.cli.selecting import Chosen
    from ffc.run.looking.comparing import How
    from ffc.sql.comparison import Tolerance

    how = How(
        key=key,
        tolerance=Tolerance(relative=tolerance, absolute=absolute_tolerance),
        sample=rows,
    )
    chosen = Chosen(typed=typed, quiet=quiet)
    return compare_targets((project_dir, profiles_dir), targets, nodes, chosen, how, output, quiet)
