"""`ffc clean`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "clean",
    cls=options.Command,
    short_help="Drop the builds that nothing uses any more.",
    examples=(
        "ffc clean --unused --dry-run  # what would go",
        "ffc clean --unused --keep 3 --grace 7d",
    ),
)
@click.option("--unused", is_flag=True, help="Drop what no name leads to; needed, to be sure.")
@click.option(
    "--keep",
    metavar="N",
    type=click.IntRange(min=0),
    help="Keep so many builds of each node; default: the target's `keep:`, else 1.",
)
@click.option(
    "--training-sets",
    "sets",
    metavar="N",
    type=click.IntRange(min=0),
    help="Keep so many builds of each training set; default: all of them.",
)
@options.grace
@click.option("--dry-run", "dry", is_flag=True, help="Only say what would be dropped.")
@options.options(options.WHERE, options.TALK)
def command(
    unused: bool,
    keep: int | None,
    sets: int | None,
    grace: int,
    dry: bool,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Drop old builds, what killed runs left, and what was served before.

    What people and models read now is never touched: the newest good build of each node stays, with
    all that it reads. Rows of online stores that no name leads to any more stay for a while, for
    servers that have not moved on; nobody waits while they are taken away.
    """
    from datetime import timedelta

    from ffc.auth import local_user
    from ffc.cli.cleaning import cleaned_document, cleaned_lines, cleaned_talk
    from ffc.cli.streams import answer, answer_exactly, talk
    from ffc.manifest.files import encode
    from ffc.run.collecting import clean
    from ffc.workspace.folder import open_target

    if not unused:
        raise click.UsageError("say `--unused`: it drops what no name leads to any more")
    after = timedelta(seconds=grace)
    with open_target(project_dir, profiles_dir, target) as opened:
        who = local_user()
        cleaned = clean(opened.session, principal=who, keep=keep, sets=sets, grace=after, dry=dry)
    if output == "json":
        answer_exactly(encode(cleaned_document(cleaned, after, dry)).decode())
        return 0
    lines = cleaned_lines(cleaned)
    if lines:
        answer("\n".join(lines))
    if not quiet:
        for line in cleaned_talk(cleaned, after, dry):
            talk(line)
    return 0
