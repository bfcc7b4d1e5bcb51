"""Names of columns: reserved words, quotes, case, length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlglot import exp

from ffc.adapter import Relation
from ffc.conformance.checks import Broken, Check, Group, expect_equal
from ffc.conformance.comparing import expect_rows
from ffc.conformance.offline.making import create, rows_query, select_all
from ffc.conformance.places import OfflinePlace, offline_place
from ffc.conformance.projects import (
    as_yaml,
    build_project,
    compiled,
    csv_text,
    project_file,
    session_of,
    source_table,
    training_rows,
)
from ffc.sql import build

IDENTIFIERS: Final = Group(
    role="offline",
    name="identifiers",
    place=offline_place,
    help="every name is quoted: what the store makes of one must be that name; "
    "`capabilities.max_identifier` must be what it keeps whole, in bytes",
)
_WORDS: Final = """
    select from where order group user table column index primary end case null true default
    current_date timestamp interval value values limit offset
"""
_RESERVED: Final = tuple(_WORDS.split())
_ODD: Final = (
    'a"b',
    '"',
    "a'b",
    "a`b",
    "a[b]",
    "a b",
    " a",
    "a.b",
    "a;b",
    "a--b",
    "a/*b*/",
    "a\\b",
    "1st",
    "%s",
    "%",
    "?",
    ":x",
    "$1",
    "@x",
    "{x}",
    "é",
    "Größe",
    "e\u0301",
    "日本",
    "\U0001f600",
)
_LABEL: Final = {"k": "string", "asked": "timestamp", "y": "int64"}


def checks() -> Iterator[Check[OfflinePlace]]:
    """Yield the checks of names."""
    yield from IDENTIFIERS.checks(
        reserved_words_are_names,
        odd_characters_are_names,
        case_is_kept,
        names_differ_by_case_only_in_other_tables,
        the_longest_name_is_kept_whole,
        a_longer_output_name_is_refused,
        columns_of_any_name_become_features,
    )


def _expect_names(place: OfflinePlace, names: Sequence[str]) -> None:
    columns = dict.fromkeys(names, "string")
    place.do(create(place, "t", rows_query(columns, [list(names)])))
    found = [name for name, _ in place.store.columns(Relation(place.schema, "t"))]
    expect_equal(found, list(names), "the columns of a table are called otherwise")
    (batch,) = place.batches(select_all(place, "t"))
    expect_equal(batch.to_pylist(), [{name: name for name in names}], "values of other columns")
    for name in names[:3]:
        place.do(create(place, f"t_{name}", select_all(place, "t")))
        place.do(create(place, f"v_{name}", select_all(place, f"t_{name}"), "VIEW"))
        expect_equal(len(place.rows(select_all(place, f"v_{name}"))), 1, "a view has other rows")


def reserved_words_are_names(place: OfflinePlace) -> None:
    """Reserved words are names of columns and of tables"""
    _expect_names(place, _RESERVED)


def odd_characters_are_names(place: OfflinePlace) -> None:
    """Quotes, spaces, marks of parameters and letters of any script are parts of names"""
    _expect_names(place, _ODD)


def case_is_kept(place: OfflinePlace) -> None:
    """Names keep their capitals"""
    _expect_names(place, ["Amount", "userId", "TOTAL", "straße"])


def names_differ_by_case_only_in_other_tables(place: OfflinePlace) -> None:
    """A column is found by the name that it was made with, whatever its case"""
    place.do(create(place, "t", rows_query({"Amount": "int64"}, [[1]])))
    place.do(create(place, "u", rows_query({"amount": "int64"}, [[2]])))
    for name, column, value in (("t", "Amount", 1), ("u", "amount", 2)):
        query = exp.select(build.column(column)).from_(place.table(name))
        expect_equal(place.rows(query), [(value,)], f"`{column}` of `{name}` is another column")


def the_longest_name_is_kept_whole(place: OfflinePlace) -> None:
    """Names of as many bytes as `max_identifier` says are kept whole, told apart by the last"""
    longest = place.store.capabilities.max_identifier
    stem = "x" * (longest - 1)
    wide = "é" * (longest // 2) + "x" * (longest % 2)
    _expect_names_of(place, [f"{stem}a", f"{stem}b", wide])
    for ending in "ab":
        place.do(create(place, f"{stem}{ending}", rows_query({"n": "string"}, [[ending]])))
    for ending in "ab":
        rows = place.rows(select_all(place, f"{stem}{ending}"))
        expect_equal(rows, [(ending,)], "two long names are one table")


def _expect_names_of(place: OfflinePlace, names: Sequence[str]) -> None:
    place.do(create(place, "long", rows_query(dict.fromkeys(names, "string"), [list(names)])))
    found = [name for name, _ in place.store.columns(Relation(place.schema, "long"))]
    expect_equal(found, list(names), "long names are cut")


def a_longer_output_name_is_refused(place: OfflinePlace) -> None:
    """A training set's column that is a byte too long is refused when the project compiles"""
    longest = place.store.capabilities.max_identifier
    files = _project(["x"], ["a" * longest])
    fine = compiled(place.store, files)
    if fine.manifest is None:
        raise Broken("a name that fits is refused", got=[d.message for d in fine.diagnostics])
    told = compiled(place.store, _project(["x"], ["a" * (longest + 1)]))
    if told.manifest is not None:
        raise Broken("a longer name is taken", expected=f"no more than {longest} bytes")


def columns_of_any_name_become_features(place: OfflinePlace) -> None:
    """Columns of a source are read whatever they are called"""
    names = [*_RESERVED, *_ODD]
    files = _project(names, [f"f{n}" for n in range(len(names))])
    row = {"k": "a", "at": "2024-01-01T00:00:00Z", **{n: str(i) for i, n in enumerate(names)}}
    label = {"k": "a", "asked": "2024-01-02T00:00:00Z", "y": 1}
    data = {
        "data/rows.csv": csv_text(list(row), [row]),
        "data/asking.csv": csv_text(list(label), [label]),
    }
    with session_of(place) as session:
        build_project(session, place.store, {**files, **data})
        _, found = training_rows(session)
    values = [row[2:-1] for row in found]
    expect_rows(values, [tuple(range(len(names)))], "a feature is of another column")


def _project(columns: Sequence[str], outputs: Sequence[str]) -> dict[str, str]:
    kinds = {"k": "string", "at": "timestamp", **dict.fromkeys(columns, "int64")}
    features = [{"name": f"f{n}", "column": column} for n, column in enumerate(columns)]
    picks = [{"feature": f"v.f{n}", "as": output} for n, output in enumerate(outputs)]
    tables = [source_table("rows", kinds), source_table("asking", _LABEL)]
    resources: dict[str, Any] = {
        "sources": [{"name": "raw", "tables": tables}],
        "entities": [{"name": "thing", "keys": [{"name": "k", "type": "string"}]}],
        "feature_views": [
            {
                "name": "v",
                "entity": "thing",
                "source": "source('raw', 'rows')",
                "timestamp": "at",
                "features": features,
            }
        ],
        "labels": [
            {
                "name": "y",
                "entities": {"thing": "k"},
                "source": "source('raw', 'asking')",
                "timestamp": "asked",
                "column": "y",
            }
        ],
        "training_sets": [{"name": "ts", "label": "y", "features": picks}],
    }
    return {**project_file(), "features/all.yml": as_yaml(resources)}
