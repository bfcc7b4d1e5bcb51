"""DuckDB's exceptions as ffc's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ffc.adapter import (
    Cancelled,
    DataError,
    StatementFailed,
    StoreError,
    Transient,
    Unreachable,
    interruptible,
)

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


# Where DuckDB complains: a line of the statement, cut where it is long, and carets under it.
_PLACE: Final = re.compile(r"^(LINE (\d+): )(.*)\n( *)(\^+)", re.MULTILINE)
_CUT: Final = "..."
_SAID: Final = re.compile(r"([\w ]+) Error: ")


@contextmanager
def mapped(statement: str = "") -> Iterator[None]:
    """Raise ffc's exception for DuckDB's, with the place in the statement if one is given."""
    import duckdb

    try:
        with interruptible():
            yield
    except duckdb.Error as problem:
        raise translate(problem, statement) from problem


@contextmanager
def streamed() -> Iterator[None]:
    """Raise ffc's exception for what DuckDB has to say by way of a stream of Arrow.

    There it is an OSError, whatever it was, that begins with what it was.
    """
    try:
        yield
    except OSError as problem:
        said = _SAID.match(str(problem))
        name = f"{said[1].replace(' ', '')}exception".lower() if said else ""
        kinds = {known.lower(): kind for known, kind in TABLE.items()}
        raise kinds.get(name, StatementFailed)(str(problem)) from problem


def translate(problem: Exception, statement: str = "") -> StoreError | DataError:
    """Return ffc's exception for one of DuckDB's."""
    for cls in type(problem).__mro__:
        if cls.__name__ in TABLE:
            said = str(problem)
            first, *more = _PLACE.sub(_meant, said, count=1).strip().splitlines() or [""]
            kind = TABLE[cls.__name__]
            if any(word in first for word in _FULL):
                return StoreError(f"there is no room for more: {first}", help=[_ROOM])
            found = kind(first, help=[line.strip() for line in more[:6] if line.strip()])
            found.position = _position(said, statement)
            return found
    return StatementFailed(str(problem))


def _meant(place: re.Match[str]) -> str:
    """Return the words that carets are under: the line is of a statement that nobody typed."""
    start = max(0, len(place[4]) - len(place[1]))
    end = start + len(place[5]) if len(place[5]) > 1 else None
    return f"at `{place[3][start:end].strip()}`"


def _position(said: str, statement: str) -> int | None:
    """Return the character that a caret is under; None where there is none."""
    found = _PLACE.search(said)
    lines = statement.split("\n")
    if found is None or int(found[2]) > len(lines):
        return None
    number = int(found[2]) - 1
    shown, column = found[3], len(found[4]) - len(found[1])
    if shown.startswith(_CUT) and not lines[number].startswith(_CUT):
        shown, column = shown.removeprefix(_CUT), column - len(_CUT)
    start = lines[number].find(shown.removesuffix(_CUT))
    if start < 0 or column < 0:
        return None
    return sum(len(line) + 1 for line in lines[:number]) + start + column
