"""From `--select`, `--exclude` and `--state` to the nodes that they mean."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import msgspec

from ffc.cli.streams import talk
from ffc.connect.session import Session
from ffc.core.errors import BadSelection
from ffc.manifest.files import read_manifest
from ffc.manifest.records import Manifest
from ffc.manifest.selection import Selection, SelectionContext, select
from ffc.run.sinks import RunResults

MANIFEST: Final = "manifest.json"
RESULTS: Final = "run_results.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selecting:
    """What was asked for on the command line; `quiet` says nothing of names that match nothing."""

    select: Sequence[str] = ()
    exclude: Sequence[str] = ()
    state: Path | None = None
    quiet: bool = False

    @property
    def is_all(self) -> bool:
        """Tell whether nothing was asked for, which means everything."""
        return not self.select and not self.exclude

    def other(self) -> Manifest | None:
        """Return the manifest to compare with; raises a usage error where there is none."""
        if self.state is None:
            return None
        if not (self.state / MANIFEST).is_file():
            message = f"there is no {MANIFEST} in `{self.state}`; `ffc compile` writes one"
            raise click.BadParameter(message, param_hint="'--state'")
        return read_manifest(self.state / MANIFEST)

    def of(self, manifest: Manifest, root: Path) -> Selection:
        """Return the nodes that are meant; what matches nothing is told on stderr.

        `root` is the project's folder. Raises BadSelection.
        """
        context = SelectionContext(
            state=self.other(),
            results=_results((self.state or root / "target") / RESULTS),
            changed=lambda revision: changed_paths(root, revision),
        )
        found = select(manifest, self.select, self.exclude, context=context)
        for each in () if self.quiet else found.unmatched:
            hint = f"; {each.help[0]}" if each.help else ""
            word = click.style("warning", fg="yellow", bold=True)
            talk(f"{word}: `{each.text}` matches no node{hint}")
        return found

    def in_session(self, manifest: Manifest, session: Session) -> frozenset[str] | None:
        """Return the ids of a manifest's nodes that are meant, None for all: for `run_project`."""
        if self.is_all:
            return None
        found = self.of(manifest, session.target.folder).nodes
        return found & {node.id for node in manifest.nodes}


def _results(path: Path) -> dict[str, set[str]] | None:
    """Return how each node fared in a run, or in its sync, by id; None where nobody knows."""
    if not path.is_file():
        return None
    try:
        document = msgspec.json.decode(path.read_bytes(), type=RunResults)
    except msgspec.MsgspecError as problem:
        raise BadSelection(f"`{path}` holds no results of a run: {problem}") from problem
    found: dict[str, set[str]] = {}
    for result in document.results:
        found.setdefault(result.id, set()).add(result.status)
    return found


def changed_paths(root: Path, revision: str) -> set[str]:
    """Return the files of a project that differ from a git revision, new ones too.

    Paths are from the project's folder. Raises BadSelection where git does not know the revision.
    """
    # A revision that looks like an option would be one.
    checked = f"{revision}^{{commit}}"
    commit = _git(root, revision, "rev-parse", "--verify", "--quiet", "--end-of-options", checked)
    changed = _git(root, revision, "diff", "--name-only", "-z", "--relative", commit.strip())
    new = _git(root, revision, "ls-files", "--others", "--exclude-standard", "-z")
    return {path for path in (*changed.split("\0"), *new.split("\0")) if path}


def _git(root: Path, revision: str, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.SubprocessError) as problem:
        raise BadSelection(f"`git:{revision}` needs git: {problem}") from problem
    if done.returncode:
        said = done.stderr.strip().splitlines()
        why = said[0] if said else f"git knows no revision `{revision}`"
        help_ = "name a branch, a tag or a commit: `git:main`; in CI it must have been fetched"
        raise BadSelection(f"`git:{revision}`: {why}", help=[help_])
    return done.stdout
