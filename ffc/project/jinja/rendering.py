"""A template rendered in its sandbox, and whatever it stumbles over put in its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from types import CodeType
from typing import Any, Final

import jinja2
from jinja2 import Template, nodes
from jinja2.runtime import Context
from msgspec import Struct

from ffc.core.diagnostics import Diagnostic, Span, error
from ffc.project.jinja.budget import Exceeded, Forbidden
from ffc.project.jinja.compiled import compiled, path_of
from ffc.project.jinja.functions import FUNCTIONS, Functions, Site, called, site_of
from ffc.project.jinja.macros import MacroFile
from ffc.project.jinja.marks import Marked, Piece, cut_marks
from ffc.project.jinja.parse import CODE, Parsed, start_of
from ffc.project.jinja.sandbox import Sandbox, not_called
from ffc.project.jinja.words import STUMBLES, hints, words
from ffc.project.rendered import Rendered, Resolver

TOO_LONG: Final = "FF119"
_ATTRIBUTE: Final = re.compile(r"attribute '?(\w+)'?")


class Hidden(Exception):
    """A macro file that can't be used; that was reported."""


# What a template is given: it can't read an attribute that begins with an underscore.


class _Function(Struct):
    """A function of ffc's as a template sees it."""

    _name: str
    _rendering: Rendering

    def __bool__(self) -> bool:
        """Refuse to be taken for an answer: a function that is not called is always there."""
        raise not_called(self._name)

    def __call__(self, *args: Any, **kwargs: Any) -> object:
        """Call it at the place that the rendering knows."""
        return self._rendering.function(self._name, args, kwargs)


class _Macro(Struct):
    """A macro of `macros/`, called by its name without an import."""

    _name: str
    _path: str
    _rendering: Rendering

    def __bool__(self) -> bool:
        """Refuse to be taken for an answer, as ffc's own functions do."""
        raise not_called(self._name)

    def __call__(self, *args: Any, **kwargs: Any) -> object:
        """Call it in its file."""
        module = self._rendering.get_template(self._path).module
        return getattr(module, self._name)(*args, **kwargs)


class _Target(dict[str, str]):
    """What is known of the target: its facts are values, it is none."""


class _This:
    """The table that an incremental transformation adds to."""


class Rendering(Sandbox):
    """One rendering of one file: its functions, its macros, its calls and their places."""

    def __init__(self, parsed: Parsed, resolver: Resolver, rendered: Rendered) -> None:
        super().__init__()
        self.functions = Functions(resolver, rendered, parsed)
        self._parsed = parsed
        self._library = resolver.library
        self._calls: list[tuple[str, int]] = []
        self._blame: list[tuple[str, int]] | None = None
        self._templates: dict[str, Template] = {}
        self._marked: Callable[[MacroFile], CodeType] | None = None
        self.words: dict[str, Any] = {
            **self.globals,
            **{name: _Function(name, self) for name in FUNCTIONS},
            **{name: _Macro(name, path, self) for name, path in self._library.macros.items()},
            "this": _This(),
            "target": _Target(resolver.target),
        }

    def output(self, code: CodeType) -> str:
        """Run a template's code; raises what it stumbles over."""
        template = Template.from_code(self, code, self.words)
        texts: list[str] = []
        length = 0
        for text in template.root_render_func(template.new_context({})):
            length += len(text)
            self.budget.text(length)
            texts.append(text)
        return "".join(texts)

    def get_template(self, name: Any, parent: Any = None, globals: Any = None) -> Template:
        """Return a file of macros."""
        path = self._library.find_file(str(name), str(parent or ""))
        file = self._library.files.get(path or "")
        if path is None or file is None:
            raise Hidden
        if path not in self._templates:
            code = self._marked(file) if self._marked else file.code
            self._templates[path] = Template.from_code(self, code, self.words)
        return self._templates[path]

    def entered(self, context: Context, place: int, call: Callable[[], Any]) -> Any:
        """Do a call, knowing where it stands."""
        self._calls.append((context.name or "", place))
        try:
            return call()
        except Exception:
            if self._blame is None:
                self._blame = list(self._calls)
            raise
        finally:
            self._calls.pop()

    def function(self, name: str, args: Sequence[object], named: dict[str, object]) -> object:
        """Call a function of ffc's."""
        return self.functions.call(name, self._site(), args, named)

    def _printed(self, value: object) -> object:
        if isinstance(value, _Target):
            known = ", ".join(f"`target.{name}`" for name in value)
            raise Forbidden("`target` is no text", f"write one of {known}")
        return super()._printed(value)

    def shown(self, value: object) -> object:
        """Print `this`; nothing else but values can be printed."""
        return (
            self.functions.this(self._this_site())
            if isinstance(value, _This)
            else super().shown(value)
        )

    def _this_site(self) -> Site:
        """Return where `this` stands first; a printed value does not know its place."""
        named = [n for n in self._parsed.tree.find_all(nodes.Name) if n.name == "this"]
        start = min((n.lineno for n in named), default=0)
        return Site(source=self._parsed.source, name=(start, start + len("this")))

    def _site(self) -> Site:
        path, offset = self._calls[-1]
        parsed = self._file(path)
        via = self._outer(path)
        for call in parsed.tree.find_all(nodes.Call):
            if called(call) and start_of(call) == offset:
                return site_of(parsed, call, via)
        token = parsed.token(offset)
        return Site(
            source=parsed.source, name=(offset, token.end if token else offset + 1), via=via
        )

    def _file(self, path: str) -> Parsed:
        file = self._library.files.get(path)
        return (
            file.parsed if file is not None and path != self._parsed.source.file else self._parsed
        )

    def _outer(self, path: str, calls: Sequence[tuple[str, int]] | None = None) -> Span | None:
        """Return the call in the transformation's own file that led to a macro file."""
        own = self._parsed.source.file
        if path == own:
            return None
        led = next((at for name, at in calls or self._calls if name == own), None)
        return self._parsed.call(led) if led is not None else None

    def stumbled(self, problem: Exception) -> Diagnostic | None:
        """Return what a template stumbled over, in its place; None where it was reported."""
        path, place = self._place(problem)
        if path in self._library.faulty:
            return None
        outer = self._outer(path, self._blame)
        related = [place.labelled("in this macro")] if outer else []
        code = TOO_LONG if isinstance(problem, Exceeded) else CODE
        if isinstance(problem, jinja2.UndefinedError):
            code = "FF202"
        parameters = {
            node.name: [argument.name for argument in node.args]
            for parsed in (self._parsed, *(f.parsed for f in self._library.files.values()))
            for node in parsed.tree.find_all(nodes.Macro)
        }
        text = words(problem)
        if isinstance(problem, jinja2.UndefinedError) and text.endswith(" is undefined"):
            text = f"there is no `{text.split(' ')[0].strip(chr(39))}` in templates"
        help_ = hints(problem, parameters)
        prefix = "" if code == "FF202" else "Jinja: "
        return error(code, f"{prefix}{text}", outer or place, related=related, help=help_)

    def _place(self, problem: Exception) -> tuple[str, Span]:
        """Return where something was raised: an attribute, else its call, else its statement."""
        path, offset = self._parsed.source.file, 0
        trace = problem.__traceback__
        while trace is not None:
            found = path_of(trace.tb_frame.f_code.co_filename)
            template = trace.tb_frame.f_globals.get("__jinja_template__")
            if found and template is not None:
                path, offset = found, template.get_corresponding_lineno(trace.tb_lineno)
            trace = trace.tb_next
        parsed = self._file(path)
        asked = _ATTRIBUTE.search(str(problem))
        if asked is not None and (place := parsed.word(offset, asked[1])) is not None:
            return path, place
        if self._blame and self._blame[-1][0] == path:
            tag, called_at = parsed.tag(offset), self._blame[-1][1]
            if tag is not None and tag.start <= called_at < tag.end:
                return path, parsed.call(called_at)
        return path, parsed.rest_of_tag(offset)

    def mark(self, inside: bool) -> None:
        """Let macros print with marks, too."""
        if inside:
            self._marked = self._marked_code

    def _marked_code(self, file: MacroFile) -> CodeType:
        made = compiled(self, file.parsed, Marked(file.parsed, file.number, inside=True))
        return file.code if isinstance(made, Diagnostic) else made


def pieces_of(parsed: Parsed, resolver: Resolver, rendered: Rendered) -> list[Piece]:
    """Render once more with marks and return the map, as fine as can be believed."""
    sources = [parsed.source]
    sources += [file.parsed.source for file in resolver.library.files.values()]
    for inside in (True, False):
        scratch = Rendered(
            file=rendered.file,
            node=rendered.node,
            map=rendered.map,
            incremental=rendered.incremental,
        )
        rendering = Rendering(parsed, resolver, scratch)
        rendering.mark(inside)
        code = compiled(rendering, parsed, Marked(parsed, 0, inside))
        if isinstance(code, Diagnostic):
            continue
        try:
            text, pieces = cut_marks(rendering.output(code), sources)
        except (*STUMBLES, Hidden):
            continue
        if text == rendered.sql:
            return pieces
    return []
