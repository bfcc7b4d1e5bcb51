"""How a notebook shows what the client returns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from ffc.manifest.records import OutputColumn


def table_html(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table with a line above it; every text is shown as it is."""
    head = "".join(f"<th style='text-align:left'>{escape(name)}</th>" for name in header)
    body = "".join(f"<tr>{_cells(row)}</tr>" for row in rows)
    return (
        f"<div><strong>{escape(title)}</strong>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cells(row: Sequence[object]) -> str:
    return "".join(f"<td style='text-align:left'>{escape(str(value))}</td>" for value in row)


def dataset_html(name: str, columns: Sequence[OutputColumn]) -> str:
    """Return the columns of a data set: what each is, and what it is for."""
    rows = [(column.name, column.type, column.role, column.origin) for column in columns]
    return table_html(name, ("column", "type", "role", "from"), rows)
