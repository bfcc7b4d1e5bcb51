"""The command line."""

from __future__ import annotations

from ffc.cli.main import main

__all__ = ["main"]
