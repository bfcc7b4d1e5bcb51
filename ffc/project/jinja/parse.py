"""Templates parsed with the offset of every node, and Jinja's refusals in our words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import TokenStream
from jinja2.parser import Parser
from msgspec import Struct

from ffc.core.diagnostics import Diagnostic, Span, did_you_mean, error
from ffc.project.jinja.source import NO_CODE, Source, Tag, Token, Uncut, cut, tags_of

CODE: Final = "FF109"
TAGS: Final = ("if", "for", "set", "macro", "call", "filter", "with", "import", "from", "do")
_BLOCKS: Final = ("if", "for", "macro", "call", "filter", "with", "set")
_WITHIN: Final[dict[str, tuple[str, ...]]] = {"elif": ("if",), "else": ("if", "for")}
_NOT_OURS: Final = {
    "include": "a template includes nothing: write a macro in `macros/` and call it",
    "extends": "a template extends nothing: write a macro in `macros/` and call it",
    "block": "a template has no blocks: write a macro in `macros/` and call it",
    "test": "tests are written in YAML, under `tests:`",
    "snapshot": "write `config(materialized='snapshot')` in a transformation",
    "materialization": "materializations are part of ffc",
}
_OPENERS: Final = {"(": ")", "[": "]", "{": "}"}


class Parsed(Struct, frozen=True):
    """A template that parses: `tree` has offsets where Jinja has line numbers."""

    source: Source
    tokens: tuple[Token, ...]
    tags: tuple[Tag, ...]
    tree: nodes.Template

    def token(self, offset: int) -> Token | None:
        """Return the token that begins at an offset."""
        index = self._index(offset)
        return self.tokens[index] if index is not None else None

    def before(self, offset: int, count: int) -> Token | None:
        """Return the token that stands so many before the one at an offset, white space aside."""
        index = self._index(offset)
        while index is not None and index > 0 and count:
            index -= 1
            count -= self.tokens[index].kind not in NO_CODE
        return self.tokens[index] if index is not None and not count else None

    def _index(self, offset: int) -> int | None:
        found = (i for i, token in enumerate(self.tokens) if token.start == offset and token.text)
        return next(found, None)

    def tag(self, offset: int) -> Tag | None:
        """Return the tag that an offset lies in."""
        return next((tag for tag in self.tags if tag.start <= offset < tag.end), None)

    def word(self, offset: int, text: str) -> Span | None:
        """Return the place of a word in the tag that an offset lies in."""
        tag = self.tag(offset)
        token = next((t for t in (tag.tokens if tag is not None else ()) if t.text == text), None)
        return self.source.span(token.start, token.end) if token is not None else None

    def rest_of_tag(self, offset: int) -> Span:
        """Return the place from an offset to the end of its tag's last token."""
        tag = self.tag(offset)
        end = tag.tokens[-1].end if tag is not None and tag.tokens else offset + 1
        return self.source.span(offset, max(end, offset + 1))

    def call(self, offset: int) -> Span:
        """Return the place of a name with all that is read or called of it: `a.b(c)`."""
        index = self._index(offset)
        if index is None or self.tokens[index].kind != "name":
            return self.rest_of_tag(offset)
        return self.source.span(*self._chain(offset))

    def _chain(self, offset: int) -> tuple[int, int]:
        index = self._index(offset)
        if index is None:
            return offset, offset + 1
        end, depth, attribute = self.tokens[index].end, 0, False
        for token in self.tokens[index + 1 :]:
            if token.kind == "whitespace":
                continue
            if not (depth or attribute or token.text in (".", "(", "[")):
                break
            depth += (token.text in _OPENERS) - (token.text in _OPENERS.values())
            attribute = depth == 0 and token.text == "."
            end = token.end
        return offset, end

    def whole(self, node: nodes.Node) -> tuple[int, int]:
        """Return where a value begins and ends: a literal, a name, a bracket and what is in it."""
        if isinstance(node, nodes.Call | nodes.Getattr | nodes.Getitem):
            return self._chain(start_of(node))
        start, depth = node.lineno, 0
        index = self._index(start)
        for token in self.tokens[index:] if index is not None else ():
            depth += (token.text in _OPENERS) - (token.text in _OPENERS.values())
            if depth <= 0:
                return start, token.end
        return start, start + 1

    def texts(self, text: str) -> list[Token]:
        """Return the string literals that hold exactly a text."""
        return [t for t in self.tokens if t.kind == "string" and t.text[1:-1] == text]


def parse(environment: Environment, source: Source) -> Parsed | Diagnostic:
    """Parse a template, or say why that can't be done and where."""
    try:
        tokens = cut(environment, source.text)
    except Uncut as uncut:
        return _uncut(source, uncut)
    tags = tags_of(tokens)
    problem = _unclosed_tag(source, tags) or _blocks(source, tags)
    if problem is not None:
        return problem
    try:
        tree = tree_of(environment, source, tokens)
    except TemplateSyntaxError as said:
        return _refused(source, tokens, said.message or "", said.lineno)
    except RecursionError:
        return error(CODE, "Jinja: this is nested too deep", source.span(0, 1))
    return Parsed(source, tuple(tokens), tuple(tags), tree)


def tree_of(environment: Environment, source: Source, tokens: Sequence[Token]) -> nodes.Template:
    """Parse tokens; each node of the tree has its offset where Jinja has a line number."""
    parser = Parser(environment, "", source.file)
    triples = ((token.start, token.kind, token.text) for token in tokens)
    wrapped = environment.lexer.wrap(triples, source.file)
    parser.stream = TokenStream(wrapped, source.file, source.file)
    return parser.parse()


def start_of(node: nodes.Node) -> int:
    """Return the offset at which an expression begins: Jinja marks a call by its bracket."""
    while True:
        inner = getattr(node, "left", None) or getattr(node, "node", None)
        if not isinstance(
            node, nodes.Call | nodes.Getattr | nodes.Getitem | nodes.Filter | nodes.BinExpr
        ):
            return node.lineno
        if not isinstance(inner, nodes.Node):
            return node.lineno
        node = inner


def _uncut(source: Source, problem: Uncut) -> Diagnostic:
    """Report where the text can't be cut into tokens."""
    start = problem.offset
    character = source.text[start : start + 1]
    place = source.span(start, start + 1)
    opened = next((t for t in reversed(problem.tokens) if t.kind.endswith("_begin")), None)
    if "end of comment" in problem.message or "end of raw" in problem.message:
        begun = opened or Token("", "", 0, 1)
        message = f"Jinja: this `{begun.text.strip() or '{#'}` is never closed"
        return error(CODE, message, source.span(begun.start, begun.end))
    if character in ("'", '"'):
        return error(CODE, f"Jinja: this `{character}` is never closed", place)
    bracket = _open_bracket(problem.tokens)
    if character in (")", "]", "}") and bracket is not None:
        at = source.span(bracket.start, bracket.end)
        related = [place.labelled("before this")]
        return error(CODE, f"Jinja: this `{bracket.text}` is never closed", at, related=related)
    if character == "}" and opened is not None and "{" in opened.text:
        at = source.span(opened.start, opened.end)
        message = f"Jinja: this `{opened.text.strip('-+ ')}` is never closed"
        return error(CODE, message, at, related=[place.labelled("a bracket is missing here")])
    if character in (")", "]", "}"):
        return error(CODE, f"Jinja: this `{character}` closes nothing", place)
    hints = (
        ["write `==` to compare, `and`, `or` and `not` to combine"] if character in "&|!" else []
    )
    return error(CODE, f"Jinja: `{character}` can't stand here", place, help=hints)


def _open_bracket(tokens: Sequence[Token]) -> Token | None:
    """Return the bracket that is open where the tokens end."""
    stack: list[Token] = []
    for token in tokens:
        if token.kind.endswith(("variable_begin", "block_begin")):
            stack = []
        elif token.kind == "operator" and token.text in _OPENERS:
            stack.append(token)
        elif token.kind == "operator" and token.text in _OPENERS.values() and stack:
            stack.pop()
    return stack[-1] if stack else None


def _unclosed_tag(source: Source, tags: Sequence[Tag]) -> Diagnostic | None:
    """Report a tag that runs into the end of the text, or into the next tag."""
    for tag in tags:
        closing = "}}" if tag.kind == "variable" else "%}"
        inner = re.search(r"\{[{%]", source.text[tag.start + 2 : tag.end])
        if source.text[: tag.end].rstrip().endswith(closing) and not inner:
            continue
        opening = source.text[tag.start : tag.start + 2]
        bracket = _open_bracket(tag.tokens)
        if source.text[: tag.end].rstrip().endswith(closing) and bracket is None:
            continue
        token = bracket if bracket is not None and bracket.text != "{" else None
        start, end = (token.start, token.end) if token else (tag.start, tag.start + 2)
        what = token.text if token else opening
        return error(CODE, f"Jinja: this `{what}` is never closed", source.span(start, end))
    return None


def _blocks(source: Source, tags: Sequence[Tag]) -> Diagnostic | None:
    """Report the first tag that is unknown, closes nothing, or is never closed."""
    stack: list[Tag] = []
    for tag in tags:
        if tag.kind != "block":
            continue
        problem = _block(source, tag, stack)
        if problem is not None:
            return problem
    if stack:
        tag = stack[-1]
        message = f"Jinja: this `{{% {tag.word} %}}` is never closed"
        help_ = f"write `{{% end{tag.word} %}}` where it ends"
        return error(CODE, message, source.span(tag.start, tag.end), help=[help_])
    return None


def _block(source: Source, tag: Tag, stack: list[Tag]) -> Diagnostic | None:
    word = tag.word
    place = source.span(tag.tokens[0].start, tag.tokens[0].end) if tag.tokens else None
    whole = source.span(tag.start, tag.end)
    if place is None:
        return error(CODE, "Jinja: this tag is empty", whole)
    if word in TAGS:
        if word in _BLOCKS and not (word == "set" and _assigns(tag)):
            stack.append(tag)
        return None
    closes = word[3:] if word.startswith("end") else ""
    if closes in _BLOCKS or word in _WITHIN:
        wanted = _WITHIN.get(word, (closes,))
        if stack and stack[-1].word in wanted:
            if closes:
                stack.pop()
            return None
        related = []
        if stack:
            opened = source.span(stack[-1].start, stack[-1].end)
            related = [opened.labelled("this is open")]
        what = "closes nothing" if closes else "can't stand here"
        return error(CODE, f"Jinja: this `{{% {word} %}}` {what}", whole, related=related)
    hints = [_NOT_OURS[word]] if word in _NOT_OURS else _tag_hint(tag)
    return error(CODE, f"Jinja: there is no tag `{word}`", place, help=hints)


def _tag_hint(tag: Tag) -> list[str]:
    known = (*TAGS, *_WITHIN, *(f"end{block}" for block in _BLOCKS))
    loops = any(token.text == "in" for token in tag.tokens)
    return list(did_you_mean(tag.word, ["for"] if loops else known))


def _assigns(tag: Tag) -> bool:
    """Tell whether `{% set %}` is given its value with `=`, not as a block."""
    depth = 0
    for token in tag.tokens:
        depth += (token.text in _OPENERS) - (token.text in _OPENERS.values())
        if token.text == "=" and depth == 0:
            return True
    return False


_EXPECTED: Final = {
    "end of print statement": "an operator or `}}`",
    "end of statement block": "an operator or `%}`",
    "name": "a name",
}
_MESSAGES: Final = (
    (r"expected token '(.+)', got '(.*)'", "Jinja: there must be {0} before `{1}`"),
    (r"[Ee]xpected an expression.*", "Jinja: there is nothing between these"),
    (r"unexpected '(.*)'", "Jinja: `{0}` can't stand here"),
    (r"can't assign to '(.*)'", "Jinja: `{0}` can't be set"),
    (r"(?:Unexpected end|unexpected end) of template.*", "Jinja: this ends too early"),
    (r"Invalid character in identifier", "Jinja: this is no name"),
)


def _refused(source: Source, tokens: Sequence[Token], said: str, offset: int) -> Diagnostic:
    """Say in our words what Jinja's parser said of the token at an offset."""
    token = next((t for t in tokens if t.start == offset and t.text), None)
    place = source.span(offset, token.end if token else offset + 1)
    for pattern, words in _MESSAGES:
        match = re.fullmatch(pattern, said.rstrip("."))
        if match is None:
            continue
        found = list(match.groups())
        if len(found) == 2:
            expected, got = found
            got = token.text.strip() if token else "the end"
            found = [_EXPECTED.get(expected, f"`{expected}`"), got]
        if found and found[0] in _EXPECTED:
            found[0] = token.text.strip() if token else "this"
        if found and token is not None and token.kind == "string":
            found[-1] = token.text
        return error(CODE, words.format(*found), place)
    said = said.rstrip(".")
    return error(CODE, f"Jinja: {said[:1].lower()}{said[1:]}", place)
