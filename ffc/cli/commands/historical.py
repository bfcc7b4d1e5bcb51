"""`ffc historical`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from ffc.cli import completing, options

if TYPE_CHECKING:
    from ffc.client.stored import Fetched


@click.command(
    "historical",
    cls=options.Command,
    short_help="Look features up as they were known, for keys and times.",
    examples=(
        "ffc historical -f customer_daily.avg_amount_7d --spine spine.csv",
        "ffc historical -f 'customer_daily.*' --spine spine.csv --to known.parquet",
        "ffc historical -f 'customer_daily.*' \\\n    "
        "--spine \"select * from {{ ref('is_fraud') }}\"",
        "ffc historical -f 'customer_profile.*' --spine spine.csv --newest",
    ),
)
@click.option(
    "--features",
    "-f",
    multiple=True,
    required=True,
    metavar="VIEW.FEATURE",
    shell_complete=completing.complete_feature,
    help="What to look up; `VIEW.*` for all of a view; several: again, or with commas.",
)
@click.option(
    "--spine",
    required=True,
    metavar="FILE",
    help="Keys and times: a file (.parquet .csv .arrow), or a SELECT with ref().",
)
@click.option("--timestamp", metavar="COLUMN", help="The spine's times; default: found.")
@click.option("--newest", is_flag=True, help="The newest values; the spine needs no times.")
@click.option(
    "--entity",
    multiple=True,
    metavar="ROLE=COLUMN",
    help="The key column of an entity, where it is called otherwise; of several keys with commas.",
)
@click.option(
    "--boundary",
    type=click.Choice(["exclusive", "inclusive"]),
    help="Whether a value of the very instant counts; default: the project's word.",
)
@click.option(
    "--as-known/--as-recorded",
    default=None,
    help="Only what had been learned by then, or all that was recorded since.",
)
@click.option(
    "--rows", metavar="N", type=click.IntRange(min=0), default=5, help="Printed: so many."
)
@options.options(options.write_to, options.WHERE, options.TALK)
def command(
    features: tuple[str, ...],
    spine: str,
    timestamp: str | None,
    newest: bool,
    entity: tuple[str, ...],
    boundary: Literal["exclusive", "inclusive"] | None,
    as_known: bool | None,
    rows: int,
    to: Path | None,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Print a table of keys and times with features as they were known then, or write it to a file.

    The rows stay as they are, in their order. A value counts if it became true before the row's
    instant and had been learned by then; `--newest` takes the newest one instead.
    """
    from ffc.client.folder import ProjectFolder
    from ffc.client.local import Local
    from ffc.run.point_in_time.historical import HistoricalRequest
    from ffc.run.point_in_time.spines import FIND
    from ffc.run.point_in_time.training import check_destination

    if newest and timestamp:
        raise click.UsageError("`--newest` asks of no time: leave out `--timestamp`")
    request = HistoricalRequest(
        features=[name.strip() for each in features for name in each.split(",") if name.strip()],
        entities=_roles(entity),
        timestamp=None if newest else timestamp or FIND,
        boundary=boundary,
        as_known=as_known,
    )
    if to is not None:
        check_destination(to)
    folder = ProjectFolder(project_dir or Path.cwd(), profiles_dir, target)
    with Local(folder, str(folder.root)).historical(spine, request).fetch() as found:
        if to is not None:
            _write(found, to, quiet)
        else:
            _print(found, rows, output, quiet)
    return 0


def _roles(said: tuple[str, ...]) -> dict[str, list[str]]:
    found = {}
    for each in said:
        role, equal, columns = each.partition("=")
        if not equal or not columns:
            raise click.BadParameter(f"`{each}` is not ROLE=COLUMN", param_hint="'--entity'")
        found[role.strip()] = [column.strip() for column in columns.split(",")]
    return found


def _write(found: Fetched, to: Path, quiet: bool) -> None:
    from ffc.cli.exporting import export_progress
    from ffc.run.point_in_time.training import write_batches

    with export_progress(to.name, found.rows, quiet) as report:
        written = write_batches(found.batches, to, report)
    if not quiet:
        click.echo(f"{written:,} rows to {to}", err=True)


def _print(found: Fetched, limit: int, output: str, quiet: bool) -> None:
    from ffc.cli.looking import render_rows, rows_document
    from ffc.cli.streams import answer, answer_exactly, talk
    from ffc.manifest.files import encode
    from ffc.run.looking.reading import Rows, first_rows

    rows = Rows(batches=first_rows(found.batches, limit), schema=found.schema)
    if output == "json":
        answer_exactly(encode(rows_document(rows)).decode())
        return
    table, count = render_rows(rows)
    answer(table)
    if not quiet:
        talk(f"{count:,} of {found.rows or 0:,} rows")
