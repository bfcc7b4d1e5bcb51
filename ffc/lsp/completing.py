"""What could be written at a place: names, columns, keys, words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from ffc.compiler.catalog import WORDS, Entry
from ffc.compiler.settings import CHOICES, SETTINGS
from ffc.lsp.hovering import signature
from ffc.lsp.keys import keys_at, values_at
from ffc.lsp.knowledge import RELATIONS, Known
from ffc.lsp.mentions import (
    label_of_item,
    meaning,
    owner_of_item,
    relations_in,
    source_of_item,
)
from ffc.lsp.sql_places import in_template, is_said, open_call, typed_word
from ffc.lsp.yaml_places import YamlPlace, yaml_place
from ffc.manifest.records import Column
from ffc.project.jinja.functions import FUNCTIONS, VALUES

Sort = Literal["resource", "column", "key", "word", "function", "variable"]
_CONFIG: Final = "config("


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What could be written: its name, what it is, and the text that stands for it.

    `start` and `end` are the place of what it is written over.
    """

    label: str
    sort: Sort
    detail: str = ""
    about: str = ""
    text: str = ""
    start: int = 0
    end: int = 0


def complete(known: Known, file: str, text: str, offset: int) -> list[Suggestion]:
    """Return what could be written at a place of a file, the likeliest first."""
    if file.lower().endswith(".sql"):
        found, start, end = _in_sql(known, text, offset)
    else:
        found, start, end = _in_yaml(known, file, text, offset)
    once = {each.label: each for each in reversed(list(found))}
    return [_placed(each, start, end) for each in reversed(list(once.values()))]


def _placed(each: Suggestion, start: int, end: int) -> Suggestion:
    return Suggestion(
        label=each.label,
        sort=each.sort,
        detail=each.detail,
        about=each.about,
        text=each.text or each.label,
        start=start,
        end=end,
    )


def _in_sql(known: Known, text: str, offset: int) -> tuple[Iterable[Suggestion], int, int]:
    before = text[text.rfind("\n", 0, offset) + 1 : offset]
    call = open_call(before)
    if call is not None:
        start = offset - len(call.typed)
        return _called(known, call.function, call.first, call.second), start, offset
    owner, typed = typed_word(before)
    start = offset - len(typed)
    if in_template(text, offset):
        opened = text.rfind("{{", 0, offset)
        inside = _CONFIG in text[opened:offset] and opened >= 0
        return (_settings() if inside else _functions(known)), start, offset
    if is_said(text, offset):
        return (), offset, offset
    return _sql_columns(known, text, owner), start, offset


def _called(known: Known, function: str, first: str, second: bool) -> Iterator[Suggestion]:
    """Yield what may stand in a call's word."""
    if function == "ref" and not second:
        yield from _resources(known, *RELATIONS)
    elif function == "var" and not second:
        yield from (Suggestion(label=name, sort="variable") for name in sorted(known.variables))
    elif function == "source":
        for entry in known.of_kind("source"):
            group, _, table = entry.name.partition(".")
            if not second:
                yield Suggestion(label=group, sort="resource", detail="source group")
            elif group == first:
                yield Suggestion(label=table, sort="resource", detail=f"source table of {group}")


def _resources(known: Known, *kinds: str) -> Iterator[Suggestion]:
    for entry in known.of_kind(*kinds):
        yield Suggestion(
            label=signature(entry),
            sort="resource",
            detail=WORDS[entry.kind],
            about=_about(known, entry),
        )


def _about(known: Known, entry: Entry) -> str:
    told = known.nodes.get(entry.id) or known.records.get(entry.id)
    return getattr(told, "description", "") or ""


def _settings() -> Iterator[Suggestion]:
    """Yield what `config()` takes, and the values of those that are words."""
    for name in SETTINGS:
        yield Suggestion(label=name, sort="key", detail="setting", text=f"{name}=")
        for value in CHOICES.get(name, ()):
            yield Suggestion(label=f"{name}='{value}'", sort="key", detail="setting")


def _functions(known: Known) -> Iterator[Suggestion]:
    yield from (Suggestion(label=name, sort="function", detail="ffc") for name in FUNCTIONS)
    for macro in known.macros.values():
        detail = f"macro ({macro.arguments})"
        yield Suggestion(label=macro.name, sort="function", detail=detail, about=macro.span.file)
    yield from (Suggestion(label=name, sort="variable", detail="ffc") for name in VALUES)


def _sql_columns(known: Known, text: str, owner: str) -> Iterator[Suggestion]:
    """Yield the columns of what a query reads; after `name.` those of that relation."""
    relations = relations_in(known, text)
    named = [entry for alias, entry in relations if owner and alias.lower() == owner.lower()]
    for entry in named or [entry for _, entry in relations]:
        yield from _columns(known.columns(entry.id), entry)
    if not owner:
        for alias, entry in relations:
            if alias:
                yield Suggestion(label=alias, sort="variable", detail=signature(entry))


def _columns(columns: Iterable[Column], entry: Entry) -> Iterator[Suggestion]:
    for column in columns:
        type_ = column.type or column.native
        yield Suggestion(
            label=column.name,
            sort="column",
            detail=f"{type_} of {signature(entry)}".strip(),
            about=column.description,
        )


def _in_yaml(
    known: Known, file: str, text: str, offset: int
) -> tuple[Iterable[Suggestion], int, int]:
    place = yaml_place(text, offset)
    call = open_call(text[text.rfind("\n", 0, offset) + 1 : offset])
    if call is not None:
        start = offset - len(call.typed)
        return _called(known, call.function, call.first, call.second), start, offset
    if not place.key:
        return [*_keys(file, place.path, place, text)], place.start, place.end
    if meaning(place.path, place.key) in ("picks", "where"):
        owner, typed = typed_word(text[place.start : offset])
        return _in_expression(known, place, owner), offset - len(typed), offset
    found = [*_values(known, file, place)]
    if place.item:
        found += _keys(file, (*place.path, place.key), None, text)
    # A word is written over whole; what stands after the cursor in a long value stays.
    return found, place.start, place.end if " " not in place.word else offset


def _keys(
    file: str, path: tuple[str, ...], place: YamlPlace | None, text: str
) -> Iterator[Suggestion]:
    """Yield the keys that are not there yet, those that must be there first."""
    there = set(place.level.values) - {place.word} if place is not None else set()
    colon = place is not None and text[place.end : place.end + 1] == ":"
    for key in sorted(keys_at(file, path), key=lambda each: not each.required):
        if key.name not in there:
            must = "required: " if key.required else ""
            yield Suggestion(
                label=key.name,
                sort="key",
                detail=f"{must}{key.holds}",
                about=key.about,
                text=key.name if colon else f"{key.name}: ",
            )


def _in_expression(known: Known, place: YamlPlace, owner: str) -> Iterator[Suggestion]:
    if meaning(place.path, place.key) == "where":
        source = source_of_item(known, place.level)
        if source is not None:
            yield from _columns(known.columns(source.id), source)
        return
    view = known.find(owner, "feature_view") if owner else None
    if view is not None:
        yield from _columns(known.features(view.id), view)
    elif not owner:
        yield from _resources(known, "feature_view")
        yield Suggestion(label="request", sort="variable", detail="what a request says")


def _values(known: Known, file: str, place: YamlPlace) -> Iterator[Suggestion]:
    """Yield what a value could be, by what it means."""
    said = meaning(place.path, place.key)
    if said in ("entity", "label", "training_set", "transformation"):
        yield from _resources(known, said)
    elif said == "relation_name":
        yield from _resources(known, *RELATIONS)
    elif said == "relation":
        yield from _relations(known)
    elif said == "pick":
        yield from _picks(known)
    elif said in ("column", "feature"):
        yield from _of(known, source_of_item(known, place.level))
    elif said == "own_column":
        yield from _of(known, owner_of_item(known, place.level))
    elif said == "label_column":
        label = label_of_item(known, place.level)
        yield from _of(known, known.source_of(label.id) if label else None)
    for word in values_at(file, (*place.path, place.key)):
        yield Suggestion(label=word, sort="word")


def _of(known: Known, owner: Entry | None) -> Iterator[Suggestion]:
    if owner is not None:
        yield from _columns(known.columns(owner.id), owner)


def _relations(known: Known) -> Iterator[Suggestion]:
    for entry in known.of_kind(*RELATIONS):
        label = f"ref('{signature(entry)}')"
        yield Suggestion(label=label, sort="resource", detail=WORDS[entry.kind])
    for entry in known.of_kind("source"):
        group, _, table = entry.name.partition(".")
        yield Suggestion(label=f"source('{group}', '{table}')", sort="resource", detail="source")


def _picks(known: Known) -> Iterator[Suggestion]:
    """Yield every feature as a training set names it, and each view as a whole."""
    for entry in known.of_kind("feature_view"):
        view = signature(entry)
        for feature in known.features(entry.id):
            yield Suggestion(
                label=f"{view}.{feature.name}",
                sort="column",
                detail=feature.type,
                about=feature.description,
            )
        yield Suggestion(label=f"{view}.*", sort="resource", detail="every feature of the view")
    yield from _resources(known, "on_demand")
