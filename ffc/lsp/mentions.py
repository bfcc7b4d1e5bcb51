"""What a place in a file speaks of: a resource, a column, a macro, a variable, a key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from ffc.compiler.catalog import LISTED_AS, Entry
from ffc.core.diagnostics import Span
from ffc.core.lines import Lines
from ffc.lsp.knowledge import RELATIONS, Known
from ffc.lsp.sql_places import call_at, calls, in_template, is_said, word_at
from ffc.lsp.yaml_places import Level, YamlPlace, levels_above, yaml_place

About = Literal["node", "column", "macro", "variable", "key"]
# What a value means, by the keys that lead to it; `*` is any key.
MEANINGS: Final[Mapping[tuple[str, ...], str]] = {
    ("feature_views", "entity"): "entity",
    ("feature_views", "source"): "relation",
    ("feature_views", "timestamp"): "column",
    ("feature_views", "created"): "column",
    ("feature_views", "keys", "*"): "column",
    ("feature_views", "features", "column"): "column",
    ("feature_views", "features", "name"): "feature",
    ("feature_views", "features", "aggregate", "column"): "column",
    ("feature_views", "features", "aggregate", "where"): "where",
    ("labels", "source"): "relation",
    ("labels", "column"): "column",
    ("labels", "timestamp"): "column",
    ("labels", "entities", "*"): "column",
    ("labels", "entities", "*", "entity"): "entity",
    ("labels", "entities", "*", "keys"): "column",
    ("training_sets", "label"): "label",
    ("training_sets", "features"): "pick",
    ("training_sets", "features", "feature"): "pick",
    ("training_sets", "include"): "label_column",
    ("models", "training_set"): "training_set",
    ("models", "features"): "pick",
    ("on_demand", "sql"): "picks",
    ("transformations", "name"): "transformation",
    ("transformations", "columns", "name"): "own_column",
    ("sources", "tables", "name"): "table",
    ("sources", "tables", "columns", "name"): "own_column",
    ("unit_tests", "of"): "relation_name",
    ("unit_tests", "given", "input"): "relation",
}
_PICK: Final = re.compile(r"([A-Za-z]\w*(?:@\w+)?)\.(\w+|\*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """What is spoken of: a node, a column of one, or something else by its name.

    `start` and `end` are the place of the word in the file.
    """

    about: About
    start: int
    end: int
    name: str
    entry: Entry | None = None
    path: tuple[str, ...] = ()


def mention(known: Known, file: str, text: str, offset: int) -> Mention | None:
    """Return what a place in a file speaks of."""
    if file.lower().endswith(".sql"):
        return _in_sql(known, file, text, offset)
    return _in_yaml(known, text, offset)


def meaning(path: tuple[str, ...], key: str) -> str:
    """Return what a value means, by the keys that lead to it."""
    full = (*path, key)
    for pattern, found in MEANINGS.items():
        if len(pattern) == len(full) and all(
            p in ("*", k) for p, k in zip(pattern, full, strict=True)
        ):
            return found
    if key == "name" and len(path) == 1 and path[0] in LISTED_AS:
        return "own"
    return ""


def place_of(known: Known, found: Mention) -> Span | None:
    """Return where what is mentioned is declared."""
    if found.about == "macro":
        return known.macros[found.name].span
    if found.about == "variable":
        return known.variables.get(found.name)
    if found.entry is None:
        return None
    if found.about == "node":
        return found.entry.span
    part = known.parts.get((found.entry.id, found.name))
    if part is not None and found.entry.kind != "transformation":
        return part.span
    return _written(known, found.entry, found.name) or (part.span if part else found.entry.span)


def source_of_item(known: Known, level: Level) -> Entry | None:
    """Return the relation of the feature view or the label that a place belongs to."""
    for each in levels_above(level):
        if each.path in (("feature_views",), ("labels",)):
            return known.relation(each.values.get("source", ""))
    return None


def owner_of_item(known: Known, level: Level) -> Entry | None:
    """Return the transformation or the source table whose columns a place describes."""
    found = list(levels_above(level))
    for index, each in enumerate(found):
        name = each.values.get("name", "")
        if each.path == ("transformations",):
            variant = each.values.get("variant")
            return known.find(f"{name}@{variant}" if variant else name, "transformation")
        if each.path == ("sources", "tables") and index + 1 < len(found):
            return known.source(found[index + 1].values.get("name", ""), name)
    return None


def label_of_item(known: Known, level: Level) -> Entry | None:
    """Return the label of the training set that a place belongs to."""
    for each in levels_above(level):
        if each.path == ("training_sets",):
            return known.find(each.values.get("label", ""), "label")
    return None


def relations_in(known: Known, text: str) -> list[tuple[str, Entry]]:
    """Return what a query reads, each with the name that it has there."""
    found = []
    for call in calls(text):
        entry = known.called(call.function, call.words)
        if entry is not None:
            found.append((call.alias, entry))
    return found


def _in_sql(known: Known, file: str, text: str, offset: int) -> Mention | None:
    called = call_at(text, offset)
    if called is not None:
        call, number = called
        start, end = call.places[number]
        if call.function == "var":
            return Mention(about="variable", start=start, end=end, name=call.words[0])
        entry = known.called(call.function, call.words)
        return _node(entry, start, end)
    word = word_at(text, offset)
    if word is None:
        return None
    if in_template(text, offset):
        known_macro = word.text in known.macros
        return _named("macro", word.text, word.start, word.end) if known_macro else None
    if is_said(text, word.start):
        return None
    relations = relations_in(known, text)
    aliased = {alias.lower(): entry for alias, entry in relations if alias}
    if not word.before and word.text.lower() in aliased:
        return _node(aliased[word.text.lower()], word.start, word.end)
    owner = aliased.get(word.before.lower())
    among = [owner] if owner else [entry for _, entry in relations]
    own = next((e for e in known.entries.values() if e.span.file == file), None)
    return _column(known, [*among, *([own] if own else [])], word.text, word.start, word.end)


def _in_yaml(known: Known, text: str, offset: int) -> Mention | None:
    place = yaml_place(text, offset)
    if not place.word:
        return None
    if not place.key:
        if place.path == ("labels", "entities"):
            return _node(known.find(place.word, "entity"), place.start, place.end)
        return Mention(
            about="key", start=place.start, end=place.end, name=place.word, path=place.path
        )
    return _value(known, place, text, offset)


def _value(known: Known, place: YamlPlace, text: str, offset: int) -> Mention | None:
    said, start, end = meaning(place.path, place.key), place.start, place.end
    if said in ("entity", "label", "training_set", "transformation"):
        return _node(known.find(place.word, said), start, end)
    if said == "relation":
        return _node(known.relation(place.word), start, end)
    if said == "relation_name":
        return _node(known.relation(place.word) or known.find(place.word, *RELATIONS), start, end)
    if said == "own":
        variant = place.level.values.get("variant")
        name = f"{place.word}@{variant}" if variant else place.word
        return _node(known.find(name, LISTED_AS[place.path[0]]), start, end)
    if said == "table":
        return _node(owner_of_item(known, place.level), start, end)
    if said in ("pick", "picks"):
        return _picked(known, said, place, text, offset)
    return _yaml_column(known, said, place, text, offset)


def _yaml_column(
    known: Known, said: str, place: YamlPlace, text: str, offset: int
) -> Mention | None:
    if said == "feature" and place.level.values.get("column"):
        return None
    if said in ("column", "feature", "where"):
        owner = source_of_item(known, place.level)
    elif said == "own_column":
        owner = owner_of_item(known, place.level)
    elif said == "label_column":
        label = label_of_item(known, place.level)
        owner = known.source_of(label.id) if label else None
    else:
        return None
    word = word_at(text, offset) if said == "where" else None
    name, start, end = (
        (word.text, word.start, word.end) if word else (place.word, place.start, place.end)
    )
    return _column(known, [owner] if owner else [], name, start, end)


def _picked(known: Known, said: str, place: YamlPlace, text: str, offset: int) -> Mention | None:
    """Return the view or the feature of a pick, or the on-demand feature."""
    for found in _PICK.finditer(text, place.start, place.end):
        if not found.start() <= offset <= found.end():
            continue
        view = known.find(found[1], "feature_view")
        if offset <= found.end(1) or found[2] == "*":
            return _node(view, *found.span(1))
        return _column(known, [view] if view else [], found[2], *found.span(2))
    if said == "pick":
        return _node(known.find(place.word, "on_demand"), place.start, place.end)
    return None


def _node(entry: Entry | None, start: int, end: int) -> Mention | None:
    if entry is None:
        return None
    return Mention(about="node", start=start, end=end, name=entry.name, entry=entry)


def _named(about: About, name: str, start: int, end: int) -> Mention:
    return Mention(about=about, start=start, end=end, name=name)


def _column(known: Known, among: list[Entry], name: str, start: int, end: int) -> Mention | None:
    """Return the column of the first relation that has one of this name, case aside."""
    for entry in among:
        for column in known.columns(entry.id):
            if column.name.lower() == name.lower():
                return Mention(about="column", start=start, end=end, name=column.name, entry=entry)
    return None


def _written(known: Known, entry: Entry, column: str) -> Span | None:
    """Return where a transformation's query gives a column its name."""
    text = known.files.texts.get(entry.span.file)
    if text is None or entry.kind != "transformation":
        return None
    name = re.escape(column)
    lines = Lines(entry.span.file, text)
    for pattern in (rf"\bas\s+({name})\b", rf"(?<![\w'.])(?:\w+\.)?({name})\b(?!\s*\()"):
        for found in re.finditer(pattern, text, re.IGNORECASE):
            if not is_said(text, found.start(1)):
                return lines.span(*found.span(1))
    return None
