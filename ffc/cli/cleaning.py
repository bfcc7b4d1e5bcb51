"""What was cleaned, for people and for machines."""

from __future__ import annotations

from datetime import timedelta

from ffc.online.generations import Generation, goes
from ffc.run.collecting import Cleaned


def cleaned_document(cleaned: Cleaned, grace: timedelta, dry: bool) -> dict[str, object]:
    """Return `ffc.cleaned/v1`."""
    taken = [{**_facts(each), "rows": rows} for each, rows in cleaned.taken]
    waiting = [{**_facts(each), "goes": goes(each, grace)} for each in cleaned.waiting]
    return {
        "schema": "ffc.cleaned/v1",
        "dropped": list(cleaned.dropped),
        "generations": taken,
        "waiting": waiting,
        "tombstones": cleaned.tombstones,
        "freed": cleaned.freed,
        "dry_run": dry,
    }


def _facts(generation: Generation) -> dict[str, object]:
    return {
        "store": generation.store,
        "view": generation.view,
        "generation": generation.number,
        "left": generation.mark.left,
    }


def cleaned_lines(cleaned: Cleaned) -> list[str]:
    """Return a line for each relation and each generation that went, or would."""
    return [*cleaned.dropped, *(f"{_name(each)}{_rows(rows)}" for each, rows in cleaned.taken)]


def cleaned_talk(cleaned: Cleaned, grace: timedelta, dry: bool) -> list[str]:
    """Return how much went, or would, and what still waits."""
    count = len(cleaned.dropped)
    whats = ["1 table or view" if count == 1 else f"{count} tables or views"]
    if cleaned.taken:
        whats.append(f"{len(cleaned.taken)} generation{'' if len(cleaned.taken) == 1 else 's'}")
    what = " and ".join(whats)
    told = [f"{what} would be dropped" if dry else f"dropped {what}"]
    if cleaned.tombstones:
        told.append(f"took away what was left of {cleaned.tombstones:,} keys that vanished")
    if cleaned.freed:
        told.append(f"gave {cleaned.freed / 2**20:,.0f} MiB back")
    return [*told, *(f"{_name(each)} stays until {goes(each, grace)}" for each in cleaned.waiting)]


def _name(generation: Generation) -> str:
    view = generation.view or f"a view of {generation.entity}"
    return f"online.{generation.store} {view} {generation.number}"


def _rows(count: int | None) -> str:
    return "" if count is None else f": {count:,} rows"
