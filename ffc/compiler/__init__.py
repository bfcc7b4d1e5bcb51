"""The compiler: project files in, a manifest and diagnostics out; no connection, no data."""

from __future__ import annotations

from ffc.compiler.compile import Compiled, compile_project

__all__ = ["Compiled", "compile_project"]
