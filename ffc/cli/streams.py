"""What is written where: answers to stdout, talk to stderr, whatever they can encode."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

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
    if sys.stderr.isatty():
        from ffc.cli.widths import talk_folded

        text = talk_folded(text)
    say(encodable(text, sys.stderr.encoding))


def say(text: str) -> None:
    """Write lines of talk as they are."""
    with heard():
        click.echo(text, err=True)


@contextmanager
def heard() -> Iterator[None]:
    """Let what is done go on when its talk can't be heard: a pipe or a terminal that is closed."""
    try:
        yield
    except OSError:
        unread(sys.stderr)


def unread(stream: TextIO) -> None:
    """Send what is written from now on nowhere: whoever read it has seen enough."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def is_read(stream: TextIO) -> bool:
    """Tell whether somebody still reads a stream; where that can't be told, somebody does."""
    try:
        poll = select.poll()
        poll.register(stream.fileno(), 0)
        return not any(found & (select.POLLERR | select.POLLHUP) for _, found in poll.poll(0))
    except (AttributeError, OSError, ValueError):
        return True


def open_missing() -> None:
    """Open the streams that whoever started this process has closed, to write nowhere.

    Else the next file to be opened would have the number of one, and get what is written there.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))


def is_live() -> bool:
    """Tell whether stderr is a terminal on which lines can be drawn over."""
    return sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
