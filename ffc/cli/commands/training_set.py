"""`ffc training-set`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command("training-set", short_help="Print a training set, or write it to a file.")
@click.argument("name")
@click.option("--rows", type=click.IntRange(min=0), help="At most so many rows; printed: 5.")
@options.options(options.write_to, options.WHERE, options.TALK)
def command(
    name: str,
    rows: int | None,
    to: Path | None,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Print the newest build of the training set NAME, or write all of it to a file."""
    from ffc.auth import local_user
    from ffc.run.training import read_training_set, write_training_set
    from ffc.workspace.folder import open_target

    with open_target(project_dir, profiles_dir, target, read_only=True) as opened:
        limit = rows if to is not None or rows is not None else 5
        found = read_training_set(opened.session, name, principal=local_user(), limit=limit)
        if to is not None:
            written = write_training_set(found, to)
            if not quiet:
                click.echo(f"{written:,} rows to {to}", err=True)
            return 0
        _print(found, output)
    return 0


def _print(found: object, output: str) -> None:
    from ffc.core.tables import render_records
    from ffc.manifest.files import encode
    from ffc.run.training import TrainingRows

    assert isinstance(found, TrainingRows)
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
    click.echo(render_records(names, [found.text_row(record) for record in records]))
    total = found.build.rows or 0
    click.echo(f"{len(records):,} of {total:,} rows, build {found.build.id}", err=True)
