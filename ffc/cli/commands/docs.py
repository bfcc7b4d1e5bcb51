"""`ffc docs`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "docs",
    cls=options.Command,
    short_help="Write a static site about the project.",
    examples=(
        "ffc docs  # target/docs, for any web host",
        "ffc docs --open",
        "ffc docs serve  # on this machine, until Ctrl-C",
        "ffc docs --manifest target/manifest.json --to site",
    ),
)
@click.argument("action", type=click.Choice(["generate", "serve"]), default="generate")
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    envvar="FFC_DOCS_TO",
    help="The folder to write; default: target/docs.",
)
@click.option(
    "--manifest",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="FFC_MANIFEST",
    help="Tell of this manifest.json, without the project; default folder: docs beside it.",
)
@click.option("--serve", is_flag=True, help="Show the site to this machine over HTTP, too.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    envvar="FFC_DOCS_PORT",
    show_default=True,
    help="Where --serve listens; 0: any port that is free.",
)
@click.option("--open", "open_", is_flag=True, help="Open the first page in a browser.")
@options.options(options.WHERE, options.variables, options.TALK)
def command(
    action: str,
    to: Path | None,
    manifest: Path | None,
    serve: bool,
    port: int,
    open_: bool,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    variables: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Write a static site about every node: facts, columns, SQL, lineage, with a search.

    It needs no connection, and no server: open its index.html, or put the folder on any web host.
    The folder is replaced whole; one with anything else in it is refused. `ffc docs serve` is
    `ffc docs --serve`.
    """
    from ffc.auth import authorize, local_user
    from ffc.cli.documenting import (
        documented,
        listening,
        open_page,
        serve_docs,
        shown,
        write_docs,
    )
    from ffc.site.serving import site_address

    authorize(local_user(), "read")
    found = documented((project_dir, profiles_dir, target, variables), manifest, quiet)
    if found is None:
        return 1
    folder = shown(to or found[1])
    with listening(folder, port if serve or action == "serve" else None) as server:
        first = write_docs(found[0], folder, output, quiet)
        if open_:
            open_page(site_address(server) if server else first.resolve().as_uri())
        if server is not None:
            serve_docs(server)
    return 0
