"""Every option, declared once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from ffc.cli import completing
from ffc.cli.elsewhere import FORMATS
from ffc.cli.environment import is_set_outside
from ffc.cli.helping import Command as Command
from ffc.core.files import ENDINGS

# How many diagnostics are shown when nobody says.
LIMIT: Final = 50

F = TypeVar("F", bound=Callable[..., Any])

_FOLDER = click.Path(path_type=Path, file_okay=False)


class Format(click.Choice[str]):
    """What `--output` takes, always a format: who names a place is told of `--to`, where it is."""

    def get_invalid_choice_message(self, value: object, ctx: click.Context | None) -> str:
        """Return what is wrong with a value, and where it may belong."""
        told = super().get_invalid_choice_message(value, ctx)
        if (meant := FORMATS.get(str(value))) in self.choices:
            return f"{told} Did you mean '{meant}'?"
        own = ctx.command.params if ctx is not None else ()
        to = any("--to" in each.opts and isinstance(each.type, click.Path) for each in own)
        return f"{told} A place to write to is `--to {value}`." if to else told


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
    metavar="NAME",
    envvar="FFC_TARGET",
    shell_complete=completing.complete_target,
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
    type=Format(["text", "json"]),
    default="text",
    envvar="FFC_OUTPUT",
    show_default=True,
    help="The format of the answer.",
)
diagnostics_output = click.option(
    "--output",
    type=Format(["text", "concise", "json", "github", "sarif"]),
    default="text",
    envvar="FFC_OUTPUT",
    show_default=True,
    help="The format of what is found: all of it for people, a line each for editors, JSON, "
    "annotations of GitHub, or SARIF for code scanners.",
)
lineage_output = click.option(
    "--output",
    type=Format(["text", "json", "mermaid", "dot"]),
    default="text",
    envvar="FFC_OUTPUT",
    show_default=True,
    help="The format of the answer: a tree, JSON, a flowchart for Markdown, or Graphviz's.",
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


def _duration(ctx: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    from ffc.core.durations import parse_duration

    seconds = parse_duration(text) if text is not None else None
    if text is not None and not seconds:
        raise click.BadParameter(f"`{text}` is no duration: write `30s`, `15m`, `1h`, `7d` or `4w`")
    return int(seconds) if seconds else None


def _pause(ctx: click.Context, parameter: click.Parameter, text: str) -> int:
    seconds = 0 if text == "0" else _duration(ctx, parameter, text)
    return seconds or 0


grace = click.option(
    "--grace",
    metavar="DURATION",
    default="1d",
    show_default=True,
    callback=_pause,
    help="How long what was served before stays in online stores; 0: no longer.",
)

building = (
    click.option(
        "--threads",
        metavar="N",
        type=click.IntRange(min=1),
        envvar="FFC_THREADS",
        help="How many nodes to build at a time; default: the target's `threads:`, else 4.",
    ),
    click.option(
        "--fail-fast", "-x", is_flag=True, envvar="FFC_FAIL_FAST", help="Stop at the first failure."
    ),
    click.option(
        "--retries",
        metavar="N",
        type=click.IntRange(min=0),
        default=3,
        show_default=True,
        envvar="FFC_RETRIES",
        help="How often to try again after a failure that may pass.",
    ),
    click.option(
        "--force", is_flag=True, envvar="FFC_FORCE", help="Build what did not change, too."
    ),
    click.option(
        "--full-refresh",
        "-f",
        is_flag=True,
        envvar="FFC_FULL_REFRESH",
        help="Build incrementals from nothing; snapshots keep what they remember.",
    ),
)
selection = (
    click.option(
        "--select",
        "-s",
        multiple=True,
        metavar="NODES",
        envvar="FFC_SELECT",
        shell_complete=completing.complete_words,
        help="Only these: names, `tag:x`, `kind:x`, `path:x`; `+x` with what it reads, `x+` with "
        "what reads it; `a,b` what both mean, `a b` what either means.",
    ),
    click.option(
        "--exclude",
        multiple=True,
        metavar="NODES",
        envvar="FFC_EXCLUDE",
        shell_complete=completing.complete_words,
        help="But not these, in the same words.",
    ),
    click.option(
        "--selector",
        metavar="NAME",
        envvar="FFC_SELECTOR",
        shell_complete=completing.complete_selector,
        help="What selectors.yml has under a name, instead.",
    ),
    click.option(
        "--state",
        type=click.Path(path_type=Path),
        envvar="FFC_STATE",
        help="The folder of another manifest.json, for `state:modified` and the like; results of "
        "the run beside it are what `result:` means.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """The options that select, as they were typed; `outside`: variables of those that were not."""

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    selector: str | None = None
    state: Path | None = None
    outside: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything was typed that selects."""
        return bool(self.select or self.exclude or self.selector is not None)


class SelectingCommand(Command):
    """A command that selects nodes: it is called with what was `typed`.

    `--select`, `--exclude` and `--keys` take all words up to the next option.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments, each word of a selection as an option of its own."""
        each, going_on = _one_word_each(args)
        ctx.meta[_GOING_ON] = going_on
        rest = self._parsed(ctx, each)
        if not ctx.resilient_parsing:
            ctx.params["typed"] = _typed(ctx)
        return rest

    def _parsed(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; words that stand alone may be meant to select nodes."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as problem:
            if not problem.message.startswith("Got unexpected extra argument"):
                raise
            message = f"{problem.message}; nodes are named behind `--select`"
            raise click.UsageError(message, ctx) from None

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[click.shell_completion.CompletionItem[str]]:
        """Complete one more word of a selection, else an option."""
        if ctx.meta.get(_GOING_ON) and not incomplete.startswith("-"):
            return completing.complete_words(ctx, None, incomplete)
        return super().shell_complete(ctx, incomplete)


def _typed(ctx: click.Context) -> Typed:
    """Take the options that select out of a call; what is typed goes before the environment.

    Nodes and a selector go before all that it selects, words before its selector.
    """
    options = [each for each in ctx.command.params if each.name in _FIELDS]
    found = {str(each.name): ctx.params.pop(str(each.name)) for each in options}
    words = {"select", "exclude", "selector"}
    outside = {name for name in words if is_set_outside(ctx, name)}
    typed = {name for name in words - outside if found[name]}
    nodes = [str(each.name) for each in ctx.command.params if isinstance(each, click.Argument)]
    whole = "selector" in typed or any(ctx.params[name] for name in nodes)
    left = outside if whole else outside & {"selector"} if typed else set()
    variables = tuple(str(each.envvar) for each in options if each.name in outside - left)
    kept = {name: value for name, value in found.items() if name not in left}
    return Typed(**kept, outside=variables)


_FIELDS: Final = frozenset(each.name for each in fields(Typed))
_LISTS: Final = ("--keys", "--output-keys")
# Whether what is typed next is one more word of a selection.
_GOING_ON: Final = "ffc.selecting"
_SELECTING: Final = re.compile(r"(--select|--exclude|--keys|--output-keys|-s)(=?)(.*)", re.DOTALL)


def _one_word_each(args: list[str]) -> tuple[list[str], bool]:
    """Return arguments with an option before each word, and whether they end in a selection.

    Names of keys follow each other as words do.
    """
    found: list[str] = []
    option, words = "", 0
    for index, arg in enumerate(args):
        if arg == "--":
            return found + args[index:], False
        if arg.startswith("-") and arg != "-":
            option, words = _selecting(arg)
        elif option:
            found += [option] if words else []
            words += 1
        found.append(arg)
    return found, bool(option) and option not in _LISTS


def _selecting(arg: str) -> tuple[str, int]:
    """Return the option that an argument is, if words follow it, and how many it has itself."""
    match = _SELECTING.fullmatch(arg)
    if match is None or (match[3] and not match[2] and match[1] != "-s"):
        return "", 0
    return match[1], int(bool(match[2] or match[3]))


_TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])
period = (
    click.option(
        "--from",
        "start",
        type=_TIME,
        metavar="TIME",
        help="Fill incrementals anew from this time on (UTC, as 2024-01-31).",
    ),
    click.option("--to", "end", type=_TIME, metavar="TIME", help="Until then, not included."),
    click.option(
        "--batch",
        "step",
        callback=_duration,
        metavar="DURATION",
        help="In batches so long, such as 7d.",
    ),
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
