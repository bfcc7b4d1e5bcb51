"""SQL on a page: no character is lost, each is marked for what it is, names lead to nodes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.projects import manifest
from support.site_pages import chain

from ffc.site.atlas import Atlas, Piece, chart
from ffc.site.sql import highlighted
from ffc.site.texts import one_line, paragraphs

ATLAS = chart(chain(3, 2))
NODE = ATLAS.nodes["transformation.t2"]
PARTS = (
    "select",
    " ",
    "\n",
    "'",
    '"',
    "--",
    "/*",
    "*/",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "1.5e3",
    "ref('t1')",
    '"__ffc".',
    '"transformation.t1"',
    "x_1",
    "注文",
    "(",
    ",",
)


def marked(sql: str, atlas: Atlas = ATLAS) -> list[tuple[str, str]]:
    node = atlas.nodes["transformation.t2"]
    return [(p.mark or p.href, p.text) for p in highlighted(atlas, node, sql) if p.mark or p.href]


@given(st.lists(st.sampled_from(PARTS)).map("".join))
def test_no_character_is_lost(sql: str) -> None:
    shown = "".join(piece.text for piece in highlighted(ATLAS, NODE, sql))
    lines = [line.rstrip() for line in sql.strip("\n").split("\n")]
    assert shown == "\n".join(lines)


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("SELECT x", [("keyword", "SELECT")]),
        ("selected, from_date", []),
        (
            "'it''s -- no comment' -- a 'comment'",
            [("text", "'it''s -- no comment'"), ("comment", "-- a 'comment'")],
        ),
        ("/* a\nb */ 1.5", [("comment", "/* a\nb */"), ("number", "1.5")]),
        ('"select" as "--"', [("keyword", "as")]),
        ("x1 + 1", [("number", "1")]),
        ("{# a {{ b #}{{ c }}", [("comment", "{# a {{ b #}"), ("jinja", "{{ c }}")]),
        ("'open", [("text", "'open")]),
        ("/* open", [("comment", "/* open")]),
        ("{{ open", [("jinja", "{{ open")]),
    ],
)
def test_each_word_is_marked_for_what_it_is(sql: str, found: list[tuple[str, str]]) -> None:
    assert marked(sql) == found


def test_names_lead_to_nodes() -> None:
    page = "nodes/transformation.t1.html"
    assert marked('from "__ffc"."transformation.t1"') == [
        ("keyword", "from"),
        (page, '"__ffc"."transformation.t1"'),
    ]
    assert marked('"__ffc"."watermark.transformation.t1"') == []
    pieces = highlighted(ATLAS, NODE, "{{ ref( \"t1\" ) }} {{ ref('t9') }}")
    assert [(p.text, p.href) for p in pieces if p.href] == [('ref( "t1" )', page)]
    small = chart(manifest())
    clean = small.nodes["transformation.clean"]
    found = highlighted(small, clean, "{{ source('raw', 'events') }} {{ source('raw', 'users') }}")
    assert [(p.text, p.href) for p in found if p.href] == [
        ("source('raw', 'events')", "nodes/source.raw.events.html")
    ]


@pytest.mark.parametrize("part", ["/*", "{{", "'", '"', "ref('", "{{ ref(", "--", "1.", "http://"])
def test_long_texts_are_read_once(part: str) -> None:
    # A reading that goes back to where it began at each of these would not end today.
    text = part * 100_000
    assert sum(len(piece.text) for piece in highlighted(ATLAS, NODE, text)) == len(text)
    assert one_line(text)
    assert paragraphs(text)


def test_descriptions_are_cut_into_what_they_are() -> None:
    (first, second) = paragraphs("Of `a` (see https://x.example/y).\n\n\nEnd ` here")
    assert first == (
        Piece(text="Of "),
        Piece(text="a", mark="code"),
        Piece(text=" (see "),
        Piece(text="https://x.example/y", href="https://x.example/y", mark="outside"),
        Piece(text=")."),
    )
    assert second == (Piece(text="End ` here"),)
    assert one_line("\n\n  Two\n  lines of `code`.\n\nMore.") == "Two lines of code."
    assert paragraphs("  \n ") == ()
