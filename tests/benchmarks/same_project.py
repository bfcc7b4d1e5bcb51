"""One project in the language of each tool: what `make bench-compile` has them all read.

So many transformations, each of two parents joined; a tenth as many source tables; a YAML file for
twenty transformations, with a test of data for each. Names, columns and graph are the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

OURS = {"id": "int64", "amount": "float64", "name": "string", "seen": "timestamp"}
THEIRS = {"id": "bigint", "amount": "double", "name": "varchar", "seen": "timestamp"}
# The parents of a transformation are at most so many before it.
REACH = 50
A_FILE = 20


def write_project(tool: str, folder: Path, nodes: int) -> None:
    """Write the project of a tool."""
    for name, text in WRITERS[tool](nodes):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def parents(nodes: int) -> list[tuple[str, str]]:
    """Return the two parents of each transformation: `s7` is a source, `m7` a transformation."""
    chance = random.Random(0)
    sources = nodes // 10
    found = []
    for number in range(nodes):
        if number < sources:
            found.append((f"s{number}", f"s{(number + 1) % sources}"))
        else:
            near = range(max(0, number - REACH), number)
            one, other = chance.sample(near, 2)
            found.append((f"m{one}", f"m{other}"))
    return found


def query(number: int, one: str, other: str) -> str:
    """Return a transformation's SELECT over its two parents, as they are named in a tool."""
    return (
        "select\n  a.id,\n  a.amount + b.amount as amount,\n  coalesce(a.name, b.name) as name,\n"
        f"  greatest(a.seen, b.seen) as seen\nfrom {one} as a\njoin {other} as b on a.id = b.id\n"
        f"where a.amount > {number}\n"
    )


def touched(text: str) -> str:
    """Return a transformation's file after an edit that changes what it computes."""
    return text.replace("where a.amount > ", "where a.amount > 1 + ")


def widened(text: str) -> str:
    """Return a transformation's file after an edit that gives it a column more."""
    return text.replace("  a.id,\n", f"  a.id,\n  1 as more_{text.count(' as more_')},\n", 1)


def _ffc(nodes: int) -> Iterator[tuple[str, str]]:
    yield "ffc.yml", "name: large\nversion: 1\nprofile: large\n"
    yield (
        "profiles.yml",
        "large:\n  target: dev\n  outputs:\n    dev:\n      schema: dev\n"
        "      offline: {type: duckdb, path: .ffc/a.duckdb}\n",
    )
    declared = "".join(f"          - {{name: {n}, type: {t}}}\n" for n, t in OURS.items())
    tables = "".join(
        f"      - name: s{i}\n        file: data/s{i}.csv\n        columns:\n{declared}"
        for i in range(nodes // 10)
    )
    yield "sources/raw.yml", f"sources:\n  - name: raw\n    tables:\n{tables}"
    yield from _queries("transformations", nodes, _jinja)
    yield from _notes("transformations", nodes, "transformations:\n", "tests")


def _dbt(nodes: int) -> Iterator[tuple[str, str]]:
    yield (
        "dbt_project.yml",
        "name: large\nversion: '1.0'\nconfig-version: 2\nprofile: large\n"
        "flags: {send_anonymous_usage_stats: false}\n",
    )
    yield (
        "profiles.yml",
        "large:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: a.duckdb}\n",
    )
    declared = "".join(f"          - {{name: {n}, data_type: {t}}}\n" for n, t in THEIRS.items())
    tables = "".join(
        f"      - name: s{i}\n        columns:\n{declared}" for i in range(nodes // 10)
    )
    yield "models/sources.yml", f"version: 2\nsources:\n  - name: raw\n    tables:\n{tables}"
    yield from _queries("models", nodes, _jinja)
    yield from _notes("models", nodes, "version: 2\nmodels:\n", "data_tests")


def _sqlmesh(nodes: int) -> Iterator[tuple[str, str]]:
    yield (
        "config.yaml",
        "gateways:\n  local:\n    connection: {type: duckdb, database: a.duckdb}\n"
        "default_gateway: local\nmodel_defaults: {dialect: duckdb}\n"
        "disable_anonymized_analytics: true\n",
    )
    declared = "".join(f"    {n}: {t}\n" for n, t in THEIRS.items())
    tables = "".join(f"- name: raw.s{i}\n  columns:\n{declared}" for i in range(nodes // 10))
    yield "external_models.yaml", tables
    for path, text in _queries("models", nodes, _plain):
        name = Path(path).stem
        head = (
            f"MODEL (\n  name main.{name},\n  kind VIEW,\n"
            f"  description 'The transformation {name[1:]}.',\n"
            "  audits (not_null(columns := (id)))\n);\n\n"
        )
        yield path, head + text


def _jinja(name: str) -> str:
    call = f"source('raw', '{name}')" if name.startswith("s") else f"ref('{name}')"
    return f"{{{{ {call} }}}}"


def _plain(name: str) -> str:
    return f"{'raw' if name.startswith('s') else 'main'}.{name}"


def _queries(folder: str, nodes: int, named: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    for number, (one, other) in enumerate(parents(nodes)):
        yield f"{folder}/m{number}.sql", query(number, named(one), named(other))


def _notes(folder: str, nodes: int, head: str, tests: str) -> Iterator[tuple[str, str]]:
    for first in range(0, nodes, A_FILE):
        notes = "".join(
            f"  - name: m{i}\n    description: The transformation {i}.\n"
            f"    columns:\n      - {{name: id, {tests}: [not_null]}}\n"
            for i in range(first, min(nodes, first + A_FILE))
        )
        yield f"{folder}/n{first}.yml", f"{head}{notes}"


WRITERS: Mapping[str, Callable[[int], Iterator[tuple[str, str]]]] = {
    "ffc": _ffc,
    "dbt": _dbt,
    "sqlmesh": _sqlmesh,
}
