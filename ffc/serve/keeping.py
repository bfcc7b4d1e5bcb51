"""What a server counts, brought to the state store a minute at a time, so that it can be drawn.

Workers leave what they count in files of one folder; whichever of them holds the lock there writes
for all. Where it is with that lies in the folder, too, before anything is written: whoever takes
over goes on from there, and a minute that is written twice is the same twice.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from ffc.adapter.state import ServedMinute, StateStore
from ffc.core.clock import Clock, stamp, utc_now
from ffc.core.errors import FfcError
from ffc.core.files import write_atomically
from ffc.serve.logs import Log, silent
from ffc.serve.metrics import BOUNDS, Metrics

# So long are minutes kept; so many wait for a state store that is away.
KEPT: Final = timedelta(days=1)
WAITING: Final = 60
# A server that ends waits so long for its last figures to be written.
_LAST_SECONDS: Final = 2.0


class Counted(Struct, frozen=True, kw_only=True):
    """What was counted in a minute, as it is kept; `bounds` are those of its histograms."""

    bounds: tuple[float, ...]
    counts: Metrics


class Saved(Struct, frozen=True, kw_only=True):
    """Where a server is: all that it counted, and what of it by minute is not `written` yet.

    The newest minute stays: what comes of it later is added to what was written.
    """

    whole: Metrics = msgspec.field(default_factory=Metrics)
    minutes: dict[str, Metrics] = {}
    written: bool = True


class Keeper:
    """Keeps the figures of a server; its folder's name tells it from others.

    Nothing waits for the state store: what can't be written is told once and tried a minute later.
    """

    def __init__(
        self,
        folder: Path,
        state: Callable[[], StateStore],
        target: str,
        *,
        log: Log = silent,
        clock: Clock = utc_now,
    ) -> None:
        self._folder = folder
        self._state = state
        self._target = target
        self._log = log
        self._clock = clock
        self._lock: int | None = None
        self._minute = ""
        self._failure = ""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="figures")
        self._writing: Future[None] | None = None

    def tick(self, whole: Callable[[], Metrics]) -> None:
        """Begin to write what was counted, if a minute is over and nobody else does it."""
        minute = self._now()
        if minute == self._minute or (self._writing is not None and not self._writing.done()):
            return
        over, self._minute = self._minute, minute
        if over and self._holds():
            self._writing = self._thread.submit(self._keep, over, whole())

    def finish(self, whole: Callable[[], Metrics]) -> None:
        """Write what was counted of the minute that is not over, but don't wait long for that."""
        until = time.monotonic() + _LAST_SECONDS
        # Another worker may be about to end, too, and let go then.
        while not self._holds() and time.monotonic() < until:
            time.sleep(0.05)
        if self._holds():
            minute = self._minute or self._now()
            wait([self._thread.submit(self._keep, minute, whole())], _LAST_SECONDS)
        self._thread.shutdown(wait=False)
        if self._lock is not None:
            os.close(self._lock)

    def _now(self) -> str:
        return stamp(self._clock().replace(second=0, microsecond=0))

    def _holds(self) -> bool:
        """Tell whether this process is the one that writes; a process that ends lets go."""
        if self._lock is None:
            file = os.open(self._folder / "figures.lock", os.O_RDWR | os.O_CREAT)
            if _locked(file):
                self._lock = file
            else:
                os.close(file)
        return self._lock is not None

    def _keep(self, minute: str, whole: Metrics) -> None:
        try:
            self._write(minute, whole)
        except FfcError as problem:
            if problem.message != self._failure:
                self._failure = problem.message
                self._log("figures_failed", code=problem.code, message=problem.message)
        else:
            self._failure = ""

    def _write(self, minute: str, whole: Metrics) -> None:
        saved = self._saved()
        counted = whole.since(saved.whole)
        minutes = dict(saved.minutes)
        if counted != Metrics():
            counted.merge(minutes.get(minute, Metrics()))
            minutes[minute] = counted
        elif saved.written:
            return
        minutes = dict(sorted(minutes.items())[-WAITING:])
        self._save(Saved(whole=whole, minutes=minutes, written=False))
        rows = [self._row(*each) for each in minutes.items()]
        self._state().keep_served(self._target, rows, stamp(self._clock() - KEPT))
        newest = max(minutes)
        self._save(Saved(whole=whole, minutes={newest: minutes[newest]}))

    def _row(self, minute: str, counts: Metrics) -> ServedMinute:
        data = msgspec.json.encode(Counted(bounds=BOUNDS, counts=counts))
        return ServedMinute(server=self._folder.name, minute=minute, counts=data)

    def _saved(self) -> Saved:
        try:
            return msgspec.json.decode(self._at.read_bytes(), type=Saved)
        except (OSError, msgspec.MsgspecError):
            # Nobody wrote yet.
            return Saved()

    def _save(self, saved: Saved) -> None:
        write_atomically(self._at, msgspec.json.encode(saved))

    @property
    def _at(self) -> Path:
        return self._folder / "figures.saved"


def _locked(file: int) -> bool:
    """Take the lock of a file if nobody has it; where there are none a server has one worker."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
