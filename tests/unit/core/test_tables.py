"""Tables: aligned, within the width, whatever the values hold."""

from __future__ import annotations

from ffc.core.tables import render_records, render_table


def test_columns_are_aligned_and_numbers_to_the_right() -> None:
    shown = render_table(["name", "n"], [["é", 1], ["日本", 20], ["x", None]])
    assert shown == "name     n\n----  ----\né        1\n日本    20\nx     null"


def test_what_a_terminal_would_obey_is_not_sent() -> None:
    shown = render_table(["a"], [["two\nlines"], ["\x1b[31mred"]])
    assert len(shown.splitlines()) == 4
    assert "\x1b" not in shown


def test_records_stand_in_blocks_that_fit() -> None:
    rows = [{"a": "x" * 20, "b": i} for i in range(7)]
    shown = render_records(["a", "b"], rows)
    blocks = shown.split("\n\n")
    assert max(map(len, shown.splitlines())) <= 80
    assert [block.count("row ") for block in blocks] == [3, 3, 1]
    assert blocks[2].splitlines()[0].split() == ["column", "row", "7"]


def test_no_rows_still_name_their_columns() -> None:
    assert render_records(["a", "b"], []) == "column\n------\na\nb"


def test_a_value_wider_than_the_width_has_a_block_of_its_own() -> None:
    shown = render_records(["a"], [{"a": "x" * 100}, {"a": "y"}])
    assert shown.count("column") == 2


def test_every_row_of_many_is_there_once() -> None:
    shown = render_records(["a"], [{"a": f"v{i}."} for i in range(2000)])
    assert all(shown.count(f" v{i}.") == 1 for i in range(0, 2000, 37))
