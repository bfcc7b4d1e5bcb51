"""The entry point: commands loaded when they are called, errors shown, exit codes kept."""

from __future__ import annotations

import gc
import importlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Final

import click

from ffc import __version__
from ffc.cli.elsewhere import ALIASES, LATER, MEANT, NEEDLESS
from ffc.cli.streams import open_missing, talk, unread

COMMANDS: Final = {
    "init": "Start a new project from a template.",
    "compile": "Check the project and write target/manifest.json.",
    "run": "Build every table and training set, sync online views.",
    "retry": "Build again what failed in the last run.",
    "test": "Run the tests of the data that are deployed.",
    "freshness": "Tell how old the newest rows of sources are, and may be.",
    "training-set": "Print a training set's newest build, or write it to a file.",
    "builds": "List builds: who made each, when, of what.",
    "historical": "Look features up as they were known, for keys and times.",
    "show": "Show a node or a column: facts, columns, SQL, builds, rows.",
    "query": "Ask the warehouse a SELECT over what is deployed.",
    "compare": "Compare what two targets have built: columns, counts, rows.",
    "source": "Write the columns of existing tables into the sources.",
    "runs": "List the target's runs, or show one.",
    "deployments": "List what was deployed: when, by whom, what each changed.",
    "rollback": "Make the target what an earlier deployment said, at once.",
    "ls": "List the nodes of the project, or those that are selected.",
    "sync": "Bring the newest values of online views to their store.",
    "get": "Ask for features of an entity, as a model would.",
    "serve": "Answer models over HTTP.",
    "debug": "Try every connection of a target, and say how to mend each.",
    "conformance": "Check that the stores of a target do what ffc needs of them.",
    "clean": "Drop the builds that nothing uses any more.",
    "search": "Find nodes by words, the best first.",
    "lineage": "Show where a node or a column comes from, and goes to.",
    "docs": "Write a static site about the project.",
    "lsp": "Tell an editor what is wrong, and what could be written.",
    "schema": "Print the JSON Schema of a YAML file or of a JSON document.",
    "explain": "Tell more about an error or a warning, and what to do.",
    "completion": "Print the script that completes commands in a shell.",
    "demo": "See it all at work in a new folder, in seconds.",
}


# The commands as `ffc --help` shows them.
SECTIONS: Final = {
    "Start": ("demo", "init", "debug", "source"),
    "Write": ("compile", "ls", "search", "lineage", "docs", "explain", "schema", "lsp"),
    "Build": ("run", "retry", "test", "freshness", "sync"),
    "Look": ("show", "query", "builds", "runs", "compare"),
    "Use": ("training-set", "historical", "get", "serve"),
    "Keep": ("deployments", "rollback", "clean", "conformance", "completion"),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, not to show their names."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import a command."""
        name = ALIASES.get(name, name)
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"ffc.cli.commands.{name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what fails is shown, in colour or not as the command was told."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as problem:
            from ffc.cli.failures import show_failure
            from ffc.core.errors import Misuse

            if isinstance(problem, Misuse):
                raise click.BadParameter(
                    problem.message, param_hint=f"'{problem.option}'"
                ) from problem

            return show_failure(problem)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        width = max(map(len, COMMANDS))
        for title, names in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:{width}}", COMMANDS[name]) for name in names])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read what stands before the command; its options stand behind it."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as problem:
            message = f"No such option: {problem.option_name}; options stand behind the command"
            raise click.UsageError(f"{message}, as in `ffc ls --target dev`", ctx) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; a misspelt one is answered with the closest name, or with ours."""
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as problem:
            name = problem.command_name
            if name in MEANT:
                message = f"No such command '{name}'. Did you mean '{MEANT[name]}'?"
                raise click.UsageError(message, ctx) from None
            if name in LATER:
                message = f"No such command '{name}' in this version: {LATER[name]}"
                raise click.UsageError(message, ctx) from None
            if name in NEEDLESS:
                raise click.UsageError(f"No such command '{name}': {NEEDLESS[name]}", ctx) from None
            raise click.exceptions.NoSuchCommand(name, possibilities=COMMANDS, ctx=ctx) from None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", "-V", "-v", prog_name="ffc")
def cli() -> None:
    """A feature store that is a compiler.

    Write YAML and SQL in a git project; ffc checks it, builds point-in-time training sets in your
    warehouse and serves the same values to models.

    Every option of a command may come from the environment: FFC_TARGET is --target.
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    open_missing()
    # Modules and what is read of a project stay: to look for garbage among them takes long.
    gc.set_threshold(200_000, 20, 100)
    if _asked_by_a_shell():
        from ffc.cli.shells import answer_shells

        answer_shells()
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        # A terminal that can't show a character shows its number: no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = run(args)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough: not an error. What is buffered has no reader.
        unread(sys.stdout)
        code = 0
    sys.exit(code)


def _show(problem: click.ClickException) -> None:
    """Show how a command was misused, as click says it."""
    said = io.StringIO()
    problem.show(said)
    talk(said.getvalue().rstrip("\n"))


def _asked_by_a_shell() -> bool:
    return "_FFC_COMPLETE" in os.environ


def run(args: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 fine, 1 project or data, 2 misuse."""
    try:
        result = cli.main(args, prog_name="ffc", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("cancelled", err=True)
        return 130
    except click.ClickException as problem:
        _show(problem)
        return problem.exit_code
    return result if isinstance(result, int) else 0
