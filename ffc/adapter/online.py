"""What ffc asks of an online store: bytes under a key and a field, newer ones winning."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    import pyarrow as pa

    from ffc.adapter.options import Options

# Columns of a batch of writes, all binary: `key` and `field` say where, `value` what, `version`
# how new it is (bytes that sort), `expected` the version that the last sync left there, or null.
WRITE_SCHEMA = ("key", "field", "value", "version", "expected")


class Given(NamedTuple):
    """What a store must hold for a batch to be written: a value, or None for none."""

    key: bytes
    field: bytes
    value: bytes | None


class OnlineStore(ABC):
    """A key-value store; made with the settings of a profile."""

    # The settings of the store in profiles.yml, and whether each must be there.
    settings: ClassVar[Mapping[str, bool]]

    @abstractmethod
    def __init__(self, options: Options) -> None: ...

    @abstractmethod
    def read(self, keys: Sequence[bytes]) -> list[dict[bytes, bytes]]:
        """Return the fields of each key, in order; an unknown key has none.

        Safe to call from several threads and processes, also while `write` runs. Somebody waits for
        the answer: a store that is opened to be read takes a fraction of a second at the most to
        raise Transient where it can't give one now, or Unreachable, which it stays for good once
        another store has taken its place.
        """

    @abstractmethod
    def write(self, batch: pa.RecordBatch, given: Given | None = None) -> int:
        """Write a batch of WRITE_SCHEMA whole or not at all; return how many values it changed.

        If the store does not hold what is `given`, at the instant of the write, nothing is written
        and Locked is raised: somebody else writes there.

        A value is written where there is none, where the one there is not newer, or where the one
        there is just the `expected` one. Anything else there is newer than this batch and stays.
        """

    @abstractmethod
    def remove(self, prefix: bytes, field: bytes, value: bytes | None = None) -> Iterator[int]:
        """Take a field of all keys that begin so away, a part at a time; yield how many each took.

        Where a `value` is given, only those go that are just that at the instant they go. A part
        takes neither long nor much memory; others read and write between two. Who asks for no more
        parts ends it half-way; begun again it takes what is left. What is written under the field
        meanwhile may stay or go. The prefix is never empty, and may be a whole key.
        """

    def shrink(self) -> int:
        """Give back what room there is, if readers need not wait; return how many bytes it was."""
        return 0

    @abstractmethod
    def ping(self) -> None:
        """Return if the store answers; raises Unreachable."""

    def check(self) -> None:
        """Look for damage, however long that takes; raises StoreError where there is any."""
        self.ping()

    @abstractmethod
    def close(self) -> None:
        """Let go of every file and connection."""
