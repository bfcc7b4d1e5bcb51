"""What holds of the stores of a target, on the terminal: a row a group, and what does not hold."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from ffc.cli.streams import answer, answer_exactly, talk
from ffc.cli.widths import answer_width, talk_width
from ffc.conformance.checks import Check
from ffc.conformance.leftovers import Leftover
from ffc.conformance.running import (
    Conformance,
    Outcome,
    Subject,
    Watch,
    check_names,
    subjects_of,
)
from ffc.conformance.suite import checks_of, named
from ffc.connect.session import Session
from ffc.core.characters import visible
from ffc.manifest.files import encode

_STORE: Final = 30
_GROUP: Final = 16
_HOLDS: Final = 14
_SECONDS: Final = 7
_INDENT: Final = 8
# A value that fills more lines is cut: the document has it whole.
_LINES: Final = 6


class Shown:
    """Writes a row as soon as all checks of a group are done, and each check that is broken."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._waiting: Counter[str] = Counter()
        self._outcomes: dict[str, list[Outcome]] = {}
        self._begun = False

    def watch(self) -> Watch:
        """Return what hears of a run."""
        return Watch(begun=self.begin, left=self.left, done=self.done)

    def begin(self, subject: Subject, checks: Sequence[Check[Any]]) -> None:
        """Write the head, once; note how many checks of each group are to come."""
        self._waiting = Counter(check.group for check in checks)
        self._outcomes = {group: [] for group in self._waiting}
        if not self._begun and not self._quiet:
            answer(_row("store", "checks", "hold", "seconds"))
            answer(_row(*("-" * width for width in (_STORE, _GROUP, _HOLDS, _SECONDS))))
        self._begun = True

    def left(self, leftover: Leftover) -> None:
        """Say what another run left, and whether it is there no more."""
        if self._quiet and leftover.removed:
            return
        how = "removed" if leftover.removed else "left alone:"
        name = f" `{leftover.store}`" if leftover.store else ""
        text = f"{how} `{leftover.name}`, {_ago(leftover.seconds)} old, in the "
        text += f"{leftover.role} store{name}"
        text += f": {visible(leftover.why)}" if leftover.why else ""
        talk("\n".join(textwrap.wrap(text, talk_width(), break_long_words=False)))

    def done(self, subject: Subject, outcome: Outcome) -> None:
        """Note how a check went; write the row of its group when it was the last one."""
        group = outcome.group
        self._outcomes[group].append(outcome)
        self._waiting[group] -= 1
        if self._waiting[group]:
            return
        own = self._outcomes[group]
        claimed = [each for each in own if each.status != "undeclared"]
        holds = sum(each.status == "holds" for each in claimed)
        if not self._quiet or holds < len(claimed):
            words = f"{holds} of {len(claimed)}" if claimed else "not declared"
            seconds = f"{sum(each.seconds for each in own):.1f}"
            row = _row(str(subject), group, words, seconds)
            answer(row if holds == len(claimed) else click.style(row, fg="red"))
        for each in own:
            if each.status == "broken":
                answer(broken_text(each))


def _row(store: str, group: str, holds: str, seconds: str) -> str:
    """Return a row; the store has a line of its own where there is no room for both."""
    told = f"{group:{_GROUP}}  {holds:{_HOLDS}}  {seconds:>{_SECONDS}}"
    if answer_width() < _STORE + len(told) + 2:
        return f"{store}\n  {told}"
    return f"{store:{_STORE}}  {told}"


def _ago(seconds: float) -> str:
    """Return an age in the unit that says most."""
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def broken_text(outcome: Outcome) -> str:
    """Return what does not hold: the claim, what was expected and what came, what to do."""
    head = click.style("broken", fg="red", bold=True)
    lines = [f"{head}  {click.style(outcome.check, bold=True)}"]
    lines += _wrapped(f"{outcome.claim}: {outcome.message}", "")
    lines += _wrapped(outcome.expected, "expected: ")
    lines += _wrapped(outcome.got, "got:      ")
    for hint in outcome.help:
        lines += _wrapped(hint, "= help: ")
    if outcome.sql:
        lines += _wrapped(_near(outcome.sql), "= sql:  ")
    return "\n".join(lines)


def _near(path: str) -> str:
    """Return a path from here, if it lies below."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path


def _wrapped(text: str, label: str) -> list[str]:
    if not text:
        return []
    room = answer_width() - _INDENT - len(label)
    lines = textwrap.wrap(visible(text.replace("\n", " ")), room) or [""]
    if len(lines) > _LINES:
        lines = [*lines[:_LINES], "…"]
    space = " " * len(label)
    return [f"{'':{_INDENT}}{label if n == 0 else space}{line}" for n, line in enumerate(lines)]


def show_end(found: Conformance, quiet: bool) -> None:
    """Write what it all comes to."""
    for store in found.stores:
        if store.reason:
            name = f" `{store.name}`" if store.name else ""
            talk(f"not checked: {store.role}{name} ({store.type}): {store.reason}")
    checks = sum(store.checks for store in found.stores)
    holds = sum(store.holds for store in found.stores)
    text = f"{holds} of {checks} checks hold"
    undeclared = sum(outcome.status == "undeclared" for outcome in found.outcomes)
    if undeclared:
        text += f"; {undeclared} are of capabilities that are not declared"
    if not quiet or holds < checks:
        answer(click.style(text, fg="green" if holds == checks else "red"))


def list_checks(session: Session, names: Sequence[str], thorough: bool) -> int:
    """Write the checks of a target's stores, and what each claims; return the exit code."""
    own = {check: None for s in subjects_of(session) for check in map(_told, checks_of(s.adapter))}
    every = [c for s in subjects_of(session) for c in checks_of(s.adapter)]
    check_names(names, every)
    wanted = {_told(c) for c in named(every, names) if thorough or not c.thorough}
    for name, claim in own:
        if (name, claim) in wanted:
            lines = textwrap.wrap(claim, answer_width() - 4)
            answer("\n".join([click.style(name, bold=True), *(f"    {line}" for line in lines)]))
    return 0


def _told(check: Check[Any]) -> tuple[str, str]:
    return str(check), check.claim


def write_document(target: str, found: Conformance) -> None:
    """Write the `ffc.conformance/v1` document."""
    document = {
        "schema": "ffc.conformance/v1",
        "target": target,
        "ok": found.ok,
        "stores": found.stores,
        "leftovers": found.leftovers,
        "checks": found.outcomes,
    }
    answer_exactly(encode(document).decode())
