"""`ffc debug`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command("debug", short_help="Check that all a target needs is there.")
@options.options(options.WHERE, options.TALK)
def command(
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Check the settings and every store of a target: reachable, allowed, which version and clock.

    Something small is written to each store and taken away again. What fails is told with how to
    mend it; no setting's value is shown.
    """
    from ffc.auth import local_user
    from ffc.cli import debugging
    from ffc.cli.streams import answer, answer_exactly
    from ffc.connect.checking import Checked
    from ffc.manifest.files import encode

    where = (project_dir, profiles_dir, target)
    if output == "json":
        report = debugging.check_all(where, local_user(), lambda _: None)
        answer_exactly(encode(report.document()).decode())
        return 0 if report.ok else 1
    if not quiet:
        answer(f"{debugging.render_versions()}\n")

    def told(check: Checked) -> None:
        if not quiet or check.status != "ok":
            answer(debugging.render_check(check))

    report = debugging.check_all(where, local_user(), told)
    if not quiet:
        answer(f"\n{debugging.render_outcome(report)}")
    return 0 if report.ok else 1
