"""The stores of a target checked: in scratch places, taken away whatever happens."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from msgspec import Struct

from ffc.adapter import OfflineStore, OnlineStore, Options
from ffc.auth import Principal, authorize
from ffc.conformance.checks import Broken, Check, Role, Store, shown
from ffc.conformance.ledger import Ledger
from ffc.conformance.leftovers import Leftover, clear
from ffc.conformance.places import offline_place, opened
from ffc.conformance.scratch import scratch_name
from ffc.conformance.suite import checks_of, declares, named
from ffc.connect.plugins import offline_adapter, online_adapter, state_adapter
from ffc.connect.session import Session
from ffc.core.clock import Clock, utc_now
from ffc.core.diagnostics import did_you_mean
from ffc.core.errors import FfcError, Misuse
from ffc.core.files import write_atomically

# Where the statements of checks that do not hold are written, below `target/`.
FOLDER: Final = "conformance"
NO_PLACE: Final = "the adapter has no scratch place beside a state store: see `scratch`"
_MAKES: Final = "each check makes a schema of its own, and drops it again: that must be allowed"
_UNSAFE: Final = re.compile(r"[^\w.-]+")

Status = Literal["holds", "broken", "undeclared"]


class Outcome(Struct, frozen=True, kw_only=True):
    """How one check of a store went; `undeclared` is of a capability that the adapter has not.

    `sql` is the file that the statements of a check that is broken were written to.
    """

    check: str
    role: str
    store: str
    group: str
    claim: str
    status: Status
    seconds: float = 0.0
    message: str = ""
    expected: str = ""
    got: str = ""
    help: tuple[str, ...] = ()
    sql: str = ""


class CheckedStore(Struct, frozen=True, kw_only=True):
    """A store that was checked: its role, its name and type in profiles.yml.

    `holds` of so many `checks` hold; where there were none, `reason` says why.
    """

    role: str
    name: str
    type: str
    about: str
    checks: int
    holds: int
    reason: str = ""


class Conformance(Struct, frozen=True, kw_only=True):
    """How every check went, of every store of a target; what other runs had left there."""

    stores: list[CheckedStore]
    leftovers: list[Leftover]
    outcomes: list[Outcome]

    @property
    def ok(self) -> bool:
        """Whether everything holds that is claimed."""
        return all(outcome.status != "broken" for outcome in self.outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A store of a target: its adapter, and what it is opened with."""

    role: Role
    name: str
    kind: str
    adapter: type[Store]
    options: Options

    def __str__(self) -> str:
        """Write it for a person."""
        name = f" `{self.name}`" if self.name else ""
        return f"{self.role}{name} ({self.kind})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who hears how far a run has come."""

    begun: Callable[[Subject, Sequence[Check[Any]]], None] = lambda *_: None
    left: Callable[[Leftover], None] = lambda _: None
    done: Callable[[Subject, Outcome], None] = lambda *_: None


def subjects_of(session: Session) -> list[Subject]:
    """Return the stores of a target; raises ProfileError."""
    target = session.target
    found = [
        Subject(
            role="offline",
            name="",
            kind=target.offline.type,
            adapter=offline_adapter(target.offline.type),
            options=session.options("offline"),
        )
    ]
    found += [
        Subject(
            role="online",
            name=name,
            kind=store.type,
            adapter=online_adapter(store.type),
            options=session.options("online", name),
        )
        for name, store in target.online.items()
    ]
    state = Subject(
        role="state",
        name="",
        kind=target.state.type,
        adapter=state_adapter(target.state.type),
        options=session.options("state"),
    )
    return [*found, state]


def conform(
    session: Session,
    *,
    principal: Principal,
    names: Sequence[str] = (),
    thorough: bool = False,
    folder: Path,
    watch: Watch | None = None,
    clock: Clock = utc_now,
) -> Conformance:
    """Check every store of a target, writing only to scratch places that are taken away again.

    `names` are those of roles, groups or checks, none meaning all; `folder` is where statements are
    written to. A check that does not hold is a result, never an exception of ours; raises Misuse
    for a name that means no check, and what a store raises that can't be opened.
    """
    authorize(principal, "test")
    watch = watch or Watch()
    subjects = subjects_of(session)
    check_names(names, [c for s in subjects for c in checks_of(s.adapter)])
    found = Conformance(stores=[], leftovers=[], outcomes=[])
    for subject in subjects:
        checks = [c for c in named(checks_of(subject.adapter), names) if thorough or not c.thorough]
        if checks:
            _check_store(subject, checks, found, folder, watch, clock)
    return found


def check_names(names: Sequence[str], checks: Sequence[Check[Any]]) -> None:
    """Return if each name means a check at least; raises Misuse."""
    for name in names:
        if named(checks, [name]):
            continue
        known = {str(check) for check in checks}
        known |= {part for own in known for part in (own.split(".")[0], own.rpartition(".")[0])}
        hint = "".join(did_you_mean(name, known)) or "`--list` shows what there is"
        raise Misuse(f"there is no check `{name}`; {hint}", option="--checks")


def _check_store(
    subject: Subject,
    checks: Sequence[Check[Any]],
    found: Conformance,
    folder: Path,
    watch: Watch,
    clock: Clock,
) -> None:
    """Check a store, which is held open for so long, and add how it went to what was found."""
    with _open(subject, clock) as store:
        for leftover in clear(subject.role, subject.name, store, subject.options, clock()):
            found.leftovers.append(leftover)
            watch.left(leftover)
        about = store.about() if isinstance(store, OfflineStore) else ""
        reason = "" if _has_place(subject, clock) else NO_PLACE
        outcomes: list[Outcome] = []
        if not reason:
            watch.begun(subject, checks)
        try:
            for check in checks if not reason else ():
                outcomes.append(outcome := _outcome(subject, check, folder))
                watch.done(subject, outcome)
        finally:
            # A second Ctrl-C may have met a check while it was taking its place away.
            clear(subject.role, subject.name, store, subject.options, clock(), own=True)
        found.outcomes.extend(outcomes)
        found.stores.append(_checked(subject, about, outcomes, reason))


def _checked(
    subject: Subject, about: str, outcomes: Sequence[Outcome], reason: str
) -> CheckedStore:
    return CheckedStore(
        role=subject.role,
        name=subject.name,
        type=subject.kind,
        about=about,
        checks=sum(o.status != "undeclared" for o in outcomes),
        holds=sum(o.status == "holds" for o in outcomes),
        reason=reason,
    )


@contextmanager
def _open(subject: Subject, clock: Clock) -> Iterator[Store]:
    """Open a store, and see that it can be checked; raises what it raises.

    What nobody may do there is told once, not by each check.
    """
    adapter: type[Any] = subject.adapter
    with opened(adapter, subject.options) as store:
        if isinstance(store, OfflineStore):
            _try_place(adapter, subject.options)
        elif isinstance(store, OnlineStore):
            ledger, name = Ledger(store), scratch_name(clock())
            ledger.note(name, {b""})
            ledger.clear(name)
        yield store


def _try_place(adapter: type[OfflineStore], options: Options) -> None:
    try:
        with offline_place(adapter, options):
            pass
    except FfcError as problem:
        problem.help = (*problem.help, _MAKES)
        raise


def _has_place(subject: Subject, clock: Clock) -> bool:
    adapter: type[Any] = subject.adapter
    if subject.role != "state":
        return True
    return adapter.scratch(subject.options, scratch_name(clock())) is not None


def _outcome(subject: Subject, check: Check[Any], folder: Path) -> Outcome:
    """Hold one check; what it raises is how it went."""
    outcome = partial(
        Outcome,
        check=str(check),
        role=subject.role,
        store=subject.name,
        group=check.group,
        claim=check.claim,
    )
    if not declares(subject.adapter, check):
        return outcome(status="undeclared", message=f"`{check.needs}` is not declared")
    began = time.monotonic()
    statements: list[str] = []
    try:
        with check.place(subject.adapter, subject.options) as place:
            statements = getattr(place, "statements", statements)
            check.work(place)
    except Exception as problem:
        return outcome(
            status="broken",
            seconds=time.monotonic() - began,
            sql=_written(folder, check, statements),
            **_told(problem, check),
        )
    return outcome(status="holds", seconds=time.monotonic() - began)


def _told(problem: Exception, check: Check[Any]) -> dict[str, Any]:
    """Return what an exception says, in the words of an outcome."""
    hints = (check.help,) if check.help else ()
    if isinstance(problem, Broken):
        return {
            "message": problem.message,
            "expected": problem.expected,
            "got": problem.got,
            "help": (*problem.help, *hints),
        }
    if isinstance(problem, FfcError):
        expected = "no failure"
        return {
            "message": "the store refuses what it must do",
            "expected": expected,
            "got": shown(f"{type(problem).__name__}: {problem.message}"),
            "help": (*problem.help, *hints),
        }
    return {
        "message": "the adapter lets an exception through that is none of ffc's",
        "expected": "an exception of ffc.adapter",
        "got": shown(f"{type(problem).__name__}: {problem}"),
        "help": hints,
    }


def _written(folder: Path, check: Check[Any], statements: Sequence[str]) -> str:
    """Write the statements of a check to a file; return its path, or nothing of none."""
    if not statements:
        return ""
    path = folder / f"{_UNSAFE.sub('_', str(check)).strip('_')}.sql"
    write_atomically(path, "".join(f"{text.rstrip(';')};\n\n" for text in statements).encode())
    return str(path)
