"""DuckDB's SQL in PostgreSQL: the words that are known, and how those are written that differ."""
