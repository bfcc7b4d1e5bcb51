"""The errors that the Python client raises: each says what, what to do, and has its code."""

from __future__ import annotations

from ffc.core.errors import (
    BadRequest,
    BadSpine,
    DataError,
    Denied,
    FfcError,
    Misuse,
    NotFound,
    ProfileError,
    ProjectError,
    StateError,
    StatementFailed,
    StoreError,
    Unreachable,
)

__all__ = [
    "BadRequest",
    "BadSpine",
    "DataError",
    "Denied",
    "FfcError",
    "Misuse",
    "NotFound",
    "ProfileError",
    "ProjectError",
    "StateError",
    "StatementFailed",
    "StoreError",
    "Unreachable",
]
