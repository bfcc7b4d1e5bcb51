"""Where profiles.yml lies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

FILE: Final = "profiles.yml"


def find_profiles(project: Path, profiles: Path | None) -> tuple[Path, str] | None:
    """Return the first profiles.yml, and its name for messages: the folder's given, or the others.

    The others are the project's folder and ~/.ffc.
    """
    for folder in [profiles] if profiles else [project, *_home()]:
        path = folder / FILE
        if os.path.lexists(path):
            real = Path(os.path.realpath(folder)) / FILE
            if real.is_relative_to(project):
                return path, real.relative_to(project).as_posix()
            return path, str(path) if profiles else f"~/.ffc/{FILE}"
    return None


def _home() -> list[Path]:
    """Return the folder of the user's own profiles; none where there is no such user."""
    try:
        return [Path.home() / ".ffc"]
    except RuntimeError:
        return []
