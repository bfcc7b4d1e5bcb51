"""The records of a project, one class a resource, as people write them in YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from msgspec import field

from ffc.core.cron import Cron
from ffc.core.decode import Record
from ffc.core.durations import Duration
from ffc.core.names import DEFAULT_VARIANT, ColumnName, Name
from ffc.core.scalars import Number, ServedName
from ffc.core.types import Type
from ffc.project.checks import TESTS, ColumnTest, Contract, Freshness, TableTest

Boundary = Literal["exclusive", "inclusive"]
Materialized = Literal["view", "table", "incremental", "ephemeral", "snapshot"]


def _later(*keys: str) -> Mapping[str, str]:
    return {key: f"`{key}:` is not in this version of ffc yet" for key in keys}


class Schedule(Record, frozen=True, kw_only=True):
    """When a feature view is to be built: a cron, and whose clock it goes by."""

    SHORT: ClassVar[str] = "cron"

    cron: Cron
    timezone: str = "UTC"


class FolderDefaults(Record, frozen=True, kw_only=True):
    """What holds of every resource under a folder that does not say otherwise itself."""

    owner: str = ""
    tags: tuple[str, ...] = ()
    materialized: Materialized | None = None
    online: bool | Name = False
    schedule: Schedule | None = None
    ttl: Duration | None = None


class Paths(Record, frozen=True, kw_only=True):
    """Folders in the place of the default ones, by kind."""

    sources: str | tuple[str, ...] | None = None
    transformations: str | tuple[str, ...] | None = None
    features: str | tuple[str, ...] | None = None
    training_sets: str | tuple[str, ...] | None = None
    macros: str | tuple[str, ...] | None = None
    tests: str | tuple[str, ...] | None = None


class ProjectFile(Record, frozen=True, kw_only=True):
    """`ffc.yml`: the project's name, language and defaults."""

    ASIDE: ClassVar[tuple[str, ...]] = ("boundary", "as_known", "defaults", "paths")
    HELP: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("models", "seeds", "sources", "snapshots", "data_tests"),
            "settings of folders stand under `defaults:`, as in `defaults: {features: {ttl: 7d}}`",
        ),
        **dict.fromkeys(
            (*(f"{kind}-paths" for kind in ("model", "macro", "test", "seed")), "source-paths"),
            "`paths:` names the folders, as in `paths: {transformations: sql}`",
        ),
        "config-version": "leave it out: `version: 1` is that of the language",
        "require-dbt-version": "leave it out",
    }

    name: Name
    version: Literal[1]
    profile: Name
    dialect: Literal["duckdb"] = "duckdb"
    paths: Paths | None = None
    vars: dict[str, Any] = {}
    defaults: dict[str, FolderDefaults] = {}
    boundary: Boundary = "exclusive"
    as_known: bool = True


class SourceColumn(Record, frozen=True, kw_only=True):
    """A column that a source table declares."""

    MEANT: ClassVar[Mapping[str, str]] = {**TESTS, "data_type": "type"}

    name: str
    type: Type
    description: str = ""
    tags: tuple[str, ...] = ()
    tests: tuple[ColumnTest, ...] = ()


class SourceTable(Record, frozen=True, kw_only=True):
    """A file (or a glob of files), or a table of the warehouse, with typed columns."""

    ASIDE: ClassVar[tuple[str, ...]] = ("timezone", "freshness")

    MEANT: ClassVar[Mapping[str, str]] = {**TESTS, "identifier": "table"}
    HELP: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(("database", "schema"), "write `table: db.schema.name`"),
        "loaded_at_field": "it stands in `freshness:`: `{column: loaded_at, warn_after: 12h}`",
    }
    ONE_OF: ClassVar[tuple[str, ...]] = ("file", "table")

    name: Name
    columns: tuple[SourceColumn, ...]
    file: str = ""
    table: str = ""
    timezone: str = "UTC"
    freshness: Freshness | None = None
    tests: tuple[TableTest, ...] = ()
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()


class SourceGroup(Record, frozen=True, kw_only=True):
    """Source tables under one name."""

    PARTS: ClassVar[tuple[str, ...]] = ("tables",)
    HELP: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("database", "schema", "loader"),
            "each table says where it lies: `file:`, or `table: db.schema.name`",
        ),
        "freshness": "each table has its own `freshness:`",
        "loaded_at_field": "each table has its own `freshness: {column: ...}`",
    }

    name: Name
    tables: tuple[SourceTable, ...]
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()


class NotedColumn(Record, frozen=True, kw_only=True):
    """What a YAML file says of a transformation's column."""

    MEANT: ClassVar[Mapping[str, str]] = {**TESTS, "data_type": "type"}

    name: str
    type: Type | None = None
    description: str = ""
    tags: tuple[str, ...] = ()
    tests: tuple[ColumnTest, ...] = ()


class TransformationNotes(Record, frozen=True, kw_only=True):
    """What a YAML file says of a transformation beside it."""

    ASIDE: ClassVar[tuple[str, ...]] = ("columns", "contract")
    MEANT: ClassVar[Mapping[str, str]] = TESTS
    HELP: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("config", "materialized", "dialect", "unique_key"),
        "how it is built is said in its file: `{{ config(materialized='table') }}`",
    )

    name: Name
    variant: Name = Name(DEFAULT_VARIANT)
    columns: tuple[NotedColumn, ...] = ()
    tests: tuple[TableTest, ...] = ()
    contract: Literal["enforced"] | Contract | None = None
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


class Aggregate(Record, frozen=True, kw_only=True):
    """A function over the events of a window that ends at the instant asked for."""

    function: str
    window: Duration
    column: str = ""
    where: str = ""
    n: int | None = None
    q: Number | None = None


class Feature(Record, frozen=True, kw_only=True):
    """One value of a feature view."""

    ASIDE: ClassVar[tuple[str, ...]] = ("type", "default")

    LATER: ClassVar[Mapping[str, str]] = _later("aggregate")
    MEANT: ClassVar[Mapping[str, str]] = TESTS

    name: Name
    aggregate: Aggregate | None = None
    column: str = ""
    type: Type | None = None
    default: object = None
    description: str = ""
    tags: tuple[str, ...] = ()
    tests: tuple[ColumnTest, ...] = ()

    @property
    def source_column(self) -> str:
        """The column of the view's source."""
        return self.column or self.name


class FeatureView(Record, frozen=True, kw_only=True):
    """Features of one entity from one source, and when they became true and known."""

    ASIDE: ClassVar[tuple[str, ...]] = ("ttl", "boundary", "as_known", "online", "schedule")
    PARTS: ClassVar[tuple[str, ...]] = ("features",)

    MEANT: ClassVar[Mapping[str, str]] = TESTS

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
    schedule: Schedule | None = None
    tests: tuple[TableTest, ...] = ()
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()


class Role(Record, frozen=True, kw_only=True):
    """An entity in a part of its own: the receiver of a payment."""

    entity: Name
    keys: str | tuple[str, ...] | dict[str, str]


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

    MEANT: ClassVar[Mapping[str, str]] = {"alias": "as", "name": "feature", "role": "for"}
    FOREIGN: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("view", "feature_view"),
        "write view and feature as one: `customer_daily.amount`, or `.*` for all of a view",
    )

    feature: str
    alias: ColumnName | None = field(name="as", default=None)
    lag: Duration | None = None
    role: Name | None = field(name="for", default=None)


class TrainingSet(Record, frozen=True, kw_only=True):
    """The rows of a label with the features as they were known at each row's instant."""

    ASIDE: ClassVar[tuple[str, ...]] = ("boundary", "as_known")

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


class OnDemand(Record, frozen=True, kw_only=True):
    """A feature that is reckoned from a request and from other features."""

    ONE_OF: ClassVar[tuple[str, ...]] = ("sql", "python")

    name: Name
    type: Type
    request: dict[str, Type] = {}
    sql: str = ""
    python: str = ""
    variant: Name = Name(DEFAULT_VARIANT)
    default: bool = False
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()


class Model(Record, frozen=True, kw_only=True):
    """What asks for features online, and which: those of a training set, or its own."""

    ONE_OF: ClassVar[tuple[str, ...]] = ("training_set", "features")

    name: ServedName
    training_set: str = ""
    features: tuple[str, ...] = ()
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()


class Given(Record, frozen=True, kw_only=True):
    """The rows that a unit test puts in the place of a source or of a transformation."""

    FOREIGN: ClassVar[Mapping[str, str]] = {
        "fixture": "write its rows under `rows: |`, with `format: csv`"
    }

    input: str
    rows: tuple[dict[str, object], ...] | str
    format: Literal["dict", "csv", "sql"] = "dict"


class Expected(Record, frozen=True, kw_only=True):
    """The rows that must come out."""

    FOREIGN: ClassVar[Mapping[str, str]] = Given.FOREIGN

    rows: tuple[dict[str, object], ...] | str
    format: Literal["dict", "csv", "sql"] = "dict"


class Overrides(Record, frozen=True, kw_only=True):
    """What else is different while a unit test runs."""

    vars: dict[str, Any] = {}
    env_vars: dict[str, Any] = {}
    macros: dict[str, Any] = {}


class UnitTest(Record, frozen=True, kw_only=True):
    """A few rows in, a few rows out: what a transformation or a feature view must do."""

    MEANT: ClassVar[Mapping[str, str]] = {"model": "of"}

    name: Name
    of: str
    expect: Expected
    given: tuple[Given, ...] = ()
    overrides: Overrides | None = None
    description: str = ""
    tags: tuple[str, ...] = ()
