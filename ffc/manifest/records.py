"""The records of `ffc.manifest/v1`.

SQL in a manifest names other nodes as `"__ffc"."node id"`; `ffc.sql.binding` puts the relation of
a node's newest good build there. Durations are whole seconds, types are written as in YAML.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from ffc.manifest.served import Serving

SCHEMA = "ffc.manifest/v1"

Boundary = Literal["exclusive", "inclusive"]
Materialized = Literal["view", "table", "incremental", "ephemeral", "snapshot"]


class Column(Struct, frozen=True, kw_only=True):
    """A column of a node: `type` is empty for a type that features and keys can't have.

    `native` is the type's name in the dialect that the project is written in.
    """

    name: str
    type: str
    native: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()


class ColumnLineage(Struct, frozen=True, kw_only=True, array_like=True):
    """Where a column comes from: columns of the nodes that its node reads, as (node id, column).

    It is computed from `values`; `rows` only filter, group, join or order it.
    """

    values: tuple[tuple[str, str], ...] = ()
    rows: tuple[tuple[str, str], ...] = ()


class DataTest(Struct, frozen=True, kw_only=True):
    """What must hold of a node's data.

    `name` is its own among those of its node, `test` the word it is written with. `sql` gives the
    rows that break it, in the target's dialect; `sql_warn` those that only warrant a warning, of a
    test that tells both apart. They name nodes as all SQL does, and `"__ffc"."now"` for the
    instant of the run. `error_if` and `warn_if` compare the number of rows. While a `blocking` test
    fails nothing points to the build. `other` is the node that it looks into beside its own. A
    `stable` one fares the same on the same rows at any time.
    """

    name: str
    test: str
    column: str = ""
    severity: Literal["error", "warn"] = "error"
    error_if: str = ""
    warn_if: str = ""
    blocking: bool = False
    stable: bool = True
    other: str = ""
    sql: str
    sql_warn: str = ""
    line: int = 0


class Node(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What every node has: identity, place, words about it, fingerprints.

    A column's `tags` are its own and those of the columns that it is computed from. The `preferred`
    one of several variants says `default: true`: it is what the bare name means.
    """

    id: str
    name: str
    variant: str = "default"
    preferred: bool = False
    path: str
    line: int
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    lineage: dict[str, ColumnLineage] = {}
    tests: tuple[DataTest, ...] = ()
    data_fingerprint: str = ""
    metadata_fingerprint: str = ""

    @property
    def kind(self) -> str:
        """The kind of resource."""
        return str(self.__struct_config__.tag)


class Freshness(Struct, frozen=True, kw_only=True):
    """How old the newest time of a column may be, in seconds."""

    column: str
    warn_after: int | None = None
    error_after: int | None = None


class Source(Node, frozen=True, kw_only=True, tag="source"):
    """A file, the files of a glob, or an existing `table`, read as its columns declare.

    A table is `schema.name` or `catalog.schema.name`; it has no file. `group_description` is what
    is said of all tables of its group.
    """

    group_description: str = ""
    file: str = ""
    table: str = ""
    format: Literal["csv", "parquet", "json"] = "csv"
    timezone: str = "UTC"
    freshness: Freshness | None = None


class Transformation(Node, frozen=True, kw_only=True, tag="transformation"):
    """One SELECT: `raw` as written, `sql` as rendered.

    An incremental has `sql_next` too: the rendering of the builds after the first, in which
    `"__ffc"."watermark.node id"` is a row with the column `watermark`, and the node's own id what
    was built so far. Its `lookback` is in seconds; the settings of other materializations are
    empty.
    `described_in` is the file of YAML that describes it, if any does. `dialect` is what it is
    written in, where that is another one than the project's; `target_sql`
    and `target_sql_next` are `sql` and `sql_next` in the target's, where that is another one.
    """

    described_in: str = ""
    materialized: Materialized = "view"
    time_column: str = ""
    unique_key: tuple[str, ...] = ()
    lookback: int = 0
    on_schema_change: Literal["", "fail", "append", "rebuild"] = ""
    strategy: Literal["", "timestamp", "check"] = ""
    updated_at: str = ""
    check_columns: tuple[str, ...] = ()
    raw: str
    sql: str
    sql_next: str = ""
    dialect: str = ""
    target_sql: str = ""
    target_sql_next: str = ""


class Entity(Node, frozen=True, kw_only=True, tag="entity"):
    """What features are about; `columns` are its keys."""


class Feature(Struct, frozen=True, kw_only=True):
    """A feature of a view; `default` is a JSON value of its type, or null."""

    name: str
    column: str
    type: str
    default: Any = None
    description: str = ""
    tags: tuple[str, ...] = ()


class Schedule(Struct, frozen=True, kw_only=True):
    """When a view is to be built: five fields of cron or a word, by the clock of a time zone."""

    cron: str
    timezone: str = "UTC"


class FeatureView(Node, frozen=True, kw_only=True, tag="feature_view"):
    """Features of an entity; `sql` is its history: keys, event time, created, features.

    `source_keys` are the source's columns that the keys are taken from. `event_time` and `created`
    name columns of the history; both are empty for a static view, and
    `created` is empty where the view says `delay` (seconds) or nothing. `boundary` and `as_known`
    are the view's own words; `online_...` are what holds online: the view's, else the project's.
    """

    entity: str
    source: str
    keys: tuple[str, ...]
    source_keys: tuple[str, ...] = ()
    event_time: str = ""
    created: str = ""
    delay: int | None = None
    ttl: int | None = None
    boundary: Boundary | None = None
    as_known: bool | None = None
    online: str = ""
    online_boundary: Boundary = "exclusive"
    online_as_known: bool = True
    schedule: Schedule | None = None
    features: tuple[Feature, ...]
    sql: str


class LabelRole(Struct, frozen=True, kw_only=True):
    """An entity that a label's row names, and the key columns it names it by."""

    role: str
    entity: str
    keys: tuple[str, ...]


class Label(Node, frozen=True, kw_only=True, tag="label"):
    """What a model learns to predict; `sql` is its source with keys and time as declared."""

    source: str
    roles: tuple[LabelRole, ...]
    timestamp: str = ""
    column: str
    sql: str


class KeyPair(Struct, frozen=True, kw_only=True):
    """A key column of a view and the label's column that it must equal, as one type."""

    view: str
    label: str
    type: str


class Pick(Struct, frozen=True, kw_only=True):
    """A feature as a column of a training set."""

    feature: str
    column: str
    type: str
    default: Any = None


class ViewPlan(Struct, frozen=True, kw_only=True):
    """How a training set asks one view: its bounds already decided, its picks in order.

    It asks for a role of the label, as of the label's time less `lag` seconds. `searched` is the
    view in whose history the winner's instant is looked for: another one where both have their
    instants from one source.
    """

    view: str
    entity: str = ""
    label_role: str = ""
    searched: str
    keys: tuple[KeyPair, ...]
    event_time: str = ""
    created: str = ""
    delay: int = 0
    ttl: int | None = None
    lag: int = 0
    boundary: Boundary
    as_known: bool
    picks: tuple[Pick, ...]


OutputRole = Literal["key", "timestamp", "include", "feature", "label"]


class OutputColumn(Struct, frozen=True, kw_only=True):
    """A column of a training set, where it comes from, and what it is for."""

    name: str
    role: OutputRole
    type: str
    origin: str


class Plan(Struct, frozen=True, kw_only=True):
    """A training set's query as data: label, time, views, output columns in order."""

    label: str
    timestamp: str = ""
    label_column: str
    views: tuple[ViewPlan, ...]
    output: tuple[OutputColumn, ...]


class TrainingSet(Node, frozen=True, kw_only=True, tag="training_set"):
    """The rows of a label, each with the features as they were known at its instant."""

    label: str
    plan: Plan
    sql: str


class ModelFeature(Struct, frozen=True, kw_only=True):
    """A feature that a model asks for, as a column; an on-demand feature is of no view."""

    view: str
    feature: str
    column: str


class Model(Node, frozen=True, kw_only=True, tag="model"):
    """What asks for features online, and which: those of a training set, or its own, in order.

    It has no relation, and is never built. `entities` are what it is asked about.
    """

    entities: tuple[str, ...] = ()
    training_set: str = ""
    features: tuple[ModelFeature, ...] = ()


AnyNode = Source | Transformation | Entity | FeatureView | Label | TrainingSet | Model


class Project(Struct, frozen=True, kw_only=True):
    """What the project says of itself; `environment` names the variables that its SQL reads."""

    name: str
    profile: str = ""
    dialect: str
    boundary: Boundary
    as_known: bool
    variables: dict[str, Any] = {}
    environment: tuple[str, ...] = ()


class Target(Struct, frozen=True, kw_only=True):
    """What was compiled for: nothing of it is a secret, nothing of it was looked up.

    `asof_join` and `indexes` tell which shape the queries of training sets have.
    """

    name: str
    offline: str
    dialect: str
    asof_join: bool = True
    indexes: bool = False
    online: tuple[str, ...]
    protected: bool = False


class Manifest(Struct, frozen=True, kw_only=True):
    """A compiled project; its bytes depend on the files, the target and the vars alone."""

    schema: str = SCHEMA
    project: Project
    target: Target
    nodes: tuple[AnyNode, ...]
    serving: Serving = field(default_factory=Serving)

    def node(self, node_id: str) -> AnyNode:
        """Return a node; raises KeyError where there is none."""
        for node in self.nodes:
            if node.id == node_id:
                return node
        raise KeyError(node_id)
