"""The manifest: what a project means, on one page of JSON; all that comes after reads only this."""
