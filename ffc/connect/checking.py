"""The stores of a target, checked one by one: reachable, allowed, which version, which clock."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct, structs

from ffc.adapter.about import About
from ffc.auth import Principal, authorize
from ffc.connect.profiles import ChosenTarget, Store
from ffc.connect.session import Session
from ffc.connect.warehouse import Warehouse
from ffc.core.clock import Clock, utc_now
from ffc.core.diagnostics import listed
from ffc.core.errors import FfcError, ProfileError, StoreError
from ffc.sql import scratch

# A clock that is further off than so many seconds makes "now" mean something else.
MOST_APART: Final = 5.0
_PLAIN: Final = re.compile(r"[\w./~-]{1,200}")
_BETWEEN: Final = re.compile(r"[^\w.~-]+")
_NEEDED: Final = re.compile(r"env_var\s*\(\s*(?:name\s*=\s*)?(['\"])(\w+)\1\s*,?\s*\)")


class Checked(Struct, frozen=True, kw_only=True):
    """Something that was checked: `ok`, `failed` or `skipped`; what was found; how to mend it."""

    name: str
    status: str = "ok"
    details: tuple[str, ...] = ()
    code: str = ""
    message: str = ""
    help: tuple[str, ...] = ()

    def failed(self, problem: FfcError) -> Checked:
        """Return the same, failed."""
        return structs.replace(
            self,
            status="failed",
            code=problem.code,
            message=problem.message,
            help=tuple(problem.help),
        )


def check_target(
    target: ChosenTarget,
    *,
    principal: Principal,
    environment: Mapping[str, str] | None = None,
    clock: Clock = utc_now,
) -> Iterator[Checked]:
    """Yield how the environment and each store of a target stand; a failure stops nothing else.

    No setting's value is told. What is written to try is taken away at once.
    """
    authorize(principal, "read")
    known = os.environ if environment is None else environment
    settings = (target.schema, *(s.settings for s in _stores(target).values()))
    unset = _unset(settings, known)
    yield _environment(unset, bool(_variables(settings)))
    with Session(target, environment) as session:
        for name, store in _stores(target).items():
            check = Checked(name=f"{name} ({store.type})")
            needed = [each for each in _variables(store.settings) if each in unset]
            if name == "offline":
                needed += [v for v in _variables(target.schema) if v in unset]
            if needed:
                message = f"needs {listed(dict.fromkeys(needed))}"
                yield structs.replace(check, status="skipped", message=message)
                continue
            yield _without_secrets(_checked(session, name, check, clock), session, store)


def _stores(target: ChosenTarget) -> dict[str, Store]:
    """Return the stores by what they are called; an only online store has no name of its own."""
    one = len(target.online) == 1
    online = {"online" if one else f"online: {n}": store for n, store in target.online.items()}
    return {"offline": target.offline, **online, "state": target.state}


def _variables(value: object) -> list[str]:
    """Return the environment variables without a default that a setting names."""
    if isinstance(value, str):
        return [found[1] for found in _NEEDED.findall(value)]
    if isinstance(value, Mapping):
        return _variables(list(value.values()))
    if isinstance(value, list | tuple):
        return [name for item in value for name in _variables(item)]
    return []


def _unset(settings: object, environment: Mapping[str, str]) -> list[str]:
    return [v for v in dict.fromkeys(_variables(settings)) if v not in environment]


def _environment(unset: list[str], any_needed: bool) -> Checked:
    check = Checked(name="environment")
    if not unset:
        told = "every variable that is needed is set" if any_needed else "no variable is needed"
        return structs.replace(check, details=(told,))
    verb = "is" if len(unset) == 1 else "are"
    message = f"profiles.yml needs {listed(unset)}, which {verb} not set"
    help_ = [f"export {name}=... and try again" for name in unset]
    return check.failed(ProfileError(message, help=help_))


def _checked(session: Session, name: str, check: Checked, clock: Clock) -> Checked:
    """Open a store and try it; what it met is told with what went well before."""
    details: list[str] = []
    try:
        details.extend(_tried(session, name, clock))
    except FfcError as problem:
        return structs.replace(check, details=tuple(details)).failed(problem)
    return structs.replace(check, details=tuple(details))


def _without_secrets(check: Checked, session: Session, store: Store) -> Checked:
    """Put stars for the values of settings in what a store said; a plain path may be told."""
    try:
        values = session.options(store, check.name).values
    except FfcError:
        return check
    plain = {str(v) for k, v in values.items() if k == "path" and _PLAIN.fullmatch(str(v))}
    whole = {str(value) for value in values.values() if len(str(value)) > 2} - plain
    # A store may tell a part of what it was given: the folder of a path, a word of an address.
    parts = {part for value in whole for part in _BETWEEN.split(value) if len(part) > 4}
    hidden = whole | parts

    def starred(text: str) -> str:
        for value in sorted(hidden, key=len, reverse=True):
            text = text.replace(value, "***")
        return text

    return structs.replace(
        check, message=starred(check.message), help=tuple(map(starred, check.help))
    )


def _tried(session: Session, name: str, clock: Clock) -> Iterator[str]:
    """Yield what went well; raises what did not."""
    if name == "offline":
        warehouse = Warehouse(session.offline, session.schema)
        warehouse.rows(scratch.read_something())
        yield "read"
        warehouse.do(*scratch.write_something(f"ffc_debug_{secrets.token_hex(4)}"))
        yield "write"
        yield from _facts(_warehouse_facts(warehouse, clock))
        return
    store = session.state if name == "state" else session.online(_online_name(session, name))
    about = store.about()
    yield "read"
    if store.rehearse():
        yield "write"
    yield from _facts(about)


def _online_name(session: Session, name: str) -> str:
    return name.partition(": ")[2] or next(iter(session.target.online))


def _warehouse_facts(warehouse: Warehouse, clock: Clock) -> About:
    about = warehouse.store.about()
    if about.ahead is not None:
        return about
    before = clock()
    (row,) = warehouse.rows(scratch.read_clock())
    between = before + (clock() - before) / 2
    now = row["now"]
    if not isinstance(now, datetime):
        return about
    now = now if now.tzinfo else now.replace(tzinfo=UTC)
    return structs.replace(about, ahead=(now - between).total_seconds())


def _facts(about: About) -> Iterator[str]:
    if about.version:
        yield about.version
    if about.free is not None:
        yield f"{_size(about.free)} free"
    if about.ahead is None:
        return
    if abs(about.ahead) > MOST_APART:
        way = "ahead of" if about.ahead > 0 else "behind"
        message = f"its clock is {abs(about.ahead):.1f} s {way} this machine's"
        help_ = "set both by a time server (NTP): what is known at an instant depends on it"
        raise StoreError(message, help=[help_])
    yield f"clock {about.ahead:+.1f} s"


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
