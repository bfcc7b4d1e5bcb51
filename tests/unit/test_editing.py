"""Places in files that are half written, keys by the records, positions as editors count them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from ffc.cli.schemas import chosen_schema
from ffc.core.diagnostics import Position, Span
from ffc.core.lines import Lines
from ffc.core.yaml import read_yaml
from ffc.lsp.keys import keys_at, values_at
from ffc.lsp.positions import Places
from ffc.lsp.sql_places import calls, is_said, macros, open_call, word_at
from ffc.lsp.yaml_places import yaml_marks, yaml_place
from ffc.project.kinds import KINDS

ROOT = Path(__file__).parent.parent.parent
YAML = """\
# a comment: with a colon
feature_views:
  - name: daily   # why
    entity: cu
    source: ref('clean')
    keys: {customer_id: cust_id}
    description: |
      long words
      name: not a key
    features:
      - {name: avg, type: float64, description: "a: b, c"}
      - {name: spend,  aggregate: {function: sum,   column: amount,
          window: 1h}}
      - name: x
        ty
      -
BLANK
  - na
labels:
- name: y
  entities:
    receiver: {entity: customer, keys: }
training_sets:
  - name: t
    features:
      - daily.avg
      - {feature: daily.avg, lag: 7d}
    include: [a, b,]
    new: { na""".replace("BLANK", "    ")
# What is marked by `^` before it, and where it is: path, key, word.
PLACES = [
    ("entity: ^cu\n", ("feature_views",), "entity", "cu"),
    ("source: ref('^clean')", ("feature_views",), "source", "ref('clean')"),
    ("keys: {customer_id: cust^_id}", ("feature_views", "keys"), "customer_id", "cust_id"),
    ("^keys: {customer", ("feature_views",), "", "keys"),
    ("type: float^64", ("feature_views", "features"), "type", "float64"),
    ('description: "a: b^, c"', ("feature_views", "features"), "description", "a: b, c"),
    ("column: ^amount", ("feature_views", "features", "aggregate"), "column", "amount"),
    ("window: 1^h", ("feature_views", "features", "aggregate"), "window", "1h"),
    ("        ty^", ("feature_views", "features"), "", "ty"),
    ("      -^\n", ("feature_views",), "features", ""),
    ("    ^\n  - na", ("feature_views",), "", ""),
    ("  - na^\n", (), "feature_views", "na"),
    ("^receiver: {", ("labels", "entities"), "", "receiver"),
    ("entity: custo^mer", ("labels", "entities", "receiver"), "entity", "customer"),
    ("keys: ^}", ("labels", "entities", "receiver"), "keys", ""),
    ("- daily^.avg", ("training_sets",), "features", "daily.avg"),
    ("{feature: daily.a^vg", ("training_sets", "features"), "feature", "daily.avg"),
    ("include: [a, b^,", ("training_sets",), "include", "b"),
    ("{ na^", ("training_sets", "new"), "", "na"),
]


@pytest.mark.parametrize(("marked", "path", "key", "word"), PLACES)
def test_a_place_is_known_by_its_keys(
    marked: str, path: tuple[str, ...], key: str, word: str
) -> None:
    before, after = marked.split("^")
    assert YAML.count(before + after) == 1
    place = yaml_place(YAML, YAML.index(before + after) + len(before))
    assert (place.path, place.key, place.word) == (path, key, word)


def test_what_stands_in_a_long_text_is_no_key() -> None:
    place = yaml_place(YAML, YAML.index("not a key"))
    assert (place.path, place.key) == (("feature_views",), "description")


def test_values_beside_a_place_are_known_wherever_they_stand() -> None:
    text = "feature_views:\n  - entity: customer\n    source: \n    name: x\n"
    place = yaml_place(text, text.index("source: ") + 8)
    assert place.key == "source"
    assert place.level.values == {"entity": "customer", "source": "", "name": "x"}


def _files() -> list[Path]:
    folders = (ROOT / "project_template", ROOT / "tests" / "projects")
    return sorted(p for f in folders for p in f.rglob("*") if p.suffix in (".yml", ".sql"))


@pytest.mark.parametrize("path", [p for p in _files() if p.suffix == ".yml"], ids=lambda p: p.name)
def test_keys_and_values_stand_where_the_reader_of_yaml_finds_them(path: Path) -> None:
    text = path.read_text()
    root, _ = read_yaml(path.name, text)
    assert root is not None
    lines = Lines(path.name, text)
    pending, found = [root], set()
    while pending:
        node = pending.pop()
        pending += node.items
        for key, value in node.pairs:
            found.add((key.text, lines.offset(key.span.start)))
            pending.append(value)
    assert found
    assert {(m.text, m.start) for m in yaml_marks(text) if m.kind == "key"} == found


@pytest.mark.parametrize("path", _files(), ids=lambda p: p.name)
def test_no_part_of_a_file_is_too_broken_to_be_looked_at(path: Path) -> None:
    text = path.read_text()[:3000]
    for end in range(0, len(text), 7):
        begun = text[:end]
        if path.suffix == ".yml":
            yaml_place(begun, end)
            yaml_place(text[end:], 0)
        else:
            list(calls(begun))
            open_call(begun)
            word_at(begun, end)
            list(macros(begun))


@given(st.text(alphabet="ab:- \n{}[],'\"#|>\té🙂", max_size=60), st.integers(0, 60))
def test_any_text_has_places(text: str, offset: int) -> None:
    place = yaml_place(text, min(offset, len(text)))
    assert 0 <= place.start <= place.end <= len(text)
    word_at(text, min(offset, len(text)))


@given(st.text(alphabet="ab\né🙂\u2028\t", max_size=40), st.integers(0, 40))
def test_positions_go_there_and_back(text: str, offset: int) -> None:
    offset = min(offset, len(text))
    places, lines = Places(text), Lines("", text)
    position = places.position(lines.position(offset))
    assert places.offset(position) == offset
    line = text[lines.begin(offset) : offset]
    assert position.character == len(line.encode("utf-16-le")) // 2


def test_a_place_beyond_the_text_is_its_end() -> None:
    places = Places("ab\nc")
    assert places.offset(types.Position(9, 9)) == 4
    assert places.offset(types.Position(0, 9)) == 2
    span = Span(file="", start=Position(9, 9), end=Position(9, 10))
    assert places.range(span).start == types.Position(1, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_the_keys_are_those_of_the_schema(kind: str) -> None:
    schema = chosen_schema(kind)
    own = schema["properties"][kind]["items"]["$ref"].rpartition("/")[2]
    seen: set[str] = set()
    pending = [((kind,), own)]
    while pending:
        path, name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        definition = schema["$defs"][name]
        known = [each for each in definition.get("anyOf", [definition]) if "properties" in each]
        if not known or "required" not in known[-1]:
            continue
        found = {key.name: key for key in keys_at("features/x.yml", path)}
        assert known[-1]["properties"].keys() <= found.keys()
        for key in known[-1]["required"]:
            assert found[key].required
        for key, inner in known[-1]["properties"].items():
            text = str(inner)
            if "additionalProperties" not in text:
                inside = [other for other in schema["$defs"] if f"/{other}'" in text]
                pending += [((*path, key), other) for other in inside]
    assert own in seen


def test_the_words_of_a_value_are_known() -> None:
    assert values_at("x.yml", ("feature_views", "boundary")) == ["exclusive", "inclusive"]
    assert "float64" in values_at("x.yml", ("feature_views", "features", "type"))
    assert values_at("x.yml", ("feature_views", "online")) == ["true", "false"]
    assert "hourly" in "".join(values_at("x.yml", ("feature_views", "schedule", "cron")))
    assert {"unique", "not_null"} <= set(
        values_at("x.yml", ("sources", "tables", "columns", "tests"))
    )
    assert {k.name for k in keys_at("ffc.yml", ())} >= {"name", "version", "profile", "vars"}
    assert {k.name for k in keys_at("profiles.yml", ("any", "outputs", "dev"))} >= {"schema"}
    assert {k.name for k in keys_at("selectors.yml", ("selectors",))} >= {"name", "definition"}
    within = keys_at("selectors.yml", ("selectors", "definition", "union"))
    assert {k.name for k in within} >= {"method", "value", "parents"}
    assert keys_at("x.yml", ("nothing", "such")) == []


def test_a_call_that_is_typed_is_known() -> None:
    call = open_call("select * from {{ source('raw', 'ev")
    assert call is not None
    assert (call.function, call.first, call.typed, call.second) == ("source", "raw", "ev", True)
    call = open_call('from {{ ref("')
    assert call is not None
    assert (call.function, call.typed, call.second) == ("ref", "", False)
    assert open_call("from {{ ref('x') }} as ") is None


def test_relations_have_the_names_that_follow_them() -> None:
    text = "from {{ ref('a') }} as x join {{ source('r', 't') }} y on 1 join {{ ref('b') }} where z"
    assert [(c.words, c.alias) for c in calls(text)] == [
        (("a",), "x"),
        (("r", "t"), "y"),
        (("b",), ""),
    ]


def test_what_is_only_said_names_nothing() -> None:
    text = "{# a\nb #} c -- d\n/* e\nf */ g 'h' i"
    assert [letter for letter in "abcdefghi" if is_said(text, text.index(letter))] == list("abdefh")
