"""Templates: what they render to, where each character was typed, and what bounds them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.slow import examples

from ffc.compiler.settings import MATERIALIZED, SETTINGS
from ffc.project import template as front
from ffc.project.files import ProjectFiles
from ffc.project.jinja import budget, sandbox
from ffc.project.jinja.functions import FUNCTIONS, VALUES
from ffc.project.reader import SqlFile
from ffc.project.template import (
    RESERVED,
    Rendered,
    Resolver,
    Unresolved,
    check_macros,
    read_macros,
    render,
)

MACROS = {
    "macros/sums.sql": """\
{% macro total(column) %}sum({{ column }}){% endmacro %}
{% macro twice(column) -%}
  {{ total(column) }} + {{ total(column) }}
{%- endmacro %}
""",
    "macros/more.sql": """\
{% from 'sums.sql' import total as t %}
{% macro half(column) %}{{ t(column) }} / 2{% endmacro %}
{% macro wrapped() %}({{ caller() }}){% endmacro %}
""",
}


def resolver(macros: Mapping[str, str] = MACROS, **changes: Any) -> Resolver:
    def ref(name: str) -> str:
        if name.startswith("o"):
            return f"transformation.{name}"
        raise Unresolved("FF201", f"nothing is named `{name}`")

    library, problems = read_macros(macros.items(), RESERVED)
    assert problems == []
    words: dict[str, Any] = {
        "ref": ref,
        "source": lambda group, table: f"source.{group}.{table}",
        "variables": {"least": 5, "names": ["a", "b"], "flag": True, "nothing": None},
        "environment": {"REGION": "eu"},
        "target": {"name": "dev", "type": "duckdb", "dialect": "duckdb"},
        "library": library,
    }
    made = Resolver(**{**words, **changes})
    assert check_macros(made) == []
    return made


def rendered(text: str, incremental: bool = False, **changes: Any) -> Rendered:
    file = SqlFile(name="t", variant="default", path="transformations/t.sql", text=text)
    return render(file, "transformation.t", resolver(**changes), incremental)


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("select 1", "select 1"),
        ("from {{ ref('orders') }}", 'from "__ffc"."transformation.orders"'),
        ('from {{ref( "orders" )}}', 'from "__ffc"."transformation.orders"'),
        ("from {{- ref('orders') -}} x", 'from"__ffc"."transformation.orders"x'),
        ("from {{ source('raw', 'x') }}", 'from "__ffc"."source.raw.x"'),
        ("{{ config(materialized='table') }}select 1", "select 1"),
        ("{{ var('least') }} {{ var('other', 7) }}", "5 7"),
        ("{{ var('flag') }} {{ var('nothing') }} {{ false }} {{ none }}", "true null false null"),
        ("{{ env_var('REGION') }} {{ env_var('ZONE', 'b') }}", "eu b"),
        ("{{ target.name }} {{ target['type'] }}", "dev duckdb"),
        ("{% for n in var('names') %}{{ n }}{{ ',' if not loop.last }}{% endfor %}", "a,b"),
        ("{% set x = 3 %}{{ x * 2 ~ 'b' }}", "6b"),
        ("{# ref('nothing') #}a{% raw %}{{ b }}{% endraw %}", "a{{ b }}"),
        ("{{ total('a') }} {{ half('b') }}", "sum(a) sum(b) / 2"),
        ("{{ twice('a') }}", "sum(a) + sum(a)"),
        ("{% import 'sums.sql' as s %}{{ s.total('a') }}", "sum(a)"),
        ("{% import 'macros/sums.sql' as s %}{{ s.total('a') }}", "sum(a)"),
        ("{% from 'sums' import total as t %}{{ t('a') | upper }}", "SUM(A)"),
        ("{% call wrapped() %}x{% endcall %}", "(x)"),
        ("{% macro own(c) %}[{{ c }}]{% endmacro %}{{ own('q') }}", "[q]"),
        ("{% set l = [] %}{% do l.append('x') %}{{ l | join(', ') }}", "x"),
        ("{{ is_incremental() }}", "false"),
        ("{% filter upper %}a{% endfilter %}{% set b %}c{% endset %}{{ b }}", "Ac"),
        ("{% if x is defined %}1{% else %}2{% endif %}{{ y | default('z') }}", "2z"),
        ("{{ [1, 2] }} {{ {'a': 1} }}", "[1, 2] {'a': 1}"),
        ("{{ '%02d' | format(7) }} {{ '{}-{}'.format(1, 2) }} {{ 'a' ~ 1 }}", "07 1-2 a1"),
    ],
)
def test_rendering(text: str, sql: str) -> None:
    found = rendered(text)
    assert found.diagnostics == []
    assert not found.incomplete
    assert found.sql == sql


def test_what_is_found_on_the_way() -> None:
    found = rendered(
        "{{ config(materialized='table', unique_key=['a', 'b']) }}{% if var('least') > 1 %}"
        "{{ ref('orders') }} {{ env_var('REGION') }}{% endif %}"
    )
    assert {name: s.value for name, s in found.settings.items()} == {
        "materialized": "table",
        "unique_key": ["a", "b"],
    }
    assert set(found.refs) == {"transformation.orders"}
    assert found.variables == {"least"}
    assert found.environment == {"REGION"}


def test_the_build_after_the_first_one() -> None:
    text = "select {% if is_incremental() %}{{ watermark() }} {{ this }}{% else %}1{% endif %}"
    assert rendered(text).sql == "select 1"
    assert rendered(text, incremental=True).sql == (
        'select (select "watermark" from "__ffc"."watermark.transformation.t") '
        '"__ffc"."transformation.t"'
    )


def test_a_template_changes_no_variable_of_another() -> None:
    shared = resolver()
    file = SqlFile(name="t", variant="default", path="t.sql", text="")
    text = "{% set n = var('names') %}{% do n.append('c') %}{{ n | length }}"
    again = SqlFile(name="t", variant="default", path="t.sql", text=text)
    assert render(file, "t", shared).sql == ""
    assert [render(again, "t", shared).sql for _ in range(2)] == ["3", "3"]


def test_simple_templates_need_no_jinja() -> None:
    with mock.patch.object(front, "_render", side_effect=AssertionError):
        found = rendered("{{ config(materialized='table') }}select {{ var('least', 1) }}")
    assert found.sql == "select 5"


BOUND = [
    "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "{% for i in range(999999999) %}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
    "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(50) }}",
    "{% set ns = namespace(x='aaaa') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
    "{% set ns = namespace(x='aaaa') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x={}) %}{% for i in range(99) %}{% set ns.x = {'a': ns.x, 'b': ns.x} %}{% endfor %}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{% set x = [] %}{% for i in range(99) %}{% do x.append(x) %}{% endfor %}{{ x }}",
    "{% set x = [] %}{% set y = [] %}{% for i in range(99) %}{% do x.append([y, y]) %}{% do y.append([x, x]) %}{% endfor %}{{ x == y }}",
    "{{ 'a' * 999999999 }}",
    "{{ 999999999 * 'a' }}",
    "{{ [1] * 999999999 }}",
    "{{ 10 ** 9999999 }}",
    "{{ 9 ** 9 ** 9 ** 9 ** 9 ** 9 }}",
    "{% set ns = namespace(x=9) %}{% for i in range(99) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
    "{{ '%999999999d' % 1 }}",
    "{{ '%*d' % (999999999, 1) }}",
    "{{ '%999999999d' | format(1) }}",
    "{{ '{:999999999}'.format(1) }}",
    "{{ '{:{}}'.format(1, 999999999) }}",
    "{{ '{x:999999999}'.format_map({'x': 1}) }}",
    "{{ range(99999) | join('x' * 99999) }}",
    "{{ 'x' | replace('', 'y' * 999999) | replace('y', 'z' * 99999) }}",
    "{{ 'x'.replace('', 'y' * 999999).replace('y', 'z' * 99999) }}",
    "{{ ('x' * 99999).join('y' * 99999) }}",
    "{{ ('x\n' * 99999) | indent(999999) }}",
    "{{ ('x\n' * 99999) | indent('y' * 9999) }}",
    "{% for i in range(9999) %}{{ 'x' * 99999 }}{% endfor %}",
    "{% macro m() %}{% for i in range(9999) %}{{ 'x' * 99999 }}{% endfor %}{% endmacro %}{{ m() | length }}",
    "{% set x %}{% for i in range(9999) %}{{ 'x' * 99999 }}{% endfor %}{% endset %}{{ x | length }}",
    "{% for x in [1] recursive %}{{ loop([1, 1]) }}{% endfor %}",
    "{{ 'x'.ljust(999999999) }}",
    "{{ 'x'.center(999999999) }}",
    "{{ 'x'.zfill(999999999) }}",
    "{{ ('\t' * 99999).expandtabs(99999) }}",
    "{{ 'x' | center(999999999) }}",
    "{{ range(9) | batch(999999999, 'x') | list }}",
    "{{ range(9) | slice(999999999) | list }}",
    "{{ lipsum(n=99999) }}",
    "{{ [1, 2, 3] | tojson(indent=99999999) }}",
    "{{ ('9' * 999999) | int }}",
    "{{ 1.5 | round(999999999, 'ceil') }}",
    "{{ 1.5 | round(precision=999999999, method='floor') }}",
    "{% set l = [] %}{% for i in range(99999) %}{% do l.extend(range(99999)) %}{% endfor %}",
    "{% set l = [] %}{% for i in range(99999) %}{% do l.extend(range(99999) | map('abs')) %}{% endfor %}",
    "{{ ','.join(range(99) | map('string') | map('format') | list * 99999) }}",
    "{{ true.to_bytes(999999999, 'big') }}",
    "{{ (1).to_bytes(999999999, 'big') }}",
    "{{ dict.fromkeys(range(99999), 1) }}",
]


@pytest.mark.parametrize("text", BOUND)
def test_no_template_takes_for_ever(text: str) -> None:
    started = time.monotonic()
    found = rendered(text)
    assert found.incomplete
    assert {d.code for d in found.diagnostics} <= {"FF119", "FF109", "FF202"}
    assert found.diagnostics
    assert time.monotonic() - started < budget.MAX_SECONDS


def test_time_is_bounded_too() -> None:
    ticks = iter(range(10**9))
    own = budget.Budget(clock=lambda: float(next(ticks)))
    for _ in range(int(budget.MAX_SECONDS)):
        own.spend()
    with pytest.raises(budget.Exceeded, match="seconds"):
        own.spend()


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__ }}",
        "{{ ref.__call__.__globals__ }}",
        "{{ ref.rendering }}",
        "{{ total.rendering._library }}",
        "{{ config.__init__ }}",
        "{{ ''['__class__'] }}",
        "{{ '{0.__class__}'.format('') }}",
        "{{ [] | map(attribute='__class__') | list }}{{ [''] | map(attribute='__class__') | first }}",
        "{{ self }}",
        "{{ range }}",
        "{{ namespace }}",
        "{{ namespace() }}",
        "{{ total }}",
        "{{ this }}",
        "{% include '/etc/passwd' %}",
        "{% import '/etc/passwd' as p %}",
        "{% import '../../etc/passwd' as p %}",
        "{{ [3, 1] | random }}",
        "{{ cycler('a') }}",
        "{{ ref ~ '' }}",
        "{{ [1] | map('abs') ~ '' }}",
        "{{ '%s' % ref }}",
        "{{ '%s' | format(ref) }}",
        "{{ '{}'.format(ref) }}",
        "{{ [ref] }}",
        "{{ [{'a': ref}] | string }}",
        "{{ ref | string }}",
        "{{ [ref] | join }}",
        "{{ namespace() ~ '' }}",
        "{{ ref | tojson }}",
        "{{ total ~ '' }}",
        "{{ this ~ '' }}",
        "{{ ref | upper }}",
        "{{ [ref] | map('upper') | list }}",
        "{{ ref | trim }}{{ ref | replace('x', 'y') }}",
        "{{ ref | title }}",
    ],
)
def test_a_template_reaches_nothing_outside(text: str) -> None:
    found = rendered(text)
    assert found.diagnostics, found.sql
    said = " ".join(d.message for d in found.diagnostics)
    assert "0x" not in said + found.sql
    assert "<" not in said


def test_an_attribute_of_ours_cannot_be_read() -> None:
    assert rendered("{{ ref.name }}").incomplete


LITERAL = st.text(st.sampled_from("ab ,\n\t(é日😀"), min_size=1, max_size=6)
PIECES = st.sampled_from(
    [
        "{{ ref('orders') }}",
        "{{ var('least') }}",
        "{{- total('zz') -}}",
        "{{ twice('zz') }}",
        "{% if true %}",
        "{% endif %}",
        "{% for x in [1, 2] %}",
        "{{ x }}",
        "{% endfor %}",
        "{% set q = 'r' %}",
        "{% set b %}cap{% endset %}{{ b }}",
        "{# comment #}",
        "{% raw %}{{ }}{% endraw %}",
        "{%- if false -%}no{%- endif -%}",
        "{% macro own(c) %}<{{ c }}>{% endmacro %}",
        "{{ own('k') }}",
        "{% call wrapped() %}in{% endcall %}",
    ]
)


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.one_of(LITERAL, PIECES), max_size=12))
def test_each_character_is_found_where_it_was_typed(parts: list[str]) -> None:
    text = "".join(parts)
    found = rendered(text)
    if found.incomplete:
        assert found.diagnostics
        return
    lines = text.split("\n")
    for offset, character in enumerate(found.sql):
        span = found.map.span(offset, offset + 1)
        assert span.file == "transformations/t.sql"
        typed = lines[span.start.line - 1][span.start.column - 1 :] + "\n"
        if typed.startswith(("{{", "{%")):
            assert span.end > span.start
        else:
            assert typed[0] == character


@settings(max_examples=examples(200), deadline=None)
@given(
    st.lists(
        st.one_of(
            LITERAL,
            st.sampled_from(
                [
                    "{{ ref('orders') }}",
                    "{{ source( 'a' , \"b\" ) }}",
                    "{{ var('least') }}",
                    "{{var('other', -1.5)}}",
                    "{{ var('flag', none) }}",
                    "{{ config(materialized='table', a=1, b=true) }}",
                    "{{ env_var('REGION', 'x') }}",
                    "{{ ref('nothing') }}",
                    "{{ ref() }}",
                    "{{ var('nothing_at_all') }}",
                ]
            ),
        ),
        max_size=8,
    )
)
def test_the_short_way_and_jinja_agree(parts: list[str]) -> None:
    text = "".join(parts)
    short = rendered(text)
    with mock.patch.object(front, "literal_calls", return_value=None):
        long = rendered(text)
    assert short.sql == long.sql
    assert short.refs.keys() == long.refs.keys()
    assert short.settings == long.settings
    assert set(short.diagnostics) == set(long.diagnostics)


def test_macros_are_read_from_their_folder() -> None:
    files = ProjectFiles(texts={"macros/a.sql": "x", "transformations/b.sql": "y"})
    assert files.macros() == [("macros/a.sql", "x")]
    assert files.sql() == [("transformations/b.sql", "y")]


def test_the_page_names_all_that_there_is() -> None:
    page = (Path(__file__).parents[3] / "docs" / "templates.md").read_text()
    for word in (*FUNCTIONS, *VALUES, *SETTINGS, *MATERIALIZED):
        assert f"{word}" in page, word
    listed = page.split("Filters: `")[1].split("`")[0].split()
    assert listed == [name for name in sandbox.FILTERS if name != "d"]
