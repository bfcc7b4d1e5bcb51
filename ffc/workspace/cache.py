"""What earlier compilations found, in `target/facts/`: outcomes, manifests, facts.

An outcome is what compiling a project ended in, by the hash of all that a compilation reads: the
files, profiles.yml, the target and the variables that were asked for, what is installed. Where that
hash is known nothing is compiled. Where only texts of transformations are others than those of an
outcome, its outline may tell that nothing else is (`ffc/compiler/in_place.py`). Where that isn't so
the facts that were found before are found again (`ffc/core/facts.py`), and only what no fact tells
is worked out.

The index of outcomes is small and always read; manifests, outlines and facts are read when they are
needed.
Every file is written whole and says what its bytes must hash to: one that is damaged, or that
another ffc wrote, is as good as none. Processes may share the folder: the last one to write wins,
and what is lost is only worked out again. Where nothing can be written nothing is kept.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from ffc.core.diagnostics import Diagnostic
from ffc.core.errors import StoreError
from ffc.core.facts import Facts, key_of
from ffc.core.files import write_atomically

T = TypeVar("T")

FOLDER: Final = ("target", "facts")
_PACKAGE: Final = Path(__file__).parents[1]
_DIGEST: Final = 32
_FACTS: Final = "facts"
# What was found since those were written: an eighth of their bytes at most, or so many.
_RECENT: Final = "facts-recent"
_FEW: Final = 64 * 1024
Known = dict[bytes, bytes]
# So many outcomes are kept, those of other targets and of what was undone again.
_OUTCOMES: Final = 4
# Facts that were not asked for are kept up to so many bytes more than those that were.
_SPARE: Final = 8 * 1024 * 1024


class Outcome(Struct, frozen=True, kw_only=True):
    """What a compilation ended in; `nodes` is their number, `manifest` the name of what was kept.

    `environment` are the variables that templates read, each with the hash of its value; `settled`
    is the hash of all that was compiled but the texts of transformations.
    """

    key: bytes
    settled: bytes = b""
    environment: Mapping[str, bytes]
    diagnostics: tuple[Diagnostic, ...]
    target: str = ""
    manifest: str = ""
    nodes: int = 0
    ok: bool = False


class _Index(Struct, frozen=True, kw_only=True):
    """The outcomes, the newest first; `written` is the manifest and the state of what was written.

    The latter is as `Looks` tells it.
    """

    outcomes: tuple[Outcome, ...] = ()
    written: tuple[str, bytes] = ("", b"")


class Cache:
    """The cache of one project's folder; without a folder nothing is found and nothing is kept."""

    def __init__(self, root: Path | None) -> None:
        self._folder = root.joinpath(*FOLDER) if root is not None else None
        self._made_by = _made_by() if root is not None else b""
        self._index = self._read("index", _Index) or _Index()
        self._recent: Known = {}
        self._most_recent = _FEW

    @property
    def keeps(self) -> bool:
        """Whether anything is kept."""
        return self._folder is not None

    def key(self, *parts: object) -> bytes:
        """Return the key of a compilation of what these are."""
        return key_of(self._made_by, parts)

    def outcome(self, key: bytes, environment: Mapping[str, str]) -> Outcome | None:
        """Return what a compilation ended in, if it is known."""
        for outcome in self._index.outcomes:
            if outcome.key == key and outcome.environment == read_from(
                environment, outcome.environment
            ):
                return outcome
        return None

    def like(self, settled: bytes, environment: Mapping[str, str]) -> Iterator[Outcome]:
        """Yield outcomes that ended well, of which only texts may be others; the newest first."""
        for each in self._index.outcomes:
            same = each.environment == read_from(environment, each.environment)
            if each.ok and each.settled == settled and same:
                yield each

    def manifest(self, outcome: Outcome) -> bytes | None:
        """Return an outcome's manifest as JSON, if it is still there."""
        return self._body(f"manifest-{outcome.manifest}")

    def outline(self, outcome: Outcome, kind: type[T]) -> T | None:
        """Return what was kept of an outcome beside its manifest, if it is still there."""
        return self._read(f"outline-{outcome.manifest}", kind)

    def facts(self) -> Facts:
        """Return the facts that are known."""
        self._recent = self._read(_RECENT, Known) or {}
        older = self._read(_FACTS, Known) or {}
        self._most_recent = max(_FEW, sum(map(len, older.values())) // 8)
        return Facts(older | self._recent)

    def keep(self, found: Outcome, manifest: bytes | None, outline: object = None) -> Outcome:
        """Note what a compilation ended in, its manifest as JSON, and its outline.

        Returns the outcome with the name of the manifest.
        """
        outcome = found
        if manifest is not None:
            named = key_of(found.key, found.environment).hex()
            outcome = msgspec.structs.replace(found, manifest=named)
            self._write(f"manifest-{named}", manifest)
            self._write(f"outline-{named}", _encoded(outline))
        others = [known for known in self._index.outcomes if known.key != outcome.key]
        outcomes = (outcome, *others[: _OUTCOMES - 1])
        self._note(msgspec.structs.replace(self._index, outcomes=outcomes))
        self._forget(known.manifest for known in outcomes)
        return outcome

    def keep_facts(self, facts: Facts) -> None:
        """Store what was found: with what was found lately, or all anew when that is much."""
        found = facts.found_anew()
        if not found:
            return
        recent = self._recent | found
        if sum(map(len, recent.values())) <= self._most_recent:
            self._write(_RECENT, _encoded(recent))
        else:
            self._write(_FACTS, _encoded(facts.kept(_SPARE)))
            self._write(_RECENT, _encoded({}))

    def was_written(self, outcome: Outcome, state: Callable[[], bytes]) -> bool:
        """Tell whether an outcome's manifest was written last, and lies there still."""
        manifest, before = self._index.written
        known = bool(before) and outcome.ok and outcome.manifest == manifest
        return known and before == state()

    def keep_written(self, outcome: Outcome, state: bytes) -> None:
        """Note which manifest was written."""
        if self._folder is not None:
            written = (outcome.manifest, state)
            self._note(msgspec.structs.replace(self._index, written=written))

    def _note(self, index: _Index) -> None:
        self._index = index
        self._write("index", _encoded(index))

    def _forget(self, known: Iterable[str]) -> None:
        """Delete the manifests and outlines of outcomes that are not kept."""
        assert self._folder is not None
        names = set(known)
        with suppress(OSError):
            for path in self._folder.glob("*-*"):
                kind, _, name = path.name.partition("-")
                if kind in ("manifest", "outline") and name not in names:
                    path.unlink(missing_ok=True)

    def _read(self, name: str, kind: type[T]) -> T | None:
        body = self._body(name)
        return msgspec.msgpack.decode(body, type=kind) if body is not None else None

    def _body(self, name: str) -> bytes | None:
        """Return what a file holds; None of one that is not there, is damaged, or another ffc's."""
        if self._folder is None:
            return None
        try:
            with (self._folder / name).open("rb", buffering=0) as file:
                digest, body = file.read(_DIGEST), file.readall()
        except OSError:
            return None
        return body if digest == self._digest(body) else None

    def _write(self, name: str, body: bytes) -> None:
        assert self._folder is not None
        with suppress(StoreError):  # it is only slower without
            write_atomically(self._folder / name, self._digest(body), body)

    def _digest(self, body: bytes) -> bytes:
        return blake2b(body, digest_size=_DIGEST, key=self._made_by).digest()


def _encoded(value: object) -> bytes:
    return msgspec.msgpack.encode(value)


def read_from(environment: Mapping[str, str], names: Iterable[str]) -> dict[str, bytes]:
    """Return the hashes of variables of the environment, of those that are not there too."""
    return {name: key_of(environment.get(name)) for name in names}


class Looks:
    """How the files that a compilation writes look from outside, all looked at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._compiled = {path: look for path, *look in _looks(folder / "compiled", "")}

    def state(self) -> bytes:
        """Return the hash of it; nothing where there is no manifest."""
        try:
            manifest = _look((self._folder / "manifest.json").stat())
        except OSError:
            return b""
        return key_of(list(self._compiled.items()), manifest)

    def after(self, names: Iterable[str]) -> bytes:
        """Return the hash of it now that these files, which were there, and the manifest are new.

        What others wrote meanwhile is not in it: so it is noticed the next time.
        """
        for name in names:
            path = self._folder / "compiled" / name
            self._compiled[str(path)] = list(_look(path.stat()))
        return self.state()


def _look(looked: os.stat_result) -> tuple[int, int, int]:
    return looked.st_size, looked.st_mtime_ns, looked.st_ino


def _looks(path: Path | str, suffix: str) -> Iterator[tuple[str, int, int, int]]:
    """Yield the path, the size, the time and the number of each file of a folder, however deep."""
    try:
        with os.scandir(path) as scanned:
            entries = sorted(scanned, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _looks(entry.path, suffix)
        elif entry.name.endswith(suffix):
            yield entry.path, *_look(entry.stat())


def _made_by() -> bytes:
    """Return the hash of what compiles: Python, what is installed, and ffc's own files."""
    folders = [folder for folder in map(Path, sys.path) if folder.name.endswith("-packages")]
    installed = [sorted(path.name for path in each.glob("*.dist-info")) for each in folders]
    return key_of(sys.version, installed, list(_looks(_PACKAGE, ".py")))
