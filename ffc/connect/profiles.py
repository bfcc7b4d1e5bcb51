"""profiles.yml: named targets. `env_var()` is resolved only when a connection opens."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from ffc.connect.plugins import missing
from ffc.core.decode import Decoder, Record
from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, listed
from ffc.core.errors import ProfileError, ProjectError
from ffc.core.yaml import Node, read_yaml
from ffc.manifest.records import Target

FILE: Final = "profiles.yml"
ONE_STORE: Final = "default"


class Store(Struct, frozen=True, kw_only=True):
    """A store's type and its settings as written, `env_var()` and all."""

    type: str
    settings: Mapping[str, object]

    def __repr__(self) -> str:
        """Name the type only: settings may be secrets."""
        return f"Store({self.type})"


class Output(Record, frozen=True, kw_only=True):
    """A target: where its tables, its online rows and its state live."""

    schema: str
    offline: dict[str, object]
    online: dict[str, object] = {}
    state: dict[str, object] = field(
        default_factory=lambda: {"type": "sqlite", "path": ".ffc/state.db"}
    )
    protected: bool = False


class Profile(Record, frozen=True, kw_only=True):
    """The targets of a project, and the one that is meant when none is named."""

    target: str
    outputs: dict[str, Output]


class ChosenTarget(Struct, frozen=True, kw_only=True):
    """One target of a profile."""

    name: str
    folder: Path
    schema: str
    offline: Store
    online: Mapping[str, Store]
    state: Store
    protected: bool


def read_profile(
    project: Path, profiles: Path | None, name: str
) -> tuple[Profile | None, list[Diagnostic]]:
    """Read a profile from the first profiles.yml: the folder given, the project's, ~/.ffc.

    Raises ProfileError where there is no file.
    """
    folders = [profiles] if profiles else [project, Path.home() / ".ffc"]
    path = next((folder / FILE for folder in folders if (folder / FILE).is_file()), None)
    if path is None:
        where = f"`{profiles}`" if profiles else "the project's folder, nor in ~/.ffc"
        message = f"there is no {FILE} in {where}"
        raise ProfileError(message, help=["`ffc init` writes one to start from"])
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise ProfileError(f"{FILE} can't be read: {problem}") from problem
    shown = path.relative_to(project).as_posix() if path.is_relative_to(project) else str(path)
    root, diagnostics = read_yaml(shown, text)
    if root is None and not diagnostics:
        empty = error("FF106", f"{FILE} is empty", Span(file=shown), help=["it needs a profile"])
        return None, [empty]
    return (None, diagnostics) if root is None else _profile(root, name, diagnostics)


def _profile(
    root: Node, name: str, diagnostics: list[Diagnostic]
) -> tuple[Profile | None, list[Diagnostic]]:
    if root.kind != "mapping":
        message = f"{FILE} must be a mapping of profiles, not {root.described}"
        return None, [*diagnostics, error("FF105", message, root.span)]
    found = root.get(name)
    if found is None:
        names = [key.text for key, _ in root.pairs]
        hints = did_you_mean(name, names) or (f"it has {listed(names)}",)
        message = f"there is no profile `{name}` (ffc.yml, `profile:`)"
        return None, [*diagnostics, error("FF113", message, root.span, help=hints)]
    decoder = Decoder()
    profile = decoder.record(found, Profile, f"the profile `{name}`")
    return profile, [*diagnostics, *decoder.diagnostics]


def target_problems(profile: Profile, name: str | None) -> list[Diagnostic]:
    """Return what is wrong with a target as it is written; nothing where there is none."""
    if name is None and profile.target not in profile.outputs:
        hints = did_you_mean(profile.target, profile.outputs)
        hints = hints or (f"`outputs` has {listed(profile.outputs)}",)
        message = f"there is no target `{profile.target}`"
        return [error("FF113", message, profile.at("target"), help=hints)]
    output = profile.outputs.get(name or profile.target)
    if output is None:
        return []
    stores: list[tuple[str, object, tuple[str, ...]]] = [
        ("offline", output.offline, ("offline",)),
        ("state", output.state, ("state",)),
    ]
    if "type" in output.online:
        stores.append(("online", output.online, ("online",)))
    else:
        stores += [("online", one, ("online", name)) for name, one in output.online.items()]
    found = [_store_problem(output, *store) for store in stores]
    return [problem for problem in found if problem is not None]


def _store_problem(
    output: Output, role: str, written: object, path: tuple[str, ...]
) -> Diagnostic | None:
    kind = written.get("type") if isinstance(written, dict) else None
    if not isinstance(kind, str):
        help_ = "say which, for example `type: duckdb` for `offline`, `type: sqlite` for others"
        return error("FF106", f"`{path[-1]}` has no `type`", output.at(*path), help=[help_])
    absent = missing(role, kind)
    return error("FF114", absent[0], output.at(*path, "type"), help=absent[1]) if absent else None


def choose_target(profile: Profile, name: str | None, project: Path) -> ChosenTarget:
    """Return a target of a profile; raises ProfileError where there is none of that name."""
    name = name or profile.target
    output = profile.outputs.get(name)
    if output is None:
        hints = did_you_mean(name, profile.outputs) or (f"it has {listed(profile.outputs)}",)
        raise ProfileError(f"there is no target `{name}` in {FILE}", help=hints)
    return ChosenTarget(
        name=name,
        folder=project,
        schema=output.schema,
        offline=_store(output.offline, name, "offline"),
        online=_online(output.online, name),
        state=_store(output.state, name, "state"),
        protected=output.protected,
    )


def _store(written: Mapping[str, object], target: str, role: str) -> Store:
    kind = written.get("type")
    if not isinstance(kind, str):
        hints = ["say which, for example `type: duckdb`"]
        raise ProfileError(f"{FILE}: `{role}` of the target `{target}` has no `type`", help=hints)
    return Store(type=kind, settings={k: v for k, v in written.items() if k != "type"})


def _online(written: Mapping[str, object], target: str) -> dict[str, Store]:
    if not written:
        return {}
    if "type" in written:
        return {ONE_STORE: _store(written, target, "online")}
    stores: dict[str, Store] = {}
    for name, settings in written.items():
        if not isinstance(settings, dict):
            raise ProfileError(f"{FILE}: the online store `{name}` must be a mapping")
        stores[name] = _store(settings, target, f"online: {name}")
    return stores


def compile_target(chosen: ChosenTarget, dialect: str) -> Target:
    """Return what the compiler may know of a target: no setting, no secret."""
    return Target(
        name=chosen.name,
        offline=chosen.offline.type,
        dialect=dialect,
        online=tuple(chosen.online),
        protected=chosen.protected,
    )


def usable(profile: Profile | None, diagnostics: list[Diagnostic]) -> Profile:
    """Return the profile; raises ProjectError where it was not understood."""
    if profile is None or any(d.severity == "error" for d in diagnostics):
        raise ProjectError(f"{FILE} can't be used", diagnostics)
    return profile
