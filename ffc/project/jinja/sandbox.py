"""What a template may do: no files, no code, no chance, and so many steps, so much text, so long.

Jinja's own sandbox keeps templates from Python's insides; this bounds what they use up. Whatever
makes text or lists longer is weighed before it is done, so that nothing large is ever made.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from jinja2 import StrictUndefined
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import SandboxedEnvironment

from ffc.project.jinja.bound import PLACE
from ffc.project.jinja.budget import Budget, Exceeded, Forbidden

MAX_DEPTH: Final = 60
MAX_BITS: Final = 4096
MAX_DIGITS: Final = 300

FILTERS: Final[tuple[str, ...]] = tuple(
    (  # noqa: SIM905 - a table of words
        "abs capitalize count d default dictsort first float format groupby indent int items join "
        "last length list lower map max min reject rejectattr replace reverse round select "
        "selectattr sort string sum title tojson trim unique upper"
    ).split()
)
_METHODS: Final = {
    "str": "capitalize count endswith find index isalnum isalpha isdigit islower "
    "isnumeric isspace isupper join lower lstrip partition removeprefix removesuffix replace rfind "
    "rindex rpartition rsplit rstrip split splitlines startswith strip swapcase title upper",
    "list": "append clear copy count extend index insert pop remove reverse sort",
    "dict": "clear copy get items keys pop popitem setdefault update values",
    "tuple": "count index",
    "int": "bit_length",
    "float": "is_integer",
}
METHODS: Final = {kind: frozenset(names.split()) for kind, names in _METHODS.items()}
# The filters that make text of what they are given.
_OF_TEXT: Final = frozenset(
    [
        "capitalize",
        "format",
        "indent",
        "join",
        "lower",
        "replace",
        "string",
        "title",
        "tojson",
        "trim",
        "upper",
    ]
)
_WIDE: Final = re.compile(r"[0-9]{4,}|%[^a-zA-Z%]*\*|\{[^{}]*\{")


class Sandbox(SandboxedEnvironment):
    """Jinja's sandbox within a budget; `entered` is told of each call and its place.

    A new one is made for each rendering: its budget is spent by it alone.
    """

    intercepted_binops = frozenset(("+", "*", "**", "%"))

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            autoescape=False,
            optimized=False,
            finalize=self._printed,
            extensions=["jinja2.ext.do"],
        )
        self.budget = Budget()
        self.depth = 0
        for name in ("lipsum", "cycler", "joiner"):
            del self.globals[name]
        self.filters = {name: self._bounded(name, self.filters[name]) for name in FILTERS}

    def tick(self) -> str:
        """Take a step of a loop or of a macro."""
        self.budget.spend()
        return ""

    def joined(self, *parts: object) -> str:
        """Return `a ~ b`."""
        self.budget.text(self.budget.weigh(*parts))
        return "".join(str(_defined(self._printed(part))) for part in parts)

    def held(self, value: object) -> object:
        """Return a list or mapping that the template wrote, weighed."""
        self.budget.weigh(value)
        return value

    def call(
        __self,  # noqa: N805
        __context: Context,
        __obj: Any,
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Call what a template calls; see `entered` for its place."""
        if getattr(__obj, "__self__", None) is __self:
            return __obj(*args)  # ours: `tick`, `joined`, `held`
        place = kwargs.pop(PLACE, 0)
        __self.budget.spend()
        if type(getattr(__obj, "__self__", None)).__module__ == "builtins":
            args = _listed(args)
            __self._check_method(__obj, args)
        if __self.depth >= MAX_DEPTH:
            raise Exceeded("this calls itself without end")
        __self.depth += 1
        try:
            made = __self.entered(
                __context, place, lambda: __self._call(__context, __obj, args, kwargs)
            )
        finally:
            __self.depth -= 1
        if isinstance(made, str | list | tuple | dict):
            __self.budget.weigh(made)
        return made

    def _call(self, context: Context, called: Any, args: Any, kwargs: Any) -> Any:
        return super().call(context, called, *args, **kwargs)

    def entered(self, context: Context, place: int, call: Callable[[], Any]) -> Any:
        """Do a call that stands at an offset of the template `context.name`."""
        return call()

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Do `+`, `*`, `**` and `%` within bounds."""
        if isinstance(left, int | float) and isinstance(right, int | float):
            _check_number(operator, left, right)
        elif operator == "*":
            times = left if isinstance(left, int) else right if isinstance(right, int) else 1
            self.budget.text(self.budget.weigh(left, right) * max(1, times))
        elif operator == "%" and isinstance(left, str):
            self._check_format(left, right)
        else:
            self.budget.weigh(left, right)
        return _OPERATORS[operator](_defined(left), _defined(right))

    def _check_format(self, form: str, *values: object) -> None:
        if _WIDE.search(form):
            raise Exceeded("a format can't be this wide")
        self._check_plain(*values)
        self.budget.text(self.budget.weigh(form, *values) * (1 + form.count("%") + form.count("{")))

    def _check_method(self, called: Any, args: tuple[Any, ...]) -> None:
        """Refuse methods of values that are not known to be harmless; weigh what they are given."""
        owner = getattr(called, "__self__", None)
        kind = type(owner).__name__
        if owner is None:
            return
        name = str(getattr(called, "__name__", ""))
        if name not in METHODS.get(kind, ()):
            raise Forbidden(f"a template can't call `{name}()`")
        given = self.budget.weigh(*(a for a in args if isinstance(a, str | list | tuple | dict)))
        if not isinstance(owner, str):
            return
        self.budget.text(len(owner))
        if name == "replace" and len(args) > 1 and isinstance(args[0], str):
            self.budget.text(len(owner) + owner.count(args[0]) * len(str(args[1])))
        elif name == "join":
            self.budget.text(given * (1 + len(owner)))

    def _bounded(self, name: str, apply: Callable[..., Any]) -> Callable[..., Any]:
        """Return a filter that weighs what it is given before it works."""

        def bounded(*args: Any, **kwargs: Any) -> Any:
            args = _listed(args)
            # The first argument may be Jinja's own: its context, its environment.
            given = args[1:] if hasattr(apply, "jinja_pass_arg") else args
            if name in _OF_TEXT:
                self._check_plain(*given, *kwargs.values())
            values = [a for a in given if isinstance(a, str | list | tuple | dict | int | float)]
            self._check_filter(name, values, kwargs)
            return apply(*args, **kwargs)

        if hasattr(apply, "jinja_pass_arg"):
            bounded.jinja_pass_arg = apply.jinja_pass_arg  # type: ignore[attr-defined]
        return bounded

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """Return a text's `format` within bounds."""
        wrapped = super().wrap_str_format(value)
        if wrapped is None:
            return None

        def bounded(*args: Any, **kwargs: Any) -> str:
            self._check_format(value.__self__, *args, *kwargs.values())
            return str(wrapped(*args, **kwargs))

        return bounded

    def _check_filter(self, name: str, values: list[Any], kwargs: Mapping[str, Any]) -> None:
        given = self.budget.weigh(*values, *kwargs.values())
        texts = [value for value in values if isinstance(value, str)]
        if name == "format" and texts:
            self._check_format(texts[0], *values[1:])
        elif name == "replace" and len(texts) == 3:
            self.budget.text(len(texts[0]) + texts[0].count(texts[1]) * len(texts[2]))
        elif name == "join":
            self.budget.text(given * (1 + sum(map(len, texts))))
        elif name == "tojson":
            widths = [v for v in (*values[1:], *kwargs.values()) if isinstance(v, int)]
            self.budget.text(given * (1 + max(widths, default=0)))
        elif name == "indent" and texts:
            widths = [v for v in (*values[1:], *kwargs.values()) if isinstance(v, int)]
            wide = max([4, *widths, *map(len, texts[1:])])
            self.budget.text(len(texts[0]) + (1 + texts[0].count("\n")) * wide)
        elif name == "round":
            digits = [v for v in (*values[1:], *kwargs.values()) if isinstance(v, int)]
            if any(abs(each) > MAX_DIGITS for each in digits):
                raise Exceeded(f"a number is rounded to {MAX_DIGITS} digits at most")

    def _printed(self, value: object) -> object:
        """Return what `{{ value }}` prints: SQL's words for Python's, none of our insides."""
        if isinstance(value, str):
            return value
        if value is None or isinstance(value, bool):
            return {None: "null", True: "true", False: "false"}[value]
        if isinstance(value, int | float | Undefined):
            return value
        if isinstance(value, list | tuple | dict):
            self.budget.text(self.budget.weigh(value) * 2)
            self._check_plain(value)
            return value
        return self.shown(value)

    def _check_plain(self, *values: object) -> None:
        """Refuse to print what is no value: it would show where it lies in memory."""
        waiting: list[object] = list(values)
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                waiting += [*value.keys(), *value.values()]
            elif isinstance(value, list | tuple):
                waiting += value
            elif value is not None and not isinstance(value, str | int | float | Undefined):
                self.shown(value)

    def shown(self, value: object) -> object:
        """Return what a value of another kind prints as."""
        names = (getattr(value, each, None) for each in ("_name", "name", "__name__"))
        name = next((each for each in names if isinstance(each, str)), None)
        if callable(value) and name is not None:
            raise not_called(name)
        if isinstance(value, Iterable):
            raise Forbidden("a sequence can't be printed", "add `| list` or `| join(', ')`")
        raise Forbidden("this can't be printed")


_OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "*": operator.mul,
    "**": operator.pow,
    "%": operator.mod,
}


def not_called(name: str) -> Forbidden:
    """Return what to say of a function that is used as if it were a value."""
    arguments = "" if name in ("is_incremental", "watermark") else "..."
    return Forbidden(f"`{name}` is not called", f"write `{name}({arguments})`")


def _listed(args: Iterable[Any]) -> tuple[Any, ...]:
    """Return arguments with a list for what yields its items one by one, to weigh them."""
    return tuple(list(a) if isinstance(a, range | Iterator) else a for a in args)


def _defined(value: object) -> object:
    if isinstance(value, Undefined):
        str(value)  # raises what Jinja has to say of it
    return value


def _check_number(operation: str, left: float, right: float) -> None:
    bits = [abs(int(v)).bit_length() for v in (left, right) if abs(v) < float("inf") and v == v]
    if operation == "**" and isinstance(right, int) and bits and bits[0] * abs(right) > MAX_BITS:
        raise Exceeded("this number is too large")
    if operation == "*" and sum(bits) > MAX_BITS:
        raise Exceeded("this number is too large")
