"""What ffc asks of a warehouse: statements in, Arrow batches out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from ffc.core.types import Type
from ffc.sql.types import type_of_native

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    from ffc.adapter.options import Options
    from ffc.sql.translation import Translation

Format = Literal["csv", "parquet", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a warehouse can do; what it can't, ffc does otherwise.

    `transactional_ddl`: the statements of one submit happen whole or not at all.
    `replace`: CREATE OR REPLACE takes a view of other columns.
    `asof_join`: it has ASOF JOIN in DuckDB's form. `arrow`: results come as Arrow without a copy.
    `indexes`: it looks rows up in an index, and ffc makes one on each history.
    `keeps_order`: a scan gives a table's rows in the order in which they were written.
    `max_identifier`: the longest name of a table or a column, in bytes.
    """

    transactional_ddl: bool = False
    merge: bool = False
    replace: bool = False
    stage: bool = False
    arrow: bool = False
    asof_join: bool = False
    indexes: bool = False
    keeps_order: bool = False
    max_identifier: int = 63


class Status(Enum):
    """Where a submitted statement stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Relation:
    """A table or a view in a warehouse; no catalog is the one that builds lie in."""

    schema: str
    name: str
    catalog: str = ""

    def __str__(self) -> str:
        """Write it for a person."""
        return ".".join(part for part in (self.catalog, self.schema, self.name) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Files to be made a table: its columns as declared, naive times in `timezone`.

    An empty unquoted CSV field is null, a quoted empty one is the empty string. `names` are what
    people call the files, where that is not the last part of their path.
    """

    relation: Relation
    files: Sequence[str]
    format: Format
    columns: Sequence[tuple[str, Type]]
    timezone: str
    names: Mapping[str, str] = field(default_factory=dict)

    def name(self, file: str) -> str:
        """Return what people call a file."""
        return self.names.get(file, Path(file).name)


class Handle(ABC):
    """Statements that were submitted; they run while you do something else."""

    @abstractmethod
    def poll(self) -> Status:
        """Say where the statements stand, without waiting."""

    @abstractmethod
    def cancel(self) -> None:
        """Ask the store to stop; a finished statement stays finished."""

    @abstractmethod
    def wait(self, seconds: float | None = None) -> None:
        """Wait until the statements are done; raises the StoreError that they met.

        Raises TimeoutError after `seconds`; the statements go on.
        """

    @abstractmethod
    def batches(self, rows: int = 65_536) -> Iterator[pa.RecordBatch]:
        """Yield the last statement's rows, at most `rows` a batch.

        There is at least one batch, which may be empty, for its schema.

        The store may keep a statement open until the iterator ends or is closed.
        """


class OfflineStore(ABC):
    """A warehouse; made with the settings of a profile, opened at the first submit."""

    dialect: ClassVar[str]
    capabilities: ClassVar[Capabilities]

    # How queries in other dialects become the store's, by the dialect that they are written in.
    translations: ClassVar[Mapping[str, Translation]] = {}

    # The settings of the store in profiles.yml, and whether each must be there.
    settings: ClassVar[Mapping[str, bool]]

    @abstractmethod
    def __init__(self, options: Options) -> None: ...

    @abstractmethod
    def submit(self, *statements: str) -> Handle:
        """Run statements in order, and say at once how to follow them.

        One submit is one transaction where `capabilities.transactional_ddl`. No two submits share
        a session's state.
        """

    @abstractmethod
    def load(self, load: Load) -> Handle:
        """Make a table of files, values checked against the declared types.

        Raises DataError, at once or from the handle, naming the column that doesn't fit.
        """

    @abstractmethod
    def lend(self, file: Path) -> AbstractContextManager[Relation | str]:
        """Make the rows of a Parquet file readable: as a table, or as the text of a query.

        They can be read while the context lasts, whether or not the store may be written.
        """

    def file_columns(
        self, files: Sequence[str], format: Format
    ) -> list[tuple[str, str, Type | None]] | None:
        """Return the columns that files have together; None where the store can't tell.

        They are names, types as the store's reader of files calls them, and types of ours. What is
        in a CSV or a JSON file is guessed from its values. Raises DataError for a file that can't
        be read.
        """
        return None

    @abstractmethod
    def columns(self, relation: Relation) -> list[tuple[str, str]]:
        """Return the columns of a table or a view, in order: names and the store's own types.

        Raises StoreError where there is none.
        """

    @classmethod
    def text(cls, statement: exp.Expr, *, pretty: bool = False) -> str:
        """Return one of ffc's own statements as the store writes it; laid out if it is `pretty`."""
        return statement.sql(dialect=cls.dialect, pretty=pretty)

    def type_of(self, native: str) -> Type | None:
        """Return the type of ours that a column of one of the store's own types has.

        None where features and keys can't have such a column. Unless a store says otherwise, its
        types have DuckDB's names.
        """

        return type_of_native(native)

    def settling(self, relation: Relation, ordered: Sequence[str]) -> Sequence[str]:
        """Return statements that make a new table fast to read, in the transaction that makes it.

        `ordered` are columns whose rows are asked for by all but the last of them or the last two,
        the greatest of the last ones first; none of a table that is read as a whole.
        """
        return ()

    def about(self) -> str:
        """Return the warehouse's own name and version, for people; empty where it tells none."""
        return ""

    def version(self, relation: Relation) -> str | None:
        """Return what changes whenever a table's rows do; None where nobody can tell.

        A table that can't tell counts as changed in each run.
        """
        return None

    def content_hash(self, relation: Relation, columns: Sequence[str]) -> exp.Select | None:
        """Return the query of a text that the same rows always have; None where there is none.

        Its one row has one column. The text does not depend on the rows' order, and begins with the
        name of how it is reckoned: what is reckoned otherwise is never taken for the same.
        """
        return None

    @abstractmethod
    def close(self) -> None:
        """Let go of every file and connection."""
