"""Help texts: what a command does, examples, its options in groups; and what was meant."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click

from ffc.cli import environment
from ffc.cli.elsewhere import meant_option
from ffc.core.errors import FfcError

# Which group an option is shown in, by its name in the code; all others come first.
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "Selection": ("select", "exclude", "selector", "state"),
    "Building": ("threads", "fail_fast", "retries", "force", "full_refresh"),
    "Times": ("start", "end", "step"),
    "Project": ("project_dir", "profiles_dir", "target", "targets", "variables"),
    "Output": ("output", "keys", "limit", "rows", "to", "strict", "quiet", "color", "help"),
}
OWN: Final = "Options"
# What stands between an example and what it does.
SAYS: Final = "  # "


class Command(click.Command):
    """A command with examples in its help, and its options in groups.

    An example is a line as it is typed, or several that end in `\\`; behind a `#` one may say what
    it does. Every option has a variable in the environment.
    """

    def __init__(self, *args: Any, examples: Sequence[str] = (), **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.examples = tuple(examples)
        for each in self.params:
            if isinstance(each, click.Option):
                environment.give_variable(self.name or "", each)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write usage, what it does, examples, options."""
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        self._format_examples(formatter)
        self.format_options(ctx, formatter)

    def _format_examples(self, formatter: click.HelpFormatter) -> None:
        if not self.examples:
            return
        with formatter.section("Examples"):
            for line in example_lines(self.examples, formatter.width - 2):
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, those that many commands have behind the command's own."""
        groups: dict[str, list[tuple[str, str]]] = {name: [] for name in (OWN, *GROUPS)}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                groups[group_of(parameter)].append(record)
        for name, records in groups.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; an option of dbt's is answered with what it is here."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as problem:
            meant = meant_option(self.name or "", problem.option_name)
            if meant is None:
                raise
            message = f"No such option: {problem.option_name}; {meant}"
            raise click.UsageError(message, ctx) from None
        except click.UsageError as problem:
            raise environment.explained(ctx, problem) from problem

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; what goes wrong with a value from the environment says which variable."""
        try:
            return super().invoke(ctx)
        except (click.UsageError, FfcError) as problem:
            raise environment.explained(ctx, problem) from problem


def group_of(parameter: click.Parameter) -> str:
    """Return the group that an option is shown in."""
    name = "help" if "--help" in parameter.opts else parameter.name
    return next((group for group, names in GROUPS.items() if name in names), OWN)


def example_lines(examples: Sequence[str], width: int) -> Iterator[str]:
    """Yield examples as they are shown: what each does behind it, or above it where that is long.

    What is said stands in one column, as far as there is room.
    """
    parts = [example.partition(SAYS) for example in examples]
    told = [(typed, f"# {said}") for typed, _, said in parts if said]
    column = max((len(typed) for typed, said in told if len(typed + said) + 2 <= width), default=0)
    for typed, _, said in parts:
        if not said:
            yield from typed.splitlines()
        elif max(len(typed), column) + len(said) + 4 <= width:
            yield f"{typed:{column}}  # {said}"
        else:
            yield from (*textwrap.wrap(f"# {said}", width, subsequent_indent="# "), typed)
