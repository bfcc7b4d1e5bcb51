"""Declarations of sources edited: what is meant changes, in the way it is written; all else stays."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.slow import examples

from ffc.core.edits import Edit, edited, edited_bytes
from ffc.core.types import Type, known_type
from ffc.core.yaml import read_yaml
from ffc.core.yaml_writing import rewritten, scalar
from ffc.project.files import ProjectFiles
from ffc.project.source_changes import ColumnChange, RealColumn, changes
from ffc.project.source_edits import Unwritable, column_edits
from ffc.project.source_tables import WrittenTable, written_files

HEAD = "sources:\n  - name: raw\n    tables:\n"


def table_of(text: str) -> WrittenTable:
    (file,), problems = written_files(ProjectFiles(texts={"sources/raw.yml": text}))
    assert problems == []
    return next(file.tables())


def real(columns: str, *, guessed: bool = False) -> list[RealColumn]:
    """Return columns written as `a int64, b string`; `?` is a type that there is not."""
    found = []
    for each in re.split(r", (?=\w)", columns):
        name, _, kind = each.partition(" ")
        known: Type | None = known_type(kind) if kind != "?" else None
        found.append(RealColumn(name=name, native=kind, type=known, guessed=guessed))
    return found


def changed(text: str, columns: str, *, prune: bool = False) -> str:
    table = table_of(text)
    return edited(text, column_edits(table, changes(table, real(columns), prune=prune)))


BLOCK = f"""{HEAD}      - name: orders   # all of them
        columns:
          # keys
          - {{name: id, type: int32}}  # the key

          - name: "qty"
            type: 'int64'
            tests: [not_null]
          - {{name: was, type: string}}
        # done
        table: shop.orders
"""


def test_new_columns_are_written_as_the_last_one_is() -> None:
    after = changed(BLOCK, "id int32, qty int64, was string, at timestamp, price decimal(8,2)")
    assert after == BLOCK.replace(
        "{name: was, type: string}\n",
        "{name: was, type: string}\n"
        "          - {name: at, type: timestamp}\n"
        '          - {name: price, type: "decimal(8,2)"}\n',
    )


def test_types_keep_their_quotes_and_comments_their_places() -> None:
    after = changed(BLOCK, "id int64, qty decimal(38,9), was string")
    assert after == BLOCK.replace("int32", "int64").replace("'int64'", "'decimal(38,9)'")


def test_a_column_in_lines_is_followed_by_columns_in_lines() -> None:
    before = BLOCK.replace("          - {name: was, type: string}\n", "")
    assert changed(before, "id int32, qty int64, why list<string>") == before.replace(
        "tests: [not_null]\n",
        "tests: [not_null]\n          - name: why\n            type: list<string>\n",
    )


@pytest.mark.parametrize(
    ("there", "without"),
    [
        ("qty int64, was string", "          - {name: id, type: int32}  # the key\n"),
        ("id int32, qty int64", "          - {name: was, type: string}\n"),
        (
            "id int32, was string",
            "          - name: \"qty\"\n            type: 'int64'\n            tests: [not_null]\n",
        ),
    ],
)
def test_columns_that_are_gone_go_with_their_lines(there: str, without: str) -> None:
    assert changed(BLOCK, there, prune=True) == BLOCK.replace(without, "")
    assert changed(BLOCK, there) == BLOCK


def test_all_columns_may_be_others() -> None:
    after = changed(BLOCK, "one bool, two date", prune=True)
    assert "          - {name: one, type: bool}\n          - {name: two, type: date}\n" in after
    assert "id" not in after
    assert "# keys" in after


@pytest.mark.parametrize(
    ("columns", "there", "after"),
    [
        (
            "[{name: id, type: int64}]",
            "id int64, b string",
            "[{name: id, type: int64}, {name: b, type: string}]",
        ),
        (
            "[{name: id, type: int64}, {name: b, type: string}]",
            "b string",
            "[{name: b, type: string}]",
        ),
        (
            "[{name: id, type: int64}, {name: b, type: string}]",
            "id int64",
            "[{name: id, type: int64}]",
        ),
        ("[{name: id, type: int64}, {name: b, type: string}]", "c bool", "[{name: c, type: bool}]"),
        (
            "[\n          {name: id, type: int64},  # key\n        ]",
            "id int64, b string, c bool",
            "[\n          {name: id, type: int64},  # key\n          {name: b, type: string},\n"
            "          {name: c, type: bool},\n        ]",
        ),
        (
            "[\n          {name: id, type: int64}  # key\n        ]",
            "id int64, b string",
            "[\n          {name: id, type: int64},  # key\n          {name: b, type: string}\n        ]",
        ),
        (
            "[{name: id, type: int64},  # key\n          {name: b, type: string}]",
            "id int64, b int64",
            "[{name: id, type: int64},  # key\n          {name: b, type: int64}]",
        ),
        ("[]", "a int64", "\n          - {name: a, type: int64}"),
        ("  # none yet", "a int64", "  # none yet\n          - {name: a, type: int64}"),
        ("[{name: id}]", "id int64", "[{name: id, type: int64}]"),
        (
            "\n        - name: id  # key",
            "id int64",
            "\n        - name: id  # key\n          type: int64",
        ),
    ],
)
def test_lists_in_brackets_and_empty_ones(columns: str, there: str, after: str) -> None:
    text = (
        f"{HEAD}      - name: orders\n        table: t\n        columns: {{}}\n        owner: ann\n"
    )
    before = text.replace(" {}", f" {columns}" if columns.startswith("[") else columns)
    wanted = text.replace(" {}", f" {after}" if after.startswith("[") else after)
    assert changed(before, there, prune=True) == wanted


def test_tables_without_columns_get_them() -> None:
    assert changed(f"{HEAD}      - {{name: orders, table: t}}  # all\n", "a int64, b string") == (
        f"{HEAD}      - {{name: orders, table: t, columns: [{{name: a, type: int64}}, "
        "{name: b, type: string}]}  # all\n"
    )
    # A file need not end in the end of a line.
    assert changed(f"{HEAD}      - name: orders\n        table: t", "a int64") == (
        f"{HEAD}      - name: orders\n        table: t\n        columns:\n"
        "          - {name: a, type: int64}"
    )


def test_types_stand_in_a_column_where_they_do() -> None:
    before = (
        f"{HEAD}      - name: orders\n        table: t\n        columns:\n"
        "          - {name: id,     type: int64}\n          - {name: amount, type: int64}\n"
    )
    after = changed(before, "id int64, amount int64, at date, much_longer date")
    assert after == before + (
        "          - {name: at,     type: date}\n          - {name: much_longer, type: date}\n"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("columns: *others", "alias"),
        ("<<: *base", "alias"),
        ("columns: [*one]", "alias"),
        ("columns: [{name: id, type: *kind}]", "alias"),
        ("columns: 7", "no list"),
        ("columns: {id: int64}", "no list"),
        ("columns: [id]", "no mapping"),
        ("columns: [{name: id, type: }]", "empty"),
        (
            "columns: [{name: z, type: int64},  # key\n          {name: b, type: x}, {name: c}]",
            "comment",
        ),
    ],
)
def test_what_comes_from_elsewhere_is_not_edited(text: str, said: str) -> None:
    anchors = (
        "      - &base\n        name: base\n        table: t\n"
        "        columns: &others [&one {name: id, type: &kind int32}]\n"
    )
    before = f"{HEAD}{anchors}      - name: orders\n        {text}\n"
    (file,), _ = written_files(ProjectFiles(texts={"sources/raw.yml": before}))
    table = [t for t in file.tables() if t.name == "orders" or "<<" in text][-1]
    with pytest.raises(Unwritable, match=said):
        column_edits(table, changes(table, real("id int64, b string, c int64"), prune=True))


@pytest.mark.parametrize(
    ("declared", "there", "action"),
    [
        ("int64", "int32", None),
        ("float64", "int32", None),
        ("decimal(20,2)", "int32", None),
        ("string", "int64", "type"),
        ("int32", "int64", "type"),
        ("decimal(10,2)", "decimal(12,2)", "type"),
        ("int46", "int64", "type"),
        ("string", "?", "untyped"),
    ],
)
def test_a_type_that_holds_all_values_is_meant(
    declared: str, there: str, action: str | None
) -> None:
    text = f'{HEAD}      - name: o\n        table: t\n        columns: [{{name: a, type: "{declared}"}}]\n'
    found = changes(table_of(text), real(f"a {there}"), prune=False)
    assert [change.action for change in found] == ([action] if action else [])


def test_a_guessed_type_changes_none_that_is_declared() -> None:
    table = table_of(
        f"{HEAD}      - {{name: o, file: o.csv, columns: [{{name: a, type: string}}]}}\n"
    )
    found = changes(table, real("a int64, b float64", guessed=True), prune=False)
    assert found == [ColumnChange(action="add", column="b", type="float64", native="float64")]


def test_case_alone_is_a_new_name() -> None:
    found = changes(table_of(BLOCK), real("ID int32, qty int64, was string"), prune=True)
    assert found == [ColumnChange(action="rename", column="ID", was="id")]
    assert changed(BLOCK, "ID int32, QTY int64, was string") == BLOCK.replace(
        "name: id", "name: ID"
    ).replace('"qty"', '"QTY"')


def test_marks_and_ends_of_lines_stay() -> None:
    text = BLOCK.replace("\n", "\r\n")
    data = b"\xef\xbb\xbf" + text.encode()
    table = table_of(BLOCK)
    edits = column_edits(table, changes(table, real("id int64, n int64"), prune=True))
    assert (
        edited_bytes(data, edits)
        == b"\xef\xbb\xbf" + edited(BLOCK, edits).replace("\n", "\r\n").encode()
    )
    mixed = b"a: 1\r\nb: 2\nc: \xc3\xa4\r\nd: 4\r\n"
    read = mixed.decode().replace("\r\n", "\n")
    place = read.index("4")
    made = [Edit(read.index("ä"), read.index("ä") + 1, "5"), Edit(place, place + 1, "6\ne: 7")]
    assert edited_bytes(mixed, made) == b"a: 1\r\nb: 2\nc: 5\r\nd: 6\r\ne: 7\r\n"
    with pytest.raises(ValueError, match="Edit"):
        edited("abc", [Edit(0, 2, ""), Edit(1, 3, "")])


NAMES = st.text(st.sampled_from(string.printable + "ä€\u2028"), min_size=1, max_size=12)


@settings(max_examples=examples(300), deadline=None)
@given(NAMES, st.booleans(), st.sampled_from(["", "'", '"']))
def test_a_value_is_read_as_it_was_meant(text: str, flow: bool, quote: str) -> None:
    for written in (scalar(text, flow=flow), rewritten(f"{quote}x{quote}", text, flow=flow)):
        whole = f"a: {{b: {written}, c: 1}}\n" if flow else f"a:\n  b: {written}\n  c: 1\n"
        root, problems = read_yaml("x.yml", whole)
        assert problems == []
        assert root is not None
        assert root.plain() == {"a": {"b": text, "c": 1}}


STYLES: Sequence[str] = (
    "        columns: [{}]\n",
    "        columns: [\n          {},\n        ]\n",
    "        columns:\n          - {}\n",
)
KINDS = st.sampled_from(["int32", "int64", "string", "decimal(8,2)", "list<int64>", "bool"])
COLUMNS = st.dictionaries(st.sampled_from(["a", "b", "c", "d", "e", "B", "yes"]), KINDS, min_size=1)


@settings(max_examples=examples(300), deadline=None)
@given(st.sampled_from(STYLES), COLUMNS, COLUMNS, st.booleans())
def test_what_is_written_is_what_is_there(
    style: str, declared: dict[str, str], there: dict[str, str], braces: bool
) -> None:
    """Whatever is declared: pruned, it says what is there; and once that is written, nothing more."""
    columns = [f'{{name: "{n}", type: "{k}"}}' for n, k in declared.items()]
    between = {0: ", ", 1: ",\n          ", 2: "\n          - "}[STYLES.index(style)]
    if style == STYLES[2] and not braces:
        columns = [f'name: "{n}"\n            type: "{k}"' for n, k in declared.items()]
    text = f"{HEAD}      - name: o\n{style.format(between.join(columns))}        table: t  # x\n"
    found = [RealColumn(name=n, native=k, type=known_type(k)) for n, k in there.items()]
    if len({name.lower() for name in {*declared, *there}}) < len({*declared, *there}):
        return
    table = table_of(text)
    after = edited(text, column_edits(table, changes(table, found, prune=True)))
    again = table_of(after)
    assert changes(again, found, prune=True) == []
    assert again.columns is not None
    assert {item.plain()["name"] for item in again.columns.items} == set(there)  # type: ignore[index]
    assert after.endswith("        table: t  # x\n")
