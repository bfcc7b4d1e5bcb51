"""Small projects compiled and run in a scratch place, by the code that people's run through."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ffc.adapter import OfflineStore, OnlineStore, Options, StateStore
from ffc.auth import Principal
from ffc.compiler.compile import Compiled, compile_project
from ffc.conformance.checks import Broken
from ffc.conformance.places import OfflinePlace, opened
from ffc.connect.plugins import offline_adapter, state_adapter
from ffc.connect.profiles import ChosenTarget, Store
from ffc.connect.session import Session
from ffc.core.clock import Clock, utc_now
from ffc.core.files import write_atomically
from ffc.manifest.records import Manifest, Target
from ffc.project.files import ProjectFiles
from ffc.run.executor import run
from ffc.run.point_in_time.training import read_training_set
from ffc.run.requests import RunRequest
from ffc.run.sinks import RunResults

if TYPE_CHECKING:
    import pyarrow as pa

PRINCIPAL: Final = Principal("ffc conformance")
TARGET: Final = "conformance"
ONLINE: Final = "default"
# The stores of a plain install: a check of one role borrows those of the others.
_OFFLINE: Final = "duckdb"
_STATE: Final = "sqlite"

Files = Mapping[str, str]


class ScratchSession(Session):
    """The open stores of a check as a session; who opened them closes them."""

    def __init__(
        self,
        folder: Path,
        schema: str,
        offline: OfflineStore,
        state: StateStore,
        online: OnlineStore | None = None,
    ) -> None:
        none = Store(type="", settings={})
        super().__init__(
            ChosenTarget(
                name=TARGET,
                folder=folder,
                schema=schema,
                offline=none,
                online={ONLINE: none} if online is not None else {},
                state=none,
                protected=False,
                statistics="none",
            )
        )
        self._offline = offline
        self._state = state
        self._given = online

    def online(self, name: str) -> OnlineStore:
        """Return the online store of the check."""
        if self._given is None:
            raise ValueError(name)
        return self._given

    def close_offline(self) -> None:
        """Leave the warehouse open: it was not opened here."""


@contextmanager
def session_of(place: OfflinePlace) -> Iterator[ScratchSession]:
    """Return a session of a warehouse's scratch place, with a state store of its own."""
    with opened(state_adapter(_STATE), _options(place.folder, "state.db")) as state:
        yield ScratchSession(place.folder, place.schema, place.store, state)


@contextmanager
def session_with(online: OnlineStore, folder: Path) -> Iterator[ScratchSession]:
    """Return a session of an online store, with a warehouse and a state store of its own."""
    with (
        opened(state_adapter(_STATE), _options(folder, "state.db")) as state,
        opened(offline_adapter(_OFFLINE), _options(folder, "warehouse.duckdb")) as offline,
    ):
        yield ScratchSession(folder, "scratch", offline, state, online)


def _options(folder: Path, name: str) -> Options:
    return Options(where=f"`{name}` of a check", folder=folder, values={"path": name})


def project_file(name: str = "checked", **words: object) -> dict[str, str]:
    """Return the ffc.yml of a project."""
    return {"ffc.yml": as_yaml({"name": name, "version": 1, "profile": "checked", **words})}


def as_yaml(value: object) -> str:
    """Return a value as YAML, which JSON is."""
    return json.dumps(value, default=str, ensure_ascii=False)


def compiled(store: OfflineStore, files: Files, *, online: bool = False) -> Compiled:
    """Compile a project for a warehouse."""
    target = Target(
        name=TARGET,
        offline=_OFFLINE,
        dialect=store.dialect,
        asof_join=store.capabilities.asof_join,
        indexes=store.capabilities.indexes,
        online=(ONLINE,) if online else (),
    )
    texts = {name: text for name, text in files.items() if not name.startswith("data/")}
    limit = store.capabilities.max_identifier
    return compile_project(
        ProjectFiles(texts=texts), target, {}, limit, {}, store.translations, store.text
    )


def manifest_of(found: Compiled) -> Manifest:
    """Return the manifest of a project that must compile; raises Broken."""
    if found.manifest is None:
        errors = [f"{d.code}: {d.message}" for d in found.diagnostics if d.severity == "error"]
        raise Broken(
            "a project does not compile for this store",
            expected="a manifest",
            got="; ".join(errors),
            help=[hint for d in found.diagnostics for hint in d.help][:3],
        )
    return found.manifest


def write_data(folder: Path, files: Files) -> None:
    """Write the data of a project where a run looks for them."""
    for name, text in files.items():
        if name.startswith("data/"):
            write_atomically(folder / name, text.encode())


def run_manifest(
    session: Session, manifest: Manifest, *, clock: Clock = utc_now, force: bool = False
) -> RunResults:
    """Run a manifest, one node at a time; return how each fared."""
    return run(
        manifest,
        session,
        principal=PRINCIPAL,
        request=RunRequest(threads=1, retries=0, force=force),
        clock=clock,
    )


def run_whole(
    session: Session, manifest: Manifest, *, clock: Clock = utc_now, force: bool = False
) -> None:
    """Run a manifest of which every node must succeed; raises Broken."""
    found = run_manifest(session, manifest, clock=clock, force=force)
    failed = [node for node in found.results if node.status == "error"]
    if failed or found.status != "success":
        told = [f"{node.id}: {node.reason}" for node in failed]
        hints = [str(h) for node in failed for h in _hints(node.error)]
        raise Broken(
            "a run of a project fails", expected="success", got="; ".join(told), help=hints
        )


def _hints(error: Mapping[str, object] | None) -> Sequence[object]:
    found = (error or {}).get("help", ())
    return found if isinstance(found, list | tuple) else ()


def build_project(session: Session, store: OfflineStore, files: Files) -> Manifest:
    """Write a project's data, compile it and run it whole; raises Broken."""
    write_data(session.target.folder, files)
    manifest = manifest_of(compiled(store, files))
    run_whole(session, manifest)
    return manifest


def training_rows(session: Session, name: str = "ts") -> tuple[list[str], list[tuple[Any, ...]]]:
    """Return the columns and the rows of a training set's newest build."""
    schema, batches = read_training_set(session, name, principal=PRINCIPAL).typed()
    return schema.names, [row for batch in batches for row in rows_of(batch)]


def rows_of(batch: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    """Yield a batch's rows."""
    return zip(*(column.to_pylist() for column in batch.columns), strict=True)


def csv_text(columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows as CSV: every value in quotes, null as nothing."""
    lines = [",".join(map(csv_field, columns))]
    lines += [",".join(csv_field(row.get(column)) for column in columns) for row in rows]
    return "\n".join(lines) + "\n"


def csv_field(value: object) -> str:
    """Return a value as a field of a CSV file."""
    if value is None:
        return ""
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return '"' + text.replace('"', '""') + '"'


def source_table(name: str, columns: Mapping[str, str], ending: str = "csv") -> dict[str, Any]:
    """Return the words for a table of a source that is a file of the project."""
    declared = [{"name": column, "type": kind} for column, kind in columns.items()]
    return {"name": name, "file": f"data/{name}.{ending}", "columns": declared}


Work = Callable[[], None]
