"""The functions of templates: each call is looked up at the place where it was typed."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from jinja2 import Undefined, nodes
from msgspec import Struct, field

from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error
from ffc.project.jinja.literal import LiteralCall
from ffc.project.jinja.parse import CODE, Parsed, start_of
from ffc.project.jinja.source import Source
from ffc.project.rendered import Rendered, Resolver, Setting, Unresolved, placeholder

FUNCTIONS: Final = ("ref", "source", "var", "env_var", "config", "is_incremental", "watermark")
VALUES: Final = ("this", "target")
_USAGE: Final = {
    "ref": "`ref('a_transformation')`, or `ref('name@variant')`",
    "source": "`source('group', 'table')`",
    "var": "`var('name')`, or `var('name', default)`",
    "env_var": "`env_var('NAME')`, or `env_var('NAME', 'default')`",
    "config": "`config(materialized='table')`",
    "is_incremental": "`is_incremental()`",
    "watermark": "`watermark()`",
}
_SECRET: Final = re.compile(
    r"(?i)(^|_)(secret|password|passwd|pwd|token|api_?key|credentials?)(_|$)"
)
_INSIDE: Final = "put it inside `{% if is_incremental() %} ... {% endif %}`"

Place = tuple[int, int]


class Site(Struct, frozen=True, kw_only=True):
    """Where a function is called: its name, its words, its settings.

    `words` are the places of the arguments without a name, where they are literals; `keys` those of
    each setting's name, of its value, and of the items of a list; `via` is the call in the
    transformation's own file where the function is called in a macro.
    """

    source: Source
    name: Place
    words: tuple[Place, ...] | None = None
    keys: Mapping[str, tuple[Place, Place, tuple[Place, ...]]] = field(default_factory=dict)
    via: Span | None = None

    def seen(self, place: Place) -> tuple[Span, list[Span]]:
        """Return a place for people: the call in their own file first, then the macro."""
        span = self.source.span(*place)
        return (self.via, [span.labelled("in this macro")]) if self.via else (span, [])

    @property
    def span(self) -> Place:
        """All the words, or the function's name where they are not literals."""
        return (self.words[0][0], self.words[-1][1]) if self.words else self.name


def literal_site(source: Source, call: LiteralCall) -> Site:
    """Return the site of a call that was read without Jinja."""
    return Site(
        source=source,
        name=(call.at, call.at + len(call.function)),
        words=tuple((a.start, a.end) for a in call.positional),
        keys={
            a.name: ((a.name_start, a.name_start + len(a.name)), (a.start, a.end), ())
            for a in call.named
        },
    )


def called(call: nodes.Call) -> str:
    """Return the function of ffc's that a call in a template names, or nothing."""
    name = call.node.name if isinstance(call.node, nodes.Name) else ""
    return name if name in FUNCTIONS else ""


def site_of(parsed: Parsed, call: nodes.Call, via: Span | None) -> Site:
    """Return the site of a call in a parsed template."""

    keys = {}
    for keyword in call.kwargs:
        value = keyword.value
        named = parsed.before(start_of(value), 2)
        at = (named.start, named.end) if named is not None else parsed.whole(value)
        items = value.items if isinstance(value, nodes.List | nodes.Tuple) else []
        keys[keyword.key] = (at, parsed.whole(value), tuple(map(parsed.whole, items)))
    literal = all(isinstance(a, nodes.Const) for a in call.args) and not call.dyn_args
    return Site(
        source=parsed.source,
        name=parsed.whole(call.node),
        words=tuple(map(parsed.whole, call.args)) if literal else None,
        keys=keys,
        via=via,
    )


class Functions:
    """ffc's functions for one rendering of one file; what they find goes into `rendered`."""

    def __init__(self, resolver: Resolver, rendered: Rendered, parsed: Parsed | None) -> None:
        self._resolver = resolver
        self._rendered = rendered
        self._parsed = parsed
        # What static reading has reported: the places of literal calls.
        self.reported: set[tuple[str, int]] = set()

    def call(
        self, function: str, site: Site, words: Sequence[object], named: Mapping[str, object]
    ) -> object:
        """Do a call of a function of ffc's."""
        for word in (*words, *named.values()):
            if isinstance(word, Undefined):
                str(word)  # raises what Jinja has to say of it
        does: dict[str, Callable[..., object]] = {
            "ref": self._ref,
            "source": self._source,
            "var": self._var,
            "env_var": self._env_var,
            "config": self._config,
            "is_incremental": self._is_incremental,
            "watermark": self._watermark,
        }
        return does[function](site, words, named)

    def _report(self, code: str, message: str, site: Site, place: Place, *hints: str) -> None:
        span, related = site.seen(place)
        self._add(error(code, message, span, related=related, help=hints), site)

    def _add(self, problem: Diagnostic, site: Site) -> None:
        if (site.source.file, site.name[0]) in self.reported:
            return
        if site.via is not None and site.source.file in self._resolver.library.faulty:
            self._rendered.hidden = True
        elif problem not in self._rendered.diagnostics:
            self._rendered.diagnostics.append(problem)

    def _misused(self, function: str, site: Site) -> str:
        message = f"`{function}()` can't be called like this"
        self._report(CODE, message, site, site.name, f"write {_USAGE[function]}")
        return placeholder("?") if function in ("ref", "source") else "null"

    def _ref(self, site: Site, words: Sequence[object], named: Mapping[str, object]) -> str:
        if not _are_texts(words, 1) or named:
            return self._misused("ref", site)
        return self._look_up(lambda: self._resolver.ref(str(words[0])), site, words)

    def _source(self, site: Site, words: Sequence[object], named: Mapping[str, object]) -> str:
        if not _are_texts(words, 2) or named:
            return self._misused("source", site)
        group, table = map(str, words)
        return self._look_up(lambda: self._resolver.source(group, table), site, words)

    def _look_up(self, resolve: Callable[[], str], site: Site, words: Sequence[object]) -> str:
        span, related = self._written(site, words)
        try:
            node = resolve()
        except Unresolved as problem:
            self._add(problem.at(span, related), site)
            return placeholder("?")
        self._rendered.refs.setdefault(node, span)
        return placeholder(node)

    def _written(self, site: Site, words: Sequence[object]) -> tuple[Span, list[Span]]:
        """Return where the words of a call were typed: in the call, or as a text elsewhere."""
        if site.words:
            return site.seen(site.span)
        found = self._parsed.texts(str(words[-1])) if self._parsed is not None and words else []
        if found and self._parsed is not None:
            call = site.source.span(*site.name).labelled("used here")
            return self._parsed.source.span(found[0].start, found[0].end), [call]
        return site.seen(site.name)

    def _var(self, site: Site, words: Sequence[object], named: Mapping[str, object]) -> object:
        if not _are_texts(words[:1], 1) or len(words) > 2 or named:
            return self._misused("var", site)
        name = str(words[0])
        self._rendered.variables.add(name)
        variables = self._resolver.variables
        if name in variables:
            return copy.deepcopy(variables[name])
        if len(words) == 2:
            return words[1]
        give = f"give it a value in ffc.yml (`vars:`), or `var('{name}', default)`"
        hints = did_you_mean(name, variables) or (give,)
        span, related = self._written(site, words)
        message = f"the variable `{name}` has no value"
        self._add(error("FF203", message, span, related=related, help=hints), site)
        return None

    def _env_var(self, site: Site, words: Sequence[object], named: Mapping[str, object]) -> object:
        if not _are_texts(words[:1], 1) or len(words) > 2 or named:
            return self._misused("env_var", site)
        name = str(words[0])
        if _SECRET.search(name):
            message = f"`{name}` looks like a secret: what is rendered is kept in the manifest"
            help_ = "secrets belong in profiles.yml, where they are read when a connection opens"
            self._report("FF120", message, site, site.span, help_)
            return ""
        self._rendered.environment.add(name)
        if name in self._resolver.environment:
            return self._resolver.environment[name]
        if len(words) == 2:
            return words[1]
        message = f"the environment variable `{name}` is not set"
        help_ = f"set it, or give it a default: `env_var('{name}', 'default')`"
        self._report("FF203", message, site, site.span, help_)
        return ""

    def _config(self, site: Site, words: Sequence[object], named: Mapping[str, object]) -> str:
        if words:
            return self._misused("config", site)
        for name, value in named.items():
            key, at, items = site.keys.get(name, (site.name, site.name, ()))
            places = tuple(site.seen(item)[0] for item in items)
            setting = Setting(value, site.seen(key)[0], site.seen(at)[0], places)
            first = self._rendered.settings.setdefault(name, setting)
            if first.name_at != setting.name_at:
                related = [first.name_at.labelled("first here")]
                message = f"`{name}` is set twice"
                self._add(error("FF103", message, setting.name_at, related=related), site)
        return ""

    def _is_incremental(
        self, site: Site, words: Sequence[object], named: Mapping[str, object]
    ) -> object:
        if words or named:
            return self._misused("is_incremental", site)
        return self._rendered.incremental

    def _watermark(self, site: Site, words: Sequence[object], named: Mapping[str, object]) -> str:
        if words or named:
            return self._misused("watermark", site)
        if not self._rendered.incremental:
            message = "the first build has no `watermark()`: nothing was built before it"
            self._report(CODE, message, site, site.name, _INSIDE)
            return "null"
        relation = placeholder(f"watermark.{self._rendered.node}")
        return f'(select "watermark" from {relation})'

    def this(self, site: Site) -> str:
        """Return what `{{ this }}` prints: the table built so far."""
        if not self._rendered.incremental:
            message = "the first build has no `this`: nothing was built before it"
            self._report(CODE, message, site, site.name, _INSIDE)
        return placeholder(self._rendered.node)


def check_literals(parsed: Parsed, resolver: Resolver, rendered: Rendered) -> Rendered:
    """Look up every literal `ref` and `source` of a template, in branches not taken too.

    What is found goes into a copy of `rendered` that holds nothing else.
    """
    found = Rendered(file=rendered.file, node=rendered.node, map=rendered.map)
    functions = Functions(resolver, found, parsed)
    for call, words in literals(parsed):
        functions.call(called(call), site_of(parsed, call, None), words, {})
    return found


def literals(parsed: Parsed) -> Iterator[tuple[nodes.Call, list[object]]]:
    """Yield the calls of `ref` and `source` with nothing but literals, and their words."""
    for call in parsed.tree.find_all(nodes.Call):
        words = [a.value for a in call.args if isinstance(a, nodes.Const)]
        plain = len(words) == len(call.args) and not (call.dyn_args or call.dyn_kwargs)
        if plain and called(call) in ("ref", "source") and not call.kwargs:
            yield call, words


def _are_texts(words: Sequence[object], count: int) -> bool:
    return len(words) == count and all(isinstance(word, str) for word in words)
