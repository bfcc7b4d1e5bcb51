"""A run on a terminal that somebody looks at: what is done above, what runs and how long below."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, Self

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from ffc.cli.progress import TerminalSink
from ffc.cli.streams import heard
from ffc.cli.widths import talk_width
from ffc.run.events import Event, NodeFinished, NodeProgressed, NodeStarted, RunStarted

# So many of the nodes that run are shown.
_SHOWN: Final = 8


class LiveSink(TerminalSink):
    """Write each node that is done as a line, and draw the others below, in place."""

    def __init__(self) -> None:
        super().__init__()
        self._running: dict[str, tuple[float, Spinner]] = {}
        self._rows: dict[str, int] = {}
        self._done = self._total = 0
        context = click.get_current_context(silent=True)
        plain = context is not None and context.color is False
        console = Console(stderr=True, highlight=False, width=talk_width(), no_color=plain)
        self._live = Live(console=console, get_renderable=self._drawn, transient=True)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take away what was drawn; the lines stay."""
        with heard():
            self._live.stop()

    def receive(self, event: Event) -> None:
        """Take one event."""
        if isinstance(event, RunStarted):
            self._total = event.nodes
        elif isinstance(event, NodeStarted):
            self._running[event.id] = (time.monotonic(), Spinner("dots"))
        elif isinstance(event, NodeProgressed):
            # It is drawn when the next drawing is due.
            self._rows[event.id] = event.rows
            return
        elif isinstance(event, NodeFinished):
            self._running.pop(event.node.id, None)
            self._rows.pop(event.node.id, None)
            self._done = event.index
        if not isinstance(event, NodeStarted):
            with heard():
                self._live.refresh()
        super().receive(event)

    def write(self, text: str, err: bool) -> None:
        """Write lines above what is drawn."""
        with heard():
            self._live.console.print(Text.from_ansi(text), soft_wrap=True)

    def _drawn(self) -> RenderableType:
        if not self._total or self._done == self._total:
            return Text("")
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=1)
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        table.add_column(justify="right")
        now = time.monotonic()
        for name, (began, spinner) in list(self._running.items())[:_SHOWN]:
            rows = f"{self._rows[name]:,} rows  " if name in self._rows else ""
            table.add_row(spinner, name, f"{rows}{now - began:.1f}s")
        bar = Table.grid(padding=(0, 1), expand=True)
        bar.add_column(ratio=1)
        bar.add_column(justify="right")
        bar.add_row(
            ProgressBar(total=self._total, completed=self._done), f"{self._done}/{self._total}"
        )
        return Group(table, bar)
