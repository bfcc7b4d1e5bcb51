"""`ffc source`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "source",
    cls=options.Command,
    short_help="Write the columns of existing tables into the sources.",
    examples=(
        "ffc source sync  # every source",
        "ffc source sync raw.transactions --check  # in CI: is it as it is declared?",
        "ffc source sync raw --table main.orders  # a table more",
    ),
)
@click.argument("words", nargs=-1, required=True, metavar="sync [SOURCE[.TABLE]]...")
@click.option(
    "--table",
    "tables",
    multiple=True,
    metavar="NAME",
    help="A table that is no source yet, to be added to SOURCE: `db.schema.name`; of `schema.*` "
    "all.",
)
@click.option("--prune", is_flag=True, help="Take out columns that are not there any more.")
@click.option(
    "--check",
    "--dry-run",
    is_flag=True,
    help="Write nothing; the exit code is 1 where a source is not as it is declared.",
)
@options.options(options.WHERE, options.TALK)
def command(
    words: tuple[str, ...],
    tables: tuple[str, ...],
    prune: bool,
    check: bool,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Write the columns and types of what exists into the YAML that declares it.

    `ffc source sync` looks at every source, or at those that are named. New columns are put behind
    the others; a type that can't hold all values is replaced; comments, order and quotes stay as
    they are. `ffc source sync raw --table main.orders` adds a table to the source `raw`.
    """
    from ffc.auth import local_user
    from ffc.cli.sourcing import show_synced
    from ffc.workspace.folder import open_target
    from ffc.workspace.source_sync import Wanted, sync_sources

    verb, *names = words
    if verb != "sync":
        meant = "`ffc freshness`" if verb.endswith("freshness") else "`ffc source sync`"
        raise click.UsageError(f"write {meant}")
    wanted = Wanted(names=names, tables=tables, prune=prune, write=not check)
    with open_target(project_dir, profiles_dir, target, read_only=True) as opened:
        found = sync_sources(opened, wanted, principal=local_user())
        return show_synced(opened.session.target.name, found, output, check=check, quiet=quiet)
