"""DuckDB's exceptions as ffc's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ffc.adapter import Cancelled, DataError, StatementFailed, StoreError, Transient, Unreachable

# By class name, the most special first: importing duckdb to name its classes costs start-up.
TABLE: Final[dict[str, type[StoreError] | type[DataError]]] = {
    "InterruptException": Cancelled,
    "ConversionException": DataError,
    "OutOfRangeException": DataError,
    "InvalidInputException": DataError,
    "ConstraintException": DataError,
    "IntegrityError": DataError,
    "DataError": DataError,
    "TypeMismatchException": DataError,
    "TransactionException": Transient,
    "ConnectionException": Unreachable,
    "IOException": Unreachable,
    "HTTPException": Unreachable,
    "PermissionException": StatementFailed,
    "OutOfMemoryException": StatementFailed,
    "OperationalError": StatementFailed,
    "ParserException": StatementFailed,
    "SyntaxException": StatementFailed,
    "BinderException": StatementFailed,
    "CatalogException": StatementFailed,
    "DependencyException": StatementFailed,
    "InvalidTypeException": StatementFailed,
    "NotImplementedException": StatementFailed,
    "NotSupportedError": StatementFailed,
    "ProgrammingError": StatementFailed,
    "ResourceInUseException": StatementFailed,
    "SequenceException": StatementFailed,
    "SerializationException": StatementFailed,
    "FatalException": StatementFailed,
    "InternalException": StatementFailed,
    "InternalError": StatementFailed,
    "DatabaseError": StatementFailed,
    "Error": StatementFailed,
}


# What an operating system says where a file can't grow.
_FULL: Final = ("No space left", "File too large", "Disk quota exceeded")
_ROOM: Final = "make room on the disk and run again: what was built before is as it was"


@contextmanager
def mapped() -> Iterator[None]:
    """Raise ffc's exception for DuckDB's."""
    import duckdb

    try:
        yield
    except duckdb.Error as problem:
        raise translate(problem) from problem


def translate(problem: Exception) -> StoreError | DataError:
    """Return ffc's exception for one of DuckDB's."""
    for cls in type(problem).__mro__:
        if cls.__name__ in TABLE:
            first, *more = str(problem).strip().splitlines() or [""]
            kind = TABLE[cls.__name__]
            if any(word in first for word in _FULL):
                return StoreError(f"there is no room for more: {first}", help=[_ROOM])
            return kind(first, help=[line.strip() for line in more[:6] if line.strip()])
    return StatementFailed(str(problem))
