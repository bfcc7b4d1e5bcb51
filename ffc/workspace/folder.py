"""A project's folder: read, compiled for a target, its stores opened."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from ffc.compiler import Compiled, compile_project
from ffc.connect.plugins import offline_adapter
from ffc.connect.profiles import (
    ChosenTarget,
    Profile,
    choose_target,
    compile_target,
    read_profile,
    setting_problems,
    target_problems,
)
from ffc.connect.session import Session
from ffc.core.decode import Decoder
from ffc.core.diagnostics import (
    Diagnostic,
    Span,
    did_you_mean,
    error,
    listed,
    ordered,
)
from ffc.core.errors import Misuse, ProfileError, ProjectError
from ffc.core.texts import read_text
from ffc.core.yaml import read_yaml
from ffc.manifest.records import AnyNode, Manifest, Target
from ffc.project.files import PROJECT_FILE, ProjectFiles, Read, find_project, read_files
from ffc.project.resources import ProjectFile
from ffc.project.selectors import read_selectors

# What a project is checked for while profiles.yml can't be read.
STAND_IN: Final = Target(name="", offline="duckdb", dialect="duckdb", online=("default",))
NO_ONLINE_STORE: Final = "FF209"
UNREAD: Final = "FF116"
UNKNOWN_NAMES: Final = ("FF201", "FF202")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A project on disk, as far as it could be understood; `nodes` are what was."""

    root: Path
    files: ProjectFiles
    target: ChosenTarget | None
    manifest: Manifest | None
    diagnostics: tuple[Diagnostic, ...]
    profiles_dir: Path | None = None
    nodes: tuple[AnyNode, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the project compiles."""
        return self.manifest is not None


def find_root(project_dir: Path | None) -> Path:
    """Return the project's folder; raises ProfileError where there is none."""
    try:
        start = project_dir or Path.cwd()
    except FileNotFoundError:
        raise ProfileError("the folder that you are in is not there any more") from None
    root = find_project(start)
    if root is None:
        where = f"in {project_dir}" if project_dir else "here, nor in a folder above"
        raise ProfileError(f"there is no {PROJECT_FILE} {where}", help=[_starting(start)])
    return root


def _starting(folder: Path) -> str:
    """Say how a folder becomes a project: from what it is already."""
    if (folder / "ffc.yaml").exists():
        return f"the file's name is `{PROJECT_FILE}`: rename `ffc.yaml`"
    if (folder / "dbt_project.yml").exists():
        return "this is a project of dbt's: `ffc init NAME` starts one of ffc's beside it"
    return "`ffc init NAME` starts a project"


def _as_error(diagnostic: Diagnostic) -> Diagnostic:
    return msgspec.structs.replace(diagnostic, severity="error")


def compile_workspace(
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    variables: str | None = None,
    strict: bool = False,
    read: Read = read_text,
) -> Workspace:
    """Read and compile a project; what is wrong with it is in the diagnostics.

    `read` is how its files become texts.
    """
    root = find_root(project_dir)
    files, diagnostics = read_files(root, read)
    chosen, more = _target(root, files, profiles_dir, target)
    given = parse_variables(variables)
    _check_variables(files, given)
    compiled = _compile(files, chosen, given)
    found = compiled.diagnostics
    if files.unseen:
        # What is not found may lie where nobody could look; that was reported.
        found = tuple(d for d in found if d.code not in UNKNOWN_NAMES)
    if any(d.code == UNREAD for d in diagnostics) and any(d.code == "FF201" for d in found):
        # A folder of another name explains what is not found: that is the mistake.
        found = tuple(d for d in found if d.code not in UNKNOWN_NAMES)
        diagnostics = [_as_error(d) if d.code == UNREAD else d for d in diagnostics]
    diagnostics = [*diagnostics, *more, *found, *read_selectors(files)[1]]
    manifest = compiled.manifest if chosen is not None else None
    diagnostics = ordered(diagnostics)
    if strict:
        diagnostics = list(map(_as_error, diagnostics))
    if any(d.severity == "error" for d in diagnostics):
        manifest = None
    return Workspace(
        root=root,
        files=files,
        target=chosen,
        manifest=manifest,
        diagnostics=tuple(diagnostics),
        profiles_dir=profiles_dir,
        nodes=compiled.nodes,
    )


def _compile(
    files: ProjectFiles, chosen: ChosenTarget | None, variables: Mapping[str, object]
) -> Compiled:
    """Compile for the target; where that is not known for a stand-in, to find the rest."""
    if chosen is None:
        compiled = compile_project(files, STAND_IN, variables, environment=os.environ)
        known = [d for d in compiled.diagnostics if d.code != NO_ONLINE_STORE]
        return Compiled(manifest=None, diagnostics=tuple(known), nodes=compiled.nodes)
    adapter = offline_adapter(chosen.offline.type)
    capabilities = adapter.capabilities
    target = compile_target(chosen, adapter.dialect, capabilities.asof_join, capabilities.indexes)
    return compile_project(
        files,
        target,
        variables,
        capabilities.max_identifier,
        os.environ,
        adapter.translations,
        partial(adapter.text, pretty=True),
    )


def _target(
    root: Path, files: ProjectFiles, profiles_dir: Path | None, target: str | None
) -> tuple[ChosenTarget | None, list[Diagnostic]]:
    """Find the target, with what is wrong with ffc.yml and profiles.yml.

    Raises Misuse where the target that was asked for is none of the profile's.
    """
    node, problems = read_yaml(PROJECT_FILE, files.texts.get(PROJECT_FILE, ""))
    decoder = Decoder()
    record = decoder.record(node, ProjectFile, PROJECT_FILE) if node else None
    if record is None:
        return None, [*problems, *decoder.diagnostics]
    place = record.at("profile")
    profile, diagnostics = read_profile(root, profiles_dir, record.profile, place)
    if profile is not None:
        _check_target(profile, target)
        diagnostics += target_problems(profile, target)
        if not any(d.severity == "error" for d in diagnostics):
            # Whose settings they are is known when all else is right.
            diagnostics += setting_problems(profile, target)
    if profile is None or any(d.severity == "error" for d in diagnostics):
        return None, diagnostics
    return choose_target(profile, target, root), diagnostics


def _check_target(profile: Profile, target: str | None) -> None:
    if target is None or target in profile.outputs:
        return
    hint = "".join(did_you_mean(target, profile.outputs))
    has = f"the profile has {listed(profile.outputs) or 'none'}"
    message = f"there is no target `{target}`; {hint or has}"
    raise Misuse(message, option="--target")


def parse_variables(text: str | None) -> dict[str, object]:
    """Read `--vars`; raises Misuse where it is no mapping."""
    if not text:
        return {}
    node, problems = read_yaml("--vars", text)
    plain = node.plain() if node is not None else {}
    if problems or not isinstance(plain, dict):
        first = problems[0] if problems else None
        why = f"; {first.message}, at character {first.span.start.column}" if first else ""
        message = f"must be a YAML mapping such as '{{min_amount: 5}}'{why}"
        raise Misuse(message, option="--vars")
    return plain


def _check_variables(files: ProjectFiles, given: Mapping[str, object]) -> None:
    """Raise Misuse for a variable that ffc.yml doesn't declare and no file names."""
    root, _ = read_yaml(PROJECT_FILE, files.texts.get(PROJECT_FILE, ""))
    declared = root.get("vars") if root is not None else None
    known = [key.text for key, _ in declared.pairs] if declared is not None else []
    for name in given:
        quoted = (f"'{name}'", f'"{name}"')
        if name in known or any(word in text for text in files.texts.values() for word in quoted):
            continue
        hint = "".join(did_you_mean(name, known)) or "`vars:` in ffc.yml declares it"
        raise Misuse(f"there is no variable `{name}`; {hint}", option="--vars")


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

    root: Path
    project: str
    profile: str
    session: Session


@contextmanager
def open_target(
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    *,
    read_only: bool = False,
    writes_state: bool = False,
) -> Iterator[OpenTarget]:
    """Open a project's target without compiling: for what reads only what is deployed.

    With `read_only` its warehouse is opened so that others may read beside it; with `writes_state`
    too, something is noted in the state store.
    """
    root = find_root(project_dir)
    files, problems = read_files(root)
    chosen, diagnostics = _target(root, files, profiles_dir, target)
    if chosen is None:
        found = [d for d in problems if d.span.file == PROJECT_FILE]
        found = ordered(found + diagnostics) or [_empty_project()]
        raise ProjectError("the project's settings can't be used", found)
    with Session(chosen, read_only=read_only, writes_state=writes_state) as session:
        words = _words(files, "name", "profile")
        yield OpenTarget(root=root, project=words[0], profile=words[1], session=session)


def _empty_project() -> Diagnostic:
    return error("FF106", f"{PROJECT_FILE} is empty", Span(file=PROJECT_FILE))


def _words(files: ProjectFiles, *keys: str) -> list[str]:
    node, _ = read_yaml(PROJECT_FILE, files.texts[PROJECT_FILE])
    found = [node.get(key) if node else None for key in keys]
    return [word.text if word else "" for word in found]
