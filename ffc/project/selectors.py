"""selectors.yml: selections with a name, in dbt's shape, every mistake found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final

from msgspec import Struct, field

from ffc.core.decode import Decoder, Record
from ffc.core.diagnostics import Diagnostic, Span, cycle, did_you_mean, error, listed
from ffc.core.graphs import in_order
from ffc.core.scalars import ServedName
from ffc.core.yaml import Node, read_yaml
from ffc.manifest.criteria import Criterion, Difference, Intersection, Union, Wanted, read_words
from ffc.manifest.index import ASIDE, OWN
from ffc.manifest.methods import BadSelection, check
from ffc.project.files import ProjectFiles
from ffc.project.folders import SELECTORS_FILE

MEANINGLESS: Final = "FF216"
_SETS: Final = ("union", "intersection")


class Selector(Record, frozen=True, kw_only=True):
    """A selection with a name; the default one holds where nothing is selected."""

    ASIDE: ClassVar[tuple[str, ...]] = ("default",)

    name: ServedName
    definition: Any
    description: str = ""
    default: bool = False


class Definition(Record, frozen=True, kw_only=True):
    """Nodes by a method and a value, with what they read and what reads them."""

    HELP: ClassVar[Mapping[str, str]] = {
        "indirect_selection": "tests are a node's own: leave it out",
    }

    method: str
    value: str | bool | int
    parents: bool = False
    children: bool = False
    parents_depth: int | None = None
    children_depth: int | None = None
    childrens_parents: bool = False
    exclude: Any = None


class SelectorsFile(Record, frozen=True, kw_only=True):
    """`selectors.yml`: selections with a name."""

    HELP: ClassVar[Mapping[str, str]] = {"version": "leave it out: ffc.yml says the version"}

    selectors: Any


class Selectors(Struct, frozen=True, kw_only=True):
    """What the names of selectors mean, and the one that holds where nothing is selected."""

    named: Mapping[str, Wanted] = field(default_factory=dict)
    default: str = ""


def read_selectors(files: ProjectFiles) -> tuple[Selectors, list[Diagnostic]]:
    """Read a project's selectors; one that is broken is left out and reported."""
    root, problems = read_yaml(SELECTORS_FILE, files.texts.get(SELECTORS_FILE, ""))
    if root is None:
        return Selectors(), problems
    decoder = Decoder()
    decoder.record(root, SelectorsFile, SELECTORS_FILE)
    listing = root.get("selectors")
    if listing is not None and listing.kind not in ("sequence", "broken") and listing.text:
        message = f"`selectors` must be a list, not {listing.described}"
        decoder.diagnostics.append(error("FF105", message, listing.span, help=["begin with `- `"]))
    reader = _Reader(decoder)
    for item in listing.items if listing is not None else ():
        reader.selector(item)
    found = reader.checked()
    return found, [*problems, *decoder.diagnostics]


class _Mistake(Exception):
    """A definition that means nothing; already reported."""


class _Reader:
    """Read selectors; the decoder collects what is wrong with them."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._named: dict[str, Wanted] = {}
        self._broken: set[str] = set()
        self._names: dict[str, Span] = {}
        self._default: tuple[str, Span] | None = None

    def selector(self, item: Node) -> None:
        """Read one selector."""
        record = self._decoder.record(item, Selector, "a selector")
        if record is None:
            self._broken.update(item.named())
            return
        place = record.at("name")
        if record.name in self._names:
            first = self._names[record.name].labelled("first here")
            message = f"there are two selectors `{record.name}`"
            self._report("FF204", message, place, "rename one of them", related=first)
            return
        self._names[record.name] = place
        if record.default:
            self._note_default(record)
        try:
            self._named[record.name] = self._read(_value_of(item, record, "definition"))
        except _Mistake:
            self._broken.add(record.name)

    def _note_default(self, record: Selector) -> None:
        if self._default is None:
            self._default = (record.name, record.at("default"))
            return
        name, place = self._default
        message = f"both `{name}` and `{record.name}` are the default"
        where = record.at("default")
        self._report(MEANINGLESS, message, where, "keep one", related=place.labelled("and this"))

    def _report(
        self, code: str, message: str, place: Span, *help_: str, related: Span | None = None
    ) -> _Mistake:
        others = [related] if related is not None else []
        found = error(code, message, place, related=others, help=help_)
        self._decoder.diagnostics.append(found)
        return _Mistake()

    def _read(self, node: Node) -> Wanted:
        """Return what a definition means: words as they are typed, or a mapping."""
        if node.kind == "broken":
            raise _Mistake
        if node.kind == "scalar" and isinstance(node.value, str):
            return self._words(node)
        if node.kind != "mapping" or not node.pairs:
            message = f"a definition must be text or a mapping, not {node.described}"
            raise self._report("FF105", message, node.span, _SHAPES)
        keys = [key.text for key, _ in node.pairs]
        if any(key in _SETS for key in keys):
            return self._set(node)
        if len(keys) == 1 and keys[0] not in _KEYS:
            return self._short(*node.pairs[0])
        return self._long(node)

    def _words(self, node: Node) -> Wanted:
        try:
            found = read_words([node.text], node.span)
        except BadSelection as problem:
            raise self._meaningless(problem, node.span) from None
        if not found.parts:
            raise self._report("FF106", "a definition is empty", node.span, _SHAPES)
        return found.parts[0] if len(found.parts) == 1 else found

    def _meaningless(self, problem: BadSelection, place: Span) -> _Mistake:
        return self._report(MEANINGLESS, problem.message, place, *problem.help)

    def _short(self, key: Node, value: Node) -> Criterion:
        """Return what `tag: nightly` means."""
        if value.kind == "broken":
            raise _Mistake
        if not (key.text in (*OWN, *ASIDE) or "." in key.text or value.kind == "scalar"):
            hints = did_you_mean(key.text, (*_SETS, *_KEYS, *OWN)) or (_SHAPES,)
            raise self._report("FF104", f"a definition has no key `{key.text}`", key.span, *hints)
        if value.kind != "scalar" or value.value is None:
            message = f"`{key.text}` must be text, not {value.described}"
            raise self._report("FF105", message, value.span, "write one value")
        return self._criterion(key.text, value.text, key.span, value.span)

    def _criterion(self, method: str, value: str, place: Span, at_value: Span) -> Criterion:
        try:
            check(method, value)
        except BadSelection as problem:
            known = method in (*OWN, *ASIDE)
            raise self._meaningless(problem, at_value if known else place) from None
        text = f"{method}:{value}"
        return Criterion(method=method, value=value, text=text, place=at_value)

    def _long(self, node: Node) -> Wanted:
        """Return what a method and a value mean, with all that may stand beside them."""
        record = self._decoder.record(node, Definition, "a definition")
        if record is None:
            raise _Mistake
        value = _value_of(node, record, "value")
        around = record.childrens_parents
        if around and record.children:
            message = "`childrens_parents` means all that reads a node already"
            place = record.at.key("children")
            raise self._report(MEANINGLESS, message, place, "leave out `children`")
        self._check_depths(record)
        place = record.at("method")
        criterion = replace(
            self._criterion(record.method, value.text, place, record.at("value")),
            up=record.parents_depth if record.parents else 0,
            down=record.children_depth if record.children else 0,
            around=around,
        )
        if not record.at.wrote("exclude"):
            return criterion
        less = _value_of(node, record, "exclude")
        return Difference(criterion, self._parts(less, "exclude"))

    def _check_depths(self, record: Definition) -> None:
        for way in ("parents", "children"):
            depth, key = getattr(record, f"{way}_depth"), f"{way}_depth"
            if depth is not None and not getattr(record, way):
                message = f"`{key}` means nothing without `{way}: true`"
                raise self._report(MEANINGLESS, message, record.at.key(key), f"add `{way}: true`")
            if depth is not None and depth < 0:
                message = f"`{key}` must be 0 or more, not {depth}"
                raise self._report("FF105", message, record.at(key))

    def _set(self, node: Node) -> Wanted:
        """Return what a union or an intersection means, less what is excluded from it."""
        (key, value), *others = node.pairs
        for other, _ in others:
            known = {other.text, key.text} <= {*_SETS, "exclude"}
            message = f"a definition with `{key.text}` has no key `{other.text}`"
            hint = f"put it into the list: `- {other.text}: ...`" if known else "leave it out"
            raise self._report("FF104", message, other.span, hint)
        return self._parts(value, key.text)

    def _parts(self, node: Node, name: str) -> Wanted:
        """Return what the items of a list mean together; `exclude` among them is taken away."""
        if node.kind == "broken":
            raise _Mistake
        if node.kind != "sequence" or not node.items:
            message = f"`{name}` must be a list, not {node.described}"
            if node.kind == "sequence" or node.described == "nothing":
                raise self._report("FF106", f"`{name}` is empty", node.span, _ITEMS)
            raise self._report("FF105", message, node.span, _ITEMS)
        less = [item for item in node.items if _only_excludes(item)]
        wanted = [item for item in node.items if item not in less]
        if not wanted or len(less) > 1 or (less and name == "exclude"):
            message = f"`{name}` has nothing that `exclude` could be taken from"
            if len(less) > 1 and wanted:
                message = f"`{name}` has `exclude` twice: one list takes all"
            raise self._report(MEANINGLESS, message, less[-1].span, "write what is selected first")
        parts = self._each(wanted)
        whole: Wanted = Intersection(parts) if name == "intersection" else Union(parts)
        if not less:
            return whole
        return Difference(whole, self._parts(less[0].pairs[0][1], "exclude"))

    def _each(self, nodes: list[Node]) -> tuple[Wanted, ...]:
        """Return what each definition means, all that is wrong with any reported."""
        found = []
        for node in nodes:
            try:
                found.append(self._read(node))
            except _Mistake:
                continue
        if len(found) < len(nodes):
            raise _Mistake
        return tuple(found)

    def checked(self) -> Selectors:
        """Return what can be used: selectors that name none that is not there, and no cycle."""
        uses = {name: dict(_uses(wanted)) for name, wanted in self._named.items()}
        for own in uses.values():
            for other, place in own.items():
                if other not in self._named and other not in self._broken:
                    hints = did_you_mean(other, self._names) or (
                        f"there are {listed(self._names)}",
                    )
                    message = f"there is no selector `{other}`"
                    self._report(MEANINGLESS, message, place, *hints)
        edges = {name: {o: p for o, p in own.items() if o in uses} for name, own in uses.items()}
        for round_ in in_order({name: list(own) for name, own in edges.items()})[1]:
            found = cycle("selectors that are made of each other", round_, edges, "uses")
            self._decoder.diagnostics.append(found)
        return Selectors(named=self._named, default=self._default[0] if self._default else "")


def _value_of(node: Node, record: Record, key: str) -> Node:
    """Return the value that a record was given for a key, under a misspelt one too."""
    place = record.at(key)
    return next(value for _, value in node.pairs if value.span == place)


def _only_excludes(node: Node) -> bool:
    return [key.text for key, _ in node.pairs] == ["exclude"]


def _uses(wanted: Wanted) -> Iterator[tuple[str, Span]]:
    """Yield the selectors that a selection names."""
    if isinstance(wanted, Criterion):
        if wanted.method == "selector" and wanted.place is not None:
            yield wanted.value, wanted.place
    elif isinstance(wanted, Difference):
        yield from (*_uses(wanted.whole), *_uses(wanted.less))
    else:
        for part in wanted.parts:
            yield from _uses(part)


_KEYS: Final = (
    *("method", "value", "parents", "children", "parents_depth", "children_depth"),
    *("childrens_parents", "exclude", "indirect_selection"),
)
_SHAPES: Final = (
    "write words as they are typed (`tag:nightly+`), `tag: nightly`, `method:` and `value:`, "
    "or `union:` or `intersection:` and a list"
)
_ITEMS: Final = "begin each item with `- `"
