"""What a template may do: no files, no code, no chance, and so many steps, so much text, so long.

Jinja's own sandbox keeps templates from Python's insides; this bounds what they use up. Whatever
makes text or lists longer is weighed before it is done, so that nothing large is ever made.
"""

from __future__ import annotations

import operator
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from jinja2 import StrictUndefined, nodes
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import SandboxedEnvironment
from jinja2.visitor import NodeTransformer

from ffc.project.jinja.parse import start_of

MAX_STEPS: Final = 1_000_000
MAX_TEXT: Final = 1_000_000
MAX_SECONDS: Final = 10.0
MAX_DEPTH: Final = 60
MAX_BITS: Final = 4096
# How many characters of text cost as much as a step.
_TEXT_A_STEP: Final = 64

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
_WIDE: Final = re.compile(r"[0-9]{4,}|%[^a-zA-Z%]*\*|\{[^{}]*\{")


class Exceeded(Exception):
    """A template that uses up more than it may."""


class Forbidden(Exception):
    """Something that a template must not do; `hint` says what to do instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Budget:
    """What one rendering may use up."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._deadline = clock() + MAX_SECONDS
        self._steps = 0

    def spend(self, steps: int = 1) -> None:
        """Take steps; raises `Exceeded` when there are no more."""
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise Exceeded(f"this takes more than {MAX_STEPS:,} steps")
        if self._clock() > self._deadline:
            raise Exceeded(f"this takes more than {MAX_SECONDS:.0f} seconds")

    def weigh(self, *values: object) -> int:
        """Return how much text values hold, all that is in them too, having paid for it.

        Raises `Exceeded` for more than a template may hold.
        """
        weight, items = 0, 0
        waiting: list[object] = list(values)
        while waiting:
            value = waiting.pop()
            items += 1
            if isinstance(value, str):
                weight += len(value)
            elif isinstance(value, int):
                weight += value.bit_length() // 3
            elif isinstance(value, Mapping):
                waiting += value.keys()
                waiting += value.values()
            elif isinstance(value, list | tuple | set | frozenset):
                waiting += value
            if weight > MAX_TEXT or items + len(waiting) > MAX_TEXT:
                raise Exceeded(f"this makes more than {MAX_TEXT:,} characters")
        self.spend(items + weight // _TEXT_A_STEP)
        return weight + items

    def text(self, length: int) -> None:
        """Pay for a text that is about to be made."""
        if length > MAX_TEXT:
            raise Exceeded(f"this makes more than {MAX_TEXT:,} characters")
        self.spend(1 + length // _TEXT_A_STEP)


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
        return "".join(str(_defined(part)) for part in parts)

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
        self.budget.text(self.budget.weigh(form, *values) * (1 + form.count("%") + form.count("{")))

    def _check_method(self, called: Any, args: tuple[Any, ...]) -> None:
        """Refuse methods of values that are not known to be harmless; weigh what they are given."""
        owner = getattr(called, "__self__", None)
        kind = type(owner).__name__
        if owner is None or type(owner).__module__ != "builtins":
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
            # What a filter yields one by one is counted like a list.
            args = tuple(list(a) if isinstance(a, range | Iterator) else a for a in args)
            # The first arguments may be Jinja's own: its context, its environment.
            values = [a for a in args if isinstance(a, str | list | tuple | dict | int | float)]
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
        elif name in ("int", "float", "round"):
            self.budget.text(given)

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
            return value
        return self.shown(value)

    def shown(self, value: object) -> object:
        """Return what a value of another kind prints as."""
        names = (getattr(value, each, None) for each in ("_name", "name", "__name__"))
        name = next((each for each in names if isinstance(each, str)), None)
        if callable(value) and name is not None:
            raise Forbidden(f"`{name}` is not called", f"write `{name}(...)`")
        if isinstance(value, Iterable):
            raise Forbidden("a sequence can't be printed", "add `| list` or `| join(', ')`")
        raise Forbidden("this can't be printed")


_OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": operator.add,
    "*": operator.mul,
    "**": operator.pow,
    "%": operator.mod,
}


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


# The argument by which a call is told where it stands.
PLACE: Final = "_ffc_place"


class Bound(NodeTransformer):
    """Rewrite a template so that its sandbox sees every loop, every call and every join."""

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 - Jinja's name
        """Tell each call where it stands."""
        self.generic_visit(node)
        node.kwargs = [*node.kwargs, nodes.Keyword(PLACE, nodes.Const(start_of(node)))]
        return node

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        """Count each turn of a loop."""
        self.generic_visit(node)
        node.body = [_tick(node.lineno), *node.body]
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802
        """Count each entry of a macro."""
        self.generic_visit(node)
        node.body = [_tick(node.lineno), *node.body]
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        """Join through the sandbox."""
        self.generic_visit(node)
        return _through("joined", list(node.nodes), node.lineno)

    def _held(self, node: Any) -> nodes.Node:
        self.generic_visit(node)
        if node.items and any(not isinstance(item, nodes.Const) for item in node.items):
            return _through("held", [node], node.lineno)
        return node  # type: ignore[no-any-return]

    visit_List = _held  # noqa: N815
    visit_Dict = _held  # noqa: N815

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        """Weigh a tuple, where it is a value and not what a loop assigns to."""
        return node if node.ctx == "store" else self._held(node)


def _through(method: str, values: list[nodes.Expr], lineno: int) -> nodes.Call:
    target = nodes.EnvironmentAttribute(method, lineno=lineno)
    return nodes.Call(target, values, [], None, None, lineno=lineno)


def _tick(lineno: int) -> nodes.ExprStmt:
    return nodes.ExprStmt(_through("tick", [], lineno), lineno=lineno)
