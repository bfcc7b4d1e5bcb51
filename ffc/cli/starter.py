"""The project that `ffc init` and `ffc demo` start from."""

from __future__ import annotations

import runpy
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ffc
from ffc.core.errors import FfcError

DAYS = 90


def template_folder() -> Path:
    """Return the template: beside the package in a wheel, beside the checkout otherwise."""
    package = Path(ffc.__file__).parent
    inside = package / "project_template"
    return inside if inside.is_dir() else package.parent / "project_template"


def copy_template(folder: Path) -> dict[str, int]:
    """Copy the template to a new or an empty folder and generate its data; return rows by file.

    The data are always the same but for their dates, which end today, so that the newest values
    are fresh. Raises FfcError where the folder is in use or can't be made.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise FfcError(f"`{folder}` is not empty", help=["name a folder that does not exist yet"])
    try:
        return _copy(folder)
    except OSError as problem:
        raise FfcError(f"`{folder}` can't be made: {problem.strerror or problem}") from problem


def _copy(folder: Path) -> dict[str, int]:
    ignored = shutil.ignore_patterns(
        "__pycache__", "target", ".ffc", ".ipynb_checkpoints", "*.csv", "*.parquet"
    )
    shutil.copytree(template_folder(), folder, ignore=ignored, dirs_exist_ok=True)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    generate = runpy.run_path(str(folder / "data" / "generate.py"))["generate"]
    rows: dict[str, int] = generate(folder / "data", first_day=today - timedelta(days=DAYS))
    return rows
