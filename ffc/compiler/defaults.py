"""Defaults of folders: given to every resource under them that does not say otherwise itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any, Final, TypeVar

import msgspec

from ffc.compiler.sources import check_timezone
from ffc.core.decode import Record
from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, listed
from ffc.core.names import Name
from ffc.core.spans import Spans
from ffc.project.reader import Resources
from ffc.project.resources import FeatureView, FolderDefaults, ProjectFile, TransformationNotes

R = TypeVar("R", bound=Record)

# What a resource is given where it has such a key; `tags` add up instead.
_GIVEN: Final = ("owner", "online", "schedule", "ttl")
# What each key of the defaults is for.
_TAKERS: Final = {
    "owner": "resource with an owner",
    "tags": "resource",
    "materialized": "transformation",
    "online": "feature view",
    "schedule": "feature view",
    "ttl": "feature view with a `timestamp`",
}
_KINDS: Final = (
    *("sources", "transformations", "entities", "feature_views", "labels"),
    *("on_demand", "training_sets", "models", "unit_tests"),
)


def check_defaults(project: ProjectFile, resources: Resources) -> list[Diagnostic]:
    """Report defaults that reach nothing, and time zones that there are not."""
    problems: list[Diagnostic] = []
    first: dict[str, Span] = {}
    for folder, defaults in project.defaults.items():
        path, place = _clean(folder), project.at.key("defaults", folder)
        before = first.setdefault(path, place)
        if before is not place:
            message = f"the defaults of the folder `{path}` are written twice"
            related = [before.labelled("first here")]
            help_ = "write them in one place"
            problems.append(error("FF103", message, place, related=related, help=[help_]))
        elif path != "." and path not in resources.folders:
            near = f"there are {listed(sorted(resources.folders))}"
            hints = did_you_mean(path, resources.folders) or (near,)
            message = f"no file of the project lies in the folder `{folder}`"
            problems.append(error("FF122", message, place, help=hints))
            continue
        elif not resources.broken and not resources.nameless:
            problems += _taken_by_none(path, defaults, resources)
        if defaults.schedule is not None:
            schedule = defaults.schedule
            problems += check_timezone(schedule.timezone, schedule.at("timezone"))
    return problems


def _taken_by_none(
    folder: str, defaults: FolderDefaults, resources: Resources
) -> Iterator[Diagnostic]:
    """Yield the defaults that nothing under their folder can take."""
    under = [
        record
        for kind in _KINDS
        for record, path in _written(resources, kind)
        if PurePosixPath(path).is_relative_to(folder)
    ]
    for key, what in _TAKERS.items():
        place = defaults.at.key(key)
        misspelt = place == defaults.at.whole
        if defaults.at.wrote(key) and not misspelt and not any(_takes(r, key) for r in under):
            message = f"`{key}` has no meaning here: no {what} lies in `{folder}`"
            yield error("FF122", message, place, help=["leave it out"])


def folder_default(project: ProjectFile, path: str, key: str) -> tuple[Any, Span] | None:
    """Return what the deepest folder above a file says of a key, and where; None if none does."""
    for defaults in _above(project, path):
        if defaults.at.wrote(key):
            return getattr(defaults, key), defaults.at(key)
    return None


def _above(project: ProjectFile, path: str) -> Iterator[FolderDefaults]:
    """Yield the defaults of the folders that a file lies in, the deepest first."""
    if not project.defaults:
        return
    by_folder = {_clean(folder): defaults for folder, defaults in project.defaults.items()}
    for parent in PurePosixPath(path).parents:
        if str(parent) in by_folder:
            yield by_folder[str(parent)]


def _clean(folder: str) -> str:
    return str(PurePosixPath(folder))


def apply_defaults(project: ProjectFile, resources: Resources) -> None:
    """Put the defaults of folders where resources do not say otherwise themselves."""
    if not project.defaults:
        return
    _note_all(resources)
    for kind in _KINDS:
        written = list(_written(resources, kind))
        given = [_with_defaults(project, record, path) for record, path in written]
        setattr(resources, kind, given)


def _written(resources: Resources, kind: str) -> Iterator[tuple[Record, str]]:
    """Yield the resources of a kind with their files; notes have those of transformations."""
    sql = {(file.name, file.variant): file.path for file in resources.sql}
    records: list[Record] = getattr(resources, kind)
    for record in records:
        path = record.at.whole.file
        if isinstance(record, TransformationNotes):
            path = sql.get((record.name, record.variant), path)
        yield record, path


def _note_all(resources: Resources) -> None:
    """Give notes to transformations that have none, to carry what their folders say."""
    noted = {(notes.name, notes.variant) for notes in resources.transformations}
    resources.transformations += [
        TransformationNotes(at=Spans(f.span, {}), name=Name(f.name), variant=Name(f.variant))
        for f in resources.sql
        if (f.name, f.variant) not in noted
    ]


def _with_defaults(project: ProjectFile, record: R, path: str) -> R:
    changes: dict[str, Any] = {}
    at = record.at
    for key in _GIVEN:
        if at.wrote(key) or not _takes(record, key):
            continue
        found = folder_default(project, path, key)
        if found is not None:
            changes[key], span = found
            at = at.also(key, span, span)
    if hasattr(record, "tags"):
        tags = (tag for defaults in _above(project, path) for tag in reversed(defaults.tags))
        changes["tags"] = _together([*reversed(list(tags)), *record.tags])
    return msgspec.structs.replace(record, at=at, **changes)


def _takes(record: Record, key: str) -> bool:
    if key == "materialized":
        return isinstance(record, TransformationNotes)
    static = isinstance(record, FeatureView) and record.timestamp is None
    return hasattr(record, key) and not (key == "ttl" and static)


def _together(tags: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tags))
