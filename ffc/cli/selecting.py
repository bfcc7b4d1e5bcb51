"""`--select`, `--exclude` and `--selector` of a command: from what was typed to nodes."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ffc.cli.options import Typed
from ffc.cli.streams import talk
from ffc.core.characters import visible
from ffc.core.diagnostics import did_you_mean
from ffc.core.errors import FfcError, Misuse, NotFound
from ffc.manifest.criteria import Criterion, Wanted, read_typed
from ffc.manifest.methods import BadSelection
from ffc.manifest.records import Manifest
from ffc.manifest.selection import (
    Selection,
    SelectionContext,
    choose,
    selector_named,
    suggestions,
)
from ffc.manifest.upgrades import decode_manifest
from ffc.workspace.selectors import find_default, find_selectors

if TYPE_CHECKING:
    from ffc.connect.session import Session
    from ffc.workspace.folder import OpenTarget

RESULTS_FILE: Final = "run_results.json"


class NoMatch(FfcError):
    """Report words that match no node, where warnings are errors."""

    code = "FF811"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What was typed to select nodes, and what becomes of words that match none."""

    typed: Typed = field(default_factory=Typed)
    strict: bool = False
    quiet: bool = False

    def of(
        self, manifest: Manifest, opens: Callable[[], Session], root: Path
    ) -> frozenset[str] | None:
        """Return the ids of the nodes that are meant, None for all; say what matches none.

        The target's stores are opened only to see how a run went.
        """
        found = self._select(manifest, opens, root)
        if found is None:
            return None
        self._tell_unmatched(manifest, found.unmatched)
        return found.nodes

    def _select(
        self, manifest: Manifest, opens: Callable[[], Session], root: Path
    ) -> Selection | None:
        selectors = find_selectors(root)
        wanted = self._meant(selectors.named, lambda: find_default(root, selectors, manifest))
        if wanted is None:
            return None
        context = SelectionContext(
            before=self.before(),
            results=lambda: self._results(opens, manifest.target.name),
            changed=_changed_in(root),
            selectors=selectors.named,
        )
        return choose(manifest, wanted, context)

    def _meant(
        self, selectors: Mapping[str, Wanted], finds_default: Callable[[], str]
    ) -> Wanted | None:
        """Return what is meant by all that was typed, or by nothing; None for all nodes."""
        typed = self.typed
        if typed.outside and not self.quiet:
            said = ", ".join(f"{name}={shlex.quote(os.environ[name])}" for name in typed.outside)
            talk(f"the environment says what is selected: {visible(said)}")
        words = bool(typed.select or typed.exclude)
        if typed.selector is not None:
            if words:
                message = "it goes with neither `--select` nor `--exclude`; "
                hint = f"a word can name it too: `--select selector:{typed.selector},tag:nightly`"
                raise Misuse(message + hint, option="--selector")
            return selector_named(selectors, typed.selector)
        if words:
            return read_typed(typed.select, typed.exclude)
        default = finds_default()
        if not default:
            return None
        if not self.quiet:
            talk(f"the selector `{default}` is the default; `--select '*'` means everything")
        return selectors[default]

    def before(self) -> Manifest | None:
        """Return the manifest to compare with; raises NotFound where the folder has none."""
        return _before(self.typed.state) if self.typed.state is not None else None

    def _results(self, opens: Callable[[], Session], target: str) -> dict[str, str] | None:
        """Return how nodes fared in the run that left its results beside the other manifest.

        Without one it is the target's last run.
        """
        path = self.typed.state / RESULTS_FILE if self.typed.state is not None else None
        if path is None or not path.is_file():
            return _last_results(opens(), target)
        try:
            document = json.loads(path.read_bytes())
            return _worst((str(r["id"]), str(r["status"])) for r in document["results"])
        except (ValueError, KeyError, TypeError) as problem:
            raise BadSelection(f"`{path}` is not what a run leaves behind") from problem

    def deployed(self, opened: OpenTarget) -> frozenset[str] | None:
        """Return the same of what is deployed: nothing is compiled."""
        deployment = opened.session.state.deployment(opened.session.target.name)
        if deployment is None:
            return None
        return self.of(decode_manifest(deployment[1]), partial(_session_of, opened), opened.root)

    def deployed_in(self, *targets: OpenTarget) -> frozenset[str] | None:
        """Return the ids of what is meant in any of several targets, of what is deployed there.

        A word is said to match nothing where it does so in all of them.
        """
        selections = []
        for opened in targets:
            deployment = opened.session.state.deployment(opened.session.target.name)
            if deployment is not None:
                manifest = decode_manifest(deployment[1])
                found = self._select(manifest, partial(_session_of, opened), opened.root)
                if found is None:
                    return None
                selections.append((manifest, found))
        for manifest, found in selections[:1]:
            nowhere = [w for w in found.unmatched if all(w in s.unmatched for _, s in selections)]
            self._tell_unmatched(manifest, nowhere)
        return frozenset().union(*(found.nodes for _, found in selections))

    def _tell_unmatched(self, manifest: Manifest, unmatched: Sequence[Criterion]) -> None:
        """Say of what matches nothing what may be meant; raises NoMatch where that is an error."""
        for criterion in unmatched:
            hints = suggestions(manifest, criterion)
            message = f"`{visible(criterion.text)}`{_where(criterion)} matches no node"
            if self.strict:
                raise NoMatch(message, help=hints)
            if not self.quiet:
                talk(f"warning: {message}{f'; {hints[0]}' if hints else ''}")


def _session_of(opened: OpenTarget) -> Session:
    return opened.session


def nothing_selected(*, strict: bool, quiet: bool, why: str = "nothing is selected") -> int:
    """Say that nothing is selected, which may be a mistake; return the exit code."""
    if strict or not quiet:
        talk(f"{'error' if strict else 'warning'}: {why}, so there is nothing to do")
    return 1 if strict else 0


def _where(criterion: Criterion) -> str:
    place = criterion.place
    return f" ({place.file}:{place.start.line}:{place.start.column})" if place else ""


def _before(folder: Path) -> Manifest:
    path = folder / "manifest.json" if folder.is_dir() else folder
    try:
        return decode_manifest(path.read_bytes(), f"`{path}`")
    except OSError:
        raise NotFound(
            f"there is no manifest in `{folder}`", help=["`ffc compile` writes one to target/"]
        ) from None


def _last_results(session: Session, target: str) -> dict[str, str] | None:
    runs = session.state.runs(target, limit=1)
    if not runs:
        return None
    return _worst((result.id, result.status) for result in session.state.run_nodes(runs[0].id))


def _worst(results: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return how each node fared: a view is synced after it was built, and what failed, failed."""
    found: dict[str, str] = {}
    for name, status in results:
        if status == "error" or name not in found:
            found[name] = status
    return found


def _changed_in(root: Path) -> Callable[[str], Iterable[str]]:
    """Return what tells the project's files that differ from a git reference, new ones too."""

    def changed(reference: str) -> list[str]:
        # What looks like an option must not be one.
        wanted = ("rev-parse", "--verify", "--end-of-options", f"{reference}^{{commit}}")
        (commit,) = _git(root, wanted, "\n", lambda: _no_reference(root, reference))
        tracked = ("diff", "--name-only", "-z", "--relative", commit, "--", ".")
        fresh = ("ls-files", "--others", "--exclude-standard", "-z", "--", ".")
        return [line for command in (tracked, fresh) for line in _git(root, command)]

    return changed


def _no_reference(root: Path, name: str) -> BadSelection:
    """Return what to say of a reference that is none; raises BadSelection where git has none."""
    known = _git(root, ("for-each-ref", "--format=%(refname:short)"), "\n")
    hints = did_you_mean(name, known) or ("name a commit, a branch or a tag",)
    return BadSelection(f"git can't tell what changed: it knows no `{name}`", help=hints)


def _git(
    root: Path,
    command: Sequence[str],
    between: str = "\0",
    refused: Callable[[], BadSelection | None] = lambda: None,
) -> list[str]:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *command],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        )
    except (OSError, subprocess.SubprocessError) as problem:
        if (known := refused()) is not None:
            raise known from problem
        said = str(getattr(problem, "stderr", "") or problem).strip().splitlines()
        raise BadSelection("git can't tell what changed", help=said[:1]) from problem
    return [part for part in done.stdout.split(between) if part]
