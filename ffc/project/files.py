"""The files of a project as text, and nothing of the machine they lie on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from ffc.core.diagnostics import Diagnostic, Position, Span, error

PROJECT_FILE: Final = "ffc.yml"
YAML_FOLDERS: Final = ("sources", "transformations", "features", "training_sets")
SQL_FOLDER: Final = "transformations"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFiles:
    """A project's own files: path from its root (with `/`) to text, sorted by path.

    Of a file that can't be read, `broken` has what can be guessed; it was reported.
    """

    texts: Mapping[str, str]
    broken: Mapping[str, str] = field(default_factory=dict)

    def yaml(self) -> list[tuple[str, str]]:
        """Return the resource files."""
        return [
            (path, text)
            for path, text in self.texts.items()
            if path != PROJECT_FILE and PurePosixPath(path).suffix in (".yml", ".yaml")
        ]

    def sql(self) -> list[tuple[str, str]]:
        """Return the transformation files."""
        return [(path, text) for path, text in self.texts.items() if path.endswith(".sql")]


def find_project(start: Path) -> Path | None:
    """Return the nearest folder at or above `start` that holds an ffc.yml."""
    start = start.resolve()
    return next((p for p in (start, *start.parents) if (p / PROJECT_FILE).is_file()), None)


def read_files(root: Path) -> tuple[ProjectFiles, list[Diagnostic]]:
    """Read a project's files; one that can't be read is a diagnostic."""
    texts: dict[str, str] = {}
    broken: dict[str, str] = {}
    diagnostics: list[Diagnostic] = []
    for path in sorted(_listed(root), key=lambda p: p.relative_to(root).as_posix()):
        name = path.relative_to(root).as_posix()
        try:
            texts[name] = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        except OSError as problem:
            broken[name] = ""
            message = f"`{name}` can't be read: {problem.strerror}"
            diagnostics.append(error("FF100", message, Span(file=name)))
        except UnicodeDecodeError as problem:
            broken[name] = problem.object.decode(errors="replace")
            diagnostics.append(_not_utf8(name, problem))
    return ProjectFiles(texts=texts, broken=broken), diagnostics


def _not_utf8(name: str, problem: UnicodeDecodeError) -> Diagnostic:
    before = problem.object[: problem.start].decode(errors="replace")
    line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    span = Span(file=name, start=Position(line, column), end=Position(line, column + 1))
    message = f"`{name}` can't be read: it is not UTF-8 text"
    return error("FF100", message, span, help=["save it as UTF-8 in your editor"])


def _listed(root: Path) -> list[Path]:
    found = [root / PROJECT_FILE]
    for folder in YAML_FOLDERS:
        found += [p for p in (root / folder).rglob("*") if _is_resource(p, folder) and p.is_file()]
    return found


def _is_resource(path: Path, folder: str) -> bool:
    return path.suffix in (".yml", ".yaml") or (folder == SQL_FOLDER and path.suffix == ".sql")
