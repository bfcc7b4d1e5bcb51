"""Ten thousand damaged projects: each is refused with a place or compiles, none makes ffc fail.

Seeded, so that a run can be had again; what fails is shrunk to the least damage that does it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click
import msgspec
import pytest
from diagnostics.project import BASE, PROFILES
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from ffc.cli.formats import concise, github
from ffc.cli.rendering import render_diagnostics
from ffc.cli.sarif import sarif
from ffc.compiler.compile import compile_project
from ffc.core.diagnostics import document, ordered
from ffc.manifest.records import Target
from ffc.project.files import ProjectFiles, read_files

PROJECTS: Final = 10_000
PARTS: Final = 10
TARGET: Final = Target(name="dev", offline="duckdb", dialect="duckdb", online=("default",))
TEMPLATE: Final = Path(__file__).parent.parent.parent / "project_template"

RICH: Final[Mapping[str, str]] = {
    **{name: text for name, text in BASE.items() if name != PROFILES},
    "macros/sums.sql": """\
{% macro total(column, scale=1) -%}
sum({{ column }}) {%- if scale != 1 %} / {{ scale }}{% endif %}
{%- endmacro %}
{% from 'dates.sql' import day %}
{% macro per_day(column) %}{{ total(column) }} as {{ column }}_on_{{ day() }}{% endmacro %}
""",
    "macros/dates.sql": "{% macro day() %}day{% endmacro %}\n",
    "transformations/daily.sql": """\
{{ config(materialized='incremental', time_column='ordered_at', unique_key=['customer_id'], lookback='3d') }}
{% set names = ['amount'] %}
with recent as (
  select * from {{ ref('stg_orders') }}
  {% if is_incremental() %} where ordered_at >= {{ watermark() }} {% endif %}
)
select customer_id, ordered_at,
  {%- for name in names %}
  {{ total(name) }} as {{ name }}_total{{ ',' if not loop.last }}
  {%- endfor %}
from recent
group by 1, 2
""",
    "transformations/notes.yml": """\
transformations:
  - name: daily
    description: "by day"
    contract: {enforced: true}
    tests: [{row_count: {min: 1}}]
    columns:
      - {name: customer_id, type: string, tags: [pii], tests: [not_null, {accepted_values: {values: [a]}}]}
""",
    "features/more.yml": """\
feature_views:
  - name: windows
    entity: customer
    source: ref('stg_orders')
    timestamp: ordered_at
    delay: 6h
    schedule: {cron: "0 * * * *", timezone: UTC}
    features:
      - {name: spend_1h, aggregate: {function: sum, column: amount, window: 1h}}
      - {name: count_30d, aggregate: {function: count, window: 30d, where: "amount > 10"}}
labels:
  - name: paid
    source: source('raw', 'orders')
    entities:
      customer: customer_id
      receiver: {entity: customer, keys: order_id}
    timestamp: ordered_at
    column: is_fraud
on_demand:
  - name: ratio
    request: {amount: float64}
    sql: "request.amount / nullif(orders_recent.amount, 0)"
    type: float64
training_sets:
  - name: more
    label: paid
    include: [order_id]
    features:
      - windows.*
      - {feature: orders_recent.amount, lag: 7d, as: before}
      - {feature: orders_recent.amount, for: receiver}
      - ratio
models:
  - {name: fraud-rf, training_set: more}
""",
    "tests/unit.yml": """\
unit_tests:
  - name: keeps_all
    of: stg_orders
    given:
      - {input: source('raw', 'orders'), rows: [{customer_id: a, amount: 1.5}]}
    expect: {rows: [{customer_id: a, amount: 1.5}]}
""",
}
PROJECTS_TO_DAMAGE: Final[tuple[Mapping[str, str], ...]] = (
    RICH,
    {
        path.relative_to(TEMPLATE).as_posix(): path.read_text()
        for path in sorted(TEMPLATE.rglob("*"))
        if path.suffix in (".yml", ".sql") and path.name != "profiles.yml"
    },
)
PUT: Final = (
    *(
        "",
        "\t",
        " ",
        "\n",
        "\r",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        ":",
        ": ",
        ",",
        ",,",
        "- ",
        "-",
        "'",
    ),
    *('"', "&a ", "*a", "<<: *a", "<<", "!!python/object:os.system ", "!x ", "? ", "| ", "> ", "#"),
    *("%", "%}", "{%", "{{", "}}", "{#", "#}", "{% if x %}", "{% endif %}", "{% raw %}", "@", "`"),
    *("{% for i in range(99999) %}", "{% endfor %}", "{% macro m() %}", "{% set x = [x, x] %}"),
    *(
        "{{ ref('daily') }}",
        "{{ this }}",
        "{{ watermark() }}",
        "{{ ref.__class__ }}",
        "{{ var('x') }}",
    ),
    *("{{ total(total) }}", "{{ 1 / 0 }}", "{{ 'x' * 99999999 }}", "{% import 'sums.sql' as s %}"),
    *(
        "--",
        "/*",
        "*/",
        ";",
        "$1",
        "?",
        "::",
        "select",
        "from",
        " join x",
        " where",
        "group by",
        "case",
    ),
    *(
        "null",
        "~",
        "yes",
        "no",
        "on",
        "true",
        "0",
        "-1",
        "1e400",
        ".nan",
        "9" * 40,
        "2024-01-01",
        "0o7",
    ),
    *(
        "default: true\n",
        "name: a__b",
        "name: stg_orders",
        "ref('stg_orders')",
        "source('raw', 'orders')",
    ),
    *(
        "\x00",
        "\x07",
        "\x1b[31m",
        "\x85",
        "\u2028",
        "\ufeff",
        "ü日😀",
        "\ue000",
        "\ue0000:0:9\ue001",
        "\ue003",
    ),
    *(
        "\u202e",
        "a" * 300,
        "(" * 200,
        "[" * 200,
        "{{ (" * 50,
        "- " * 200,
        "\\",
        "\\ud800",
        "''",
        '""',
    ),
)


@st.composite
def damages(draw: st.DrawFn) -> dict[str, str]:
    """Return the texts of a project with one to four damages."""
    texts = dict(draw(st.sampled_from(PROJECTS_TO_DAMAGE)))
    for _ in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from(sorted(texts)))
        _damage(draw, texts, name)
    return texts


def _damage(draw: st.DrawFn, texts: dict[str, str], name: str) -> None:
    text = texts[name]
    kind = draw(st.sampled_from(("put", "put", "put", "word", "word", "line", "swap", "file")))
    if kind == "put":
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from((0, 0, 1, 1, 4, 20))))
        texts[name] = text[:start] + draw(st.sampled_from(PUT)) + text[end:]
    elif kind == "word":
        words = text.split(" ")
        words[draw(st.integers(0, len(words) - 1))] = draw(
            st.one_of(st.sampled_from(words), st.sampled_from(PUT), st.text(max_size=5))
        )
        texts[name] = " ".join(words)
    elif kind == "line":
        lines = text.split("\n")
        line = draw(st.integers(0, len(lines) - 1))
        again = draw(st.sampled_from((0, 2)))
        indent = draw(st.sampled_from(("", "  ", " ")))
        lines[line : line + 1] = [indent + lines[line]] * again
        texts[name] = "\n".join(lines)
    elif kind == "swap":
        other = draw(st.sampled_from(sorted(texts)))
        texts[name], texts[other] = texts[other], texts[name]
    elif name != "ffc.yml":
        del texts[name]


def check(texts: Mapping[str, str]) -> None:
    """Compile and show what was said in every form."""
    compiled = compile_project(ProjectFiles(texts=texts), TARGET, {})
    found = ordered(compiled.diagnostics)
    assert compiled.manifest is not None or found
    for each in found:
        assert each.code in CODES, each
        for span in (each.span, *each.related):
            lines = texts[span.file].split("\n")
            assert 1 <= span.start.line <= len(lines), each
            assert 1 <= span.start.column <= len(lines[span.start.line - 1]) + 1, each
            assert span.start <= span.end, each
        assert "object at 0x" not in each.message, each
        assert "Traceback" not in each.message, each
    shown = render_diagnostics(found, texts)
    assert not OBEYED.search(click.unstyle(shown))
    assert len(list(concise(found))) == len(list(github(found, ""))) == len(found)
    json.dumps(sarif(found, ""))
    assert msgspec.json.decode(msgspec.json.encode(document(found, "dev")))


# What a terminal would obey.
OBEYED: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
CODES: Final = frozenset(f"FF{number}" for number in range(100, 700))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_no_damage_makes_ffc_fail(part: int) -> None:
    @seed(part)
    @settings(
        max_examples=PROJECTS // PARTS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(damages())
    def damaged(texts: dict[str, str]) -> None:
        check(texts)

    damaged()


@seed(0)
@settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(damages())
def test_no_damage_makes_ffc_fail_at_first_glance(texts: dict[str, str]) -> None:
    check(texts)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(200))
def test_no_bytes_on_disk_make_ffc_fail(number: int, tmp_path: Path) -> None:
    """Bytes that are no text, at a place that follows from the number."""
    names = sorted(RICH)
    broken = names[number % len(names)]
    for name, text in RICH.items():
        content = text.encode()
        if name == broken:
            at = (number * 7919) % (len(content) + 1)
            junk = (b"\xff\xfe", b"\x80", b"\xed\xa0\x80", b"\x00", b"\r")[number % 5]
            content = content[:at] + junk + content[at:]
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    files, problems = read_files(tmp_path)
    compiled = compile_project(files, TARGET, {})
    shown = render_diagnostics(ordered([*problems, *compiled.diagnostics]), files.texts)
    assert "Traceback" not in shown
    assert not [d for d in compiled.diagnostics if d.code == "FF900"]
