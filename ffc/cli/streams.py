"""What is written where: answers to stdout, talk to stderr, whatever they can encode."""

from __future__ import annotations

import os
import sys

import click

from ffc.core.characters import encodable


def answer(text: str) -> None:
    """Write lines of an answer for people and editors; what can't be encoded becomes `?`."""
    click.echo(encodable(text, sys.stdout.encoding))


def answer_exactly(text: str) -> None:
    """Write an answer for machines as it is, in UTF-8 whatever the terminal says."""
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        click.echo(text, nl=False)
        return
    sys.stdout.flush()
    buffer.write(text.encode())
    buffer.flush()


def talk(text: str) -> None:
    """Write lines of talk; what can't be encoded becomes `?`, as wide as it was."""
    click.echo(encodable(text, sys.stderr.encoding), err=True)


def is_live() -> bool:
    """Tell whether stderr is a terminal on which lines can be drawn over."""
    return sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
