"""A project's folder: read, compiled for a target, its stores opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache as once
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from ffc.connect.finding import find_profiles
from ffc.core.diagnostics import Diagnostic, Span, error, ordered
from ffc.core.errors import Misuse, ProfileError, ProjectError
from ffc.core.facts import Facts
from ffc.core.texts import read_text
from ffc.core.yaml import read_yaml
from ffc.project.files import PROJECT_FILE, ProjectFiles, Read, find_project, read_files
from ffc.workspace.cache import Cache, Looks, Outcome
from ffc.workspace.editing import Base
from ffc.workspace.ending import Ended, Work

if TYPE_CHECKING:
    from ffc.connect.profiles import ChosenTarget
    from ffc.connect.session import Session
    from ffc.manifest.records import AnyNode, Manifest


class Workspace(Struct, frozen=True, kw_only=True):
    """A project on disk, as far as it could be understood.

    The rest is called for what an unchanged project need not load.
    """

    root: Path
    files: ProjectFiles
    ended: Ended
    cache: Cache
    diagnostics: tuple[Diagnostic, ...]
    loads_target: Callable[[], ChosenTarget | None]
    profiles_dir: Path | None = None

    @property
    def outcome(self) -> Outcome:
        """What the compilation ended in, in short."""
        return self.ended.outcome

    @property
    def ok(self) -> bool:
        """Whether the project compiles."""
        wrong = any(each.severity == "error" for each in self.diagnostics)
        return self.outcome.ok and not wrong

    @property
    def target(self) -> ChosenTarget | None:
        """The target that the project was compiled for; None where it is not known."""
        return self.loads_target()

    @property
    def nodes(self) -> tuple[AnyNode, ...]:
        """What could be understood, whatever is wrong with the rest."""
        return self.ended.loads_nodes()

    @property
    def manifest(self) -> Manifest | None:
        """What the project compiles to; None where it doesn't."""
        return self.ended.loads_manifest() if self.ok else None

    @contextmanager
    def opening(self) -> Iterator[Callable[[], Session]]:
        """Give what opens the target's stores to look at them; they are closed in the end.

        Raises ProfileError where the target is not known.
        """
        with ExitStack() as stack:

            def opens() -> Session:
                from ffc.connect.session import Session

                if self.target is None:
                    raise ProfileError("the target is not known", help=["see profiles.yml"])
                return stack.enter_context(Session(self.target, read_only=True))

            yield once(opens)


def find_root(project_dir: Path | None) -> Path:
    """Return the project's folder; raises ProfileError where there is none."""
    try:
        start = project_dir or Path.cwd()
    except FileNotFoundError:
        raise ProfileError("the folder that you are in is not there any more") from None
    root = find_project(start)
    if root is None:
        where = f"in {project_dir}" if project_dir else "here, nor in a folder above"
        raise ProfileError(f"there is no {PROJECT_FILE} {where}", help=[_starting(start)])
    return root


def _starting(folder: Path) -> str:
    """Say how a folder becomes a project: from what it is already."""
    if (folder / "ffc.yaml").exists():
        return f"the file's name is `{PROJECT_FILE}`: rename `ffc.yaml`"
    if (folder / "dbt_project.yml").exists():
        return "this is a project of dbt's: `ffc init NAME` starts one of ffc's beside it"
    return "`ffc init NAME` starts a project"


def compile_workspace(
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    variables: str | None = None,
    strict: bool = False,
    read: Read = read_text,
    cached: bool = True,
    facts: Facts | None = None,
    base: Base | None = None,
) -> Workspace:
    """Read and compile a project; what is wrong with it is in the diagnostics.

    `read` is how its files become texts. Where it is `cached` nothing is worked out that an earlier
    compilation has found; `facts` are what this process has found, and go before the cache, as does
    a `base`, what it compiled last.
    """
    root = find_root(project_dir)
    files, problems = read_files(root, read)
    given = parse_variables(variables)
    cache = Cache(root if cached and facts is None else None)
    work = Work(
        root=root,
        files=files,
        problems=problems,
        profiles=_profiles(root, profiles_dir),
        profiles_dir=profiles_dir,
        target=target,
        given=given,
        cache=cache,
        facts=facts,
        base=base,
    )
    ended = work.ended()
    diagnostics = ended.outcome.diagnostics
    if strict:
        diagnostics = tuple(structs.replace(each, severity="error") for each in diagnostics)
    return Workspace(
        root=root,
        files=files,
        ended=ended,
        cache=cache,
        diagnostics=diagnostics,
        loads_target=once(work.chosen),
        profiles_dir=profiles_dir,
    )


def _profiles(root: Path, profiles_dir: Path | None) -> list[object]:
    """Return what a compilation reads of profiles.yml, or that there is none."""
    found = find_profiles(root, profiles_dir)
    if found is None:
        other = (profiles_dir or root) / "profiles.yaml"
        return [str(profiles_dir), other.exists()]
    return [found[1], *read_text(*found)]


def write_workspace(workspace: Workspace) -> None:
    """Write a project's manifest and its SQL to `target/`, unless they lie there already."""
    folder, cache = workspace.root / "target", workspace.cache
    looks = once(partial(Looks, folder))

    def state() -> bytes:
        return looks().state()

    if not workspace.ok or cache.was_written(workspace.outcome, state):
        return
    edited = workspace.ended.edited
    left = looks() if edited is not None and cache.was_written(edited.before, state) else None
    cache.keep_written(workspace.outcome, write_compiled(workspace, left))


def write_compiled(workspace: Workspace, left: Looks | None) -> bytes:
    """Write what a project that compiles comes to; return the hash of how the files look then.

    `left` is how they looked, where those that an edit left as they were lie there already.
    """
    from ffc.manifest.files import write_nodes, write_project

    folder, ended = workspace.root / "target", workspace.ended
    encoded = ended.loads_encoded()
    if encoded is not None and ended.edited is not None and left is not None:
        return left.after(write_nodes(ended.edited.nodes, encoded, folder))
    if encoded is not None and workspace.manifest is not None:
        write_project(workspace.manifest, folder, encoded)
    return Looks(folder).state()


def parse_variables(text: str | None) -> dict[str, object]:
    """Read `--vars`; raises Misuse where it is no mapping."""
    if not text:
        return {}
    node, problems = read_yaml("--vars", text)
    plain = node.plain() if node is not None else {}
    if problems or not isinstance(plain, dict):
        first = problems[0] if problems else None
        why = f"; {first.message}, at character {first.span.start.column}" if first else ""
        message = f"must be a YAML mapping such as '{{min_amount: 5}}'{why}"
        raise Misuse(message, option="--vars")
    return plain


def git_state(root: Path) -> dict[str, object] | None:
    """Return the commit and whether the tree has changes; None outside git."""
    import subprocess

    try:
        commit = _git(root, "rev-parse", "HEAD")
        return {"commit": commit, "dirty": bool(_git(root, "status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    import subprocess

    command = ["git", "-C", str(root), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()


class OpenTarget(Struct, frozen=True, kw_only=True):
    """A target's open session; `project` is the name that its online keys begin with."""

    root: Path
    project: str
    profile: str
    session: Session


@contextmanager
def open_target(
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    *,
    read_only: bool = False,
    writes_state: bool = False,
) -> Iterator[OpenTarget]:
    """Open a project's target without compiling: for what reads only what is deployed.

    With `read_only` its warehouse is opened so that others may read beside it; with `writes_state`
    too, something is noted in the state store.
    """
    from ffc.connect.session import Session
    from ffc.workspace.compiling import find_target

    root = find_root(project_dir)
    files, problems = read_files(root)
    chosen, diagnostics = find_target(root, files, profiles_dir, target)
    if chosen is None:
        found = [d for d in problems if d.span.file == PROJECT_FILE]
        found = ordered(found + diagnostics) or [_empty_project()]
        raise ProjectError("the project's settings can't be used", found)
    with Session(chosen, read_only=read_only, writes_state=writes_state) as session:
        words = _words(files, "name", "profile")
        yield OpenTarget(root=root, project=words[0], profile=words[1], session=session)


def _empty_project() -> Diagnostic:
    return error("FF106", f"{PROJECT_FILE} is empty", Span(file=PROJECT_FILE))


def _words(files: ProjectFiles, *keys: str) -> list[str]:
    node, _ = read_yaml(PROJECT_FILE, files.texts[PROJECT_FILE])
    found = [node.get(key) if node else None for key in keys]
    return [word.text if word else "" for word in found]
