"""What compiling a project ends in: known from before, found after an edit, or worked out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache as once
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, structs

from ffc.core.diagnostics import Diagnostic
from ffc.core.facts import Facts
from ffc.project.files import ProjectFiles
from ffc.workspace.cache import Cache, Outcome, read_from
from ffc.workspace.editing import Base, Edited, Spoilt, base_of, edit, hashes_of, kept_base

if TYPE_CHECKING:
    from ffc.connect.profiles import ChosenTarget
    from ffc.manifest.records import AnyNode, Manifest


class Ended(Struct, frozen=True, kw_only=True):
    """What a compilation ended in; its manifest also as it is written, without which it has none.

    `loads_base` is called for what the next edit is held against, which is None where the project
    doesn't compile. Where an edit stayed `in_place`, only what it changed was looked at, and
    `edited` tells what that is, if it is right.
    """

    outcome: Outcome
    loads_manifest: Callable[[], Manifest | None]
    loads_encoded: Callable[[], bytes | None]
    loads_nodes: Callable[[], tuple[AnyNode, ...]]
    loads_base: Callable[[], Base | None]
    edited: Edited | None = None
    in_place: bool = False


class Work(Struct, frozen=True, kw_only=True):
    """What is to be compiled, and what is known: `facts` and a `base` go before the cache."""

    root: Path
    files: ProjectFiles
    problems: list[Diagnostic]
    profiles: list[object]
    profiles_dir: Path | None
    target: str | None
    given: Mapping[str, object]
    cache: Cache
    facts: Facts | None = None
    base: Base | None = None

    def ended(self) -> Ended:
        """Return what compiling this ends in; only what nothing tells is worked out."""
        texts = hashes_of(self.files)
        others = (self.files.but_sql(), self.problems, str(self.root), self.profiles)
        settled = self.cache.key(*others, self.target, self.given)
        key = self.cache.key(settled, texts)
        known = self.cache.outcome(key, os.environ)
        if known is not None:
            return self._known(known, settled, texts)
        from ffc.compiler.scratch import prepare_scratch

        prepare_scratch()  # it is opened while the rest of the compiler is loaded
        return self._edited(key, settled, texts) or self._whole(key, settled, texts)

    def chosen(self) -> ChosenTarget | None:
        """Return the target that this is compiled for; None where it is not known."""
        from ffc.workspace.compiling import find_target

        return find_target(self.root, self.files, self.profiles_dir, self.target)[0]

    def _known(self, outcome: Outcome, settled: bytes, texts: tuple[bytes, ...]) -> Ended:
        whole = once(lambda: self._whole(outcome.key, settled, texts))

        def manifest() -> Manifest | None:
            found = encoded()
            return decoded(found) if found is not None else None

        @once
        def encoded() -> bytes | None:
            found = self.cache.manifest(outcome) if outcome.ok else None
            return found or whole().loads_encoded()

        return Ended(
            outcome=outcome,
            loads_manifest=once(manifest),
            loads_encoded=encoded,
            loads_nodes=once(lambda: whole().loads_nodes()),
            loads_base=once(lambda: whole().loads_base()),
        )

    def _edited(self, key: bytes, settled: bytes, texts: tuple[bytes, ...]) -> Ended | None:
        base = self.base
        if base is None and self.cache.keeps:
            base = kept_base(self.cache, settled, texts)
        elif base is not None and not base.is_of(settled, os.environ):
            base = None
        edited = edit(base, key, self.files, texts) if base is not None else None
        if edited is None:
            return None
        if isinstance(edited, Spoilt):
            return self._spoilt(edited)
        base, encoded = edited.base, once(edited.base.earlier.lines.encoded)
        outcome = base.outcome
        if self.cache.keeps:
            outcome = self.cache.keep(outcome, encoded(), base.kept())
        manifest = once(lambda: decoded(encoded()))
        return Ended(
            outcome=outcome,
            loads_manifest=manifest,
            loads_encoded=encoded,
            loads_nodes=lambda: manifest().nodes,
            loads_base=lambda: structs.replace(base, outcome=outcome),
            edited=edited,
            in_place=True,
        )

    def _spoilt(self, found: Spoilt) -> Ended:
        outcome = self.cache.keep(found.outcome, None) if self.cache.keeps else found.outcome
        return Ended(
            outcome=outcome,
            loads_manifest=lambda: None,
            loads_encoded=lambda: None,
            loads_nodes=once(found.nodes),
            loads_base=lambda: None,
            in_place=True,
        )

    def _whole(self, key: bytes, settled: bytes, texts: tuple[bytes, ...]) -> Ended:
        from ffc.manifest.lines import encode_manifest
        from ffc.workspace.compiling import compile_files

        facts = self.facts or self.cache.facts()
        read = (self.files, self.problems)
        chosen, made = compile_files(
            self.root, read, self.profiles_dir, self.target, self.given, facts
        )
        outcome = Outcome(
            key=key,
            settled=settled,
            environment=read_from(os.environ, made.environment),
            diagnostics=made.diagnostics,
            target=chosen.name if chosen is not None else "",
            nodes=len(made.nodes) if made.ok else 0,
            ok=made.ok,
        )

        @once
        def encoded() -> bytes | None:
            return encode_manifest(made.manifest) if made.manifest is not None else None

        if self.cache.keeps:
            self.cache.keep_facts(facts)
            outcome = self.cache.keep(outcome, encoded(), (texts, made.outline))
        return Ended(
            outcome=outcome,
            loads_manifest=lambda: made.manifest,
            loads_encoded=encoded,
            loads_nodes=lambda: made.nodes,
            loads_base=once(lambda: base_of(outcome, texts, made.outline, encoded())),
        )


def decoded(encoded: bytes) -> Manifest:
    """Return a manifest that was written by this ffc."""
    from ffc.manifest.records import Manifest

    manifest: Manifest = msgspec.json.decode(encoded, type=Manifest)
    return manifest
