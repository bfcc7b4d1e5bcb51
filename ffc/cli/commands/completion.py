"""`ffc completion`."""

from __future__ import annotations

import os
from pathlib import PurePath

import click

from ffc.cli import options


@click.command(
    "completion",
    cls=options.Command,
    short_help="Print the script that completes commands in a shell.",
    examples=(
        'eval "$(ffc completion bash)"  # in ~/.bashrc',
        'eval "$(ffc completion zsh)"  # in ~/.zshrc, behind compinit',
        "ffc completion fish > ~/.config/fish/completions/ffc.fish",
    ),
)
@click.argument("shell", required=False, type=click.Choice(["bash", "zsh", "fish"]))
@options.options(options.color)
def command(shell: str | None) -> int:
    """Print a script for SHELL: it completes commands, options, nodes, tags and all that selects.

    Without SHELL it is the one that you are in. The names are those of target/manifest.json, as
    `ffc compile` wrote it last.
    """
    from ffc.cli.shells import SHELLS, VARIABLE
    from ffc.cli.streams import answer_exactly

    name = shell or PurePath(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        raise click.UsageError("name a shell: `ffc completion bash`, `zsh` or `fish`")
    root = click.get_current_context().find_root()
    answer_exactly(SHELLS[name](root.command, {}, "ffc", VARIABLE).source())
    return 0
