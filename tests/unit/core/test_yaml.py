"""YAML: values as the rules have them, places as an editor shows them, bad input in words."""

from __future__ import annotations

import math
import random
import re

import pytest

from ffc.core.diagnostics import Diagnostic, Span
from ffc.core.yaml import MAX_DEPTH, Node, read_yaml, resolve_plain
from ffc.core.yaml_words import _WORDS


def plain(text: str) -> object:
    root, problems = read_yaml("f.yml", text)
    assert problems == []
    assert root is not None
    return root.plain()


def refused(text: str) -> Diagnostic:
    """Return the only thing that is wrong with a text."""
    _root, problems = read_yaml("f.yml", text)
    (problem,) = problems
    assert problem.span.file == "f.yml"
    return problem


def marked(text: str, span: Span) -> str:
    """Return what a place marks, by the lines that an editor shows."""
    lines = text.split("\n")
    start, end = span.start, span.end
    assert start.line == end.line
    return lines[start.line - 1][start.column - 1 : end.column - 1]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-7", -7),
        ("+7", 7),
        ("0", 0),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        # What a reader may take for another number than the rules do.
        ("007", "007"),
        ("0o17", "0o17"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2024-01-05", "2024-01-05"),
        ("1e999", "1e999"),
        ("9" * 400, "9" * 400),
        ("yes", "yes"),
        ("on", "on"),
        ("N", "N"),
        ("=", "="),
    ],
)
def test_a_plain_word(text: str, value: object) -> None:
    found = resolve_plain(text)
    assert (type(found), found) == (type(value), value)


def test_what_is_quoted_is_text() -> None:
    assert plain("a: '7'\nb: \"true\"\nc: |\n  1\n") == {"a": "7", "b": "true", "c": "1\n"}


@pytest.mark.parametrize("ending", ["\u0085", "\u2028", "\u2029"])
def test_only_a_newline_ends_a_line(ending: str) -> None:
    """libyaml ends a line at these too; an editor does not, nor do the frames of a message."""
    text = f"# a{ending}# b{ending}\nfirst: 1\nsecond: 😀 x: y\n"
    found = refused(text)
    assert (found.span.start.line, found.span.start.column) == (3, 12)
    text = f"a: '{ending}'\nb: *c\n"
    assert marked(text, refused(text).span) == "*c"


def test_a_mark_of_the_encoding_is_a_character() -> None:
    text = "\ufeffname: *x\n"
    assert marked(text, refused(text).span) == "*x"


def test_the_places_of_values() -> None:
    text = "name: shop  # ours\nlist: [a, 'b']\nkey: &k 日本\n\nmap:\n  deep: x\n\n\nlast: 1\n"
    root, _ = read_yaml("f.yml", text)
    assert root is not None
    found = {key.text: value.span for key, value in root.pairs}
    assert [marked(text, found[k]) for k in ("name", "list", "key")] == ["shop", "[a, 'b']", "日本"]
    assert marked(text, found["map"]) == "deep: x"


# --- aliases and merges


def test_an_alias_is_what_it_stands_for() -> None:
    assert plain("a: &x [1, 2]\nb: *x\n") == {"a": [1, 2], "b": [1, 2]}


def test_own_keys_go_before_merged_ones() -> None:
    text = "base: &b {x: 1, y: 2}\nafter: {<<: *b, y: 3}\nbefore: {y: 3, <<: *b}\n"
    assert plain(text) == {
        "base": {"x": 1, "y": 2},
        "after": {"y": 3, "x": 1},
        "before": {"y": 3, "x": 1},
    }


def test_earlier_merges_go_before_later_ones() -> None:
    text = "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b], z: 3}\n"
    found = plain(text)
    assert isinstance(found, dict)
    assert found["c"] == {"z": 3, "x": 1, "y": 2}


def test_a_merge_brings_what_was_merged() -> None:
    text = "a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}\n"
    found = plain(text)
    assert isinstance(found, dict)
    assert found["c"] == {"y": 2, "x": 1}


def test_a_merged_key_keeps_the_place_where_it_was_typed() -> None:
    text = "a: &a {here: 1}\nb: {<<: *a}\n"
    root, _ = read_yaml("f.yml", text)
    assert root is not None
    merged = root.get("b")
    assert merged is not None
    ((key, _value),) = merged.pairs
    assert (key.span.start.line, marked(text, key.span)) == (1, "here")


def test_a_quoted_merge_is_a_key() -> None:
    assert plain("a: {'<<': {x: 1}}\n") == {"a": {"<<": {"x": 1}}}


@pytest.mark.parametrize("text", ["1", "[1]", "[{a: 1}, [b]]", "~"])
def test_a_merge_takes_mappings_only(text: str) -> None:
    found = refused(f"a: {{<<: {text}}}\n")
    assert found.code == "FF102"
    assert found.message.startswith("`<<` takes a mapping or a list of mappings, not ")


def test_an_alias_bomb_is_refused_at_once() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    found = refused("\n".join(levels))
    assert found.code == "FF101"
    assert found.message == "this stands for too many values through its aliases"


def test_a_bomb_of_merges_is_refused() -> None:
    keys = ", ".join(f"k{i}: 1" for i in range(1000))
    uses = "\n".join(f"u{i}: {{<<: *a}}" for i in range(1000))
    found = refused(f"a: &a {{{keys}}}\n{uses}\n")
    assert "aliases" in found.message


def test_aliases_do_not_nest_deeper_than_brackets() -> None:
    chain = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 99))
    root, problems = read_yaml("f.yml", chain)
    assert {p.message for p in problems} <= {"this is nested too deep"}
    assert root is not None
    assert root.height <= MAX_DEPTH + 1


# --- what is too much


@pytest.mark.parametrize("text", ["[", "{a: ", "[{a: [", "- "])
@pytest.mark.parametrize("times", [200, 20_000])
def test_what_is_nested_too_deep_ends_in_words(text: str, times: int) -> None:
    _root, problems = read_yaml("f.yml", text * times)
    assert problems
    assert {p.code for p in problems} == {"FF101"}


def test_many_keys_and_long_texts_are_read() -> None:
    found = plain("".join(f"k{i}: {i}\n" for i in range(20_000)) + f"long: '{'x' * 1_000_000}'\n")
    assert isinstance(found, dict)
    assert len(found) == 20_001


def test_a_key_twice_among_many() -> None:
    text = "".join(f"k{i}: {i}\n" for i in range(5_000)) + "k7: 1\n"
    found = refused(text)
    assert (found.code, found.span.start.line) == ("FF103", 5001)
    assert found.related[0].start.line == 8


# --- words


def test_every_message_has_words_of_ours() -> None:
    """What libyaml says of a text, as its source has it; not what it says of bytes."""
    for said, words in _WORDS.items():
        assert words.what != said
        assert not re.search(r"expected|token|octet|scalar|context", words.what)


@pytest.mark.parametrize(
    ("text", "mark", "what"),
    [
        ("a: @x", "@", "a value can't begin with this character"),
        ("a: *.csv", "*", "this is no anchor"),
        ("a: *b.c", "*", "this is no anchor"),
        ("a: - b", "-", "a list can't begin here"),
        ("a: b: c", ":", "a `:` can't stand here"),
        ("name:x\nb: 1", ":", "a space is missing after this `:`"),
        ("a: 1\nname:x\nb: 1", ":", "a space is missing after this `:`"),
        ("a: 1\nname\nb: 1", "name", "there is no `:` after this key"),
        ("a: {name:x, b: 1}", ":", "a space is missing after this `:`"),
        ("a: 1\n  b: 2", "b", "this is indented deeper than what it belongs to"),
        ("a:\n  b: 1\n c: 2", "c: 2", "this is not in line with what is around it"),
        ("a:\n\t- b", "\t", "a tab can't indent"),
        ("a: 'it's'", "'", "this quote ends too early"),
        ('a: "x\nb: "y"', '"', "this quote is never closed"),
        ('a: "\\q"', "\\q", "there is no such escape"),
        ('a: "\\x4"', "\\x4", "this escape needs hexadecimal digits"),
        ('a: "\\ud800"', "\\ud800", "this escape stands for no character"),
        ("a: {b: 1 c: 2}", "c", "there must be a `,` or a `}` before this"),
        ("a: [1, 2\nb: 3", "[", "this `[` is never closed"),
        ("a: [1, 2", "[", "this `[` is never closed"),
        ("a: [1,, 2]", ",", "there is nothing before this `,`"),
        ("a: ]", "]", "this `]` closes nothing"),
        ("a: !<x", "!", "a tag can't stand here"),
        (": 1", ":", "there is no key before this `:`"),
        ("%YAML 1.1\na: 1", "%YAML 1.1", "there must be a line `---` after this"),
        ("a: \x07", "\x07", "there is a control character here"),
        ("a: \ud800", "\ud800", "there is a control character here"),
        ("a: |x\n  b", "x", "this can't stand here"),
    ],
)
def test_words_and_places(text: str, mark: str, what: str) -> None:
    found = refused(text)
    assert found.code == "FF101"
    assert found.message.startswith(f"this is not YAML: {what}")
    assert marked(text, found.span) == mark


@pytest.mark.parametrize(
    "text",
    [
        "a: {{ x }}",
        "a: {{ ref('x') }}",
        "a: {{ source('a', 'b') }}",
        "a: {{ x }}_b",
        "{{ x }}: 1",
        "- {{ x }}",
        "a: [1, {{ x }}]",
        "a: {{\n  x\n  }}",
        "{% if x %}\na: 1\n{% endif %}",
        "{# a comment #}\na: 1",
        "a: {%- set b = 1 %}",
    ],
)
def test_jinja_is_told_from_yaml(text: str) -> None:
    found = refused(text)
    assert found.code == "FF102"
    assert re.fullmatch(r"`\{[{%#]` can't stand here", found.message)
    assert found.help
    assert "Jinja" in found.help[0]


def test_jinja_in_quotes_is_text() -> None:
    assert plain('a: "{{ x }}"\nb: x{{ y }}\n') == {"a": "{{ x }}", "b": "x{{ y }}"}


def test_jinja_in_a_comment_is_not_blamed() -> None:
    assert "Jinja" not in "".join(refused("a: 1 # {{ x }}\nb: [\n").help)


@pytest.mark.parametrize(
    "text", ["!x 1", "!!binary aGk=", "!!python/object:os.system [1]", "!!str 1"]
)
def test_a_tag_is_refused(text: str) -> None:
    found = refused(f"a: {text}\n")
    assert (found.code, found.message) == ("FF102", "a tag can't stand here")


@pytest.mark.parametrize("text", ["? [a, b]\n: 1\n", "? {a: b}\n: 1\n", "~: 1\n", "? \n: 1\n"])
def test_a_key_is_a_plain_word(text: str) -> None:
    assert refused(text).code == "FF102"


@pytest.mark.parametrize(
    "text", ["", "\n", "# nothing\n", "%YAML 1.2\n---\n", "---\n", "---\n...\n"]
)
def test_nothing_is_nothing(text: str) -> None:
    root, problems = read_yaml("f.yml", text)
    assert problems == []
    assert root is None or root.value is None


DAMAGED = """\
a: &x
  b: [1, 'two', "three"]
  c: |
    four
d:
  - <<: *x
    e: *x
  - {f: g, h: [i, {j: k}]}
"""


def test_what_is_damaged_was_whole() -> None:
    assert plain(DAMAGED)


@pytest.mark.parametrize("seed", range(300))
def test_any_damage_ends_in_words(seed: int) -> None:
    chance = random.Random(seed)
    text = DAMAGED
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(text) + 1)
        put = chance.choice([*list("{}[]:,-?&*!|>'\"%@`#\t\n \\~<="), "{{", "}}", "<<: ", "\u2028"])
        text = text[:at] + put + text[at + chance.choice((0, 0, 1, 3)) :]
    root, problems = read_yaml("f.yml", text)
    lines = text.split("\n")
    for problem in problems:
        for span in (problem.span, *problem.related):
            assert 1 <= span.start.line <= len(lines)
            assert span.start.column <= len(lines[span.start.line - 1]) + 1
            assert span.start <= span.end
        assert not re.search(r"expected|token|octet|scalar\b", problem.message)
    if root is not None:
        assert depth(root) <= MAX_DEPTH + 1


def depth(node: Node) -> int:
    inner = (*node.items, *(each for pair in node.pairs for each in pair))
    return 1 + max(map(depth, inner), default=0)
