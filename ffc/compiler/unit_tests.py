"""Unit tests: what they name is there, what they give and put in its place is read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ffc.compiler.catalog import Entry, resolve_relation
from ffc.compiler.compilation import Compilation
from ffc.compiler.oracle import Oracle
from ffc.compiler.rows import Table, check_rows
from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error, listed
from ffc.core.names import node_id
from ffc.manifest.records import FeatureView, Transformation
from ffc.project.resources import Given, Overrides, UnitTest
from ffc.project.template import RESERVED, Unresolved


def check_unit_tests(state: Compilation) -> None:
    """Check every unit test."""
    tests = state.resources.unit_tests
    forms = {given.format for test in tests for given in test.given}
    forms |= {test.expect.format for test in tests}
    # Of its own: rows of SQL read nothing.
    oracle = Oracle() if "sql" in forms else None
    try:
        for test in tests:
            _check(state, test, oracle)
    finally:
        if oracle is not None:
            oracle.close()


def _check(state: Compilation, test: UnitTest, oracle: Oracle | None) -> None:
    node = node_id("unit_test", test.name)
    of = state.resolve(node, test.of, test.at("of"), "transformation", "feature_view")
    if of is not None:
        state.say(node, *_ungiven(state, test, of))
        state.say(node, *check_rows(test.expect, _table(state, of, f"`{test.of}`"), oracle))
        if test.overrides is not None:
            state.say(node, *_check_overrides(state, test.overrides, of))
    first: dict[str, Span] = {}
    for given in test.given:
        entry = _input(state, node, given)
        if entry is None:
            continue
        unread = _unread(state, test, of, entry, given)
        if unread is not None:
            state.say(node, unread)
            continue
        called, place = f"`{given.input.strip()}`", given.at("input")
        state.say(node, *check_rows(given, _table(state, entry, called), oracle))
        before = first.setdefault(entry.id, place)
        if before is not place:
            related = [before.labelled("first here")]
            help_ = ["give all its rows in one place"]
            twice = error("FF204", f"{called} is given twice", place, related=related, help=help_)
            state.say(node, twice)


def _table(state: Compilation, entry: Entry, where: str) -> Table:
    return Table(where=where, columns=state.columns(entry.id), dialect=state.project.dialect)


def _input(state: Compilation, node: str, given: Given) -> Entry | None:
    try:
        return resolve_relation(state.catalog, given.input)
    except Unresolved as problem:
        state.say(node, problem.at(given.at("input")))
        return None


def _reads(state: Compilation, of: Entry) -> set[str] | None:
    """Return the nodes that a unit test's subject reads; None where an earlier error hides them."""
    made = state.nodes.get(of.id)
    if isinstance(made, FeatureView):
        return {made.source}
    if not isinstance(made, Transformation):
        return None
    following = state.following.get(of.id)
    return {*made.depends_on, *(following.refs if following is not None else ())}


def _ungiven(state: Compilation, test: UnitTest, of: Entry) -> Iterator[Diagnostic]:
    """Yield the error for a test that says nothing of what its subject reads."""
    reads = _reads(state, of)
    if reads and not test.at.wrote("given"):
        message = f"the unit test `{test.name}` has no `given`"
        help_ = [f"`{of.name}` reads {listed(map(_called, sorted(reads)))}: give rows of it"]
        help_ += ["write `given: []` if all of it is to be empty"]
        yield error("FF106", message, test.at("name"), help=help_)


def _unread(
    state: Compilation, test: UnitTest, of: Entry | None, entry: Entry, given: Given
) -> Diagnostic | None:
    """Return the error for rows of what the subject does not read."""
    reads = _reads(state, of) if of is not None else None
    if of is None or reads is None or entry.id in reads:
        return None
    if test.overrides is not None and _named(state, of, entry.name.rpartition(".")[2]):
        return None
    message = f"`{of.name}` doesn't read `{given.input.strip()}`"
    help_ = f"it reads {listed(map(_called, sorted(reads)))}" if reads else "it reads nothing"
    return error("FF215", message, given.at("input"), help=[help_])


def _named(state: Compilation, of: Entry, name: str) -> bool:
    """Tell whether a template has a name in quotes: overrides may lead where it is read."""
    rendered = state.rendered.get(of.id)
    if rendered is None:
        return False
    texts = (rendered.file.text, *(text for _, text in state.macros))
    quoted = re.compile(rf"""(['"]){re.escape(name)}(@\w+)?\1""")
    return any(quoted.search(text) for text in texts)


def _called(node: str) -> str:
    kind, _, name = node.partition(".")
    if kind == "source":
        group, _, table = name.partition(".")
        return f"source('{group}', '{table}')"
    return f"ref('{name}')"


def _check_overrides(state: Compilation, overrides: Overrides, of: Entry) -> Iterator[Diagnostic]:
    """Yield what a unit test puts something else for, and its subject doesn't know."""
    renderings = [r for r in (state.rendered.get(of.id), state.following.get(of.id)) if r]
    read = {name for rendered in renderings for name in rendered.variables}
    environment = {name for rendered in renderings for name in rendered.environment}
    for key, names, known, what in (
        ("vars", overrides.vars, read, "variable"),
        ("env_vars", overrides.env_vars, environment, "environment variable"),
    ):
        for name in names:
            if name not in known and not _named(state, of, name):
                message = f"`{of.name}` reads no {what} `{name}`"
                has = f"it reads {listed(sorted(known))}" if known else "it reads none"
                help_ = did_you_mean(name, known) or (has,)
                yield error("FF215", message, overrides.at.key(key, name), help=help_)
    macros = {*state.macro_names, *RESERVED}
    for name in overrides.macros:
        if name not in macros:
            message = f"there is no macro `{name}`"
            place = overrides.at.key("macros", name)
            has = (
                f"the project has {listed(sorted(state.macro_names))}" if state.macro_names else ""
            )
            help_ = did_you_mean(name, macros) or ((has,) if has else ())
            yield error("FF202", message, place, help=help_)
