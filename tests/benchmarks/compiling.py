"""How long a person waits for one error in a project of a thousand files.

Beside it, in the same run: the same project without the error, and Python starting up.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FILES = 1000
ROUNDS = 5
COLUMNS = ", ".join(f"column_{i}" for i in range(20))


def write_project(folder: Path, files: int) -> None:
    """Write a project: sources, transformations that read each other, views, a training set."""
    chance = random.Random(0)
    yaml = max(2, files // 20)
    texts = {
        "ffc.yml": "name: large\nversion: 1\nprofile: large\nvars: {least: 1}\n",
        "profiles.yml": (
            "large:\n  target: dev\n  outputs:\n    dev:\n      schema: dev\n"
            "      offline: {type: duckdb, path: .ffc/a.duckdb}\n"
            "      online: {type: sqlite, path: .ffc/b.db}\n"
        ),
        "macros/safe.sql": "{% macro safe(c) %}coalesce({{ c }}, 0){% endmacro %}\n",
        "features/entities.yml": (
            "entities:\n  - {name: customer, keys: [{name: customer_id, type: string}]}\n"
        ),
    }
    columns = [("customer_id", "string"), ("seen", "timestamp"), ("loaded", "timestamp")]
    columns += [(f"column_{i}", "float64") for i in range(20)]
    declared = "".join(f"          - {{name: {n}, type: {t}}}\n" for n, t in columns)
    for i in range(10):
        texts[f"sources/s{i}.yml"] = (
            f"sources:\n  - name: raw{i}\n    tables:\n      - name: events\n"
            f"        file: data/events{i}.csv\n        columns:\n{declared}"
        )
    for i in range(files - yaml - len(texts)):
        texts[f"transformations/t{i}.sql"] = _transformation(i, chance)
    for i in range(yaml):
        texts[f"features/v{i}.yml"] = (
            f"feature_views:\n  - name: view_{i}\n    entity: customer\n    source: ref('t{i}')\n"
            "    timestamp: seen\n    created: loaded\n    ttl: 30d\n    features:\n"
            + "".join(f"      - {{name: column_{j}, type: float64}}\n" for j in range(20))
        )
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _transformation(number: int, chance: random.Random) -> str:
    reads = f"source('raw{number % 10}', 'events')"
    if number > 20:
        reads = f"ref('t{chance.randrange(max(0, number - 50), number)}')"
    extra = ""
    if number % 10 == 0:
        extra = "{% for i in range(3) %}\n, {{ safe('column_' ~ i) }} as safe_{{ i }}\n{% endfor %}"
        extra = extra if number <= 20 else ""
    return (
        "{{ config(materialized='view') }}\n"
        f"with base as (\n  select customer_id, seen, loaded, {COLUMNS}\n  from {{{{ {reads} }}}}\n)\n"
        f"select customer_id, seen, loaded, {COLUMNS}{extra}\nfrom base\n"
        "where column_1 >= {{ var('least', 0) }}\n"
    )


def seconds(*command: str, folder: Path) -> float:
    """Return the median time of a command."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        subprocess.run(command, cwd=folder, capture_output=True, check=False)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def main() -> None:
    """Print the table."""
    ffc = str(Path(sys.executable).with_name("ffc"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_project(folder, FILES)
        python = seconds(sys.executable, "-c", "pass", folder=folder)
        clean = seconds(ffc, "compile", folder=folder)
        last = folder / "transformations" / "t500.sql"
        last.write_text(last.read_text().replace("from base", "from bse"))
        broken = seconds(ffc, "compile", folder=folder)
        said = subprocess.run([ffc, "compile"], cwd=folder, capture_output=True, text=True)
        assert said.returncode == 1, said
        assert said.stderr.count("error[") == 1, said.stderr
    print(f"{FILES} files, median of {ROUNDS}; Python alone {python:.3f} s")
    print(f"  ffc compile, no error    {clean:6.2f} s  {1000 * clean / FILES:5.2f} ms a file")
    print(f"  ffc compile, one error   {broken:6.2f} s  {1000 * broken / FILES:5.2f} ms a file")


if __name__ == "__main__":
    main()
