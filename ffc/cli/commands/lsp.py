"""`ffc lsp`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "lsp",
    cls=options.Command,
    short_help="Tell an editor what is wrong, and what could be written.",
    examples=("ffc lsp", "ffc lsp --target prod"),
)
@options.options(options.profiles_dir, options.target, options.variables, options.strict)
def command(
    profiles_dir: Path | None, target: str | None, variables: str | None, strict: bool
) -> int:
    """Talk to an editor in the Language Server Protocol, over stdin and stdout.

    The editor starts this, not you: docs/editor.md has the settings of VS Code, Neovim and Helix.
    What is wrong is shown as you type; names lead to where they are declared, and say their types
    and where they come from. Needs the extra `lsp`: pip install 'ffc-feature-store[lsp]'.
    """
    from ffc.cli.editing import serve_editor

    serve_editor(profiles_dir, target, variables, strict)
