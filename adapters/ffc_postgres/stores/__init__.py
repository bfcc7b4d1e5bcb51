"""ffc's own stores in tables of PostgreSQL: the newest values, and what was deployed."""
