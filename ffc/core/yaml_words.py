"""What libyaml says of a text that is not YAML: in our words, where the mistake was made."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

import yaml

from ffc.core.diagnostics import Diagnostic, error
from ffc.core.lines import Lines

NO_JINJA: Final = "there is no Jinja in YAML: write the value itself, `ref('...')` without braces"
QUOTED_JINJA: Final = "put it in quotes: `\"{{ env_var('NAME') }}\"`"
_TWICE: Final = {"'": "`''`", '"': '`\\"`'}
_QUOTE: Final = "put text that begins with a special character in quotes"
_WHOLE: Final = "put text in quotes as a whole"
_COMMA: Final = "put a `,` between two values; put text in quotes as a whole"
_COLON: Final = "put text with a colon in it in quotes; a key stands in line with its neighbours"
_SPACES: Final = "indent with spaces, never with tabs"
_DIRECTIVE: Final = "leave the line out, or put text that begins with `%` in quotes"
_ESCAPE: Final = "write `\\\\` for a backslash, or use single quotes, where it is a mere character"
_TAG: Final = "put text that begins with `!` in quotes"
_BLOCK: Final = "the text begins on the next line, indented; behind `|` and `>` may be `-` or `+`"


class Words(NamedTuple):
    """A mistake in our words; `begun`: it is shown where the reading began, not where it ended."""

    what: str
    help: str = ""
    begun: bool = False


class Found(NamedTuple):
    """A mistake in our words and where it is."""

    words: Words
    start: int
    end: int
    related: tuple[tuple[int, str], ...] = ()


_NO_COLON: Final = Words("there is no `:` after this key", "write `key: value`", begun=True)
_WORDS: Final = {
    "found a tab character that violates indentation": Words("a tab can't indent", _SPACES),
    "found a tab character where an indentation space is expected": Words(
        "a tab can't indent", _SPACES
    ),
    "found character that cannot start any token": Words(
        "a value can't begin with this character", _QUOTE
    ),
    "mapping values are not allowed in this context": Words("a `:` can't stand here", _COLON),
    "mapping keys are not allowed in this context": Words("a `?` can't stand here", _QUOTE),
    "block sequence entries are not allowed in this context": Words(
        "a list can't begin here", "begin it on the next line, or write `[a, b]`"
    ),
    "did not find expected key": Words("this can't stand here", _WHOLE),
    "did not find expected '-' indicator": Words(
        "this is not in line with the list around it",
        "indent it like its neighbours, or begin it with `- `",
    ),
    "could not find expected ':'": _NO_COLON,
    "did not find expected ',' or '}'": Words("there must be a `,` or a `}` before this", _WHOLE),
    "did not find expected ',' or ']'": Words("there must be a `,` or a `]` before this", _WHOLE),
    "did not find expected node content": Words(
        "there must be a value or a closing bracket here", _QUOTE
    ),
    "found unexpected end of stream": Words(
        "this quote is never closed", "write the same quote where the text ends", begun=True
    ),
    "found unexpected document indicator": Words(
        "this quote is never closed", "`---` and `...` end a document", begun=True
    ),
    "found unknown escape character": Words("there is no such escape", _ESCAPE),
    "did not find expected hexdecimal number": Words(
        "this escape needs hexadecimal digits: `\\x41`, `\\u0041`, `\\U00000041`", _ESCAPE
    ),
    "found invalid Unicode character escape code": Words(
        "this escape stands for no character", _ESCAPE
    ),
    "did not find expected alphabetic or numeric character": Words(
        "this is no anchor", "put text that begins with `*` or `&` in quotes", begun=True
    ),
    "found unexpected ':'": Words("a `:` can't stand here", _COLON),
    "found an indentation indicator equal to 0": Words("this can't be 0", _BLOCK),
    "did not find expected comment or line break": Words("this can't stand here", _BLOCK),
    "did not find expected <document start>": Words(
        "this can't stand here", "a file is one document: leave out what ends or opens another"
    ),
    "found unexpected non-alphabetical character": Words("this is no directive", _DIRECTIVE, True),
    "could not find expected directive name": Words("this is no directive", _DIRECTIVE, True),
    "found unknown directive name": Words("there is no such directive", _DIRECTIVE, True),
    "found duplicate %YAML directive": Words("this is written twice", _DIRECTIVE),
    "found duplicate %TAG directive": Words("this is written twice", _DIRECTIVE),
    "found incompatible YAML document": Words(
        "this version of YAML is not known", "leave the line out"
    ),
    "found extremely long version number": Words("this is no version", _DIRECTIVE),
    "did not find expected digit or '.' character": Words("this is no version", _DIRECTIVE),
    "did not find expected version number": Words("this is no version", _DIRECTIVE),
    **dict.fromkeys(
        (
            "did not find expected whitespace",
            "did not find expected whitespace or line break",
            "did not find the expected '>'",
            "did not find expected '!'",
            "did not find expected tag URI",
            "did not find URI escaped octet",
            "found an incorrect leading UTF-8 octet",
            "found an incorrect trailing UTF-8 octet",
            "found undefined tag handle",
        ),
        Words("a tag can't stand here", _TAG, begun=True),
    ),
}
_UNKNOWN: Final = Words("it can't be read from here on", _WHOLE)
_JINJA: Final = re.compile(r"\{[{%#]")
_QUOTED: Final = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\n]|'')*'|(?<!\S)#.*")
_TIGHT: Final = re.compile(r"\s*(?:- +)*[A-Za-z_][\w.-]*(:)(?!//)\S")
# A word where a key should be: alone or with its value, or with a bracket behind it.
_ALONE: Final = re.compile(r"\s*(?:- +)*[\w.-]+(?: +[\w.-]+)?\s*")
_OPENING: Final = re.compile(r"\s*(?:- +)*([\w.-]+) +[\[{]")
_COMMENT: Final = re.compile(r"(?<!\S)#.*")


def syntax_error(lines: Lines, problem: yaml.MarkedYAMLError, jinja: str) -> Diagnostic:
    """Say why a text is not YAML; `jinja` is what to do about `{{` outside of quotes."""
    said = str(problem.problem or problem.context or "")
    noticed, begun = _offset(problem.problem_mark), _offset(problem.context_mark)
    at = noticed if noticed is not None else begun or 0
    at = min(at, len(lines.text.rstrip()))
    brace = _jinja(lines, at, begun)
    if brace is not None:
        return jinja_error(lines, brace, jinja)
    found = _found(lines, said, at, begun)
    return error(
        "FF101",
        f"this is not YAML: {found.words.what}",
        lines.span(found.start, max(found.end, found.start)),
        related=[lines.span(start, start + 1).labelled(label) for start, label in found.related],
        help=[found.words.help] if found.words.help else [],
    )


def jinja_error(lines: Lines, offset: int, help_: str) -> Diagnostic:
    """Report Jinja where none can be."""
    opening = lines.text[offset : offset + 2]
    closing = {"{{": "}}", "{%": "%}", "{#": "#}"}[opening]
    end = lines.text.find(closing, offset, lines.end(offset))
    span = lines.span(offset, offset + 2 if end < 0 else end + 2)
    return error("FF102", f"`{opening}` can't stand here", span, help=[help_])


def _offset(mark: yaml.Mark | None) -> int | None:
    return mark.index if mark is not None else None


def _jinja(lines: Lines, at: int, begun: int | None) -> int | None:
    """Return where Jinja begins on the line of a mistake, or where what it broke was opened."""
    for offset in (at, begun):
        if offset is None:
            continue
        found = _JINJA.search(_bare(lines.line(offset)))
        if found is None and _JINJA.match(lines.text, offset):
            return offset
        if found is None:
            continue
        start = lines.begin(offset) + found.start()
        # What breaks the reading stands before the place where it broke.
        if start == offset or (offset == at and start < at):
            return start
    comment = lines.text.rfind("{#", 0, at)
    # To YAML a bracket and a comment: what is missed comes much later.
    return comment if comment >= 0 and "{#" in _bare(lines.line(comment)) else None


def _bare(line: str) -> str:
    """Return a line with blanks in the place of what is quoted or a comment."""
    return _QUOTED.sub(lambda quoted: " " * len(quoted[0]), line)


def _found(lines: Lines, said: str, at: int, begun: int | None) -> Found:
    """Return the words for what libyaml said, and the place that they are about."""
    words = _WORDS.get(said, _UNKNOWN)
    tab = lines.line(at)[: at - lines.begin(at) + 1].lstrip(" ")
    if tab.startswith("\t") and not words.begun:
        start = lines.begin(at) + lines.line(at).index("\t")
        return Found(Words("a tab can't indent", _SPACES), start, start + 1)
    closer = _CLOSER.get(said)
    found = closer(lines, at, begun) if closer is not None else None
    if found is not None:
        return found
    start = begun if words.begun and begun is not None else at
    return Found(words, start, min(start + 1, len(lines.text.rstrip())))


def _colon(lines: Lines, at: int, begun: int | None) -> Found | None:
    """Tell a colon too much from a key that is not where it should be."""
    line, column = lines.line(at), at - lines.begin(at)
    before = _QUOTED.sub("", line[:column])
    above = _above(lines, at)
    opening = _OPENING.match(before)
    if opening is not None:
        start = lines.begin(at)
        return Found(_NO_COLON, start + opening.start(1), start + opening.end(1))
    if re.search(r":\s|[\[{,]", before) or above is None:
        return None
    tight = _tight(lines, above)
    if tight is not None:
        return tight
    key = lines.begin(at) + len(line) - len(line.lstrip(" -"))
    alone = _ALONE.fullmatch(_COMMENT.sub("", lines.line(above)))
    if alone is not None or _indent(line) == _indent(lines.line(above)):
        return _no_colon(lines, above, _first(lines, above))
    if _indent(line) < _indent(lines.line(above)):
        return None
    words = Words("this is indented deeper than what it belongs to", "indent it like the key above")
    return Found(words, key, at, ((_first(lines, above), "in line with this"),))


def _key(lines: Lines, at: int, begun: int | None) -> Found | None:
    """Tell a key out of line from text behind a quote."""
    line, column = lines.line(at), at - lines.begin(at)
    if lines.text[at : at + 1] == ":":
        return Found(Words("there is no key before this `:`", _COLON), at, at + 1)
    open_quote = _open_quote(lines, at)
    if open_quote is not None:
        return Found(_WORDS["found unexpected end of stream"], open_quote, open_quote + 1)
    if line[column - 1 : column] in ("'", '"') and column:
        quote = line[column - 1]
        words = Words(
            "this quote ends too early", f"within quotes write a `{quote}` as {_TWICE[quote]}"
        )
        return Found(words, at - 1, at)
    if line[:column].strip() or begun is None:
        return None
    indents, own = _indents_above(lines, at), _indent(line)
    near = [*[i for i in indents if i > own][-1:], *[i for i in indents if i < own][:1]]
    spaces = " or ".join(map(str, near))
    help_ = f"indent it by {spaces} spaces, like what is above"
    words = Words("this is not in line with what is around it", help_)
    return Found(words, at, lines.begin(at) + len(line.rstrip()))


def _no_colon(lines: Lines, at: int, begun: int | None) -> Found | None:
    """Show the whole word that should have been a key."""
    start = at if begun is None else begun
    tight = _tight(lines, start)
    if tight is not None:
        return tight
    said = _COMMENT.sub("", lines.line(start)).rstrip()
    return Found(_NO_COLON, start, max(start + 1, lines.begin(start) + len(said)))


def _bracket(lines: Lines, at: int, begun: int | None) -> Found | None:
    """Tell a bracket that is never closed from a comma that is missing."""
    if begun is None or lines.text[begun : begun + 1] not in ("{", "["):
        return None
    opened = lines.text[begun]
    closing = "}" if opened == "{" else "]"
    far = lines.begin(at) != lines.begin(begun)
    if far and _indent(lines.line(at)) <= _indent(lines.line(begun)):
        words = Words(f"this `{opened}` is never closed", f"write `{closing}` where it ends")
        return Found(words, begun, begun + 1)
    if lines.text[at : at + 1] in ("", "\n"):
        words = Words(f"this `{opened}` is never closed", f"write `{closing}` where it ends")
        return Found(words, begun, begun + 1)
    open_quote = _open_quote(lines, at)
    if open_quote is not None:
        return Found(_WORDS["found unexpected end of stream"], open_quote, open_quote + 1)
    words = Words(f"there must be a `,` or a `{closing}` before this", _COMMA)
    key = re.search(r"[\w-]*$", lines.text[lines.begin(at) : at])
    start = at - len(key[0]) if key is not None and lines.text[at] == ":" else at
    return Found(words, start, max(at, start + 1), ((begun, "opened here"),))


def _content(lines: Lines, at: int, begun: int | None) -> Found | None:
    """Say what stands where a value should."""
    character = lines.text[at : at + 1]
    if character in ("]", "}"):
        return Found(Words(f"this `{character}` closes nothing", _WHOLE), at, at + 1)
    if character == ",":
        return Found(Words("there is nothing before this `,`", _WHOLE), at, at + 1)
    if character in ("", "\n") and lines.text[at - 1 : at] in ("[", "{"):
        return _bracket(lines, at, at - 1)
    return None


def _document(lines: Lines, at: int, begun: int | None) -> Found | None:
    """Tell a directive without its end from a document too many."""
    above = _above(lines, at)
    if above is None or not lines.line(above).startswith("%"):
        return None
    start = lines.begin(above)
    words = Words("there must be a line `---` after this", "leave the line out")
    return Found(words, start, lines.end(above))


def _escape(lines: Lines, at: int, begun: int | None) -> Found | None:
    """Show an escape from its backslash on."""
    start = lines.text.rfind("\\", lines.begin(at), at + 1)
    said = lines.text[start + 1 : start + 2]
    words = {
        "x": "did not find expected hexdecimal number",
        "u": "found invalid Unicode character escape code",
        "U": "found invalid Unicode character escape code",
    }.get(said, "found unknown escape character")
    length = re.compile(r"\\(?:x\w{0,2}|u\w{0,4}|U\w{0,8}|.?)").match(lines.text, start)
    if start < 0 or length is None:
        return None
    digits = length[0][2:]
    short = len(digits) != {"x": 2, "u": 4, "U": 8}.get(said, 0)
    if said in ("x", "u", "U") and (short or not re.fullmatch(r"[0-9A-Fa-f]+", digits)):
        words = "did not find expected hexdecimal number"
    return Found(_WORDS[words], start, length.end())


_CLOSER: Final[dict[str, Callable[[Lines, int, int | None], Found | None]]] = {
    "mapping values are not allowed in this context": _colon,
    "did not find expected key": _key,
    "could not find expected ':'": _no_colon,
    "did not find expected ',' or '}'": _bracket,
    "did not find expected ',' or ']'": _bracket,
    "did not find expected node content": _content,
    "did not find expected <document start>": _document,
    "found unknown escape character": _escape,
    "did not find expected hexdecimal number": _escape,
    "found invalid Unicode character escape code": _escape,
}


def _tight(lines: Lines, at: int) -> Found | None:
    """Find a `:` without a space behind it on the line of a mistake."""
    found = _TIGHT.match(lines.line(at))
    if found is None:
        return None
    start = lines.begin(at) + found.start(1)
    return Found(tight_colon(), start, start + 1)


def tight_colon() -> Words:
    """Return the words for `name:x`."""
    return Words("a space is missing after this `:`", "write `key: value`")


def no_colon() -> Words:
    """Return the words for `name x`."""
    return _NO_COLON


def _above(lines: Lines, at: int) -> int | None:
    """Return the end of the nearest line above that says something."""
    end = lines.begin(at) - 1
    while end >= 0:
        line = lines.line(end).strip()
        if line and not line.startswith("#"):
            return end
        end = lines.begin(end) - 1
    return None


def _indents_above(lines: Lines, at: int) -> list[int]:
    """Return how deep the lines above are indented, from the nearest one out."""
    found: list[int] = []
    above = _above(lines, at)
    while above is not None and 0 not in found:
        indent = _indent(lines.line(above))
        if not found or indent < found[-1]:
            found.append(indent)
        above = _above(lines, above)
    return found


def _first(lines: Lines, at: int) -> int:
    """Return where a line's first word begins."""
    line = lines.line(at)
    return lines.begin(at) + len(line) - len(line.lstrip(" -"))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _open_quote(lines: Lines, at: int) -> int | None:
    """Return the quote that ends just before a mistake, if it began on a line above."""
    end = len(lines.text[lines.begin(at) : at].rstrip()) + lines.begin(at) - 1
    quote = lines.text[end : end + 1]
    if quote not in ("'", '"') or end < lines.begin(at):
        return None
    start = lines.text.rfind(quote, 0, end)
    if start < 0 or start >= lines.begin(at) or lines.text[start - 1 : start] not in " [{,":
        return None
    return start
