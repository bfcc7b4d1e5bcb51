"""The types of columns in SQL, for adapters that build statements."""

from __future__ import annotations

from ffc.sql.translation import CORE, NoTranslation, Rewrite, Translation
from ffc.sql.types import converted, literal, sql_type, type_of_native

__all__ = [
    "CORE",
    "NoTranslation",
    "Rewrite",
    "Translation",
    "converted",
    "literal",
    "sql_type",
    "type_of_native",
]
