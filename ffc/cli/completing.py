"""Completion in a shell: commands, options, and what the last compiled manifest names.

Nothing is compiled. Of target/manifest.json, selectors.yml and profiles.yml names alone are read:
a shell waits for the answer with each press of a key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from ffc.core.yaml import Node
    from ffc.manifest.index import Listed

T = TypeVar("T")

_MANIFEST: Final = "target/manifest.json"
# What stands before a name in a selection, then a method.
_WORD: Final = re.compile(r"(?P<before>@|\d*\+)?((?P<method>[\w.]+):)?(?P<value>.*)", re.DOTALL)
_SELECTOR: Final = re.compile(r"^\s*-?\s*\{?\s*name:\s*['\"]?([\w.-]+)", re.MULTILINE)


def complete_words(
    ctx: click.Context, parameter: click.Parameter | None, incomplete: str
) -> list[CompletionItem[str]]:
    """Complete a word of a selection: names, methods, their values, behind `+`, `@` and commas."""
    from ffc.manifest.index import ASIDE, OWN, SETTINGS, listed_values, typed

    head, comma, last = incomplete.rpartition(",")
    match = _WORD.fullmatch(last)
    assert match is not None, "every text is a word"
    before, method, value = match["before"] or "", match["method"], match["value"]
    if method is None:
        values: Iterable[str] = listed_values(_nodes(ctx), "name")
        settings = [f"config.{name}" for name in SETTINGS] if value else []
        asked = [f"{name}:" for name in (*OWN, *ASIDE, *settings)]
        found = [*_starting(values, value), *_starting(asked, value)]
    elif method == "selector":
        found = [f"{method}:{name}" for name in _starting(_selectors(ctx), value)]
    else:
        values = map(typed, listed_values(_nodes(ctx), method))
        found = [f"{method}:{each}" for each in _starting(values, value)]
    return _items(f"{head}{comma}{before}{each}" for each in found)


def complete_node(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Complete the name of a node."""
    from ffc.manifest.index import listed_values

    return _items(_starting(listed_values(_nodes(ctx), "name"), incomplete))


def complete_place(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Complete the name of a node; behind it and a dot, that of a column of it."""
    from ffc.manifest.index import list_columns

    node, dot, _ = incomplete.rpartition(".")
    columns = _of_manifest(ctx, lambda text: list_columns(text, node)) if dot else ()
    found = _starting((f"{node}.{column}" for column in columns), incomplete)
    return [*complete_node(ctx, parameter, incomplete), *_items(found)]


def complete_feature(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Complete a feature behind the name of its view."""
    from ffc.manifest.index import list_features

    return _items(_starting(_of_manifest(ctx, list_features), incomplete))


def complete_training_set(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Complete the name of a training set."""
    names = (node.name for node in _nodes(ctx) if node.kind == "training_set")
    return _items(_starting(names, incomplete))


def complete_selector(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Complete the name of a selector."""
    return _items(_starting(_selectors(ctx), incomplete))


def complete_target(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Complete the name of a target of the project's profile."""
    return _items(_starting(_targets(ctx), incomplete))


def complete_code(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Complete a code that `ffc explain` has a page of."""
    from importlib.resources import files

    pages = files("ffc.explain").joinpath("pages").iterdir()
    return _items(_starting((page.name.removesuffix(".md") for page in pages), incomplete))


def _starting(names: Iterable[str], start: str) -> list[str]:
    return sorted({name for name in names if name.startswith(start)})


def _items(values: Iterable[str]) -> list[CompletionItem[str]]:
    return [CompletionItem(value) for value in values]


def _root(ctx: click.Context) -> Path | None:
    """Return the project's folder, as typed or the nearest one."""
    start = Path(ctx.params.get("project_dir") or os.environ.get("FFC_PROJECT_DIR") or Path.cwd())
    return next((p for p in (start, *start.parents) if (p / "ffc.yml").is_file()), None)


def _nodes(ctx: click.Context) -> tuple[Listed, ...]:
    from ffc.manifest.index import list_nodes

    return _of_manifest(ctx, list_nodes)


def _of_manifest(ctx: click.Context, read: Callable[[bytes], tuple[T, ...]]) -> tuple[T, ...]:
    """Return what there is in the last compiled manifest, nothing where there is none."""
    root = _root(ctx)
    try:
        return read((root / _MANIFEST).read_bytes()) if root is not None else ()
    except (OSError, ValueError):
        return ()


def _targets(ctx: click.Context) -> list[str]:
    from ffc.connect.finding import find_profiles

    root = _root(ctx)
    typed = ctx.params.get("profiles_dir") or os.environ.get("FFC_PROFILES_DIR")
    found = find_profiles(root, Path(typed) if typed else None) if root is not None else None
    if root is None or found is None:
        return []
    profile = _read(root / "ffc.yml", "profile")
    outputs = _read(found[0], profile.text, "outputs") if profile is not None else None
    return [name.text for name, _ in outputs.pairs] if outputs is not None else []


def _read(path: Path, *keys: str) -> Node | None:
    """Return what a file of YAML has under keys, each below the one before."""
    from ffc.core.texts import read_text
    from ffc.core.yaml import read_yaml

    text, problem = read_text(path, path.name)
    found = read_yaml(path.name, text, templated=True)[0] if problem is None else None
    for key in keys:
        found = found.get(key) if found is not None else None
    return found


def _selectors(ctx: click.Context) -> list[str]:
    root = _root(ctx)
    try:
        text = (root / "selectors.yml").read_text("utf-8") if root is not None else ""
    except (OSError, ValueError):
        return []
    return _SELECTOR.findall(text)
