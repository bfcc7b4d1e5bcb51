"""`ffc clean`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command("clean", short_help="Drop the builds that nothing uses any more.")
@click.option("--unused", is_flag=True, help="Drop what no name leads to; needed, to be sure.")
@click.option(
    "--keep",
    type=click.IntRange(min=0),
    help="Keep so many builds of each node; default: the target's `keep:`, else 1.",
)
@click.option(
    "--training-sets",
    "sets",
    type=click.IntRange(min=0),
    help="Keep so many builds of each training set; default: all of them.",
)
@click.option("--dry-run", "dry", is_flag=True, help="Only say what would be dropped.")
@options.options(options.WHERE, options.TALK)
def command(
    unused: bool,
    keep: int | None,
    sets: int | None,
    dry: bool,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Drop old builds, and what killed runs left.

    What people and models read now is never touched: the newest good build of each node stays, with
    all that it reads.
    """
    from ffc.auth import local_user
    from ffc.cli.streams import answer, answer_exactly, talk
    from ffc.manifest.files import encode
    from ffc.run.collecting import clean
    from ffc.workspace.folder import open_target

    if not unused:
        raise click.UsageError("say `--unused`: it drops the builds that no name leads to any more")
    with open_target(project_dir, profiles_dir, target) as opened:
        dropped = clean(opened.session, principal=local_user(), keep=keep, sets=sets, dry=dry)
    if output == "json":
        document = {"schema": "ffc.cleaned/v1", "dropped": dropped, "dry_run": dry}
        answer_exactly(encode(document).decode())
        return 0
    if dropped:
        answer("\n".join(dropped))
    if not quiet:
        what = f"{len(dropped)} table{'' if len(dropped) == 1 else 's'} or views"
        talk(f"{what} would be dropped" if dry else f"dropped {what}")
    return 0
