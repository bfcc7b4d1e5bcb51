"""The newest values in process: what `POST /v1/features` answers, without a server.

Unlike everything else the online store stays open between calls, so that a call costs what the
look-up costs. That stands in nobody's way: readers of an online store block no sync. Once a second
it is looked whether something else is deployed, or other settings hold.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from contextlib import AbstractContextManager, ExitStack
from typing import Final, Protocol

from ffc.connect.session import Session
from ffc.online.lookup import FeatureReader
from ffc.serve.deployment import Deployment

SECONDS: Final = 1.0


class Place(Protocol):
    """Where a project lies, as far as its newest values go."""

    def open(self) -> AbstractContextManager[Session]:
        """Open the stores for reading."""

    def settings(self) -> object:
        """Return what tells the settings that hold now from others."""


class Newest:
    """A reader of what is deployed, kept; several threads may ask, and forks open their own."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self._deployment: Deployment | None = None
        self._reader: FeatureReader | None = None
        self._settings: object = None
        self._looked = 0.0
        self._process = os.getpid()
        weakref.finalize(self, _closed, self._stack, self._process)

    def reader(self) -> FeatureReader:
        """Return a reader of the newest deployment; raises NotFound where there is none."""
        with self._lock:
            if self._process != os.getpid():
                # What a fork inherits belongs to its parent, and is left alone.
                self._stack.pop_all()
                self._reader, self._process = None, os.getpid()
            now = time.monotonic()
            if self._reader is None or now - self._looked > SECONDS:
                self._reader = self._newest()
                self._looked = now
            return self._reader

    def _newest(self) -> FeatureReader:
        settings = self._place.settings()
        if self._reader is not None and self._deployment is not None and settings == self._settings:
            return self._deployment.load() or self._reader
        self._stack.close()
        self._deployment = Deployment(self._stack.enter_context(self._place.open()))
        self._settings = settings
        return self._deployment.reader()


def _closed(stack: ExitStack, process: int) -> None:
    if os.getpid() == process:
        stack.close()
