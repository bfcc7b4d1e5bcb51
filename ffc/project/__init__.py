"""Read a project: files, YAML resources, Jinja templates, every value with its place."""
