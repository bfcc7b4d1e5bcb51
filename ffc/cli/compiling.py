"""`ffc compile`, once and again after each save: compiled, written, shown."""

from __future__ import annotations

from pathlib import Path

from ffc.auth import local_user
from ffc.cli.diagnosing import answer_diagnostics, show_diagnostics, show_notes
from ffc.cli.streams import talk
from ffc.workspace.again import Again, Asked
from ffc.workspace.folder import Workspace, compile_workspace, write_workspace


def compile_once(
    project_dir: Path | None, asked: Asked, introspect: bool, output: str, limit: int, quiet: bool
) -> int:
    """Compile, write what came of it, show what is wrong; return the exit code."""
    workspace = compile_workspace(
        project_dir,
        asked.profiles_dir,
        asked.target,
        asked.variables,
        asked.strict,
        cached=asked.cached,
    )
    workspace, notes = _looked_at(workspace, introspect)
    write_workspace(workspace)
    if output == "text":
        show_diagnostics(workspace, quiet, limit)
    else:
        answer_diagnostics(workspace, output, quiet, limit)
    if not quiet:
        show_notes(notes)
    if workspace.ok and not quiet and output not in ("json", "sarif"):
        count = workspace.outcome.nodes
        talk(f"compiled {count} node{'' if count == 1 else 's'} to target/manifest.json")
    return 0 if workspace.ok else 1


def compile_again(
    project_dir: Path | None, asked: Asked, introspect: bool, output: str, limit: int, quiet: bool
) -> int:
    """Do so after each save, until Ctrl-C; return the exit code."""
    from ffc.cli.watching import Showing, watch_project

    again = Again(project_dir, asked)

    def turn() -> Workspace:
        return _looked_at(again.compile(), introspect)[0]

    showing = Showing(output=output, limit=limit, quiet=quiet)
    return watch_project(again, asked.profiles_dir, turn, showing)


def _looked_at(workspace: Workspace, introspect: bool) -> tuple[Workspace, list[str]]:
    """Return a project with what its sources lack, if that is asked for, and notes about them."""
    if not introspect:
        return workspace, []
    from ffc.workspace.introspection import look_at_sources

    return look_at_sources(workspace, principal=local_user())
