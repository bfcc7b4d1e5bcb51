"""`--select` and `--exclude` of a command: from what was typed to nodes."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ffc.cli.streams import talk
from ffc.connect.session import Session
from ffc.core.errors import NotFound
from ffc.manifest.records import Manifest
from ffc.manifest.selection import (
    BadSelection,
    Selection,
    SelectionContext,
    select,
    suggestions,
)
from ffc.manifest.upgrades import decode_manifest
from ffc.workspace.folder import OpenTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What was typed: `--select`, `--exclude`, `--state`."""

    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    state: Path | None = None

    def of(self, manifest: Manifest, session: Session, root: Path) -> frozenset[str] | None:
        """Return the ids of the nodes that are meant, None for all; say which words match none."""
        if not self.wanted and not self.unwanted:
            return None
        found = self._select(manifest, session, root)
        warn_unmatched(manifest, found)
        return found.nodes

    def _select(self, manifest: Manifest, session: Session, root: Path) -> Selection:
        context = SelectionContext(
            before=self.before(),
            results=_results(session, manifest.target.name),
            changed=_changed_in(root),
        )
        return select(manifest, self.wanted, self.unwanted, context)

    def before(self) -> Manifest | None:
        """Return the manifest to compare with; raises NotFound where the folder has none."""
        return _before(self.state) if self.state is not None else None

    def deployed(self, opened: OpenTarget) -> frozenset[str] | None:
        """Return the same of what is deployed: nothing is compiled."""
        deployment = opened.session.state.deployment(opened.session.target.name)
        if deployment is None or not (self.wanted or self.unwanted):
            return None
        return self.of(decode_manifest(deployment[1]), opened.session, opened.root)

    def deployed_in(self, *targets: OpenTarget) -> frozenset[str]:
        """Return the ids of what is meant in any of several targets, of what is deployed there.

        A word is said to match nothing where it does so in all of them.
        """
        selections = []
        for opened in targets:
            deployment = opened.session.state.deployment(opened.session.target.name)
            if deployment is not None:
                manifest = decode_manifest(deployment[1])
                found = self._select(manifest, opened.session, opened.root)
                selections.append((manifest, found))
        for manifest, found in selections[:1]:
            nowhere = [w for w in found.unmatched if all(w in s.unmatched for _, s in selections)]
            warn_unmatched(manifest, replace(found, unmatched=tuple(nowhere)))
        return frozenset().union(*(found.nodes for _, found in selections))


def warn_unmatched(manifest: Manifest, found: Selection) -> None:
    """Say of each word that matches nothing what may be meant."""
    for word in found.unmatched:
        hints = suggestions(manifest, word)
        talk(f"warning: `{word}` matches no node{f'; {hints[0]}' if hints else ''}")


def _before(folder: Path) -> Manifest:
    path = folder / "manifest.json" if folder.is_dir() else folder
    try:
        return decode_manifest(path.read_bytes())
    except OSError:
        raise NotFound(
            f"there is no manifest in `{folder}`", help=["`ffc compile` writes one to target/"]
        ) from None


def _results(session: Session, target: str) -> dict[str, str] | None:
    runs = session.state.runs(target, limit=1)
    if not runs:
        return None
    found: dict[str, str] = {}
    for result in session.state.run_nodes(runs[0].id):
        # A view is synced after it was built: what failed, failed, else its build tells.
        if result.status == "error" or result.id not in found:
            found[result.id] = result.status
    return found


def _changed_in(root: Path) -> Callable[[str], Iterable[str]]:
    """Return what tells the project's files that differ from a git reference, new ones too."""

    def changed(reference: str) -> list[str]:
        # What looks like an option must not be one.
        wanted = ("rev-parse", "--verify", "--end-of-options", f"{reference}^{{commit}}")
        (commit,) = _git(root, wanted, "\n")
        tracked = ("diff", "--name-only", "-z", "--relative", commit, "--", ".")
        fresh = ("ls-files", "--others", "--exclude-standard", "-z", "--", ".")
        return [line for command in (tracked, fresh) for line in _git(root, command)]

    return changed


def _git(root: Path, command: Sequence[str], between: str = "\0") -> list[str]:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *command],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError) as problem:
        said = str(getattr(problem, "stderr", "") or problem).strip().splitlines()
        raise BadSelection("git can't tell what changed", help=said[:1]) from problem
    return [part for part in done.stdout.split(between) if part]
