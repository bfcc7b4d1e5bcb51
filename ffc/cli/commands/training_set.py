"""`ffc training-set`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ffc.cli import completing, options

if TYPE_CHECKING:
    from ffc.run.point_in_time.training import TrainingRows


@click.command(
    "training-set",
    cls=options.Command,
    short_help="Print a training set, or write it to a file.",
    examples=(
        "ffc training-set fraud_training",
        "ffc training-set fraud_training --to fraud.parquet",
        "ffc training-set fraud_training --model fraud-rf  # remembers what it learned of",
        "ffc training-set fraud_training --rows 20 --output json",
    ),
)
@click.argument("name", shell_complete=completing.complete_training_set)
@click.option(
    "--build", metavar="ID", help="A build of it that is not the newest; see `ffc builds`."
)
@click.option("--model", metavar="NAME", help="The model that is trained on it: it is remembered.")
@click.option(
    "--rows", metavar="N", type=click.IntRange(min=0), help="At most so many rows; printed: 5."
)
@options.options(options.write_to, options.WHERE, options.TALK)
def command(
    name: str,
    build: str | None,
    model: str | None,
    rows: int | None,
    to: Path | None,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Print the newest build of the training set NAME, or write all of it to a file.

    The rows of a build come in the same order each time. With `--model` it is remembered that the
    model is trained on this build.
    """
    from ffc.auth import local_user
    from ffc.run.looking.builds import deployed_model, record_use
    from ffc.run.point_in_time.training import read_training_set
    from ffc.workspace.folder import open_target

    where = (project_dir, profiles_dir, target)
    with open_target(*where, read_only=True, writes_state=model is not None) as opened:
        session, user = opened.session, local_user()
        if model is not None:
            deployed_model(session, model, principal=user)
        limit = rows if to is not None or rows is not None else 5
        found = read_training_set(session, name, principal=user, limit=limit, build=build)
        if to is not None:
            _write(found, to, limit, quiet)
        else:
            _print(found, output)
        if model is not None:
            use = record_use(session, model, found.build, principal=user)
            if not quiet:
                click.echo(f"`{use.model}` is trained on build {use.build}: remembered", err=True)
    return 0


def _write(found: TrainingRows, to: Path, limit: int | None, quiet: bool) -> None:
    from ffc.cli.exporting import export_progress
    from ffc.run.point_in_time.training import write_training_set

    known = found.build.rows
    total = known if limit is None or known is None else min(known, limit)
    with export_progress(to.name, total, quiet) as report:
        written = write_training_set(found, to, report)
    if not quiet:
        click.echo(f"{written:,} rows to {to}", err=True)


def _print(found: TrainingRows, output: str) -> None:
    from ffc.cli.widths import answer_width
    from ffc.core.tables import render_records
    from ffc.manifest.files import encode

    records = [row for batch in found.batches for row in batch.to_pylist()]
    if output == "json":
        document = {
            "schema": "ffc.training_set/v1",
            "name": found.name,
            "build": found.build.id,
            "columns": [{"name": c.name, "type": c.type} for c in found.columns],
            "rows": [found.json_row(record) for record in records],
        }
        click.echo(encode(document).decode(), nl=False)
        return
    names = [column.name for column in found.columns]
    rows = [found.text_row(record) for record in records]
    click.echo(render_records(names, rows, answer_width()))
    total = found.build.rows or 0
    click.echo(f"{len(records):,} of {total:,} rows, build {found.build.id}", err=True)
