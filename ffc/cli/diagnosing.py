"""What a compilation had to say, for people and for machines."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import click

from ffc.cli.environment import notes
from ffc.cli.formats import concise, github, repository_prefix
from ffc.cli.options import LIMIT
from ffc.cli.rendering import limited, render_counts, render_diagnostics, render_rest
from ffc.cli.streams import answer, answer_exactly, talk
from ffc.cli.widths import talk_width
from ffc.core.diagnostics import Diagnostic, document
from ffc.manifest.files import encode
from ffc.workspace.folder import Workspace


def show_diagnostics(workspace: Workspace, quiet: bool = False, limit: int = LIMIT) -> None:
    """Show on stderr what a compilation had to say, with the lines that it is about."""
    found = told(workspace, quiet)
    if found:
        shown, rest = limited(found, limit)
        talk(render_diagnostics(shown, texts_of(workspace)) + "\n")
        talk(f"{render_rest(rest)}\n\n{render_counts(found)}" if rest else render_counts(found))
        _show_variables(found)


def _show_variables(found: Sequence[Diagnostic]) -> None:
    """Say which variables of the environment brought what an error is about."""
    ctx = click.get_current_context(silent=True)
    errors = [each for each in found if each.severity == "error"]
    if ctx is not None and errors:
        text = " ".join(part for each in errors for part in (each.message, *each.help))
        # A warning that was made an error doesn't tell.
        show_notes(notes(ctx, f"{text} --strict"))


def answer_diagnostics(workspace: Workspace, output: str, quiet: bool, limit: int) -> None:
    """Write to stdout what a compilation had to say, in a format for machines."""
    found = told(workspace, quiet)
    prefix = repository_prefix(workspace.root)
    if output == "json":
        answer_exactly(encode(diagnostics_document(workspace)).decode())
    elif output == "sarif":
        from ffc.cli.sarif import sarif

        answer_exactly(encode(sarif(workspace.diagnostics, prefix)).decode())
    elif found and output == "github":
        answer_exactly("".join(f"{line}\n" for line in github(found, prefix)))
    elif found:
        shown, rest = limited(found, limit)
        answer("\n".join(concise(shown)))
        talk(f"{render_rest(rest)}\n{render_counts(found)}" if rest else render_counts(found))


def show_notes(notes: Sequence[str]) -> None:
    """Show on stderr what is no mistake, and good to know."""
    for note in notes:
        lines = textwrap.wrap(
            f"note: {note}",
            talk_width(),
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        talk("\n".join(lines))


def told(workspace: Workspace, quiet: bool) -> list[Diagnostic]:
    """Return what is said of a compilation: of a quiet one only what is wrong."""
    return [d for d in workspace.diagnostics if d.severity == "error" or not quiet]


def texts_of(workspace: Workspace) -> Mapping[str, str]:
    """Return the texts that diagnostics are about; that of profiles.yml without its secrets."""
    from ffc.connect.profiles import shown_profiles

    profiles = shown_profiles(workspace.root, workspace.profiles_dir)
    return {**workspace.files.texts, **profiles}


def diagnostics_document(workspace: Workspace) -> dict[str, Any]:
    """Return the `ffc.diagnostics/v1` document."""
    return document(workspace.diagnostics, workspace.outcome.target)
