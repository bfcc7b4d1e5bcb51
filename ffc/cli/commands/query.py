"""`ffc query`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options

# So many rows are shown when nobody says; a file gets all.
SHOWN = 100


@click.command("query", short_help="Run a SELECT over what is deployed.")
@click.argument("sql", required=False)
@click.option(
    "--file",
    "-f",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A file with the query.",
)
@options.options(options.rows, options.write_to, options.WHERE, options.TALK)
def command(
    sql: str | None,
    file: Path | None,
    rows: int | None,
    to: Path | None,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Run one SELECT in the target's warehouse, which is opened for reading only.

    {{ ref('name') }} and {{ source('group', 'table') }} are the newest good builds. SQL is the
    query, or `-` to read it from stdin. As text 100 rows are shown unless --rows says otherwise.

    For example: ffc query "select count(*) from {{ ref('orders') }}"
    """
    from ffc.auth import local_user
    from ffc.cli.querying import BadQuery, query_text, run_typed
    from ffc.cli.showing import Preview
    from ffc.cli.streams import answer, answer_exactly, talk
    from ffc.cli.workspace import open_target
    from ffc.manifest.files import encode
    from ffc.run.looking import look_at
    from ffc.run.writing import write_batches

    text, name = query_text(sql, file)
    limit = (rows or None) if rows is not None or to is not None else SHOWN
    with open_target(project_dir, profiles_dir, target, read_only=True) as opened:
        deployed = look_at(opened.session, principal=local_user())
        try:
            found = run_typed(deployed, text, name, limit)
            if to is not None:
                written = write_batches(found.first(limit), to)
            else:
                preview = Preview.of(found, limit)
        except BadQuery as problem:
            talk(problem.text())
            return 1
        chosen = opened.session.target.name
    if to is not None:
        if not quiet:
            talk(f"{written:,} rows to {to}")
    elif output == "json":
        document = {"schema": "ffc.query/v1", "target": chosen, **preview.document()}
        answer_exactly(encode(document).decode())
    else:
        answer(preview.text())
        if preview.more and not quiet:
            talk(f"the first {limit:,} rows; `--rows 0` shows all, `--to FILE` writes them")
    return 0
