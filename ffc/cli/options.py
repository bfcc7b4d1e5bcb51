"""Every option, declared once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from ffc.core.files import ENDINGS

# How many diagnostics are shown when nobody says.
LIMIT: Final = 50

F = TypeVar("F", bound=Callable[..., Any])

_FOLDER = click.Path(path_type=Path, file_okay=False)

project_dir = click.option(
    "--project-dir",
    type=_FOLDER,
    envvar="FFC_PROJECT_DIR",
    help="The project's folder; default: the nearest one with an ffc.yml.",
)
profiles_dir = click.option(
    "--profiles-dir",
    type=_FOLDER,
    envvar="FFC_PROFILES_DIR",
    help="The folder of profiles.yml; default: the project's, then ~/.ffc.",
)
target = click.option(
    "--target",
    "-t",
    envvar="FFC_TARGET",
    help="The target in profiles.yml; default: the profile's.",
)
variables = click.option(
    "--vars",
    "variables",
    metavar="YAML",
    envvar="FFC_VARS",
    help="Variables that go before those of ffc.yml, as YAML: '{min_amount: 5}'.",
)
output = click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    envvar="FFC_OUTPUT",
    show_default=True,
    help="The format of the answer.",
)
diagnostics_output = click.option(
    "--output",
    type=click.Choice(["text", "concise", "json", "github", "sarif"]),
    default="text",
    envvar="FFC_OUTPUT",
    show_default=True,
    help="The format of what is found: all of it for people, a line each for editors, JSON, "
    "annotations of GitHub, or SARIF for code scanners.",
)
lineage_output = click.option(
    "--output",
    type=click.Choice(["text", "json", "mermaid"]),
    default="text",
    envvar="FFC_OUTPUT",
    show_default=True,
    help="The format of the answer: a tree, JSON, or a flowchart for Markdown.",
)
limit = click.option(
    "--limit",
    type=click.IntRange(min=0),
    metavar="N",
    default=LIMIT,
    envvar="FFC_LIMIT",
    show_default=True,
    help="How many to show as text, errors before warnings; 0: all.",
)
quiet = click.option(
    "--quiet", "-q", is_flag=True, envvar="FFC_QUIET", help="Say only what is wrong."
)


def _set_color(ctx: click.Context, parameter: click.Parameter, value: bool | None) -> None:
    """Tell click for this call; https://no-color.org has a word too."""
    wanted = False if value is None and os.environ.get("NO_COLOR") else value
    ctx.color = ctx.find_root().color = wanted


color = click.option(
    "--color/--no-color",
    default=None,
    envvar="FFC_COLOR",
    expose_value=False,
    callback=_set_color,
    help="Default: colour on a terminal.",
)
strict = click.option("--strict", is_flag=True, envvar="FFC_STRICT", help="Warnings are errors.")


def _known_ending(ctx: click.Context, parameter: click.Parameter, to: Path | None) -> Path | None:
    if to is not None and to.suffix not in ENDINGS:
        raise click.BadParameter(f"`{to.name}` must end in one of {' '.join(ENDINGS)}")
    return to


write_to = click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=_known_ending,
    help=f"A file to write; its ending says how: {' '.join(ENDINGS)}",
)

write_json_to = click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file to write, instead of the terminal.",
)

WHERE: Final = (project_dir, profiles_dir, target)
TALK: Final = (output, quiet, color)


def options(*groups: Any) -> Callable[[F], F]:
    """Add options to a command, shown in the order given."""
    flat = [each for group in groups for each in (group if isinstance(group, tuple) else (group,))]

    def decorate(function: F) -> F:
        for option in reversed(flat):
            function = option(function)
        return function

    return decorate
