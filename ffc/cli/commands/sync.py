"""`ffc sync`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "sync",
    cls=options.SelectingCommand,
    short_help="Bring the newest values to the online store.",
    examples=(
        "ffc sync",
        "ffc sync -s customer_daily  # one view",
        "ffc sync -s entity:customer --full-refresh",
    ),
)
@click.option(
    "--full-refresh",
    is_flag=True,
    help="Fill the online stores from nothing, beside what is served until that is done.",
)
@options.options(options.selection, options.WHERE, options.strict, options.TALK)
def command(
    full_refresh: bool,
    typed: options.Typed,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    strict: bool,
    output: str,
    quiet: bool,
) -> int:
    """Write what changed in the deployed online views since the last sync.

    A sync that was interrupted is gone on with. Rows that are newer than this instant are held back
    until they are not.
    """
    from ffc.auth import local_user
    from ffc.cli.exporting import export_progress
    from ffc.cli.selecting import Chosen, nothing_selected
    from ffc.cli.streams import talk
    from ffc.manifest.files import encode
    from ffc.online.sync import sync
    from ffc.workspace.folder import open_target

    done: dict[str, int] = {}
    with (
        open_target(project_dir, profiles_dir, target) as opened,
        export_progress("sync", None, quiet) as report,
    ):

        def progress(view: str, rows: int) -> None:
            done[view] = rows
            report(sum(done.values()))

        chosen = Chosen(typed=typed, strict=strict, quiet=quiet).deployed(opened)
        if chosen is not None and not chosen and output == "text":
            return nothing_selected(strict=strict, quiet=quiet)
        results = sync(
            opened.session,
            opened.project,
            principal=local_user(),
            selected=chosen,
            anew=full_refresh,
            progress=progress,
        )
    if chosen is not None and not results and not quiet:
        talk("none of the nodes that are selected is an online view")
    if output == "json":
        click.echo(encode({"schema": "ffc.sync_results/v1", "results": results}).decode(), nl=False)
    else:
        from ffc.cli.progress import show_results

        show_results(results, quiet)
    failed = any(result.status == "error" for result in results)
    return 1 if failed or (strict and chosen is not None and not chosen) else 0
