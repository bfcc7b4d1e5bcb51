"""`ffc compile`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "compile",
    cls=options.Command,
    short_help="Check the project and write target/manifest.json.",
    examples=(
        "ffc compile",
        "ffc compile --output github  # in CI",
        "ffc compile --vars '{min_amount: 5}'",
        "ffc compile --watch  # again after each save",
        "ffc compile --introspect  # what is declared against what is there",
    ),
)
@click.option(
    "--introspect",
    is_flag=True,
    envvar="FFC_INTROSPECT",
    help="Connect to the target, and hold what sources declare against what is there.",
)
@click.option(
    "--watch",
    is_flag=True,
    envvar="FFC_WATCH",
    help="Compile again after each save, until Ctrl-C; what is wrong is drawn in place.",
)
@click.option(
    "--no-cache",
    is_flag=True,
    envvar="FFC_NO_CACHE",
    help="Work everything out anew, and keep nothing of it in target/facts/.",
)
@options.options(
    options.WHERE,
    options.variables,
    options.strict,
    options.diagnostics_output,
    options.limit,
    options.quiet,
    options.color,
)
def command(
    introspect: bool,
    watch: bool,
    no_cache: bool,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    variables: str | None,
    strict: bool,
    output: str,
    limit: int,
    quiet: bool,
) -> int:
    """Check the whole project and write target/manifest.json and target/compiled/.

    Needs no connection, no credentials and no data. Every mistake is found at once; `ffc explain`
    tells more about each. As text they go to stderr; every other format is an answer, on stdout.
    With `--introspect` alone it connects, to look at the tables and files of sources.
    With `--watch` it does so again after each save, and Ctrl-C ends it with exit code 0.
    """
    from ffc.auth import authorize, local_user
    from ffc.cli.compiling import compile_again, compile_once
    from ffc.workspace.again import Asked

    authorize(local_user(), "compile")
    asked = Asked(
        profiles_dir=profiles_dir,
        target=target,
        variables=variables,
        strict=strict,
        cached=not no_cache,
    )
    compiling = compile_again if watch else compile_once
    return compiling(project_dir, asked, introspect, output, limit, quiet)
