"""`ffc rollback`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "rollback",
    cls=options.Command,
    short_help="Make the target what an earlier deployment said.",
    examples=(
        "ffc rollback --dry-run  # what would change",
        "ffc rollback",
        "ffc rollback --to d1",
    ),
)
@click.option(
    "--to",
    "deployment",
    metavar="ID",
    default="",
    help="A deployment, such as d17; default: the one before the live one.",
)
@click.option("--dry-run", "dry", is_flag=True, help="Only say what would change.")
@options.options(options.WHERE, options.TALK)
def command(
    deployment: str,
    dry: bool,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Go back to an earlier deployment, at once: builds that are still there are used as they are.

    Names, the views that people query and what is served move together, once the online values of
    what comes back are brought up to date. It needs nothing of the project's files, and is itself
    a new deployment, which can be rolled back. Rows are those of the builds: `ffc run` of the files
    as they were then brings what came since.
    """
    from ffc.auth import local_user
    from ffc.cli.deploying import go_back, show_plan
    from ffc.run.deploying.rollback import plan_rollback
    from ffc.workspace.folder import open_target

    with open_target(project_dir, profiles_dir, target, read_only=dry) as opened:
        if dry:
            plan = plan_rollback(opened.session, principal=local_user(), to=deployment)
            show_plan(plan, output)
            return 0
        return go_back(opened.session, deployment, output, quiet)
