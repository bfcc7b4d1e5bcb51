"""One project that somebody edits: unsaved files, what is known of it, what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ffc.compiler.catalog import Catalog
from ffc.core.diagnostics import Diagnostic, Span, error
from ffc.core.errors import FfcError, ProjectError
from ffc.lsp.declared import Index
from ffc.lsp.knowledge import Known, known_of
from ffc.manifest.records import AnyNode
from ffc.project.files import PROJECT_FILE, ProjectFiles, Read, read_files
from ffc.workspace.again import Again, Asked


class Project:
    """A project's folder as an editor has it: buffers go before what is on disk."""

    def __init__(self, root: Path, asked: Asked) -> None:
        self.root = root
        self.buffers: dict[str, str] = {}
        self.index = Index()
        self.known = Known(root=root, files=ProjectFiles(texts={}), catalog=Catalog(()))
        self.diagnostics: tuple[Diagnostic, ...] = ()
        self._again = Again(root, asked)

    def understand(self) -> None:
        """Read the files, and know what they declare: at once, for nothing is compiled."""
        files, _ = read_files(self.root, self._read())
        self._know(files, ())

    def compile(self) -> None:
        """Compile what is typed so far; whatever is wrong is in the diagnostics."""
        try:
            workspace = self._again.compile(self._read())
        except ProjectError as problem:
            self.diagnostics = problem.diagnostics
        except FfcError as problem:
            place = Span(file=PROJECT_FILE)
            self.diagnostics = (error(problem.code, problem.message, place, help=problem.help),)
        else:
            self.diagnostics = workspace.diagnostics
            self._know(workspace.files, workspace.nodes)

    def rest(self) -> None:
        """Clear up, while nobody waits."""
        self._again.rest()

    def _read(self) -> Read:
        """Return how files are read now: what is typed next is read the next time."""
        buffers, kept = dict(self.buffers), self._again.texts

        def read(path: Path, shown: str) -> tuple[str, Diagnostic | None]:
            text = buffers.get(shown)
            return kept.read(path, shown) if text is None else (text, None)

        return read

    def _know(self, files: ProjectFiles, nodes: Iterable[AnyNode]) -> None:
        self.index.update(files)
        declared = list(self.index.declared())
        self.known = known_of(self.root, files, declared, nodes, self.known.nodes)
