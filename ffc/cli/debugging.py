"""All that a target needs, checked: the installation, the project's settings, its stores."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from ffc import __version__
from ffc.auth import Principal
from ffc.cli.characters import visible
from ffc.cli.failures import wrapped
from ffc.cli.frames import WIDTH
from ffc.cli.workspace import Settings, read_settings
from ffc.connect.checking import Checked, check_target
from ffc.core.errors import FfcError, ProjectError

PACKAGES: Final = ("duckdb", "sqlglot", "pyarrow", "msgspec")
_COLOURS: Final = {"ok": "green", "failed": "red", "skipped": "yellow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was checked and how it stands; without `settings` nothing was to be opened."""

    settings: Settings | None
    checks: Sequence[Checked]

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return all(check.status == "ok" for check in self.checks)

    def document(self) -> dict[str, Any]:
        """Return the `ffc.debug/v1` document."""
        found = self.settings
        return {
            "schema": "ffc.debug/v1",
            "ok": self.ok,
            "versions": versions(),
            "project": found.project if found else "",
            "profile": found.profile if found else "",
            "target": found.target.name if found else "",
            "checks": [msgspec.to_builtins(check) for check in self.checks],
        }


def versions() -> dict[str, str]:
    """Return the versions of ffc, of Python and of what it is made with."""
    found = {"ffc": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "missing"
    return found


def check_all(
    where: tuple[Path | None, Path | None, str | None],
    principal: Principal,
    told: Callable[[Checked], None],
) -> Report:
    """Check the settings, then all that they name; each is told as soon as it is known."""
    checks: list[Checked] = []

    def add(check: Checked) -> None:
        checks.append(check)
        told(check)

    try:
        settings = read_settings(*where)
    except ProjectError as problem:
        for each in problem.diagnostics:
            place = f"{each.span.file}:{each.span.start.line}"
            wrong = FfcError(f"{place}: {each.message}", help=each.help)
            add(msgspec.structs.replace(Checked(name="settings").failed(wrong), code=each.code))
        return Report(settings=None, checks=checks)
    except FfcError as problem:
        add(Checked(name="settings").failed(problem))
        return Report(settings=None, checks=checks)
    profile = f"profile `{settings.profile}`, target `{settings.target.name}`"
    add(Checked(name="settings", details=(f"project `{settings.project}`", profile)))
    for check in check_target(settings.target, principal=principal):
        add(check)
    return Report(settings=settings, checks=checks)


def render_versions() -> str:
    """Return the versions, on lines of 80 columns."""
    names = {"ffc": "ffc", "python": "Python"}
    told = [f"{names.get(name, name)} {number}" for name, number in versions().items()]
    return "\n".join(wrapped(", ".join(told), WIDTH))


def render_check(check: Checked) -> str:
    """Return how something stands: a line, or several where it must be mended."""
    status = click.style(f"{check.status:<7}", fg=_COLOURS[check.status])
    name = f"{check.name:<18} "
    room = WIDTH - 8 - len(name)
    pad = " " * (8 + len(name))
    said = [", ".join(check.details)] if check.details else []
    if check.code:
        said.append(f"error[{check.code}]: {check.message}")
    elif check.message:
        said.append(check.message)
    lines = [line for text in said for line in wrapped(visible(text), room)]
    for hint in check.help:
        first, *more = wrapped(visible(hint), room - 8)
        lines += [f"{click.style('= help:', fg='cyan')} {first}", *(f"{'':8}{m}" for m in more)]
    first, *rest = lines or [""]
    return "\n".join([f"{status} {name}{first}".rstrip(), *(f"{pad}{line}" for line in rest)])


def render_outcome(report: Report) -> str:
    """Return how many checks failed."""
    failed = sum(check.status == "failed" for check in report.checks)
    skipped = sum(check.status == "skipped" for check in report.checks)
    if not failed:
        return "all is well"
    more = f", {skipped} could not be made" if skipped else ""
    return f"{failed} of {len(report.checks)} checks failed{more}"
