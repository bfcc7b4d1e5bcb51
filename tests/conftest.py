"""How tests are run: in memory, and with fewer examples where the slow tests have the rest."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

_MEMORY: Final = Path("/dev/shm")
_ROOM: Final = 6 * 1024**3


def pytest_configure(config: pytest.Config) -> None:
    """Choose before any test is imported: its settings of hypothesis are made by then."""
    _write_to_memory()
    if "not slow" in config.getoption("markexpr"):
        settings.register_profile("fast", settings(), max_examples=30)
        settings.load_profile("fast")


def _write_to_memory() -> None:
    """Spare the tests thousands of waits for a disk: what they write is thrown away.

    A process that is killed is as dead as on a disk; no test cuts the power of a machine.
    """
    if {"TMPDIR", "PYTEST_DEBUG_TEMPROOT"} & os.environ.keys():
        return
    if not _MEMORY.is_dir() or os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC:
        return
    if shutil.disk_usage(_MEMORY).free > _ROOM:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(_MEMORY)
