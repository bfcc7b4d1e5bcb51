"""What each row of a frame asks of each view, in Feast's words, and what there is to be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from differential.frames import TIME
from differential.reasons import Values


@dataclass(frozen=True, kw_only=True)
class Question:
    """One row that asks one view for one role."""

    row: int
    asked: Mapping[str, Any]
    keys: Sequence[str]
    view: Mapping[str, Any]
    columns: Sequence[str]
    known: bool
    twice: bool

    def of_key(self) -> list[Mapping[str, Any]]:
        """Return the rows of the view with that key and any event time."""
        wanted = [self.asked[key] for key in self.keys]
        if None in wanted:
            return []
        names, time = self.view["keys"], self.view["timestamp"]
        return [
            row
            for row in self.view["rows"]
            if [row[name] for name in names] == wanted and row[time] is not None
        ]

    def until(self) -> list[Mapping[str, Any]]:
        """Return those that had become true."""
        at = self.asked[TIME]
        return [] if at is None else [row for row in self.of_key() if row["at"] <= at]

    def candidates(self) -> list[Mapping[str, Any]]:
        """Return those that are not too old and, where that is asked, had been learned."""
        return [row for row in self.until() if row["at"] >= self.oldest() and self.learned(row)]

    def learned(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a row counts as known at the instant."""
        if not (self.known and self.view["created"]):
            return True
        return row["learned"] is not None and row["learned"] <= self.asked[TIME]

    def oldest(self) -> datetime:
        """Return the oldest event time that ttl allows."""
        ttl = self.view["ttl"]
        return datetime.min if ttl is None else self.asked[TIME] - timedelta(seconds=ttl)

    def tied(self) -> list[Mapping[str, Any]]:
        """Return the candidates that no rule of Feast's puts before another."""
        ranks = [(self._rank(row), row) for row in self.candidates()]
        best = max((rank for rank, _ in ranks), default=None)
        return [row for rank, row in ranks if rank == best]

    def _rank(self, row: Mapping[str, Any]) -> tuple[datetime, datetime]:
        created = row[self.view["created"]] if self.view["created"] else None
        return row["at"], created or datetime.min

    def values(self, row: Mapping[str, Any]) -> Values:
        """Return what a row of the view says of its features."""
        return tuple(row[feature["column"]] for feature in self.view["features"])

    def situations(self) -> list[str]:
        """Return the names of what is to be seen here."""
        return [name for name, holds in SITUATIONS.items() if holds(self)]


SITUATIONS: Final[Mapping[str, Callable[[Question], bool]]] = {
    "a value of the very instant": lambda q: any(row["at"] == q.asked[TIME] for row in q.tied()),
    "a value as old as the ttl allows": lambda q: any(row["at"] == q.oldest() for row in q.tied()),
    "only values that are too old": lambda q: (
        bool(q.until()) and all(row["at"] < q.oldest() for row in q.until())
    ),
    "values that were not known yet": lambda q: any(not q.learned(row) for row in q.until()),
    "before every value": lambda q: bool(
        q.asked[TIME] is not None and q.of_key() and not q.until()
    ),
    "a winner with a null": lambda q: any(None in q.values(row) for row in q.tied()),
    "a tie": lambda q: len(q.tied()) > 1,
    "a tie that created decides": lambda q: bool(
        q.view["created"]
        and len({row["learned"] for row in q.candidates() if row["at"] == q.tied()[0]["at"]}) > 1
    ),
    "learned after the instant": lambda q: bool(
        q.view["created"]
        and any((row["learned"] or q.asked[TIME]) > q.asked[TIME] for row in q.tied())
    ),
    "a null key": lambda q: None in [q.asked[key] for key in q.keys],
    "a null time": lambda q: q.asked[TIME] is None,
    "a key of several columns": lambda q: len(q.keys) > 1,
    "asked twice": lambda q: q.twice,
    "a winner within a second": lambda q: any(row["at"].microsecond for row in q.tied()),
    "a long history": lambda q: len(q.candidates()) >= 30,
}


def questions(frame: Mapping[str, Any]) -> Iterator[Question]:
    """Yield what every row asks of every view, for each role of its entity."""
    label = frame["label"]
    plain = [tuple(v for k, v in row.items() if k != "row") for row in label["rows"]]
    for number, view in enumerate(frame["views"]):
        for role, keys in roles_of(label, view).items():
            columns = [
                p["feast"] for p in frame["picks"] if (p["view"], p["role"]) == (number, role)
            ]
            for row, asked in enumerate(label["rows"]):
                yield Question(
                    row=row,
                    asked=asked,
                    keys=keys,
                    view=view,
                    columns=columns,
                    known=frame["as_known"],
                    twice=plain.count(plain[row]) > 1,
                )


def roles_of(label: Mapping[str, Any], view: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the roles in which a view is asked, each with its key columns."""
    roles = label["roles"].items()
    return {name: role["keys"] for name, role in roles if role["entity"] == view["entity"]}
