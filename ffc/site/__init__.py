"""The docs site: static pages about a project, from its manifest alone."""
