"""`ffc run`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "run",
    cls=options.SelectingCommand,
    short_help="Build every table and training set, then sync.",
    examples=(
        "ffc run",
        "ffc run -s +fraud_training  # one training set, and all that it reads",
        "ffc run -s git:main+ --threads 8  # what changed, and what reads it",
        "ffc run -s clean_transactions+ --full-refresh --fail-fast",
        "ffc run --from 2024-01-01 --to 2024-02-01 --batch 7d  # incrementals, anew",
    ),
)
@options.options(
    options.selection,
    options.building,
    options.period,
    options.WHERE,
    options.variables,
    options.strict,
    options.TALK,
)
def command(
    typed: options.Typed,
    threads: int | None,
    fail_fast: bool,
    retries: int,
    force: bool,
    full_refresh: bool,
    start: datetime | None,
    end: datetime | None,
    step: int | None,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    variables: str | None,
    strict: bool,
    output: str,
    quiet: bool,
) -> int:
    """Compile, build every node in order, and sync the online views.

    A node whose definition and inputs did not change is not built again. A node that fails keeps
    its last good build; what hangs on it is skipped. Results are in target/run_results.json, and
    `ffc retry` builds what failed. Ctrl-C cancels what runs; nothing is left half-built.
    """
    from ffc.cli.running import period_of, run_project
    from ffc.cli.selecting import Chosen
    from ffc.run.requests import RunRequest

    request = RunRequest(
        retries=retries,
        fail_fast=fail_fast,
        force=force,
        full_refresh=full_refresh,
        period=period_of(start, end, step),
    )
    where = (project_dir, profiles_dir, target, variables, strict)
    chosen = Chosen(typed=typed, strict=strict, quiet=quiet)
    return run_project(where, request, threads, output, quiet, chosen.of)
