"""PostgreSQL as a warehouse: statements in, rows out."""
