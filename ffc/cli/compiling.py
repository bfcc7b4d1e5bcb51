"""`ffc compile`, once and again after each save: compiled, written, shown."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ffc.auth import local_user
from ffc.cli.diagnosing import answer_diagnostics, show_diagnostics, show_notes
from ffc.cli.streams import talk
from ffc.core.texts import read_text
from ffc.manifest.files import write_project
from ffc.project.files import Read
from ffc.workspace.folder import Workspace, compile_workspace, find_root

# The folders of the project and of profiles.yml, the target, variables, whether to be strict.
Asked = tuple[Path | None, Path | None, str | None, str | None, bool]


def compile_once(asked: Asked, introspect: bool, output: str, limit: int, quiet: bool) -> int:
    """Compile, write what came of it, show what is wrong; return the exit code."""
    workspace, notes = _compiled(asked, introspect)
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


def compile_again(asked: Asked, introspect: bool, output: str, limit: int, quiet: bool) -> int:
    """Do so after each save, until Ctrl-C; return the exit code."""
    from ffc.cli.watching import Showing, watch_project

    root = find_root(asked[0])
    # Where it is found once it stays, though its ffc.yml may be gone for a while.
    always = partial(_compiled_again, (root, *asked[1:]), introspect)
    return watch_project(root, asked[1], always, Showing(output=output, limit=limit, quiet=quiet))


def _compiled_again(asked: Asked, introspect: bool, read: Read) -> Workspace:
    return _compiled(asked, introspect, read)[0]


def _compiled(
    asked: Asked, introspect: bool, read: Read = read_text
) -> tuple[Workspace, list[str]]:
    """Compile and write the project, with notes on what was looked at."""
    workspace, notes = compile_workspace(*asked, read=read), list[str]()
    if introspect:
        from ffc.workspace.introspection import look_at_sources

        workspace, notes = look_at_sources(workspace, principal=local_user())
    if workspace.manifest is not None:
        write_project(workspace.manifest, workspace.root / "target")
    return workspace, notes
