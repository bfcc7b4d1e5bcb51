"""PostgreSQL for ffc: warehouse, online store and state store."""

from __future__ import annotations
