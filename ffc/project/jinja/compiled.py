"""A parsed template as code that its sandbox watches."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from types import CodeType

from jinja2 import TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables

from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error
from ffc.project.jinja.bound import Bound
from ffc.project.jinja.marks import Marked
from ffc.project.jinja.parse import CODE, Parsed, start_of, tree_of
from ffc.project.jinja.sandbox import FILTERS, Sandbox


def compiled(
    sandbox: Sandbox, parsed: Parsed, marked: Marked | None = None
) -> CodeType | Diagnostic:
    """Return a template's code, with marks in what it prints if asked for, or why there is none."""
    twice = next(_given_twice(parsed), None)
    if twice is not None:
        return twice
    try:
        # What is rewritten is a tree of its own: places are looked up in the one that was parsed.
        tree = tree_of(sandbox, parsed.source, parsed.tokens)
        if marked is not None:
            marked.visit(tree)
        Bound().visit(tree)
        tree.set_environment(sandbox)
        code = sandbox.compile(tree, parsed.source.file, _file_name(parsed.source.file))
    except TemplateSyntaxError as problem:
        return _no_such(parsed, problem)
    except (SyntaxError, RecursionError, MemoryError, ValueError):
        # Python has bounds of its own on what it compiles.
        place = parsed.source.span(0, 1)
        return error(CODE, "Jinja: this is nested too deep", place)
    assert isinstance(code, CodeType)
    return code


def _given_twice(parsed: Parsed) -> Iterator[Diagnostic]:
    """Yield the names that a call gives twice, which Python would not compile."""
    for call in parsed.tree.find_all(nodes.Call):
        first: dict[str, Span] = {}
        for keyword in call.kwargs:
            named = parsed.before(start_of(keyword.value), 2)
            start = named.start if named is not None else keyword.lineno
            place = parsed.source.span(start, named.end if named is not None else start + 1)
            before = first.setdefault(keyword.key, place)
            if before is not place:
                message = f"`{keyword.key}` is given twice"
                yield error("FF103", message, place, related=[before.labelled("first here")])


def _file_name(path: str) -> str:
    return f"<template {path}>"


def path_of(file_name: str) -> str:
    """Return the template that a frame of a traceback runs; nothing for other code."""
    match = re.fullmatch(r"<template (.*)>", file_name, re.DOTALL)
    return match[1] if match else ""


def _no_such(parsed: Parsed, problem: TemplateSyntaxError) -> Diagnostic:
    """Report a filter or a test that there is not, or what Jinja has against the template."""
    match = re.match(r"No (filter|test) named '(.+)'", problem.message or "")
    place = parsed.rest_of_tag(problem.lineno)
    if match is None:
        said = (problem.message or "").rstrip(".")
        return error(CODE, f"Jinja: {said[:1].lower()}{said[1:]}", place)
    kind, name = match.groups()
    tag = parsed.tag(problem.lineno)
    tokens = [t for t in (tag.tokens if tag else ()) if t.text == name and t.kind == "name"]
    if tokens:
        place = parsed.source.span(tokens[0].start, tokens[0].end)
    hints = did_you_mean(name, FILTERS) if kind == "filter" else ()
    return error("FF202", f"there is no {kind} `{name}` in templates", place, help=hints)


def undeclared(parsed: Parsed, given: Container[str]) -> list[nodes.Name]:
    """Return the first use of each name that a template neither declares nor is given."""
    # Jinja's search for them rewrites the tree that it is given.
    missing = find_undeclared_variables(tree_of(Sandbox(), parsed.source, parsed.tokens))
    asked = _asked(parsed.tree)
    found: dict[str, nodes.Name] = {}
    for node in parsed.tree.find_all(nodes.Name):
        if node.name in given or node.name not in missing or node.ctx != "load":
            continue
        first = found.setdefault(node.name, node)
        if id(node) not in asked and (node.lineno < first.lineno or id(first) in asked):
            found[node.name] = node
    return [node for node in found.values() if id(node) not in asked]


def _asked(tree: nodes.Template) -> set[int]:
    """Return the names that may be undefined: the template asks, or another mistake is told."""
    asked = {id(node.template) for node in tree.find_all((nodes.Import, nodes.FromImport))}  # type: ignore[attr-defined]
    for test in tree.find_all(nodes.Test):
        if test.name in ("defined", "undefined"):
            asked |= {id(node) for node in _names(test.node)}
    for applied in tree.find_all(nodes.Filter):
        if applied.name in ("default", "d") and applied.node is not None:
            asked |= {id(node) for node in _names(applied.node)}
    return asked


def _names(node: nodes.Node) -> list[nodes.Name]:
    return [node] if isinstance(node, nodes.Name) else list(node.find_all(nodes.Name))
