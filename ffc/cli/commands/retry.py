"""`ffc retry`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "retry",
    cls=options.Command,
    short_help="Build again what failed in the last run.",
    examples=(
        "ffc retry",
        "ffc retry --fail-fast --retries 0",
    ),
)
@options.options(options.building, options.WHERE, options.variables, options.strict, options.TALK)
def command(
    threads: int | None,
    fail_fast: bool,
    retries: int,
    force: bool,
    full_refresh: bool,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    variables: str | None,
    strict: bool,
    output: str,
    quiet: bool,
) -> int:
    """Build what failed, was skipped or cancelled in the target's last run, and nothing else.

    The project is compiled as it is now: mend it first. Tests that failed are run again.
    """
    from ffc.cli.running import left_over, run_project
    from ffc.run.requests import RunRequest

    request = RunRequest(
        command="retry",
        retries=retries,
        fail_fast=fail_fast,
        force=force,
        full_refresh=full_refresh,
    )
    where = (project_dir, profiles_dir, target, variables, strict)
    return run_project(where, request, threads, output, quiet, left_over)
