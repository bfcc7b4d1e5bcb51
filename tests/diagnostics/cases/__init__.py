"""Broken projects by name, from every module here: one mistake each, but for the traps."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Final

from diagnostics.project import Case

CASES: Final[dict[str, Case]] = {
    name: case
    for module in sorted(found.name for found in pkgutil.iter_modules(__path__))
    for name, case in importlib.import_module(f"{__name__}.{module}").CASES.items()
}
