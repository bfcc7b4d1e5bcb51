"""What sqlglot's own inference says of the same expressions: `python tests/typing/compare.py`.

Prints, by theme, how often it agrees with DuckDB, then every difference.
"""

from __future__ import annotations

import logging
import sys
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))

import sqlglot  # noqa: E402
from projects.tpch_data import PROJECT  # noqa: E402
from sqlglot import exp  # noqa: E402
from sqlglot.errors import SqlglotError  # noqa: E402
from sqlglot.optimizer.annotate_types import annotate_types  # noqa: E402
from sqlglot.optimizer.qualify import qualify  # noqa: E402
from support.projects import compile_folder  # noqa: E402
from typed_expressions import COLUMNS, expressions  # noqa: E402
from typed_queries import SOURCE, TABLE, described, real  # noqa: E402

from ffc.core.types import known_type  # noqa: E402
from ffc.manifest.records import Source, Transformation  # noqa: E402
from ffc.sql.build import REFERENCE_SCHEMA  # noqa: E402
from ffc.sql.types import sql_type  # noqa: E402

Schema = dict[str, dict[str, dict[str, str]]]


def inferred(sql: str, schema: Schema) -> list[str]:
    """Return the types that sqlglot gives to a query's columns; one `?` where it gives none."""
    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
        tree = qualify(tree, schema=schema, dialect="duckdb")
        tree = annotate_types(tree, schema=schema, dialect="duckdb")
    except (SqlglotError, TypeError, ValueError, AttributeError) as problem:
        return [f"{type(problem).__name__}"]
    return [_same_words(one.type) if one.type is not None else "?" for one in tree.selects]


def _same_words(kind: exp.DataType | str) -> str:
    """Write a type as sqlglot does, so that synonyms are no difference."""
    if isinstance(kind, str):
        kind = exp.DataType.build(kind, dialect="duckdb", udt=True)
    written = kind.sql(dialect="duckdb")
    return "?" if written == "UNKNOWN" else written


def main() -> None:
    """Compare, and print what was found."""
    logging.disable()
    agreed, total, unknown = Counter[str](), Counter[str](), Counter[str]()
    lines: list[str] = []

    def note(theme: str, words: str, guess: str, native: str) -> None:
        total[theme] += 1
        if guess == _same_words(native):
            agreed[theme] += 1
            return
        unknown[theme] += guess == "?"
        lines.append(f"{words}: {guess} / {native}")

    kinds = {n: sql_type(known_type(kind)).sql("duckdb") for n, (kind, _) in COLUMNS.items()}
    schema = {REFERENCE_SCHEMA: {SOURCE: kinds}}
    connection = real(COLUMNS)
    for theme, expression in expressions():
        native = described(connection, {"e": expression})["e_plain"]
        words = expression.replace("{table}", TABLE)
        note(
            theme, expression, inferred(f"select {words} as c from {TABLE} as q", schema)[0], native
        )
    manifest = compile_folder(PROJECT)
    sources = [node for node in manifest.nodes if isinstance(node, Source)]
    schema = {REFERENCE_SCHEMA: {s.id: {c.name: c.native for c in s.columns} for s in sources}}
    for node in manifest.nodes:
        if isinstance(node, Transformation):
            for column, guess in zip(node.columns, inferred(node.sql, schema), strict=True):
                note("TPC-H", f"{node.name}.{column.name}", guess, column.native)
    _write(agreed, total, unknown, lines)


def _write(
    agreed: Counter[str], total: Counter[str], unknown: Counter[str], lines: list[str]
) -> None:
    head = f"{'':18}{'columns':>8}{'agree':>8}{'unknown':>8}{'other':>8}"
    table = [head]
    for theme in [*total, ""]:
        own = [counts[theme] if theme else counts.total() for counts in (total, agreed, unknown)]
        rate = f"{own[1] / own[0]:.0%}"
        other = own[0] - own[1] - own[2]
        table.append(f"{theme or 'all':18}{own[0]:>8}{rate:>8}{own[2]:>8}{other:>8}")
    words = ["", "expression: sqlglot / DuckDB", *lines]
    sys.stdout.write("\n".join([*table, *words]) + "\n")


if __name__ == "__main__":
    main()
