"""From options to a compiled project and an open session; the shell around the library."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from ffc.cli.rendering import render_counts, render_diagnostics
from ffc.compiler import Compiled, compile_project
from ffc.connect.plugins import offline_adapter
from ffc.connect.profiles import (
    ChosenTarget,
    choose_target,
    compile_target,
    read_profile,
    target_problems,
)
from ffc.connect.session import Session
from ffc.core.decode import Decoder
from ffc.core.diagnostics import Diagnostic, document, ordered
from ffc.core.errors import ProfileError, ProjectError
from ffc.core.yaml import read_yaml
from ffc.manifest.records import Manifest, Target
from ffc.project.files import PROJECT_FILE, ProjectFiles, find_project, read_files
from ffc.project.resources import ProjectFile

# What a project is checked for while profiles.yml can't be read.
STAND_IN: Final = Target(name="", offline="duckdb", dialect="duckdb", online=("default",))
NO_ONLINE_STORE: Final = "FF209"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A project on disk, as far as it could be understood."""

    root: Path
    files: ProjectFiles
    target: ChosenTarget | None
    manifest: Manifest | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        """Whether the project compiles."""
        return self.manifest is not None


def find_root(project_dir: Path | None) -> Path:
    """Return the project's folder; raises a usage error where there is none."""
    root = find_project(project_dir or Path.cwd())
    if root is None:
        where = project_dir or "here, nor in a folder above"
        message = f"there is no {PROJECT_FILE} {'in ' if project_dir else ''}{where}"
        raise ProfileError(message, help=["`ffc init NAME` starts a project"])
    return root


def compile_workspace(
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    variables: str | None = None,
    strict: bool = False,
) -> Workspace:
    """Read and compile a project; what is wrong with it is in the diagnostics."""
    root = find_root(project_dir)
    files, diagnostics = read_files(root)
    chosen, more = _target(root, files, profiles_dir, target)
    compiled = _compile(files, chosen, parse_variables(variables))
    diagnostics = [*diagnostics, *more, *compiled.diagnostics]
    manifest = compiled.manifest if chosen is not None else None
    diagnostics = ordered(diagnostics)
    if strict:
        diagnostics = [msgspec.structs.replace(d, severity="error") for d in diagnostics]
    if any(d.severity == "error" for d in diagnostics):
        manifest = None
    return Workspace(
        root=root,
        files=files,
        target=chosen,
        manifest=manifest,
        diagnostics=tuple(diagnostics),
    )


def _compile(
    files: ProjectFiles, chosen: ChosenTarget | None, variables: Mapping[str, object]
) -> Compiled:
    """Compile for the target; where that is not known for a stand-in, to find the rest."""
    if chosen is None:
        compiled = compile_project(files, STAND_IN, variables)
        known = [d for d in compiled.diagnostics if d.code != NO_ONLINE_STORE]
        return Compiled(manifest=None, diagnostics=tuple(known))
    adapter = offline_adapter(chosen.offline.type)
    target = compile_target(chosen, adapter.dialect)
    return compile_project(files, target, variables, adapter.capabilities.max_identifier)


def _target(
    root: Path, files: ProjectFiles, profiles_dir: Path | None, target: str | None
) -> tuple[ChosenTarget | None, list[Diagnostic]]:
    """Find the target; a broken ffc.yml is reported by the compiler, so it is not here."""
    node, _ = read_yaml(PROJECT_FILE, files.texts.get(PROJECT_FILE, ""))
    record = Decoder().record(node, ProjectFile, PROJECT_FILE) if node else None
    if record is None:
        return None, []
    profile, diagnostics = read_profile(root, profiles_dir, record.profile)
    if profile is not None:
        diagnostics += target_problems(profile, target)
    if profile is None or any(d.severity == "error" for d in diagnostics):
        return None, diagnostics
    return choose_target(profile, target, root), diagnostics


def parse_variables(text: str | None) -> dict[str, object]:
    """Read `--vars`; raises a usage error where it is no mapping."""
    if not text:
        return {}
    node, problems = read_yaml("--vars", text)
    plain = node.plain() if node is not None else {}
    if problems or not isinstance(plain, dict):
        raise click.BadParameter("must be a YAML mapping such as '{min_amount: 5}'")
    return plain


def show_diagnostics(workspace: Workspace, quiet: bool = False) -> None:
    """Show on stderr what a compilation had to say."""
    shown = [d for d in workspace.diagnostics if d.severity == "error" or not quiet]
    if shown:
        texts = {**workspace.files.texts, **_profile_text(workspace.root)}
        click.echo(render_diagnostics(shown, texts) + "\n", err=True)
        click.echo(render_counts(shown), err=True)


def _profile_text(root: Path) -> Mapping[str, str]:
    path = root / "profiles.yml"
    return {"profiles.yml": path.read_text(errors="replace")} if path.is_file() else {}


def diagnostics_document(workspace: Workspace) -> dict[str, Any]:
    """Return the `ffc.diagnostics/v1` document."""
    name = workspace.target.name if workspace.target else ""
    return document(workspace.diagnostics, name)


def git_state(root: Path) -> dict[str, object] | None:
    """Return the commit and whether the tree has changes; None outside git."""
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return {"commit": commit, "dirty": bool(_git(root, "status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTarget:
    """A target's open session; `project` is the name that its online keys begin with."""

    project: str
    profile: str
    session: Session


@contextmanager
def open_target(
    project_dir: Path | None, profiles_dir: Path | None, target: str | None
) -> Iterator[OpenTarget]:
    """Open a project's target without compiling: for what reads only what is deployed."""
    root = find_root(project_dir)
    files, _ = read_files(root)
    chosen, diagnostics = _target(root, files, profiles_dir, target)
    if chosen is None:
        raise ProjectError("the project's settings can't be used", diagnostics)
    with Session(chosen) as session:
        words = _words(files, "name", "profile")
        yield OpenTarget(project=words[0], profile=words[1], session=session)


def _words(files: ProjectFiles, *keys: str) -> list[str]:
    node, _ = read_yaml(PROJECT_FILE, files.texts[PROJECT_FILE])
    found = [node.get(key) if node else None for key in keys]
    return [word.text if word else "" for word in found]
