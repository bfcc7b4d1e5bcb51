"""The one exception tree of ffc; what a user wrote wrong is a `Diagnostic`, not an exception.

FfcError                    exit 1   something outside the code went wrong; code, message, help
├── ProjectError            exit 1   the project doesn't compile; carries its diagnostics
├── ProfileError            exit 1   no profile, target or setting to connect with
├── NotFound                exit 1   a name that is not in the registry
├── Denied                  exit 1   the principal may not do this
├── StateError              exit 1   the state store refuses: newer version, corrupt
│   └── Locked              exit 1   another run holds the target
├── Immutable               exit 1   a deployed definition of a protected target was changed
├── NoWayBack               exit 1   a build that a rollback needs is not there
├── StoreError              exit 1   a warehouse or an online store failed
│   ├── Unreachable         exit 1   it can't be opened or reached
│   ├── StatementFailed     exit 1   it refused a statement
│   ├── Transient           exit 1   the same call may succeed later
│   └── Cancelled           exit 1   the statement was cancelled on request
├── DataError               exit 1   the data break a promise: duplicate keys, bad values
│   └── TestFailed          exit 1   the data break a test of the project's
├── BadSpine                exit 1   keys and times that features can't be asked for
├── BadRequest              exit 1   a request that can't be answered; HTTP 4xx
├── Misuse                  exit 2   an option, or an argument, that means nothing
└── InternalError           exit 2   a bug in ffc
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from ffc.core.diagnostics import Diagnostic


class FfcError(Exception):
    """Say what failed, in the user's words, and what to do.

    `position` is the character of a statement that a store complains of, where it tells.
    """

    code: ClassVar[str] = "FF800"
    exit_code: ClassVar[int] = 1
    position: int | None = None

    def __init__(self, message: str, *, help: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.help = tuple(help)

    def __str__(self) -> str:
        """Write it as Python shows it: what, what to do, where to read more."""
        lines = [self.message, *(f"  = help: {line}" for line in self.help)]
        return "\n".join([*lines, f"  = more: ffc explain {self.code}"])


class ProjectError(FfcError):
    """Carry the diagnostics of a project that doesn't compile."""

    code = "FF100"

    def __init__(self, message: str, diagnostics: Sequence[Diagnostic]) -> None:
        super().__init__(message)
        self.diagnostics = tuple(diagnostics)

    def __str__(self) -> str:
        """Write it as Python shows it: each mistake on a line."""
        lines = [self.message]
        for each in self.diagnostics:
            start = each.span.start
            place = f"{each.span.file}:{start.line}:{start.column}"
            lines.append(f"  {place}: {each.severity}[{each.code}]: {each.message}")
        return "\n".join(lines)


class ProfileError(FfcError):
    """Report a profile, a target or a connection setting that is missing or unusable."""

    code = "FF701"


class NotFound(FfcError):
    """Report a name that the registry does not hold."""

    code = "FF801"


class Denied(FfcError):
    """Report that a principal may not do what was asked."""

    code = "FF702"


class StateError(FfcError):
    """Report a state store that can't be used."""

    code = "FF703"


class Locked(StateError):
    """Report that another run holds the target; `holder` is who, as the lock has it."""

    code = "FF704"

    def __init__(self, message: str, *, help: Sequence[str] = (), holder: str = "") -> None:
        super().__init__(message, help=help)
        self.holder = holder


class Immutable(FfcError):
    """Report a changed definition in a target whose definitions never change."""

    code = "FF705"


class NoWayBack(FfcError):
    """Report a deployment that can't be gone back to: what it was made of is not all there."""

    code = "FF706"


class StoreError(FfcError):
    """Report a failure of a warehouse or of an online store."""

    code = "FF802"


class Unreachable(StoreError):
    """Report a store that can't be opened or reached."""

    code = "FF803"


class StatementFailed(StoreError):
    """Report a statement that a store refused."""

    code = "FF804"


class Transient(StoreError):
    """Report a failure that the same call may not meet again."""

    code = "FF805"


class Cancelled(StoreError):
    """Report a statement that was cancelled on request."""

    code = "FF806"


class DataError(FfcError):
    """Report data that break what the project promises of them."""

    code = "FF807"


class TestFailed(DataError):
    """Report data that break a test which the project has."""

    code = "FF810"
    # It is no test of pytest's.
    __test__ = False


class BadSpine(FfcError):
    """Report a table of keys and times that features can't be looked up for."""

    code = "FF813"


class ClockBack(FfcError):
    """Report that this machine's clock is behind what was done already."""

    code = "FF814"


class BadRequest(FfcError):
    """Report a request for features that can't be answered.

    `field` is the place in the request, as a JSON path; `status` the HTTP status.
    """

    code = "FF808"

    def __init__(
        self,
        message: str,
        *,
        field: str = "",
        status: int = 422,
        help: Sequence[str] = (),
    ) -> None:
        super().__init__(message, help=help)
        self.field = field
        self.status = status


class Misuse(FfcError):
    """Report what was asked for in a way that means nothing; `option` is which word of it."""

    code = "FF812"
    exit_code = 2

    def __init__(self, message: str, *, option: str, help: Sequence[str] = ()) -> None:
        super().__init__(message, help=help)
        self.option = option


class InternalError(FfcError):
    """Report a bug in ffc."""

    code = "FF900"
    exit_code = 2
