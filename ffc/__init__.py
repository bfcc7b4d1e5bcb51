"""ffc: a feature store that is a compiler."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
