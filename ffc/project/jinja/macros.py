"""The macros of a project: every file in `macros/` parsed once, every name with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from types import CodeType
from typing import Final

from jinja2 import nodes
from msgspec import Struct, field

from ffc.core.diagnostics import Diagnostic, Span, cycle, did_you_mean, error, listed, warning
from ffc.core.graphs import in_order
from ffc.project.jinja.compiled import compiled
from ffc.project.jinja.parse import Parsed, parse
from ffc.project.jinja.sandbox import Sandbox
from ffc.project.jinja.source import Source

_DECLARED: Final = re.compile(r"\{%-?\s*macro\s+([A-Za-z_]\w*)")


class MacroFile(Struct, frozen=True, kw_only=True):
    """A file of macros: where each is declared, and the file as code."""

    number: int
    parsed: Parsed
    names: Mapping[str, Span]
    code: CodeType

    def has(self, name: str) -> bool:
        """Tell whether the file declares a macro or sets a variable of a name."""
        assigned = (part for part in self.parsed.tree.body if isinstance(part, nodes.Assign))
        targets = (target for part in assigned for target in _targets(part))
        return name in self.names or name in targets


def _targets(node: nodes.Assign) -> Iterator[str]:
    if isinstance(node.target, nodes.Name):
        yield node.target.name
    for target in node.target.find_all(nodes.Name):
        yield target.name


class Library(Struct, kw_only=True):
    """All macros by name, and all files by path.

    `broken` are names, and `broken_files` files, that can't be used; `faulty` are files in which
    something was reported, which is not reported again where it is called.
    """

    files: dict[str, MacroFile] = field(default_factory=dict)
    macros: dict[str, str] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    broken_files: set[str] = field(default_factory=set)
    faulty: set[str] = field(default_factory=set)

    def find_file(self, name: str, importer: str = "") -> str | None:
        """Return the path of the file that an import names: a path, or its end."""
        wanted = PurePosixPath(name if PurePosixPath(name).suffix else f"{name}.sql")
        paths = sorted({*self.files, *self.broken_files})
        beside = PurePosixPath(importer).parent / wanted
        for path in (str(wanted), beside.as_posix()):
            if path in paths:
                return path
        ends = [p for p in paths if PurePosixPath(p).parts[-len(wanted.parts) :] == wanted.parts]
        return ends[0] if ends else None

    def hides(self, name: str) -> bool:
        """Tell whether a name may come from a file that was reported."""
        return name in self.broken


def read_macros(
    files: Iterable[tuple[str, str]], reserved: Iterable[str]
) -> tuple[Library, list[Diagnostic]]:
    """Parse every macro file; what is broken is left out and reported."""
    library = Library()
    diagnostics: list[Diagnostic] = []
    for number, (path, text) in enumerate(files, start=1):
        found = _read(Source(path, text), number)
        if isinstance(found, Diagnostic):
            diagnostics.append(found)
            library.broken |= set(_DECLARED.findall(text))
            library.broken_files.add(path)
        else:
            library.files[path] = found
    for path, file in library.files.items():
        diagnostics += _again(library, file)
        diagnostics += _declare(library, path, file, set(reserved))
        diagnostics += _outside(file.parsed)
    for path, file in library.files.items():
        problems = check_imports(library, file.parsed)
        diagnostics += problems
        library.faulty |= {path} if problems else set()
    diagnostics += _break_cycles(library)
    return library, diagnostics


def _read(source: Source, number: int) -> MacroFile | Diagnostic:
    sandbox = Sandbox()
    parsed = parse(sandbox, source)
    if isinstance(parsed, Diagnostic):
        return parsed
    names: dict[str, Span] = {}
    for node in parsed.tree.body:
        if isinstance(node, nodes.Macro):
            names.setdefault(node.name, name_of(parsed, node))
    code = compiled(sandbox, parsed)
    if isinstance(code, Diagnostic):
        return code
    return MacroFile(number=number, parsed=parsed, names=names, code=code)


def name_of(parsed: Parsed, node: nodes.Macro) -> Span:
    """Return where a macro's name stands, behind the word `macro`."""
    tag = parsed.tag(node.lineno)
    tokens = tag.tokens if tag is not None else ()
    named = next((token for token in tokens[1:] if token.kind == "name"), None)
    if named is None:
        return parsed.rest_of_tag(node.lineno)
    return parsed.source.span(named.start, named.end)


def _again(library: Library, file: MacroFile) -> Iterator[Diagnostic]:
    """Yield the macros that a file declares a second time: the last one would win unseen."""
    for node in file.parsed.tree.body:
        place = name_of(file.parsed, node) if isinstance(node, nodes.Macro) else None
        if not isinstance(node, nodes.Macro) or place is None or place == file.names[node.name]:
            continue
        first = file.names[node.name].labelled("first here")
        message = f"the macro `{node.name}` is declared twice"
        help_ = "give one of them another name"
        yield error("FF204", message, place, related=[first], help=[help_])
        library.broken.add(node.name)


def _declare(
    library: Library, path: str, file: MacroFile, reserved: set[str]
) -> Iterator[Diagnostic]:
    for name, place in file.names.items():
        if name in reserved:
            message = f"`{name}` is a word of ffc's own: no macro can be called so"
            yield error("FF204", message, place, help=["give the macro another name"])
            continue
        first = library.macros.setdefault(name, path)
        if first != path:
            other = library.files[first].names[name].labelled("first here")
            message = f"the macro `{name}` is declared twice"
            yield error(
                "FF204", message, place, related=[other], help=["give one of them another name"]
            )
            library.broken.add(name)


def _outside(parsed: Parsed) -> list[Diagnostic]:
    """Warn of the first text of a file that is in no macro."""
    for node in parsed.tree.body:
        for part in node.nodes if isinstance(node, nodes.Output) else ():
            line = part.data.strip().split("\n")[0] if isinstance(part, nodes.TemplateData) else ""
            start = parsed.source.text.find(line, part.lineno) if line else -1
            if start >= 0:
                message = "this is in no macro: nothing reads it"
                help_ = "write it between `{% macro name() %}` and `{% endmacro %}`"
                place = parsed.source.span(start, start + len(line))
                return [warning("FF123", message, place, help=[help_])]
    return []


def _imports(parsed: Parsed) -> Iterator[tuple[nodes.Import | nodes.FromImport, str | None]]:
    for node in parsed.tree.find_all((nodes.Import, nodes.FromImport)):
        assert isinstance(node, nodes.Import | nodes.FromImport)
        template = node.template
        yield node, str(template.value) if isinstance(template, nodes.Const) else None


def check_imports(library: Library, parsed: Parsed) -> list[Diagnostic]:
    """Report imports of files and macros that there are not."""
    problems: list[Diagnostic] = []
    for node, name in _imports(parsed):
        token = parsed.token(node.template.lineno)
        start = node.template.lineno
        place = parsed.source.span(start, token.end if token else start + 1)
        if name is None:
            problems.append(error("FF109", "Jinja: an import names its file in quotes", place))
            continue
        path = library.find_file(name, parsed.source.file)
        if path is None:
            hints = did_you_mean(name, (PurePosixPath(p).name for p in library.files))
            hints = hints or ("macros are in files such as `macros/dates.sql`",)
            problems.append(error("FF201", f"there is no macro file `{name}`", place, help=hints))
        elif path in library.files and isinstance(node, nodes.FromImport):
            problems += _check_names(library.files[path], path, node, parsed)
        elif path in library.files and isinstance(node, nodes.Import):
            problems += _check_uses(library.files[path], path, node, parsed)
    return problems


def _check_names(
    file: MacroFile, path: str, node: nodes.FromImport, parsed: Parsed
) -> Iterator[Diagnostic]:
    """Yield the names of `{% from ... import ... %}` that there are not."""
    for item in node.names:
        name = item[0] if isinstance(item, tuple) else item
        if not file.has(name):
            yield _no_macro(file, path, name, node.lineno, parsed)


def _check_uses(
    file: MacroFile, path: str, node: nodes.Import, parsed: Parsed
) -> Iterator[Diagnostic]:
    """Yield what a template asks of an imported file that it does not have."""
    for used in parsed.tree.find_all(nodes.Getattr):
        of_file = isinstance(used.node, nodes.Name) and used.node.name == node.target
        if of_file and not file.has(used.attr):
            yield _no_macro(file, path, used.attr, used.lineno, parsed)


def _no_macro(file: MacroFile, path: str, name: str, offset: int, parsed: Parsed) -> Diagnostic:
    tag = parsed.tag(offset)
    after = (t for t in (tag.tokens if tag else ()) if t.text == name and t.start >= offset)
    token = next(after, None)
    place = parsed.rest_of_tag(offset)
    if token is not None:
        place = parsed.source.span(token.start, token.end)
    hints = did_you_mean(name, file.names) or (f"it has {listed(file.names)}",)
    return error("FF202", f"`{path}` has no macro `{name}`", place, help=hints)


def _break_cycles(library: Library) -> list[Diagnostic]:
    """Report files that import each other, and take them out."""
    graph: dict[str, dict[str, Span]] = {}
    for path, file in library.files.items():
        graph[path] = {}
        for node, name in _imports(file.parsed):
            read = library.find_file(name, path) if name else None
            if read in library.files:
                start = node.template.lineno
                token = file.parsed.token(start)
                span = file.parsed.source.span(start, token.end if token else start + 1)
                graph[path].setdefault(str(read), span)
    problems: list[Diagnostic] = []
    for found in in_order(graph)[1]:
        problems.append(cycle("macro files import each other", found, graph, "imports"))
        for path in found:
            taken = library.files.pop(path, None)
            library.broken |= set(taken.names) if taken else set()
            library.broken_files.add(path)
    return problems
