"""Jinja in a project's SQL: read with every place, bounded in steps, size and time."""
