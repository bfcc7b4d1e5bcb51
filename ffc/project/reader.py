"""Files into resources: YAML records and SQL files, with every mistake found on the way."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import PurePosixPath
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from ffc.core.decode import Decoder
from ffc.core.diagnostics import Diagnostic, Position, Span, did_you_mean, error, listed
from ffc.core.facts import Facts, key_of
from ffc.core.names import DEFAULT_VARIANT, is_name, split_variant
from ffc.core.yaml import Node, names_in, read_yaml
from ffc.project.files import PROJECT_FILE, ProjectFiles
from ffc.project.kinds import KINDS, RESERVED
from ffc.project.packing import Unpackable, packed, unpacked
from ffc.project.resources import (
    Entity,
    FeatureView,
    Label,
    Model,
    OnDemand,
    ProjectFile,
    SourceGroup,
    TrainingSet,
    TransformationNotes,
    UnitTest,
)

_STEM: Final = re.compile(r"[^@]+(@[^@]+)?")
# What a model of dbt's may have, and none of ours.
DBT: Final = ("columns", "config", "contract", "data_tests", "materialized", "meta", "tests")
DBT_HELP: Final = "a SELECT in `transformations/NAME.sql`, described under `transformations:`"


class SqlFile(Struct, frozen=True, kw_only=True):
    """A transformation's file: its name, its variant, its text."""

    name: str
    variant: str
    path: str
    text: str

    @property
    def span(self) -> Span:
        """The file's first line."""
        first = self.text.split("\n", 1)[0]
        return Span(file=self.path, end=Position(1, max(2, len(first) + 1)))


class Resources(Struct, kw_only=True):
    """All that a project's files say; `project` is None where ffc.yml can't be used.

    `broken` are the names in what was left out, `nameless` the kinds of which one has no name that
    could be told.
    """

    project: ProjectFile | None = None
    sources: list[SourceGroup] = field(default_factory=list)
    transformations: list[TransformationNotes] = field(default_factory=list)
    entities: list[Entity] = field(default_factory=list)
    feature_views: list[FeatureView] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    on_demand: list[OnDemand] = field(default_factory=list)
    training_sets: list[TrainingSet] = field(default_factory=list)
    models: list[Model] = field(default_factory=list)
    unit_tests: list[UnitTest] = field(default_factory=list)
    sql: list[SqlFile] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    nameless: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)

    def add(self, other: Resources) -> None:
        """Add what one file says of the kinds."""
        for kind in KINDS:
            getattr(self, kind).extend(getattr(other, kind))
        self.broken |= other.broken
        self.nameless |= other.nameless


class Said(Struct, frozen=True):
    """What a file with nothing wrong says: packed records by their kind."""

    records: tuple[tuple[str, Any], ...]


def read_resources(
    files: ProjectFiles, facts: Facts | None = None
) -> tuple[Resources, list[Diagnostic]]:
    """Read every file; what is broken is left out of the resources and reported."""
    facts = facts or Facts()
    resources = Resources()
    diagnostics: list[Diagnostic] = []
    resources.folders = _folders([*files.texts, *files.broken])
    _read_project(files, resources, diagnostics)
    for path, text in files.sql():
        _read_sql(path, text, resources, diagnostics)
    for path, text in files.yaml():
        key = key_of("resources", path, text)
        said = facts.find(key, Said)
        if said is not None:
            for kind, record in facts.made_of(key, partial(_unpacked, said, path)):
                getattr(resources, kind).append(record)
            continue
        own = Resources(sql=resources.sql)
        problems = _read_yaml(path, text, own)
        diagnostics += problems
        resources.add(own)
        if not problems and not own.broken and not own.nameless:
            _keep(facts, key, own)
    for path, guess in files.broken.items():
        resources.broken |= {PurePosixPath(path).stem} | names_in(guess)
    return resources, diagnostics


def _unpacked(said: Said, path: str) -> list[tuple[str, Any]]:
    return [(kind, unpacked(record, path)) for kind, record in said.records]


def _read_yaml(path: str, text: str, resources: Resources) -> list[Diagnostic]:
    root, diagnostics = read_yaml(path, text)
    if root is not None:
        _read_kinds(root, resources, diagnostics)
    elif diagnostics:
        resources.broken |= names_in(text)
    return diagnostics


def _keep(facts: Facts, key: bytes, said: Resources) -> None:
    """Keep what a file says, unless it says what can't be kept."""
    with suppress(Unpackable):
        records = [(kind, packed(each)) for kind in KINDS for each in getattr(said, kind)]
        facts.keep(key, Said(tuple(records)))


def _folders(paths: Iterable[str]) -> set[str]:
    """Return every folder, at any depth, that files lie in."""
    own = {path.rpartition("/")[0] for path in paths}
    found = {
        str(parent)
        for path in own
        for parent in (PurePosixPath(path), *PurePosixPath(path).parents)
    }
    return found - {"."}


def _read_project(files: ProjectFiles, resources: Resources, diagnostics: list[Diagnostic]) -> None:
    if PROJECT_FILE not in files.texts:
        return
    root, problems = read_yaml(PROJECT_FILE, files.texts[PROJECT_FILE])
    diagnostics += problems
    if root is None:
        if not problems:
            span = Span(file=PROJECT_FILE)
            fields = msgspec.structs.fields(ProjectFile)
            help_ = [f"it needs {listed(f.name for f in fields if f.required and f.name != 'at')}"]
            diagnostics.append(error("FF106", "ffc.yml is empty", span, help=help_))
        return
    decoder = Decoder()
    resources.project = decoder.record(root, ProjectFile, "ffc.yml")
    diagnostics += decoder.diagnostics


def _read_kinds(root: Node, resources: Resources, diagnostics: list[Diagnostic]) -> None:
    if root.kind != "mapping":
        message = f"a resource file must be a mapping of kinds, not {root.described}"
        if root.kind != "broken":
            help_ = "write a kind and its list: `feature_views:`, then `- name: ...`"
            diagnostics.append(error("FF105", message, root.span, help=[help_]))
        return
    for key, value in root.pairs:
        if key.text in KINDS:
            _read_kind(key.text, value, resources, diagnostics)
            continue
        resources.broken.update(value.named())
        if key.text in RESERVED:
            message = f"`{key.text}:` is reserved for a later version of ffc"
            diagnostics.append(error("FF107", message, key.span))
        else:
            hints = list(did_you_mean(key.text, KINDS)) or [f"kinds are {listed(KINDS)}"]
            if key.text == "version":
                hints = ["leave it out: ffc.yml says the version, for all files"]
            message = f"there is no kind of resource `{key.text}`"
            diagnostics.append(error("FF104", message, key.span, help=hints))


def _read_kind(kind: str, node: Node, resources: Resources, diagnostics: list[Diagnostic]) -> None:
    cls, what = KINDS[kind]
    if node.kind != "sequence":
        if node.kind != "broken" and node.described != "nothing":
            message = f"`{kind}` must be a list, not {node.described}"
            plain = node.get("name") is None
            names = [key.text for key, _ in node.pairs] if plain else []
            help_ = f"write `- name: {names[0]}`" if names else "begin each item with `- `"
            diagnostics.append(error("FF105", message, node.span, help=[help_]))
            resources.broken.update(names)
        resources.broken.update(node.named())
        return
    items = [item for item in node.items if kind != "models" or not _is_dbt(item, resources)]
    if len(items) < len(node.items):
        first = next(item for item in node.items if item not in items)
        message = "`models:` are what asks for features; dbt's models are ffc's transformations"
        diagnostics.append(error("FF104", message, _named(first), help=[DBT_HELP]))
        resources.broken.update(name for item in node.items for name in item.named())
    decoder = Decoder()
    for item in items:
        record = decoder.record(item, cls, what)
        if record is not None:
            getattr(resources, kind).append(record)
            continue
        resources.broken.update(item.named())
        if not any(isinstance(name.value, str) for name in item.names()):
            resources.nameless.add(kind)
    resources.broken.update(name for part in decoder.lost for name in part.named())
    diagnostics += decoder.diagnostics


def _is_dbt(item: Node, resources: Resources) -> bool:
    """Tell whether an item under `models:` describes a transformation, as it would in dbt."""
    keys = {key.text for key, _ in item.pairs}
    if keys & {"training_set", "features"}:
        return False
    name = item.get("name")
    names = {file.name for file in resources.sql}
    return bool(keys & {*DBT}) or (name is not None and name.text in names)


def _named(item: Node) -> Span:
    """Return the place of an item's name; of the item where it has none."""
    name = item.get("name")
    return name.span if name is not None else item.span


def sql_file(path: str, text: str) -> SqlFile:
    """Return a transformation's file; its name may be none."""
    _, name, variant, _ = _name_of(path)
    return SqlFile(name=name, variant=variant, path=path, text=text)


@lru_cache(maxsize=50_000)
def _name_of(path: str) -> tuple[str, str, str, bool]:
    """Return a file's stem, the name and the variant that it means, and whether they are such."""
    stem = PurePosixPath(path).stem
    name, variant = split_variant(stem)
    variant = variant or DEFAULT_VARIANT
    right = _STEM.fullmatch(stem) and is_name(name) and is_name(variant)
    return stem, name, variant, bool(right)


def _read_sql(path: str, text: str, resources: Resources, diagnostics: list[Diagnostic]) -> None:
    stem, name, variant, right = _name_of(path)
    file = SqlFile(name=name, variant=variant, path=path, text=text)
    if not right:
        message = f"`{stem}` is no name for a transformation"
        help_ = "use NAME.sql or NAME@VARIANT.sql: letters, digits, single underscores"
        diagnostics.append(error("FF108", message, file.span, help=[help_]))
        resources.broken.add(name)
        return
    resources.sql.append(file)
