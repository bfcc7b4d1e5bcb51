"""Compilations after an edit that stays in its place: what they end in is known from before it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from msgspec import Struct, structs

from ffc.core.facts import KEY_SIZE
from ffc.project.files import ProjectFiles
from ffc.workspace.cache import Cache, Outcome, read_from

if TYPE_CHECKING:
    from ffc.compiler.in_place import Earlier
    from ffc.compiler.outline import Outline
    from ffc.manifest.records import AnyNode, Transformation
    from ffc.sql.translation import Translation

# Where more texts than so many are others, the project is compiled as a whole.
_MOST: Final = 20


class Base(Struct, frozen=True, kw_only=True):
    """A compilation that ended well, and the hashes of the texts of transformations in it."""

    outcome: Outcome
    texts: tuple[bytes, ...]
    earlier: Earlier

    def is_of(self, settled: bytes, environment: Mapping[str, str]) -> bool:
        """Tell whether nothing but texts of transformations is another now."""
        known = self.outcome.environment
        return self.outcome.settled == settled and known == read_from(environment, known)

    def kept(self) -> object:
        """Return what of it is to be kept beside its manifest."""
        return self.texts, self.earlier.outline


class Edited(Struct, frozen=True, kw_only=True):
    """What a compilation after an edit ends in; `before` is what it was, `nodes` are others now."""

    before: Outcome
    base: Base
    nodes: list[Transformation]


class Spoilt(Struct, frozen=True, kw_only=True):
    """What a compilation ends in after an edit that is a mistake; the nodes `before`, some gone."""

    outcome: Outcome
    before: Base
    gone: frozenset[str]

    def nodes(self) -> tuple[AnyNode, ...]:
        """Return the nodes that are still understood."""
        lines = self.before.earlier.lines
        nodes = map(lines.node, range(len(lines.nodes)))
        return tuple(node for node in nodes if node.id not in self.gone)


def hashes_of(files: ProjectFiles) -> tuple[bytes, ...]:
    """Return the hashes of the texts of transformations, in their order."""
    return tuple(
        blake2b(text.encode("utf-8", "surrogatepass"), digest_size=KEY_SIZE).digest()
        for _, text in files.sql()
    )


def kept_base(cache: Cache, settled: bytes, texts: tuple[bytes, ...]) -> Base | None:
    """Return the newest kept compilation of which only a few texts are others."""
    from ffc.compiler.outline import Outline

    for outcome in cache.like(settled, os.environ):
        kept = cache.outline(outcome, tuple[tuple[bytes, ...], Outline | None])
        if kept is not None and len(_others(kept[0], texts)) <= _MOST:
            return base_of(outcome, *kept, cache.manifest(outcome))
    return None


def base_of(
    outcome: Outcome, texts: tuple[bytes, ...], outline: Outline | None, manifest: bytes | None
) -> Base | None:
    """Return what the next edit is held against; None of what has no manifest, or no outline."""
    if outline is None or manifest is None:
        return None
    from ffc.compiler.in_place import Earlier
    from ffc.manifest.lines import lines_of

    said = outcome.diagnostics
    earlier = Earlier(outline=outline, lines=lines_of(manifest), diagnostics=said)
    return Base(outcome=outcome, texts=texts, earlier=earlier)


def _others(before: tuple[bytes, ...], now: tuple[bytes, ...]) -> list[int]:
    """Return the numbers of the texts that are others."""
    return [at for at, pair in enumerate(zip(before, now, strict=True)) if pair[0] != pair[1]]


def edit(
    base: Base, key: bytes, files: ProjectFiles, texts: tuple[bytes, ...]
) -> Edited | Spoilt | None:
    """Return what a compilation ends in after an edit; None where it doesn't stay in its place.

    Nothing but texts of transformations may be another than in `base`.
    """
    others = _others(base.texts, texts)
    if len(others) > _MOST:
        return None
    from ffc.compiler.in_place import Around, Broken, edit_in_place
    from ffc.project.reader import sql_file

    offline = base.earlier.outline.target.offline
    around = Around(
        macros=files.macros(),
        environment=os.environ,
        translations=partial(_translations, offline),
    )
    sql = files.sql()
    found = edit_in_place(base.earlier, [sql_file(*sql[at]) for at in others], around)
    if found is None:
        return None
    outcome = structs.replace(base.outcome, key=key, manifest="")
    if isinstance(found, Broken):
        said = found.diagnostics
        outcome = structs.replace(outcome, ok=False, nodes=0, diagnostics=said)
        return Spoilt(outcome=outcome, before=base, gone=found.gone)
    made = Base(outcome=outcome, texts=texts, earlier=found.now)
    return Edited(before=base.outcome, base=made, nodes=found.nodes)


def _translations(offline: str) -> Mapping[str, Translation]:
    from ffc.connect.plugins import offline_adapter

    return offline_adapter(offline).translations
