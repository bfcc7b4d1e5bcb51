"""Ways to select nodes: a method, a value, and which nodes have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from ffc.core.diagnostics import did_you_mean, listed
from ffc.core.durations import parse_duration
from ffc.core.errors import FfcError
from ffc.core.names import DEFAULT_VARIANT
from ffc.manifest.index import ASIDE, BUILT_BY, KINDS, OWN, SETTINGS, STATES, STATUSES
from ffc.manifest.names import published_name
from ffc.manifest.records import (
    AnyNode,
    FeatureView,
    Label,
    Model,
    Source,
    TrainingSet,
    Transformation,
)

# Methods that dbt has and that mean nothing here, with what to write.
_ELSEWHERE: Final[Mapping[str, str]] = {
    "group": "there are no groups: `owner:` or `tag:` tells nodes apart",
    "access": "every node may be read: leave it out",
    "package": "a project is one package: leave it out",
    "exposure": "what uses features is a model: `kind:model`, or its name",
    **dict.fromkeys(
        ("metric", "semantic_model", "saved_query"), "features are in views: `kind:feature_view`"
    ),
    **dict.fromkeys(
        ("test_name", "test_type", "unit_test"), "tests are a node's own: select the node"
    ),
    "source_status": "`ffc freshness` tells how old sources are",
    "version": "a variant is part of a name: `customer_daily@v1`",
    "config": f"say which setting: {listed((f'config.{name}' for name in SETTINGS[:3]), 'or')} ...",
    **{kind: f"`kind:{kind}` means all of them, `{kind}.NAME` one" for kind in KINDS[1:]},
}
# Words of dbt for values, with ours.
_MEANT: Final[Mapping[str, Mapping[str, str]]] = {
    "kind": {
        **dict.fromkeys(("seed", "seeds"), "source"),
        **dict.fromkeys(("snapshot", "analysis", "operation"), "transformation"),
        "exposure": "model",
    },
    "result": {"fail": "error", "pass": "success", "no-op": "unchanged", "runtime error": "error"},
    "state": {
        "modified.persisted_descriptions": "modified.words",
        **dict.fromkeys(
            (f"modified.{part}" for part in ("configs", "relation", "macros", "contract")),
            "modified.body",
        ),
    },
}
_WILD: Final = "*?[]"


class BadSelection(FfcError):
    """Report a selection that means nothing."""

    code = "FF811"
    exit_code = 2


def check(method: str, value: str) -> None:
    """Raise BadSelection for a method that is none, or for a value that it never has."""
    if method in (*OWN, *ASIDE):
        known = _CLOSED.get(method)
        if known is not None and not _fits(value, known, wild=method != "state"):
            raise _no_value(method, value, known)
        return
    if method.startswith("config."):
        if method.removeprefix("config.") not in SETTINGS:
            settings = [f"config.{name}" for name in SETTINGS]
            hints = did_you_mean(method, settings) or (f"there are {listed(SETTINGS)}",)
            raise BadSelection(f"there is no setting `{method}`", help=hints)
        return
    hint = _ELSEWHERE.get(method)
    names = (*OWN, *ASIDE)
    hints = (hint,) if hint else did_you_mean(method, names) or (f"there are {listed(names)}",)
    raise BadSelection(f"there is no way to select by `{method}:`", help=hints)


def matches(node: AnyNode, method: str, value: str) -> bool:
    """Tell whether a node is one that a method of its own means by a value."""
    if method.startswith("config."):
        return _is_set(settings_of(node).get(method.removeprefix("config.")), value)
    return METHODS[method](node, value)


def names_of(node: AnyNode) -> tuple[str, ...]:
    """Return all that a node can be called."""
    variant = f"@{node.variant}"
    whole = (f"{node.id}{variant}",) if node.variant == DEFAULT_VARIANT else ()
    own = (node.id, node.name, f"{node.name}{variant}", published_name(node.name, node.variant))
    return (*own, *whole)


def files_of(node: AnyNode) -> tuple[str, ...]:
    """Return the files that a node is in: where it is declared, and where it is described."""
    described = node.described_in if isinstance(node, Transformation) else ""
    return (node.path, described) if described else (node.path,)


def settings_of(node: AnyNode) -> Mapping[str, Any]:
    """Return how a node is built, stored or read, by the names that `config.` knows."""
    if isinstance(node, Transformation):
        return {name: getattr(node, name) for name in BUILT_BY}
    if isinstance(node, Source):
        return {"format": node.format, "timezone": node.timezone}
    if not isinstance(node, FeatureView):
        return {}
    found = {name: getattr(node, name) for name in ("ttl", "delay", "boundary", "as_known")}
    found["online"] = (bool(node.online), node.online)
    if node.schedule is not None:
        found["schedule.cron"] = node.schedule.cron
        found["schedule.timezone"] = node.schedule.timezone
    return found


def values_of(nodes: Iterable[AnyNode], method: str) -> set[str]:
    """Return the values that nodes have by a method, to be suggested."""
    if method.startswith("config."):
        name = method.removeprefix("config.")
        return {text for node in nodes for text in _texts(settings_of(node).get(name))}
    having = _VALUES.get(method)
    return {value for node in nodes for value in having(node) if value} if having else set()


def _texts(value: object) -> Iterator[str]:
    for each in value if isinstance(value, tuple) else (value,):
        if isinstance(each, bool):
            yield str(each).lower()
        elif isinstance(each, str) and each:
            yield each


def _fits(value: str, known: Sequence[str], *, wild: bool) -> bool:
    return value in known or (wild and any(sign in value for sign in _WILD))


def _no_value(method: str, value: str, known: Sequence[str]) -> BadSelection:
    meant = _MEANT.get("kind" if method == "resource_type" else method, {}).get(value)
    hints = (f"did you mean `{meant}`?",) if meant else did_you_mean(value, known)
    if method in ("kind", "resource_type") and value in ("test", "unit_test"):
        hints = (_ELSEWHERE["unit_test"],)
    hints = hints or (f"there are {listed(known)}",)
    return BadSelection(f"there is no `{method}:{value}`", help=hints)


def _is_set(set_to: object, value: str) -> bool:
    """Tell whether a setting is a value as it is typed: one of a list, a duration, true or false.

    What is not set is no value.
    """
    if isinstance(set_to, tuple):
        return any(_is_set(each, value) for each in set_to)
    if isinstance(set_to, bool):
        return value.lower() == str(set_to).lower()
    if isinstance(set_to, int):
        return parse_duration(value) == set_to
    return isinstance(set_to, str) and set_to != "" and fnmatchcase(set_to, value)


def _named(node: AnyNode, value: str) -> bool:
    return any(fnmatchcase(name, value) for name in names_of(node)) or _in_folders(node, value)


def _in_folders(node: AnyNode, value: str) -> bool:
    """Tell whether a value is folders with dots between, as in `marts.core`, as dbt has it.

    They are those below the folder of a kind, or that one too. What follows the first part with a
    wildcard may be anything. Sources are named by their source, not by their folder.
    """
    if isinstance(node, Source):
        return False
    parts = value.split(".")
    folders = node.path.split("/")[:-1]
    below = _begins([*folders[1:], node.name], parts)
    return below or (parts[0] in folders[:1] and _begins([*folders, node.name], parts))


def _begins(whole: Sequence[str], parts: Sequence[str]) -> bool:
    if len(whole) < len(parts):
        return False
    for index, part in enumerate(parts):
        if any(sign in part for sign in _WILD):
            return fnmatchcase(".".join(whole[index:]), ".".join(parts[index:]))
        if whole[index] != part:
            return False
    return True


def _in_path(node: AnyNode, value: str) -> bool:
    pattern = [part for part in value.split("/") if part not in ("", ".")]
    return any(_lies_in(path.split("/"), pattern) for path in files_of(node))


def _lies_in(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Tell whether a path, or a folder that it lies in, is of a pattern; `**` is any folders."""
    if not pattern:
        return True
    if pattern[0] == "**":
        return any(_lies_in(parts[start:], pattern[1:]) for start in range(len(parts)))
    if not parts or not fnmatchcase(parts[0], pattern[0]):
        return False
    return _lies_in(parts[1:], pattern[1:])


def _files(node: AnyNode) -> tuple[str, ...]:
    names = [path.rpartition("/")[2] for path in files_of(node)]
    return tuple(each for name in names for each in (name, name.rpartition(".")[0]))


def _folders(node: AnyNode) -> Iterator[str]:
    for path in files_of(node):
        while path:
            yield path
            path = path.rpartition("/")[0]


def _entities(node: AnyNode) -> Iterable[str]:
    if isinstance(node, FeatureView):
        return (node.entity,)
    if isinstance(node, Label):
        return [role.entity for role in node.roles]
    if isinstance(node, TrainingSet):
        return [view.entity for view in node.plan.views]
    if isinstance(node, Model):
        return node.entities
    return (node.name,) if node.kind == "entity" else ()


def _groups(node: AnyNode) -> tuple[str, ...]:
    return (node.name, node.name.partition(".")[0]) if isinstance(node, Source) else ()


def _has(values: Callable[[AnyNode], Iterable[str]]) -> Callable[[AnyNode, str], bool]:
    return lambda node, value: any(fnmatchcase(each, value) for each in values(node))


_VALUES: Final[Mapping[str, Callable[[AnyNode], Iterable[str]]]] = {
    **dict.fromkeys(("name", "fqn"), names_of),
    "tag": lambda node: node.tags,
    "path": _folders,
    "file": _files,
    **dict.fromkeys(("kind", "resource_type"), lambda node: (node.kind,)),
    "owner": lambda node: (node.owner,),
    "entity": _entities,
    "source": _groups,
}
METHODS: Final[Mapping[str, Callable[[AnyNode, str], bool]]] = {
    **{method: _has(values) for method, values in _VALUES.items()},
    "name": _named,
    "fqn": _named,
    "path": _in_path,
}
_CLOSED: Final[Mapping[str, Sequence[str]]] = {
    "kind": KINDS,
    "resource_type": KINDS,
    "result": STATUSES,
    "state": STATES,
}
