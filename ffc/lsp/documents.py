"""What is found, as the protocol has it: diagnostics, suggestions, symbols."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from lsprotocol import types

from ffc.compiler.catalog import WORDS, Entry
from ffc.core.diagnostics import Diagnostic, Span
from ffc.lsp.completing import Suggestion
from ffc.lsp.declared import Part
from ffc.lsp.hovering import signature
from ffc.lsp.positions import Places, uri_of

_SEVERITY: Final = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
}
_SORTS: Final[Mapping[str, types.CompletionItemKind]] = {
    "resource": types.CompletionItemKind.Reference,
    "column": types.CompletionItemKind.Field,
    "key": types.CompletionItemKind.Property,
    "word": types.CompletionItemKind.EnumMember,
    "function": types.CompletionItemKind.Function,
    "variable": types.CompletionItemKind.Variable,
}
_SYMBOLS: Final[Mapping[str, types.SymbolKind]] = {
    "source": types.SymbolKind.Struct,
    "transformation": types.SymbolKind.Function,
    "entity": types.SymbolKind.Key,
    "feature_view": types.SymbolKind.Class,
    "label": types.SymbolKind.Event,
    "training_set": types.SymbolKind.Array,
    "on_demand": types.SymbolKind.Operator,
    "model": types.SymbolKind.Object,
    "unit_test": types.SymbolKind.Method,
}


class Locations:
    """The files of a project with their addresses, and the places in them."""

    def __init__(self, root: Path, texts: Mapping[str, str]) -> None:
        self._root = root
        self._texts = texts
        self._places: dict[str, Places] = {}

    def uri(self, file: str) -> str:
        """Return the address of a file that messages name: from the root, or from home."""
        return uri_of(Path(file).expanduser() if file.startswith("~") else self._root / file)

    def range(self, span: Span) -> types.Range:
        """Return a span as a range of its file."""
        if span.file not in self._places:
            self._places[span.file] = Places(self._texts.get(span.file, ""))
        return self._places[span.file].range(span)

    def location(self, span: Span) -> types.Location:
        """Return a span with its file's address."""
        return types.Location(uri=self.uri(span.file), range=self.range(span))


def diagnostics_by_uri(
    found: Sequence[Diagnostic], locations: Locations
) -> dict[str, list[types.Diagnostic]]:
    """Return diagnostics by the address of the file that each is about."""
    told: dict[str, list[types.Diagnostic]] = {}
    for each in found:
        told.setdefault(locations.uri(each.span.file), []).append(_diagnostic(each, locations))
    return told


def _diagnostic(found: Diagnostic, locations: Locations) -> types.Diagnostic:
    label = f": {found.span.label}" if found.span.label else ""
    lines = [f"{found.message}{label}", *(f"help: {line}" for line in found.help)]
    return types.Diagnostic(
        range=locations.range(found.span),
        message="\n".join(lines),
        severity=_SEVERITY[found.severity],
        code=found.code,
        source="ffc",
        related_information=[
            types.DiagnosticRelatedInformation(
                location=locations.location(span), message=span.label or "see here"
            )
            for span in found.related
        ],
    )


def completion_list(found: Iterable[Suggestion], places: Places) -> types.CompletionList:
    """Return suggestions in their order, each written over what was typed."""
    return types.CompletionList(
        is_incomplete=False,
        items=[
            types.CompletionItem(
                label=each.label,
                kind=_SORTS[each.sort],
                detail=each.detail or None,
                documentation=each.about or None,
                sort_text=f"{number:05}",
                filter_text=each.label,
                text_edit=types.TextEdit(
                    range=places.between(each.start, each.end), new_text=each.text
                ),
            )
            for number, each in enumerate(found)
        ],
    )


def symbols(
    entries: Iterable[Entry], parts: Sequence[Part], locations: Locations
) -> list[types.DocumentSymbol]:
    """Return what a file declares, columns and features below what they are of."""
    found = []
    for entry in entries:
        within = locations.range(entry.span)
        children = [
            types.DocumentSymbol(
                name=part.name,
                detail=part.type,
                kind=types.SymbolKind.Field,
                range=locations.range(part.span),
                selection_range=locations.range(part.span),
            )
            for part in parts
            if part.owner == entry.id
        ]
        last = max([within.end, *(c.range.end for c in children)], key=_order)
        found.append(
            types.DocumentSymbol(
                name=signature(entry),
                detail=WORDS[entry.kind],
                kind=_SYMBOLS[entry.kind],
                range=types.Range(start=within.start, end=last),
                selection_range=within,
                children=children,
            )
        )
    return found


def _order(position: types.Position) -> tuple[int, int]:
    return position.line, position.character
