"""`ffc sync`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command("sync", short_help="Bring the newest values to the online store.")
@options.options(options.WHERE, options.TALK)
def command(
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Write what changed in the deployed online views since the last sync."""
    from ffc.auth import local_user
    from ffc.manifest.files import encode
    from ffc.online.sync import sync
    from ffc.workspace.folder import open_target

    with open_target(project_dir, profiles_dir, target) as opened:
        results = sync(opened.session, opened.project, principal=local_user())
    if output == "json":
        click.echo(encode({"schema": "ffc.sync_results/v1", "results": results}).decode(), nl=False)
    else:
        from ffc.cli.progress import show_results

        show_results(results, quiet)
    return 1 if any(result.status == "error" for result in results) else 0
