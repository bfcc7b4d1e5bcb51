"""The JSON documents that commands and the server put together, as records: for `ffc schema`."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field

from ffc.adapter.state import Build, NodeRun, RunRecord
from ffc.conformance.leftovers import Leftover
from ffc.conformance.running import CheckedStore, Outcome
from ffc.core.diagnostics import Severity, Span
from ffc.manifest.finding import Match
from ffc.online.requests import AnswerColumn
from ffc.run.deploying.deployments import DeploymentFacts
from ffc.run.looking.builds import BuildFacts
from ffc.run.looking.comparing import Compared
from ffc.run.looking.debugging import Checked
from ffc.run.looking.freshness import Fresh
from ffc.run.point_in_time.searching import Searched
from ffc.workspace.source_sync import Synced


class Related(Struct, kw_only=True):
    """Another place to look at, and what it has to do with the first."""

    span: Span
    label: str


class Told(Struct, kw_only=True):
    """A mistake, or a warning, at one place."""

    code: str
    severity: Severity
    message: str
    span: Span
    node: str
    related: list[Related]
    help: list[str]


class Counts(Struct, kw_only=True):
    """How many there are of each severity."""

    error: int
    warning: int


class Diagnostics(Struct, kw_only=True):
    """What a compilation had to say: `ffc compile --output json`."""

    schema: Literal["ffc.diagnostics/v1"]
    target: str
    ok: bool
    counts: Counts
    diagnostics: list[Told]


class Place(Struct, kw_only=True):
    """A node, or one of its columns."""

    node: str
    column: str | None


class Reached(Place, kw_only=True):
    """A place that lineage leads to: by values, or by what only chooses rows."""

    kind: str


class Link(Struct, kw_only=True):
    """A step from a place to one that is made of it."""

    origin: Place = field(name="from")
    to: Place
    kind: str


class Lineage(Struct, kw_only=True):
    """Where a node or a column comes from and goes to: `ffc lineage --output json`."""

    schema: Literal["ffc.lineage/v1"]
    target: str
    node: str
    column: str | None
    up: list[Reached] = []
    down: list[Reached] = []
    edges: list[Link]


class Summary(Struct, kw_only=True):
    """A code in a few words."""

    code: str
    title: str
    summary: str


class Page(Summary, kw_only=True):
    """All there is to say about a code: `ffc explain CODE --output json`."""

    schema: Literal["ffc.page/v1"]
    markdown: str
    fails: dict[str, str]
    works: dict[str, str]


class Pages(Struct, kw_only=True):
    """Every code: `ffc explain --output json`."""

    schema: Literal["ffc.pages/v1"]
    pages: list[Summary]


class SyncResults(Struct, kw_only=True):
    """How each online view fared: `ffc sync --output json`."""

    schema: Literal["ffc.sync_results/v1"]
    results: list[NodeRun]


class TrainingRows(Struct, kw_only=True):
    """The first rows of a training set: `ffc training-set NAME --output json`."""

    schema: Literal["ffc.training_set/v1"]
    name: str
    build: str
    columns: list[AnswerColumn]
    rows: list[list[Any]]


class RowColumn(Struct, kw_only=True):
    """A column of rows, its type as Arrow names it."""

    name: str
    type: str


class Rows(Struct, kw_only=True):
    """The answer to a query: `ffc query --output json`."""

    schema: Literal["ffc.rows/v1"]
    columns: list[RowColumn]
    rows: list[list[Any]]


class Origin(Struct, kw_only=True):
    """A column of a node, and the columns of sources that it is computed from.

    Where there are none, as of a count, those that choose its rows: the `kind` tells.
    """

    column: str
    kind: Literal["value", "row"]
    sources: list[Place]


class ShownNode(Struct, kw_only=True):
    """A node, what is built of it, and the first rows: `ffc show NODE --output json`.

    `column` is the one that was asked for, if one was. `deployed` tells what is deployed from what
    is shown: the `same`, `otherwise`, `never`, `gone` from the project, or `unknown`. `build` is
    the good one, `builds` are the newest. Of a training set `searches` tells how each history is
    searched, and why.
    """

    schema: Literal["ffc.node/v1"]
    target: str
    node: dict[str, Any]
    column: str | None
    deployed: Literal["same", "otherwise", "never", "gone", "unknown"]
    dependents: list[str]
    origins: list[Origin]
    build: Build | None
    builds: list[BuildFacts]
    searches: list[Searched]
    columns: list[RowColumn]
    rows: list[list[Any]]


class FoundNode(Struct, kw_only=True):
    """A node that a search found, what it is worth, and where the words are: the best first."""

    id: str
    kind: str
    name: str
    variant: str
    path: str
    line: int
    description: str
    owner: str
    tags: list[str]
    score: float
    matches: list[Match]


class FoundNodes(Struct, kw_only=True):
    """The best of what was found: `ffc search WORDS --output json`.

    Each has `has` of the query's `words`; `found` counts all that do, and `kinds` those of each
    kind, asked for or not. `taken` are words that begin no name, with what each was taken for,
    `missing` those that were not found at all, and `help` says what may be meant.
    """

    schema: Literal["ffc.search/v1"]
    target: str
    query: str
    words: int
    has: int
    found: int
    kinds: dict[str, int]
    taken: dict[str, list[str]]
    missing: list[str]
    help: list[str]
    hits: list[FoundNode]


class ComparedNodes(Struct, kw_only=True):
    """How the builds of two targets compare: `ffc compare --output json`."""

    schema: Literal["ffc.compared/v1"]
    targets: tuple[str, str]
    nodes: list[Compared]


class SyncedSources(Struct, kw_only=True):
    """Sources brought to what is there: `ffc source sync --output json`."""

    schema: Literal["ffc.source_sync/v1"]
    target: str
    written: bool
    sources: list[Synced]


class Runs(Struct, kw_only=True):
    """The newest runs of a target: `ffc runs --output json`."""

    schema: Literal["ffc.runs/v1"]
    target: str
    runs: list[RunRecord]


class Run(Struct, kw_only=True):
    """One run: `ffc runs show ID --output json`."""

    schema: Literal["ffc.run/v1"]
    run: RunRecord
    results: list[NodeRun]


class Freshness(Struct, kw_only=True):
    """How fresh each source is: `ffc freshness --output json`."""

    schema: Literal["ffc.freshness/v1"]
    target: str
    sources: list[Fresh]


class TestResults(Struct, kw_only=True):
    """How each test of the data fared: `ffc test --output json`."""

    schema: Literal["ffc.test_results/v1"]
    target: str
    results: list[NodeRun]


class Debugged(Struct, kw_only=True):
    """How each check of a target's connections went: `ffc debug --output json`."""

    schema: Literal["ffc.debug/v1"]
    target: str
    ok: bool
    checks: list[Checked]


class Conforming(Struct, kw_only=True):
    """What holds of the stores of a target: `ffc conformance --output json`."""

    schema: Literal["ffc.conformance/v1"]
    target: str
    ok: bool
    stores: list[CheckedStore]
    leftovers: list[Leftover]
    checks: list[Outcome]


class ListedNode(Struct, kw_only=True):
    """A node in a list: what it is, where it is written, what it is made of.

    With `--keys` it has those that are named, else all.
    """

    id: str | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    variant: str | UnsetType = UNSET
    path: str | UnsetType = UNSET
    line: int | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    tags: list[str] | UnsetType = UNSET
    depends_on: list[str] | UnsetType = UNSET
    data_fingerprint: str | UnsetType = UNSET
    metadata_fingerprint: str | UnsetType = UNSET


class Listed(Struct, kw_only=True):
    """The selected nodes: `ffc ls --output json`; `removed` are of the other manifest only."""

    schema: Literal["ffc.ls/v1"]
    target: str
    nodes: list[ListedNode]
    removed: list[ListedNode]


class Builds(Struct, kw_only=True):
    """Builds, the newest first: `ffc builds --output json`."""

    schema: Literal["ffc.builds/v1"]
    target: str
    builds: list[BuildFacts]


class Deployments(Struct, kw_only=True):
    """Deployments, the newest first: `ffc deployments --output json`."""

    schema: Literal["ffc.deployments/v1"]
    target: str
    deployments: list[DeploymentFacts]


class LeftGeneration(Struct, kw_only=True):
    """All rows of a view in an online store that no name leads to any more, `left` since then.

    `view` is empty where no definition of it is known. A generation is numbered by the microsecond
    in which it was begun.
    """

    store: str
    view: str
    generation: int
    left: str


class TakenGeneration(LeftGeneration, kw_only=True):
    """One that was taken away, or would be: then `rows` is how many keys were last synced."""

    rows: int | None


class WaitingGeneration(LeftGeneration, kw_only=True):
    """One that was left too short a time ago; `goes` is when it may go."""

    goes: str


class Cleaned(Struct, kw_only=True):
    """What was dropped, or would be: `ffc clean --output json`.

    `tombstones` is of how many vanished keys nothing is left in online stores now, `freed` how many
    bytes these gave back.
    """

    schema: Literal["ffc.cleaned/v1"]
    dropped: list[str]
    generations: list[TakenGeneration]
    waiting: list[WaitingGeneration]
    tombstones: int
    freed: int
    dry_run: bool


class SchemaName(Struct, kw_only=True):
    """A schema that can be asked for."""

    name: str
    description: str


class SchemaNames(Struct, kw_only=True):
    """Every schema there is: `ffc schema --output json`."""

    schema: Literal["ffc.schemas/v1"]
    schemas: list[SchemaName]


class Docs(Struct, kw_only=True):
    """The site that was written: `ffc docs --output json`; `bytes` of all its files."""

    schema: Literal["ffc.docs/v1"]
    project: str
    target: str
    folder: str
    nodes: int
    files: int
    bytes: int
