"""What a check is: a claim about a store, and how it is held."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeVar

from ffc.adapter import OfflineStore, OnlineStore, Options, StateStore

Role = Literal["offline", "online", "state"]
Store = OfflineStore | OnlineStore | StateStore
P = TypeVar("P")
# A value in a message is cut after so many characters.
_SHOWN: Final = 600


class Broken(AssertionError):
    """Say what of a claim does not hold: what was expected, and what there was."""

    def __init__(
        self,
        message: str,
        *,
        expected: object = None,
        got: object = None,
        help: Sequence[str] = (),
    ) -> None:
        self.message = message
        self.expected = "" if expected is None else shown(expected)
        self.got = "" if got is None else shown(got)
        self.help = tuple(help)
        super().__init__(message)

    def __str__(self) -> str:
        """Write it as Python shows it: a line each."""
        told = [("expected", self.expected), ("got", self.got)]
        lines = [f"  {word}: {text}" for word, text in told if text]
        return "\n".join([self.message, *lines, *(f"  = help: {hint}" for hint in self.help)])


def shown(value: object) -> str:
    """Return a value for a message; a text that says what it is stands as it is."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def expect(holds: bool, message: str, *, expected: object = None, got: object = None) -> None:
    """Return if something holds; raises Broken."""
    if not holds:
        raise Broken(message, expected=expected, got=got)


def expect_equal(got: object, expected: object, message: str) -> None:
    """Return if two values are equal; raises Broken."""
    if got != expected:
        raise Broken(message, expected=repr(expected), got=repr(got))


def expect_refusal(
    work: Callable[[], object], kind: type[Exception], message: str, said: str = ""
) -> Exception:
    """Return the exception of a kind that some work raises, with a word in it; raises Broken.

    Any other exception goes on: it tells more than that it was another one.
    """
    wanted = f"{kind.__name__}{f' that says `{said}`' if said else ''}"
    try:
        found = work()
    except kind as problem:
        expect(said in str(problem), message, expected=wanted, got=repr(problem))
        return problem
    raise Broken(message, expected=wanted, got=f"no exception: {shown(repr(found))}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Generic[P]):
    """A claim about stores of a role, as code that raises where it does not hold.

    `needs` is the capability without which the claim is not made; `place` makes a scratch place
    for it in a store, and takes it away. A `thorough` check takes longer than a second or two.
    """

    role: Role
    group: str
    name: str
    claim: str
    work: Callable[[P], None]
    place: Callable[[type[Any], Options], AbstractContextManager[P]]
    help: str = ""
    needs: str = ""
    thorough: bool = False

    def __str__(self) -> str:
        """Return its name among all: role, group, name."""
        return f"{self.role}.{self.group}.{self.name}"

    def hold(self, adapter: type[Store], options: Options) -> None:
        """Hold the claim of a store that is opened for it; raises Broken where it fails.

        Whatever else the store raises is raised.
        """
        with self.place(adapter, options) as place:
            self.work(place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Generic[P]):
    """Checks about one thing; `help` is what to look at where one of them fails."""

    role: Role
    name: str
    place: Callable[[type[Any], Options], AbstractContextManager[P]]
    help: str

    def check(
        self,
        work: Callable[[P], None],
        *,
        name: str = "",
        claim: str = "",
        needs: str = "",
        thorough: bool = False,
    ) -> Check[P]:
        """Return a check of a function: its name and its docstring, unless others are given."""
        said = claim or (getattr(work, "__doc__", "") or "").splitlines()[0].rstrip(".")
        return Check(
            role=self.role,
            group=self.name,
            name=name or str(getattr(work, "__name__", "")).lstrip("_"),
            claim=said,
            work=work,
            place=self.place,
            help=self.help,
            needs=needs,
            thorough=thorough,
        )

    def checks(self, *works: Callable[[P], None]) -> Iterable[Check[P]]:
        """Return a check of each function."""
        return [self.check(work) for work in works]
