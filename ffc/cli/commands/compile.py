"""`ffc compile`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "compile",
    cls=options.Command,
    short_help="Check the project and write target/manifest.json.",
    examples=(
        "ffc compile",
        "ffc compile --output github  # in CI",
        "ffc compile --vars '{min_amount: 5}'",
        "ffc compile --introspect  # what is declared against what is there",
    ),
)
@click.option(
    "--introspect",
    is_flag=True,
    envvar="FFC_INTROSPECT",
    help="Connect to the target, and hold what sources declare against what is there.",
)
@options.options(
    options.WHERE,
    options.variables,
    options.strict,
    options.diagnostics_output,
    options.limit,
    options.quiet,
    options.color,
)
def command(
    introspect: bool,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    variables: str | None,
    strict: bool,
    output: str,
    limit: int,
    quiet: bool,
) -> int:
    """Check the whole project and write target/manifest.json and target/compiled/.

    Needs no connection, no credentials and no data. Every mistake is found at once; `ffc explain`
    tells more about each. As text they go to stderr; every other format is an answer, on stdout.
    With `--introspect` alone it connects, to look at the tables and files of sources.
    """
    from ffc.auth import authorize, local_user
    from ffc.cli.diagnosing import answer_diagnostics, show_diagnostics, show_notes
    from ffc.cli.streams import talk
    from ffc.manifest.files import write_project
    from ffc.workspace.folder import compile_workspace

    authorize(local_user(), "compile")
    workspace = compile_workspace(project_dir, profiles_dir, target, variables, strict)
    notes: list[str] = []
    if introspect:
        from ffc.workspace.introspection import look_at_sources

        workspace, notes = look_at_sources(workspace, principal=local_user())
    if workspace.manifest is not None:
        write_project(workspace.manifest, workspace.root / "target")
    if output == "text":
        show_diagnostics(workspace, quiet, limit)
    else:
        answer_diagnostics(workspace, output, quiet, limit)
    if not quiet:
        show_notes(notes)
    if workspace.manifest is not None and not quiet and output not in ("json", "sarif"):
        count = len(workspace.manifest.nodes)
        talk(f"compiled {count} node{'' if count == 1 else 's'} to target/manifest.json")
    return 0 if workspace.ok else 1
