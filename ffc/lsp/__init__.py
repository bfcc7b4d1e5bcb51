"""The language server: what an editor asks about a project, answered while people type."""
