"""The selectors of a project's folder, for commands that don't compile it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ffc.core.diagnostics import Diagnostic, ordered
from ffc.core.errors import ProjectError
from ffc.core.texts import read_text
from ffc.project.files import ProjectFiles
from ffc.project.folders import SELECTORS_FILE
from ffc.project.selector_defaults import Surroundings, default_selector
from ffc.project.selectors import Selectors, read_selectors

if TYPE_CHECKING:
    from ffc.manifest.records import Manifest


class BadSelectors(ProjectError):
    """Carry what is wrong with selectors.yml, with its text."""

    def __init__(self, diagnostics: Iterable[Diagnostic], text: str) -> None:
        super().__init__(f"{SELECTORS_FILE} can't be used", tuple(diagnostics))
        self.texts = {SELECTORS_FILE: text}


def find_default(root: Path, selectors: Selectors, manifest: Manifest) -> str:
    """Return the selector that holds for a manifest's target where nothing is selected, if any.

    Raises BadSelectors where the templates of selectors can't tell.
    """
    target = manifest.target
    told = Surroundings(
        target={"name": target.name, "type": target.offline, "dialect": target.dialect},
        variables=manifest.project.variables,
        environment=os.environ,
    )
    name, problems = default_selector(selectors.defaults, told)
    if problems:
        raise BadSelectors(ordered(problems), read_text(root / SELECTORS_FILE, SELECTORS_FILE)[0])
    return name


def find_selectors(root: Path) -> Selectors:
    """Return the selectors of a project; raises BadSelectors where one is wrong."""
    path = root / SELECTORS_FILE
    if not os.path.lexists(path):
        return Selectors()
    text, unread = read_text(path, SELECTORS_FILE)
    if unread is not None:
        raise BadSelectors([unread], text)
    found, problems = read_selectors(ProjectFiles(texts={SELECTORS_FILE: text}))
    if problems:
        raise BadSelectors(ordered(problems), text)
    return found
