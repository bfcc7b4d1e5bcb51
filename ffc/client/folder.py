"""A project's folder, or a bare manifest beside the state, as what a client reads.

Stores are opened for one operation, for reading only, and let go: a notebook never stands in the
way of a run. What is deployed is read anew each time, and the project is compiled anew when a file
of it has changed, so that nothing needs a restart.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ffc.adapter.state import Build
from ffc.client.stored import Scratch
from ffc.connect.finding import FILE
from ffc.connect.profiles import choose_target, read_profile, usable
from ffc.connect.session import Session
from ffc.core.errors import ProjectError
from ffc.core.texts import read_text
from ffc.manifest.files import read_manifest
from ffc.manifest.records import Manifest
from ffc.project.files import PROJECT_FILE, ProjectFiles, read_files
from ffc.workspace.folder import compile_workspace, find_root, open_target


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What is declared, and the build that each node's name means; by node id."""

    manifest: Manifest
    builds: Mapping[str, Build]
    deployment: str = ""


class ProjectFolder:
    """A project on disk; `profiles_dir` and `target` are as on the command line."""

    def __init__(self, folder: Path, profiles_dir: Path | None, target: str | None) -> None:
        self.root = find_root(folder)
        self._profiles_dir = profiles_dir
        self._target = target
        self._seen: tuple[ProjectFiles, str] | None = None
        self._manifest: Manifest | None = None

    @property
    def cache(self) -> Path:
        """The folder for rows that were fetched; it can be deleted at any time.

        Where nobody may write it is one that goes with the client.
        """
        kept = self.root / "target" / "cache"
        there = next(path for path in (kept, *kept.parents) if path.exists())
        return kept if os.access(there, os.W_OK) else self._scratch.path

    @contextmanager
    def open(self, *, writes_state: bool = False) -> Iterator[Session]:
        """Open the target's stores for reading."""
        where = (self.root, self._profiles_dir, self._target)
        with open_target(*where, read_only=True, writes_state=writes_state) as opened:
            yield opened.session

    def settings(self) -> object:
        """Return what tells the settings that hold now from others."""
        files = (self.root / PROJECT_FILE, (self._profiles_dir or self.root) / FILE)
        return [_stamp(path) for path in files]

    def declared(self) -> Declared:
        """Return what the files declare now; raises ProjectError where they don't compile."""
        seen = (read_files(self.root)[0], self._profiles())
        if self._manifest is None or seen != self._seen:
            workspace = compile_workspace(self.root, self._profiles_dir, self._target)
            if workspace.manifest is None:
                found = [d for d in workspace.diagnostics if d.severity == "error"]
                raise ProjectError("the project does not compile: `ffc compile`", found)
            self._manifest, self._seen = workspace.manifest, seen
        with self.open() as session:
            return Declared(manifest=self._manifest, builds=_builds(session))

    @cached_property
    def _scratch(self) -> Scratch:
        return Scratch()

    def _profiles(self) -> str:
        """Return the text that says what targets there are; empty where it lies elsewhere."""
        path = (self._profiles_dir or self.root) / FILE
        return read_text(path, FILE)[0]


class BareManifest:
    """A manifest without its project; profiles.yml lies beside it, in a folder, or in ~/.ffc."""

    def __init__(self, path: Path, profiles_dir: Path | None, target: str | None) -> None:
        self._path = path
        self._profiles_dir = profiles_dir
        self._target = target
        self._scratch = Scratch()

    @property
    def cache(self) -> Path:
        """The folder for rows that were fetched; it goes with the client."""
        return self._scratch.path

    @contextmanager
    def open(self, *, writes_state: bool = False) -> Iterator[Session]:
        """Open the target's stores for reading."""
        manifest = read_manifest(self._path)
        folder = self._path.parent.resolve()
        name = manifest.project.profile or manifest.project.name
        profile = usable(*read_profile(folder, self._profiles_dir, name))
        chosen = choose_target(profile, self._target or manifest.target.name, folder)
        with Session(chosen, read_only=True, writes_state=writes_state) as session:
            yield session

    def settings(self) -> object:
        """Return what tells the settings that hold now from others."""
        return [
            _stamp(path) for path in (self._path, (self._profiles_dir or self._path.parent) / FILE)
        ]

    def declared(self) -> Declared:
        """Return what the manifest declares."""
        with self.open() as session:
            return Declared(manifest=read_manifest(self._path), builds=_builds(session))


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
        return (found.st_mtime_ns, found.st_size)
    except OSError:
        return None


def _builds(session: Session) -> dict[str, Build]:
    pointers = session.state.pointers(session.target.name)
    return {node: pointer.build for node, pointer in pointers.items()}
