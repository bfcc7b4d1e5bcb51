"""A project's files compiled for its target, as far as both can be understood."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import msgspec

from ffc.compiler.compile import Compiled, compile_project
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
from ffc.core.decode import Decoder
from ffc.core.diagnostics import Diagnostic, did_you_mean, listed, ordered
from ffc.core.errors import Misuse
from ffc.core.facts import Facts
from ffc.core.yaml import read_yaml
from ffc.manifest.records import Target
from ffc.project.files import PROJECT_FILE, ProjectFiles
from ffc.project.resources import ProjectFile
from ffc.project.selectors import read_selectors

# What a project is checked for while profiles.yml can't be read.
STAND_IN: Final = Target(name="", offline="duckdb", dialect="duckdb", online=("default",))
NO_ONLINE_STORE: Final = "FF209"
UNREAD: Final = "FF116"
UNKNOWN_NAMES: Final = ("FF201", "FF202")


def compile_files(
    root: Path,
    read: tuple[ProjectFiles, list[Diagnostic]],
    profiles_dir: Path | None,
    target: str | None,
    given: Mapping[str, object],
    facts: Facts,
) -> tuple[ChosenTarget | None, Compiled]:
    """Compile a project's files, with what was wrong with the files themselves.

    Raises Misuse for a target or a variable that there is not.
    """
    files, diagnostics = read
    chosen, more = find_target(root, files, profiles_dir, target)
    _check_variables(files, given)
    with _seldom_collecting():
        compiled = _compile(files, chosen, given, facts)
    found = compiled.diagnostics
    if files.unseen:
        # What is not found may lie where nobody could look; that was reported.
        found = tuple(d for d in found if d.code not in UNKNOWN_NAMES)
    if any(d.code == UNREAD for d in diagnostics) and any(d.code == "FF201" for d in found):
        # A folder of another name explains what is not found: that is the mistake.
        found = tuple(d for d in found if d.code not in UNKNOWN_NAMES)
        diagnostics = [as_error(d) if d.code == UNREAD else d for d in diagnostics]
    diagnostics = ordered([*diagnostics, *more, *found, *read_selectors(files)[1]])
    wrong = chosen is None or any(d.severity == "error" for d in diagnostics)
    return chosen, Compiled(
        makes_manifest=None if wrong else compiled.makes_manifest,
        makes_outline=None if wrong else compiled.makes_outline,
        diagnostics=tuple(diagnostics),
        environment=compiled.environment,
        nodes=compiled.nodes,
    )


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Look for garbage seldom: a compilation makes much that stays, and is looked at each time."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, 50, 1000)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def as_error(diagnostic: Diagnostic) -> Diagnostic:
    """Return a warning as an error."""
    return msgspec.structs.replace(diagnostic, severity="error")


def _compile(
    files: ProjectFiles, chosen: ChosenTarget | None, variables: Mapping[str, object], facts: Facts
) -> Compiled:
    """Compile for the target; where that is not known for a stand-in, to find the rest."""
    if chosen is None:
        compiled = compile_project(files, STAND_IN, variables, environment=os.environ, facts=facts)
        known = [d for d in compiled.diagnostics if d.code != NO_ONLINE_STORE]
        return Compiled(
            makes_manifest=None,
            diagnostics=tuple(known),
            environment=compiled.environment,
            nodes=compiled.nodes,
        )
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
        facts,
    )


def find_target(
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
