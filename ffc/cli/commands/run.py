"""`ffc run`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command("run", short_help="Build every table and training set, then sync.")
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
    """Compile, build every node in order, and sync the online views.

    A node whose definition and inputs did not change is not built again. A node that fails keeps
    its last good build; what hangs on it is skipped. Results are in target/run_results.json.
    """
    from ffc.auth import local_user
    from ffc.cli.progress import TerminalSink
    from ffc.cli.workspace import compile_workspace, git_state, show_diagnostics
    from ffc.connect.session import Session
    from ffc.manifest.files import encode, write_project
    from ffc.run.executor import run
    from ffc.run.sinks import ResultsSink

    workspace = compile_workspace(project_dir, profiles_dir, target, variables, strict)
    show_diagnostics(workspace, quiet)
    if workspace.manifest is None or workspace.target is None:
        return 1
    write_project(workspace.manifest, workspace.root / "target")
    results = ResultsSink(workspace.root / "target" / "run_results.json")
    with Session(workspace.target) as session:
        document = run(
            workspace.manifest,
            session,
            principal=local_user(),
            sinks=[results, TerminalSink(quiet)],
            git=git_state(workspace.root),
        )
    if output == "json":
        click.echo(encode(document).decode(), nl=False)
    return 0 if document.status == "success" else 1
