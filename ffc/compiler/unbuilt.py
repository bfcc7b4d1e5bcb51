"""What is read and checked, and that no command of this version does anything with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ffc.compiler.compilation import Compilation
from ffc.core.diagnostics import Position, Span, warning
from ffc.core.names import node_id

_SAID: Final = {
    "on_demand": "`on_demand:` features are checked here, but no command of this version of ffc "
    "computes them",
    "models": "`models:` are checked, listed and recorded, but no command of this version of ffc "
    "serves them",
    "unit_tests": "`unit_tests:` are checked here, but no command of this version of ffc runs them",
}


def warn_unbuilt(state: Compilation) -> None:
    """Warn once of each key that is read and not built, at the first place that is right."""
    wrong: dict[str, list[Position]] = {}
    for said in state.diagnostics:
        if said.severity == "error":
            wrong.setdefault(said.span.file, []).append(said.span.start)
    places: dict[str, list[Span]] = {}
    for key, place, whole in _places(state):
        if not any(whole.start <= p < whole.end for p in wrong.get(whole.file, ())):
            places.setdefault(key, []).append(place)
    for key, found in places.items():
        first, *others = sorted(found, key=lambda span: (span.file, span.start))
        count = f"{len(others)} more place{'' if len(others) == 1 else 's'}"
        hints = [f"and {count}"] if others else []
        state.say("", warning("FF115", _SAID[key], first, help=hints))


def _places(state: Compilation) -> Iterator[tuple[str, Span, Span]]:
    """Yield every key that is not built, its place, and where mistakes in it would be."""
    resources = state.resources
    yield from (("models", m.at("name"), m.at.whole) for m in resources.models)
    yield from (("unit_tests", t.at("name"), t.at.whole) for t in resources.unit_tests)
    for feature in resources.on_demand:
        if node_id("on_demand", feature.name, feature.variant) not in state.unbuilt:
            yield "on_demand", feature.at("name"), feature.at.whole
