"""The records of a project, one class a resource, as people write them in YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from msgspec import field

from ffc.core.decode import Record
from ffc.core.durations import Duration
from ffc.core.names import DEFAULT_VARIANT, Name
from ffc.core.types import Type

Boundary = Literal["exclusive", "inclusive"]


def _later(*keys: str) -> Mapping[str, str]:
    return {key: f"`{key}:` is not in this version of ffc yet" for key in keys}


class ProjectFile(Record, frozen=True, kw_only=True):
    """`ffc.yml`: the project's name, language and defaults."""

    LATER: ClassVar[Mapping[str, str]] = _later("paths", "defaults")

    name: Name
    version: Literal[1]
    profile: Name
    dialect: Literal["duckdb"] = "duckdb"
    vars: dict[str, Any] = {}
    boundary: Boundary = "exclusive"
    as_known: bool = True


class SourceColumn(Record, frozen=True, kw_only=True):
    """A column that a source table declares."""

    LATER: ClassVar[Mapping[str, str]] = _later("tests")

    name: str
    type: Type
    description: str = ""
    tags: tuple[str, ...] = ()


class SourceTable(Record, frozen=True, kw_only=True):
    """A file (or a glob of files) with typed columns."""

    LATER: ClassVar[Mapping[str, str]] = _later("table", "freshness", "tests")
    INSTEAD: ClassVar[Mapping[str, str]] = {"table": "file"}

    name: Name
    file: str
    columns: tuple[SourceColumn, ...]
    timezone: str = "UTC"
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()


class SourceGroup(Record, frozen=True, kw_only=True):
    """Source tables under one name."""

    name: Name
    tables: tuple[SourceTable, ...]
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()


class TransformationNotes(Record, frozen=True, kw_only=True):
    """What a YAML file says of a transformation beside it."""

    LATER: ClassVar[Mapping[str, str]] = _later("columns", "tests", "contract")

    name: Name
    variant: Name = Name(DEFAULT_VARIANT)
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()


class KeyColumn(Record, frozen=True, kw_only=True):
    """A key column of an entity."""

    name: str
    type: Type


class Entity(Record, frozen=True, kw_only=True):
    """What features are about: a customer, a merchant; known by its key columns."""

    name: Name
    keys: tuple[KeyColumn, ...]
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()


class Feature(Record, frozen=True, kw_only=True):
    """One value of a feature view."""

    LATER: ClassVar[Mapping[str, str]] = _later("aggregate")
    INSTEAD: ClassVar[Mapping[str, str]] = {"aggregate": "column"}

    name: Name
    column: str = ""
    type: Type | None = None
    default: object = None
    description: str = ""
    tags: tuple[str, ...] = ()

    @property
    def source_column(self) -> str:
        """The column of the view's source."""
        return self.column or self.name


class FeatureView(Record, frozen=True, kw_only=True):
    """Features of one entity from one source, and when they became true and known."""

    LATER: ClassVar[Mapping[str, str]] = _later("schedule")

    name: Name
    entity: Name
    source: str
    features: tuple[Feature, ...]
    variant: Name = Name(DEFAULT_VARIANT)
    default: bool = False
    keys: dict[str, str] = {}
    timestamp: str | None = None
    created: str | None = None
    delay: Duration | None = None
    ttl: Duration | None = None
    boundary: Boundary | None = None
    as_known: bool | None = None
    online: bool | Name = False
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()


class Role(Record, frozen=True, kw_only=True):
    """An entity in a part of its own: the receiver of a payment."""

    entity: Name
    keys: str | tuple[str, ...]


class Label(Record, frozen=True, kw_only=True):
    """What a model learns to predict: one column, the instants it is asked for, and of whom."""

    name: Name
    source: str
    entities: dict[str, str | tuple[str, ...] | Role]
    column: str
    variant: Name = Name(DEFAULT_VARIANT)
    default: bool = False
    timestamp: str | None = None
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()


class Pick(Record, frozen=True, kw_only=True):
    """One feature of a training set with a word of its own."""

    LATER: ClassVar[Mapping[str, str]] = _later("lag", "for")
    INSTEAD: ClassVar[Mapping[str, str]] = {"lag": "as", "for": "as"}

    feature: str
    alias: Name | None = field(name="as", default=None)


class TrainingSet(Record, frozen=True, kw_only=True):
    """The rows of a label with the features as they were known at each row's instant."""

    name: Name
    label: str
    features: tuple[str | Pick, ...]
    include: tuple[str, ...] = ()
    variant: Name = Name(DEFAULT_VARIANT)
    default: bool = False
    boundary: Boundary | None = None
    as_known: bool | None = None
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
