"""The settings of one store in profiles.yml, resolved for a connection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ffc.core.diagnostics import did_you_mean
from ffc.core.durations import parse_duration
from ffc.core.errors import ProfileError


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What profiles.yml says of a store (`type` aside); `folder` is the project's.

    `read_only` asks for a store that others can read beside it, and that nothing is written to; it
    makes no file: a store that is not there yet is empty, or Unreachable.

    Values are secrets until an adapter says otherwise, so they are never shown: not by `repr`
    either.
    """

    where: str
    folder: Path
    values: Mapping[str, object]
    read_only: bool = False

    def __repr__(self) -> str:
        """Name the settings, not their values."""
        return f"Options({self.where}: {', '.join(self.values)})"

    def path(self, name: str) -> Path:
        """Return a file's path, relative ones from the project's folder."""
        return self.folder / self.text(name)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a setting; raises ProfileError where it is missing or no text."""
        value = self.values.get(name, default)
        if value is None:
            raise ProfileError(f"{self.where} has no `{name}`")
        if not isinstance(value, str | int):
            raise ProfileError(f"{self.where}: `{name}` must be text")
        return str(value)

    def seconds(self, name: str) -> int | None:
        """Return a setting that is a duration, such as `1h`; None where it is not there."""
        if name not in self.values:
            return None
        found = parse_duration(self.text(name))
        if not found:
            message = f"{self.where}: `{name}` is no duration"
            raise ProfileError(message, help=["write it as 30s, 15m, 1h, 7d or 4w"])
        return int(found)

    def only(self, names: Iterable[str]) -> None:
        """Raise ProfileError on a setting that the adapter doesn't know."""
        names = tuple(names)
        for name in self.values:
            if name not in names:
                message = f"{self.where} has no setting `{name}`"
                raise ProfileError(message, help=did_you_mean(name, names))
