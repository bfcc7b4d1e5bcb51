"""The files of the project that editors of tests work in, and places in them."""

from __future__ import annotations

from support.projects import FILES

CLEAN = "transformations/clean.sql"
ALL = "features/all.yml"
MAIN = "training_sets/main.yml"
MACROS = "macros/all.sql"
QUERY = FILES[CLEAN]
MORE = """\
select s.user_id, s.amount, u.country, {{ doubled('amount') }} as twice
from {{ ref('spending') }} as s
join {{ source('raw', 'users') }} u on u.user_id = s.user_id
"""


def place_of(text: str, marked: str) -> tuple[int, int]:
    """Return line and character of the `^` in a part of a text."""
    before, after = marked.split("^")
    assert text.count(before + after) == 1, marked
    lines = text[: text.index(before + after) + len(before)].split("\n")
    return len(lines) - 1, len(lines[-1].encode("utf-16-le")) // 2
