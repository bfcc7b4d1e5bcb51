"""Options that the environment sets: what each is called there, and where a failure owes to one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Final

import click
from click.core import ParameterSource

from ffc.core.errors import FfcError, Misuse

_PREFIX: Final = "FFC"


def give_variable(command: str, option: click.Option) -> None:
    """Give an option that names no variable one of its command's own, as FFC_RUN_FROM.

    A variable is shared where an option means the same everywhere, which its declaration says.
    """
    if option.envvar is None:
        words = (_PREFIX, command, written(option).removeprefix("--"))
        option.envvar = "_".join(words).replace("-", "_").upper()


def written(option: click.Option) -> str:
    """Return an option as it is written out."""
    return next((each for each in option.opts if each.startswith("--")), option.opts[0])


def is_set_outside(ctx: click.Context, name: str) -> bool:
    """Tell whether an option of a call is from the environment."""
    return ctx.get_parameter_source(name) is ParameterSource.ENVIRONMENT


def notes(ctx: click.Context, text: str) -> list[str]:
    """Return, for each option from the environment that a text speaks of, which variable it is."""
    return [
        f"`{written(option)}` comes from the environment variable {option.envvar}"
        for option in _set_outside(ctx)
        if str(option.envvar) not in text and _mentions(text, option)
    ]


def explained(
    ctx: click.Context, problem: click.UsageError | FfcError
) -> click.UsageError | FfcError:
    """Return what went wrong, with the variables that brought the values that it speaks of."""
    if isinstance(problem, click.UsageError):
        told = problem.format_message()
        found = notes(ctx, told)
        return click.UsageError(_joined(told, found), ctx) if found else problem
    found = notes(ctx, " ".join((getattr(problem, "option", ""), problem.message, *problem.help)))
    if isinstance(problem, Misuse):
        problem.message = _joined(problem.message, found)
    else:
        problem.help += tuple(found)
    return problem


def _joined(message: str, found: list[str]) -> str:
    return "; ".join((message.removesuffix("."), *found)) if found else message


def _set_outside(ctx: click.Context) -> Iterator[click.Option]:
    for each in ctx.command.params:
        if isinstance(each, click.Option) and is_set_outside(ctx, str(each.name)):
            yield each


def _mentions(text: str, option: click.Option) -> bool:
    """Tell whether a text has an option, or what the environment says it is, in one piece."""
    value = os.environ.get(str(option.envvar), "")
    # What stands for yes or no, and numbers, are in texts about something else.
    parts = [value, *re.split(r"[\s,]+", value), *re.findall(r"\w+:", value)]
    values = [] if option.is_flag or value.isdigit() else list(filter(None, parts))
    words = [*option.opts, *option.secondary_opts, *values]
    return any(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) for word in words)
