"""A project that is compiled again and again: what was found once is kept in the process."""

from __future__ import annotations

import gc
from pathlib import Path

from msgspec import Struct

from ffc.core.facts import Facts
from ffc.project.files import Read
from ffc.workspace.cache import Looks
from ffc.workspace.editing import Base
from ffc.workspace.folder import Workspace, compile_workspace, find_root, write_compiled
from ffc.workspace.watching import KeptTexts


class Asked(Struct, frozen=True, kw_only=True):
    """As what a project is to be compiled: for which target, with which variables, how strictly."""

    profiles_dir: Path | None = None
    target: str | None = None
    variables: str | None = None
    strict: bool = False
    cached: bool = True


class Again:
    """A project and what is known of it from one compilation to the next.

    From a compilation until there is a `rest` no garbage is looked for: whoever waits would wait
    for that too, half of the time.

    Raises ProfileError where there is no project to begin with.
    """

    def __init__(self, project_dir: Path | None, asked: Asked) -> None:
        self.root = find_root(project_dir)
        self.texts = KeptTexts()
        self._asked = asked
        self._facts = Facts()
        self._last: Workspace | None = None
        self._base: Base | None = None
        # The outcome that was written last, and how the files looked from outside then.
        self._written: tuple[bytes, bytes] = (b"", b"")

    def compile(self, read: Read | None = None) -> Workspace:
        """Compile the project as it is now; `read` is how files become texts, if not from disk."""
        asked = self._asked
        self._facts = self._facts.again()
        gc.disable()
        self._last = compile_workspace(
            self.root,
            asked.profiles_dir,
            asked.target,
            asked.variables,
            asked.strict,
            read=read or self.texts.read,
            facts=self._facts,
            base=self._base,
        )
        return self._last

    def write(self, workspace: Workspace) -> None:
        """Write what the project compiles to."""
        if not workspace.ok:
            return
        folder, edited = self.root / "target", workspace.ended.edited
        before = edited.before.key if edited is not None else b""
        looks = Looks(folder)
        left = looks if self._written == (before, looks.state()) else None
        self._written = (workspace.outcome.key, write_compiled(workspace, left))

    def rest(self) -> None:
        """Clear up, while nobody waits: what is kept is not looked through again."""
        base = self._last.ended.loads_base() if self._last is not None else None
        self._base = base or self._base
        gc.collect()
        gc.freeze()
        gc.enable()

    def end(self) -> None:
        """Compile no more: what was kept may go."""
        gc.unfreeze()
        gc.enable()
