"""`ffc compile`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command("compile", short_help="Check the project and write target/manifest.json.")
@options.options(options.WHERE, options.variables, options.strict, options.TALK)
def command(
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    variables: str | None,
    strict: bool,
    output: str,
    quiet: bool,
) -> int:
    """Check the whole project and write target/manifest.json and target/compiled/.

    Needs no connection, no credentials and no data. Every mistake is found at once.
    """
    from ffc.auth import authorize, local_user
    from ffc.cli.workspace import compile_workspace, diagnostics_document, show_diagnostics
    from ffc.manifest.files import encode, write_project

    authorize(local_user(), "compile")
    workspace = compile_workspace(project_dir, profiles_dir, target, variables, strict)
    if workspace.manifest is not None:
        write_project(workspace.manifest, workspace.root / "target")
    if output == "json":
        click.echo(encode(diagnostics_document(workspace)).decode(), nl=False)
    else:
        show_diagnostics(workspace, quiet)
        if workspace.manifest is not None and not quiet:
            count = len(workspace.manifest.nodes)
            click.echo(f"compiled {count} nodes to target/manifest.json", err=True)
    return 0 if workspace.ok else 1
