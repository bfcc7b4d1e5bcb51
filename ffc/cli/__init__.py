"""The command line."""

from __future__ import annotations

from ffc.cli.main import main
from ffc.cli.program import program

__all__ = ["main", "program"]
