"""`ffc runs`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command("runs", short_help="Tell what ran, when, and how it ended.")
@click.argument("show", required=False, type=click.Choice(["show"]), metavar="[show [ID]]")
@click.argument("run_id", required=False, metavar="")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="N",
    help="How many of the newest to list.",
)
@options.options(options.WHERE, options.TALK)
def command(
    show: str | None,
    run_id: str | None,
    limit: int,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """List the newest runs of a target, or show one with its nodes and what was wrong.

    `ffc runs show r42` shows the run r42, `ffc runs show` the newest.
    """
    from ffc.auth import authorize, local_user
    from ffc.cli import history
    from ffc.cli.streams import answer, answer_exactly, talk
    from ffc.cli.workspace import open_target
    from ffc.core.clock import utc_now
    from ffc.manifest.files import encode

    authorize(local_user(), "read")
    with open_target(project_dir, profiles_dir, target, read_only=True) as opened:
        state, chosen = opened.session.state, opened.session.target.name
        if show is not None:
            run = history.find_run(state, chosen, run_id, utc_now())
        else:
            runs = history.newest_runs(state, chosen, limit, utc_now())
    if output == "json":
        found = history.run_document(run) if show else history.runs_document(chosen, runs)
        answer_exactly(encode(found).decode())
    elif show is not None:
        answer(history.render_run(run))
    elif runs:
        answer(history.render_runs(runs))
    elif not quiet:
        talk(f"nothing ran in the target `{chosen}` yet: `ffc run` does")
    return 0
