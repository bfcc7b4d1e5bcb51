"""PostgreSQL as an online store: one table of values under a key and a field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from typing import TYPE_CHECKING, ClassVar, Final

from ffc.adapter import (
    WRITE_SCHEMA,
    Given,
    Locked,
    OnlineStore,
    Options,
    ProfileError,
    StoreError,
    Transient,
    Unreachable,
)
from ffc_postgres.connection import SETTINGS, place_of
from ffc_postgres.stores.database import SILENT_SECONDS, Database
from ffc_postgres.stores.layouts import ONLINE, schema_of
from ffc_postgres.stores.line import Line
from ffc_postgres.stores.lookups import Lookups

if TYPE_CHECKING:
    import pyarrow as pa
    from psycopg2.extensions import AsIs

_Cells = tuple[bytes | None, ...]

# Somebody waits for a look-up: a server that says nothing for so long is not waited for.
READ_SECONDS: Final = 0.2
# Nor is a connection that has to be opened first.
OPENING_SECONDS: Final = 0.4
# So many threads of a process can read at a time.
READERS: Final = 8
# So many rows are looked at by one statement that removes.
PART: Final = 10_000
# Every statement finds rows by their keys, however many the server believes there are.
_BY_KEY: Final = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_material": "off",
    "jit": "off",
}
_ORIGIN: Final = "INSERT INTO origin DEFAULT VALUES ON CONFLICT DO NOTHING"
_VALUE: Final = "SELECT value FROM rows WHERE key = %s AND field = %s FOR UPDATE"
# Until it is done nobody else can put a value there: they wait, and see that there is one.
_NONE: Final = """
    INSERT INTO rows (key, field, value, version) VALUES (%s, %s, '', '') ON CONFLICT DO NOTHING
"""
_AWAY: Final = "DELETE FROM rows WHERE key = %s AND field = %s"
_WRITE: Final = """
    INSERT INTO rows (key, field, value, version, expected)
    SELECT key, field, value, version, CASE WHEN expected > version THEN expected END
    FROM unnest(%s::bytea[], %s::bytea[], %s::bytea[], %s::bytea[], %s::bytea[])
        AS batch (key, field, value, version, expected)
    ON CONFLICT (key, field) DO UPDATE
    SET value = excluded.value, version = excluded.version, expected = NULL
    WHERE rows.version <= excluded.version OR rows.version = excluded.expected
"""
# The key that so many rows end with; and what is taken away up to it.
_LAST: Final = """
    SELECT key FROM rows WHERE key >= %s AND key < %s ORDER BY key, field LIMIT 1 OFFSET %s
"""
_REMOVE: Final = """
    DELETE FROM rows WHERE key >= %s AND key < %s AND field = %s AND value = coalesce(%s, value)
"""
_SIZE: Final = "SELECT pg_total_relation_size('rows')"
_EVERY_PAGE: Final = "SELECT count(md5(value) || md5(key || field || version)) FROM rows"
_UNLOGGED: Final = "SELECT relpersistence = 'u' FROM pg_class WHERE oid = 'rows'::regclass"
# What looks at all that is there may take so long.
LONG_SECONDS: Final = 600.0
_LONG: Final = {"statement_timeout": f"{LONG_SECONDS:g}s"}


class PostgresOnlineStore(OnlineStore):
    """A schema of a database, made at the first write.

    One that is opened to be read is Unreachable for good once another one has taken its place, or
    the server was started anew; a server that says nothing is waited for `READ_SECONDS`.
    """

    settings: ClassVar[Mapping[str, bool]] = {**SETTINGS, "schema": False, "unlogged": False}

    def __init__(self, options: Options) -> None:
        options.only(self.settings)
        self._bound = options.read_only
        self._lookups = Lookups(bound=self._bound)
        self._unlogged = _flag(options, "unlogged")
        self._place = place_of(options)
        self._schema = schema_of(options, ONLINE)
        seconds = READ_SECONDS if self._bound else SILENT_SECONDS
        self._database = self._opens(_BY_KEY, seconds, self._lookups.prepare)

    def read(self, keys: Sequence[bytes]) -> list[dict[bytes, bytes]]:
        """Return the fields of each key, all as of one moment; raises StoreError."""
        found: list[dict[bytes, bytes]] = [{} for _ in keys]
        rows = self._database.read(lambda line: self._lookups.rows(line, keys), None)
        if rows is None and self._bound:
            raise Unreachable(
                f"the online store in {self._place.name} is not there",
                help=[f"`ffc sync` makes it, in the schema `{self._schema}`"],
            )
        for place, field, value in rows or () if keys else ():
            found[place - 1][bytes(field)] = bytes(value)
        return found

    def write(self, batch: pa.RecordBatch, given: Given | None = None) -> int:
        """Write a batch in one transaction; return how many values it set, equal ones included.

        Raises Locked where the store does not hold what is `given`, StoreError.
        """
        rounds = _rounds([batch.column(name).to_pylist() for name in WRITE_SCHEMA])

        def work(line: Line) -> int:
            line.ask(_ORIGIN)
            if given is not None:
                _check(line, given)
            count = sum(line.ask(_WRITE, _arrays(each)).changed for each in rounds)
            if given is not None and given.value is None and not _holds(rounds, given):
                line.ask(_AWAY, given[:2])
            return count

        return self._database.write(work)

    def remove(self, prefix: bytes, field: bytes, value: bytes | None = None) -> Iterator[int]:
        """Take a field of the keys that begin so away, in the order of keys; raises StoreError."""
        low, end = prefix, _past(prefix)
        while low < end:
            last = self._database.rows(_LAST, (low, end, PART - 1))
            # No key lies between one and the same with a zero behind it.
            high = bytes(last[0][0]) + b"\0" if last else end
            went = self._database.change(_REMOVE, (low, high, field, value))
            low = high
            yield went

    def shrink(self) -> int:
        """Let later rows have the room of dead ones, and give the end of the file back.

        Nobody waits for it, and it takes ten minutes at the most; only the owner of the table can.
        Raises StoreError.
        """
        with closing(self._opens(_LONG, LONG_SECONDS)) as database:
            before = database.rows(_SIZE)
            with suppress(Transient):
                database.ask("VACUUM rows")
            after = database.rows(_SIZE)
        return int(max(0, before[0][0] - after[0][0])) if before and after else 0

    def ping(self) -> None:
        """Look the store up; raises Unreachable."""
        try:
            self.read(())
        except StoreError as problem:
            raise Unreachable(problem.message, help=problem.help) from problem

    def check(self) -> None:
        """Read every page, and see what may be done; raises StoreError."""
        with closing(self._opens(_LONG, LONG_SECONDS)) as database:
            database.check()
            for (unlogged,) in database.rows(_UNLOGGED):
                if unlogged != self._unlogged:
                    raise self._other_table(unlogged=unlogged)
            database.rows(_EVERY_PAGE)

    def close(self) -> None:
        """Let go of every connection."""
        self._database.close()

    def _opens(
        self,
        settings: Mapping[str, str],
        seconds: float,
        opened: Callable[[Line], None] = lambda line: None,
    ) -> Database:
        return Database(
            self._place,
            ONLINE,
            self._schema,
            settings=settings,
            seconds=seconds,
            opening=OPENING_SECONDS if self._bound else seconds,
            most=READERS,
            unlogged=self._unlogged,
            opened=opened,
        )

    def _other_table(self, *, unlogged: bool) -> StoreError:
        there, wanted = ("UNLOGGED", "LOGGED") if unlogged else ("LOGGED", "UNLOGGED")
        said = "says `unlogged: true`" if self._unlogged else "does not say `unlogged: true`"
        return StoreError(
            f"the online store in {self._place.name} was made {there.lower()}, profiles.yml {said}",
            help=[
                f'say what it is, or run: ALTER TABLE "{self._schema}".rows SET {wanted},'
                f' and "{self._schema}".origin likewise'
            ],
        )


def _check(line: Line, given: Given) -> None:
    """Hold what is given for nobody else to change; raises Locked where it is something else."""
    if given.value is None:
        same = line.ask(_NONE, given[:2]).changed == 1
    else:
        there = line.ask(_VALUE, given[:2]).rows
        same = bool(there) and bytes(there[0][0]) == given.value
    if not same:
        message = "another process has written to the online store meanwhile"
        raise Locked(message, help=["wait for it, then sync again"])


def _rounds(columns: Sequence[Sequence[bytes | None]]) -> list[list[_Cells]]:
    """Return rows in the order of their places, so that no two writers wait for each other.

    A statement writes each place once: the second row of a place is for the second statement.
    """
    rounds: list[list[_Cells]] = []
    last, times = None, 0
    for row in sorted(zip(*columns, strict=True), key=_place_of):
        times = times + 1 if row[:2] == last else 0
        if times == len(rounds):
            rounds.append([])
        rounds[times].append(row)
        last = row[:2]
    return rounds


def _place_of(row: _Cells) -> tuple[bytes, bytes]:
    return row[0] or b"", row[1] or b""


def _holds(rounds: list[list[_Cells]], given: Given) -> bool:
    return any(row[:2] == given[:2] for row in (rounds[0] if rounds else ()))


def _arrays(rows: list[_Cells]) -> list[AsIs]:
    """Return columns as literals; what they hold needs no quoting."""
    from psycopg2.extensions import AsIs

    columns = zip(*rows, strict=True)
    return [AsIs("'{" + ",".join(map(_element, column)) + "}'") for column in columns]


def _element(value: bytes | None) -> str:
    return "NULL" if value is None else f'"\\\\x{value.hex()}"'


def _flag(options: Options, name: str) -> bool:
    said = str(options.values.get(name, False)).lower()
    if said not in ("true", "false"):
        raise ProfileError(f"{options.where}: `{name}` must be true or false")
    return said == "true"


def _past(prefix: bytes) -> bytes:
    """Return the least bytes that come after all that begin with a prefix."""
    counted = prefix.rstrip(b"\xff")
    return counted[:-1] + bytes([counted[-1] + 1])
