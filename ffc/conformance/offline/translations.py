"""Every word that an adapter translates, said to the store and to DuckDB: the same values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Final

import duckdb
from sqlglot import exp

from ffc.adapter import OfflineStore
from ffc.conformance.checks import Broken, Check, Group
from ffc.conformance.comparing import expect_rows, instant
from ffc.conformance.offline.making import create, rows_query
from ffc.conformance.places import OfflinePlace, offline_place
from ffc.conformance.samples import COLUMNS, DIALECT, ROWS, TABLE, Sample, by_word, samples
from ffc.core.types import known_type
from ffc.manifest.records import Column
from ffc.sql import build
from ffc.sql.binding import bind
from ffc.sql.translation import NoTranslation, Translation, translated, untranslated
from ffc.sql.types import sql_type

TRANSLATIONS: Final = Group(
    role="offline",
    name="translations",
    place=offline_place,
    help="rewrite the word for the store, or take it from the list: a word that means something "
    "else must be refused when a project compiles",
)
# Words of other dialects than the one that the samples are written in.
UNSAID: Final = frozenset({"type timestamp", "type varchar"})
_NATIVE: Final = {name: sql_type(known_type(kind)).sql(DIALECT) for name, kind in COLUMNS.items()}


def checks(adapter: type[OfflineStore]) -> Iterator[Check[OfflinePlace]]:
    """Yield a check of each word that an adapter has of DuckDB's."""
    translation = adapter.translations.get(DIALECT)
    if translation is None:
        return
    known = by_word(s for s in samples() if not untranslated(s[1], translation))
    for word in sorted((translation.words | set(translation.rewrites)) - UNSAID):
        yield TRANSLATIONS.check(
            partial(_holds_word, word, known.get(word, ()), translation),
            name=word.replace(" ", "_"),
            claim=f"`{word}` means what it means in DuckDB",
        )


def _holds_word(
    word: str, said: Sequence[Sample], translation: Translation, place: OfflinePlace
) -> None:
    place.do(create(place, TABLE, rows_query(COLUMNS, ROWS)))
    with duckdb.connect(":memory:") as reference:
        reference.execute("SET TimeZone = 'UTC'")
        made = exp.Create(
            this=build.table(TABLE), kind="TABLE", expression=rows_query(COLUMNS, ROWS)
        )
        reference.execute(made.sql(dialect=DIALECT))
        held = [_holds_sample(text, tree, translation, place, reference) for text, tree in said]
    if not any(held):
        raise Broken(
            f"nothing proves what `{word}` means: no sample says it with other translated words",
            expected="a sample in ffc/conformance/samples.py",
            got="none",
        )


def _holds_sample(
    said: str,
    tree: exp.Expr,
    translation: Translation,
    place: OfflinePlace,
    reference: duckdb.DuckDBPyConnection,
) -> bool:
    """Hold that a sample means the same; tell whether a rewrite knows how to say it."""
    own = bind(tree.sql(dialect=DIALECT), DIALECT, {TABLE: build.table(TABLE)})
    columns = [Column(name=name, type=kind, native=_NATIVE[name]) for name, kind in COLUMNS.items()]
    described = reference.execute(f"DESCRIBE {own}").fetchall()
    made = [Column(name=name, type="", native=native) for name, native, *_ in described]
    dialect = place.store.dialect
    try:
        text = translated(tree, {TABLE: columns}, translation, DIALECT, dialect, made)
    except NoTranslation:
        return False
    expected = [_plain(row) for row in reference.execute(own).fetchall()]
    found = place.rows(bind(text, dialect, {TABLE: place.table(TABLE)}))
    expect_rows([_plain(row) for row in found], expected, f"`{said}` has other values")
    return True


def _plain(row: Sequence[object]) -> tuple[object, ...]:
    return tuple(instant(value) if isinstance(value, datetime) else value for value in row)
