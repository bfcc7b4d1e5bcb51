"""profiles.yml: named targets. `env_var()` is resolved only when a connection opens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Final, Literal

import msgspec
from msgspec import Struct, field

from ffc.connect.finding import FILE, find_profiles
from ffc.connect.plugins import missing, settings_of
from ffc.connect.redaction import redacted, redacted_words
from ffc.connect.templates import template_problems
from ffc.core.decode import Decoder, Record
from ffc.core.diagnostics import Diagnostic, Span, closest, did_you_mean, error, listed
from ffc.core.errors import ProfileError, ProjectError
from ffc.core.lines import Lines
from ffc.core.texts import read_text
from ffc.core.yaml import Node, read_yaml
from ffc.manifest.records import Target

ONE_STORE: Final = "default"
_WORD: Final = re.compile(r"[\w-]{1,40}")


class Store(Struct, frozen=True, kw_only=True):
    """A store's type and its settings as written, `env_var()` and all."""

    type: str
    settings: Mapping[str, object]

    def __repr__(self) -> str:
        """Name the type only: settings may be secrets."""
        return f"Store({self.type})"


class Output(Record, frozen=True, kw_only=True):
    """A target: where its tables, its online rows and its state live."""

    FOREIGN: ClassVar[Mapping[str, str]] = {
        "type": "a target has several stores: `offline: {type: ..., ...}` is the warehouse, "
        "`online: {type: ...}` what is served"
    }

    schema: str
    offline: dict[str, object]
    online: dict[str, object] = {}
    state: dict[str, object] = field(
        default_factory=lambda: {"type": "sqlite", "path": ".ffc/state.db"}
    )
    protected: bool = False
    keep: int | None = None
    threads: int | None = None
    statistics: Literal["training_sets", "all", "none"] = "training_sets"


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
    keep: int | None = None
    threads: int | None = None
    statistics: str = "training_sets"


def shown_profiles(project: Path, profiles: Path | None) -> dict[str, str]:
    """Return the text of profiles.yml to be shown, by its name: without a secret in it."""
    found = find_profiles(project, profiles)
    if found is None:
        return {}
    text, problem = read_text(*found)
    return {found[1]: redacted(text)} if problem is None else {}


def read_profile(
    project: Path, profiles: Path | None, name: str, place: Span | None = None
) -> tuple[Profile | None, list[Diagnostic]]:
    """Read a profile from profiles.yml; `place` is where the project names the profile."""
    place = place or Span(file=FILE)
    found = find_profiles(project, profiles)
    if found is None:
        where = f"`{profiles}`" if profiles else "the project's folder, nor in ~/.ffc"
        message = f"there is no {FILE} in {where}"
        hints = ["`ffc init` writes one to start from"]
        if (other := (profiles or project) / "profiles.yaml").exists():
            hints = [f"rename `{other.name}` to `{FILE}`"]
        return None, [error(ProfileError.code, message, place, help=hints)]
    text, problem = read_text(*found)
    if problem is not None:
        return None, [problem]
    lines = Lines(found[1], text)
    root, diagnostics = read_yaml(found[1], text, templated=True)
    if root is None and not diagnostics:
        empty = error("FF106", f"{FILE} is empty", Span(file=found[1]), help=["it needs a profile"])
        return None, [empty]
    if root is None:
        return None, [without_secrets(each) for each in diagnostics]
    profile, more = _profile(_hidden(root), name, lines, place)
    diagnostics = [without_secrets(each) for each in (*diagnostics, *more)]
    return profile, diagnostics


def _profile(
    root: Node, name: str, lines: Lines, place: Span
) -> tuple[Profile | None, list[Diagnostic]]:
    if root.kind != "mapping":
        message = f"{FILE} must be a mapping of profiles, not {root.described}"
        return None, [error("FF105", message, root.span)] if root.kind != "broken" else []
    found = root.get(name)
    if found is None:
        names = [key.text for key, _ in root.pairs]
        hints = did_you_mean(name, names) or (
            f"it has {listed(names)}" if names else "it is empty",
        )
        message = f"there is no profile `{name}` in {lines.file}"
        return None, [error("FF113", message, place, help=hints)]
    decoder = Decoder()
    profile = decoder.record(found, Profile, f"the profile `{name}`")
    return profile, [*decoder.diagnostics, *template_problems(found, lines)]


def without_secrets(diagnostic: Diagnostic) -> Diagnostic:
    """Return a diagnostic about profiles.yml with no password in its words."""
    message = redacted_words(diagnostic.message)
    hints = tuple(redacted_words(hint) for hint in diagnostic.help)
    return msgspec.structs.replace(diagnostic, message=message, help=hints)


class _Hidden(Node, frozen=True):
    """A value that may be a secret: messages say of what kind it is, and no more."""

    @property
    def described(self) -> str:
        """Name the kind of the value."""
        if self.kind != "scalar":
            return {"sequence": "a list", "mapping": "a mapping"}.get(self.kind, "this")
        kinds = ((str, "text"), (bool, "`true` or `false`"), (int | float, "a number"))
        return next((words for kind, words in kinds if isinstance(self.value, kind)), "nothing")


def _hidden(node: Node) -> Node:
    """Return a node of which no message shows a value."""
    return _Hidden(
        kind=node.kind,
        span=node.span,
        value=node.value,
        text=node.text if node.value is None or isinstance(node.value, str) else "...",
        items=tuple(_hidden(item) for item in node.items),
        pairs=tuple((key, _hidden(value)) for key, value in node.pairs),
    )


def target_problems(profile: Profile, name: str | None) -> list[Diagnostic]:
    """Return what is wrong with a target as it is written; nothing where there is none.

    What stands in braces was reported when the profile was read.
    """
    if name is None and profile.target not in profile.outputs:
        if "{{" in profile.target:
            return []
        hints = did_you_mean(profile.target, profile.outputs)
        hints = hints or (f"`outputs` has {listed(profile.outputs) or 'none'}",)
        message = f"there is no target `{profile.target}`"
        return [error("FF113", message, profile.at("target"), help=hints)]
    output = profile.outputs.get(name or profile.target)
    if output is None:
        return []
    found = [_store_problem(output, *store) for store in _stores(output)]
    return [*_count_problems(output), *(problem for problem in found if problem is not None)]


def _count_problems(output: Output) -> Iterator[Diagnostic]:
    for key, least in (("keep", 0), ("threads", 1)):
        value = getattr(output, key)
        if value is not None and value < least:
            message = f"`{key}` must be {least} or more, not {value}"
            yield error("FF105", message, output.at(key))


def setting_problems(profile: Profile, name: str | None) -> list[Diagnostic]:
    """Return what is wrong with the settings of a target's stores, looking at no value."""
    output = profile.outputs.get(name or profile.target)
    if output is None:
        return []
    return [p for store in _stores(output) for p in _check_settings(output, *store)]


def _stores(output: Output) -> list[tuple[str, object, tuple[str, ...]]]:
    """Return the stores of a target: role, what is written, and where in the target."""
    stores: list[tuple[str, object, tuple[str, ...]]] = [
        ("offline", output.offline, ("offline",)),
        ("state", output.state, ("state",)),
    ]
    if any(isinstance(one, dict) for one in output.online.values()):
        stores += [("online", one, ("online", name)) for name, one in output.online.items()]
    elif output.online:
        stores.append(("online", output.online, ("online",)))
    return stores


def _check_settings(
    output: Output, role: str, written: object, path: tuple[str, ...]
) -> Iterator[Diagnostic]:
    """Yield the settings that a store's type does not have, or lacks; no value is looked at."""
    kind = written.get("type") if isinstance(written, dict) else None
    known = settings_of(role, kind) if isinstance(kind, str) and "{{" not in kind else None
    if known is None or not isinstance(written, dict):
        return
    unknown = [name for name in map(str, written) if name not in (*known, "type")]
    meant = {closest(name, known) for name in unknown}
    what = f"the {role} store `{kind}`"
    for name in unknown:
        hints = did_you_mean(name, known) or (f"it may have {listed(sorted(known))}",)
        place = output.at.key(*path, name)
        yield error("FF104", f"{what} has no setting `{name}`", place, help=hints)
    for name, needed in known.items():
        if needed and name not in written and name not in meant:
            yield error("FF106", f"{what} has no `{name}`", output.at.key(*path))


def _store_problem(
    output: Output, role: str, written: object, path: tuple[str, ...]
) -> Diagnostic | None:
    if not isinstance(written, dict):
        message = f"`{path[-1]}` must be a mapping: a store's `type` and its settings"
        return error("FF105", message, output.at(*path))
    kind = written.get("type")
    if kind is None:
        close = closest("type", map(str, written), 0.75)
        help_ = "say which, for example `type: duckdb` for `offline`, `type: sqlite` for others"
        hints = [f"is `{close}` meant to be `type`?" if close else help_]
        place = output.at.key(*path, close) if close else output.at.key(*path)
        return error("FF106", f"`{path[-1]}` has no `type`", place, help=hints)
    if isinstance(kind, str) and "{{" in kind:
        return None
    if not isinstance(kind, str) or not _WORD.fullmatch(kind):
        message = "the type of a store is a word such as `duckdb`"
        return error("FF105", message, output.at(*path, "type"))
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
        keep=output.keep,
        threads=output.threads,
        statistics=output.statistics,
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


def compile_target(
    chosen: ChosenTarget, dialect: str, asof_join: bool = True, indexes: bool = False
) -> Target:
    """Return what the compiler may know of a target: no setting, no secret."""
    return Target(
        name=chosen.name,
        offline=chosen.offline.type,
        dialect=dialect,
        asof_join=asof_join,
        indexes=indexes,
        online=tuple(chosen.online),
        protected=chosen.protected,
    )


def usable(profile: Profile | None, diagnostics: list[Diagnostic]) -> Profile:
    """Return the profile; raises ProjectError where it was not understood."""
    if profile is None or any(d.severity == "error" for d in diagnostics):
        raise ProjectError(f"{FILE} can't be used", diagnostics)
    return profile
