"""`ffc test`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "test",
    cls=options.SelectingCommand,
    short_help="Run the tests of the data that are deployed.",
    examples=(
        "ffc test",
        "ffc test -s kind:source  # tests of sources only",
        "ffc test -s +fraud_training --output json",
    ),
)
@options.options(options.selection, options.WHERE, options.strict, options.TALK)
def command(
    typed: options.Typed,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    strict: bool,
    output: str,
    quiet: bool,
) -> int:
    """Run the data tests of every deployed node against its newest good build.

    A test that fails shows how many rows break it, five of them, and where all are kept. A run does
    the same with each build before anything points to it.
    """
    from ffc.auth import local_user
    from ffc.cli.selecting import Chosen, nothing_selected
    from ffc.cli.testing import show_tests, tests_document
    from ffc.manifest.files import encode
    from ffc.run.building.testing import run_tests
    from ffc.workspace.folder import open_target

    with open_target(project_dir, profiles_dir, target) as opened:
        report = show_tests(quiet) if output == "text" else lambda _: None
        chosen = Chosen(typed=typed, strict=strict, quiet=quiet).deployed(opened)
        if chosen is not None and not chosen and output == "text":
            return nothing_selected(strict=strict, quiet=quiet)
        results = run_tests(opened.session, principal=local_user(), selected=chosen, report=report)
        document = tests_document(opened.session.target.name, results)
    if output == "json":
        from ffc.cli.streams import answer_exactly

        answer_exactly(encode(document).decode())
    elif not quiet:
        from ffc.cli.testing import show_summary

        show_summary(results, chosen is not None)
    failed = any(result.status == "error" for result in results)
    return 1 if failed or (strict and chosen is not None and not chosen) else 0
