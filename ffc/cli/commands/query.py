"""`ffc query`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

import click

from ffc.cli import options


@click.command(
    "query",
    cls=options.Command,
    short_help="Ask the warehouse a SELECT over what is deployed.",
    examples=(
        "ffc query \"select count(*) from {{ ref('clean_transactions') }}\"",
        "ffc query --file queries/daily.sql --to daily.parquet",
        "ffc query - < queries/daily.sql  # from standard input",
    ),
)
@click.argument("sql", required=False)
@click.option(
    "--file", "-f", type=click.File(), help="A file with the query; `-` is standard input."
)
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="At most so many rows; 0: all. With `--to` all, unless this is given.",
)
@options.options(options.write_to, options.WHERE, options.TALK)
@click.pass_context
def command(
    context: click.Context,
    sql: str | None,
    file: TextIO | None,
    limit: int,
    to: Path | None,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Ask the target's warehouse one SELECT, `-` for that on standard input; nothing is changed.

    `{{ ref('x') }}` and `{{ source('group', 'table') }}` stand for the newest good builds,
    `{{ var('x') }}` for the variable as it was deployed.
    """
    from ffc.auth import local_user
    from ffc.cli.looking import render_rows, rows_document
    from ffc.cli.streams import answer, answer_exactly, talk
    from ffc.manifest.files import encode
    from ffc.run.point_in_time.training import write_batches
    from ffc.workspace.folder import open_target
    from ffc.workspace.querying import ask_typed

    if (sql is None) == (file is None):
        raise click.UsageError("write the query, or name a file with `--file`")
    text, name = (file.read(), file.name) if file else (str(sql), "query")
    if sql == "-":
        text, name = sys.stdin.read(), "stdin"
    given = context.get_parameter_source("limit") == click.core.ParameterSource.DEFAULT
    most = None if not limit or (to is not None and given) else limit
    with open_target(project_dir, profiles_dir, target, read_only=True) as opened:
        # One more tells whether there are more.
        asked = None if most is None else most + 1 if to is None and output == "text" else most
        found = ask_typed(opened.session, text, name, asked, principal=local_user())
        if to is not None:
            written = write_batches(found.batches, to)
            if not quiet:
                talk(f"{written:,} rows to {to}")
        elif output == "json":
            answer_exactly(encode(rows_document(found)).decode())
        else:
            table, count = render_rows(found, most)
            answer(table)
            if not quiet:
                more = "; there are more: `--limit`" if most is not None and count > most else ""
                talk(f"{min(count, most or count):,} rows{more}")
    return 0
