"""Values of every type that a feature may have, as hypothesis draws them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from hypothesis import strategies as st

Times = tuple[datetime | None, datetime | None]

TEXT = st.text("a \0\x7f\x80\u07ff\u20ac\uffff\U0010ffff", max_size=8)
# A fold says nothing of an instant without zone.
INSTANTS = st.datetimes().map(lambda instant: instant.replace(fold=0))


def decimals(precision: int, scale: int) -> st.SearchStrategy[Decimal]:
    most = 10**precision - 1
    return st.integers(-most, most).map(lambda whole: Decimal(f"{whole}E-{scale}"))


def lists(items: st.SearchStrategy[object]) -> st.SearchStrategy[list[object]]:
    return st.lists(st.none() | items, max_size=4)


VALUES: dict[str, st.SearchStrategy[object]] = {
    "string": TEXT,
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "float32": st.floats(width=32),
    "float64": st.floats(),
    "bool": st.booleans(),
    "timestamp": INSTANTS,
    "date": st.dates(),
    "decimal(12,2)": decimals(12, 2),
    "decimal(38,0)": decimals(38, 0),
    "decimal(38,19)": decimals(38, 19),
    "decimal(38,38)": decimals(38, 38),
    "bytes": st.binary(max_size=8),
    "json": TEXT,
    "vector(3)": st.lists(st.floats(width=32), min_size=3, max_size=3),
}
VALUES |= {f"list<{kind}>": lists(values) for kind, values in VALUES.items()}
VALUES["list<list<timestamp>>"] = lists(lists(INSTANTS))


def times() -> st.SearchStrategy[Times]:
    return st.tuples(st.none() | INSTANTS, st.none() | INSTANTS)
