"""The text of profiles.yml to be shown: what may be a secret becomes stars, each where it was."""

from __future__ import annotations

import re
from typing import Final

# What the value of these keys is, anyone may know, if it looks like a name or a path.
_NAME: Final = re.compile(r"[\w./~-]{1,64}")
_OPEN: Final = {
    **dict.fromkeys(("target", "schema", "type", "path"), _NAME),
    "protected": re.compile(r"true|false|yes|no|on|off", re.IGNORECASE),
}
_KNOWN: Final = frozenset(
    (
        *_OPEN,
        *("outputs", "offline", "online", "state", "default", "account", "user", "username"),
        *("password", "host", "port", "database", "warehouse", "role", "url", "token"),
    )
)
_TOKEN: Final = re.compile(
    r"""(?P<jinja>\{\{.*?(?:\}\}|$))
    |(?P<space>\s+)
    |(?P<comment>(?<!\S)\#.*)
    |(?P<key>(?:<<|[A-Za-z_][\w-]{0,40}|"[\w -]{0,40}"|'[\w -]{0,40}')[ ]*:(?=\s|$))
    |(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')
    |(?P<dash>-(?=\s|$))
    |(?P<mark>[{}\[\],])
    |(?P<word>[^\s,{}\[\]]+)""",
    re.VERBOSE,
)
_BLOCK: Final = re.compile(r"\s*[|>][-+0-9]*\s*")
_TIGHT: Final = re.compile(r"([A-Za-z_][\w-]*)(:?)")
_BARE: Final = re.compile(r"\benv_var\s*\(")
# Of Jinja: the braces, a call with the name of a variable as its first word, the name alone.
_CALL: Final = re.compile(
    r"\{\{|\}\}|\w+\s*\(\s*(?:(['\"]?)[A-Z_][A-Z0-9_]*\1(?=[\s,)]))?|[,)]"
    r"|(?<=\{\{ )[A-Z]+(?:_[A-Z]+)+(?= \}\})"
)


def redacted(text: str) -> str:
    """Return a text of the same lines, each of the same length, without what may be secret."""
    redactor = _Redactor()
    return "\n".join(redactor.line(line) for line in text.split("\n"))


def redacted_words(text: str) -> str:
    """Return a message without the password of an address in it, nor a key that is no word."""
    text = re.sub(r"(\w+://)[^\s`/]*@", r"\1***@", text)
    return re.sub(r"key `(?![\w.<-]{1,40}`).*`", "key `***`", text, flags=re.DOTALL)


class _Redactor:
    """Redact line by line; what a quote or a block of text holds goes on over lines."""

    def __init__(self) -> None:
        self._quote = ""
        self._block: int | None = None
        self._goes_on = False
        self._depth = 0
        self._key = ""

    def line(self, line: str) -> str:
        """Return a line with stars in it."""
        indent = len(line) - len(line.lstrip())
        if self._block is not None and (indent > self._block or not line.strip()):
            return _stars(line)
        self._block = None
        if self._quote:
            if self._quote in line:
                self._quote = ""
            return _stars(line)
        if not self._goes_on:
            self._depth = 0
        self._key = ""
        shown = self._tokens(line, indent)
        self._goes_on = line.rstrip().endswith((",", "{", "["))
        return shown

    def _tokens(self, line: str, indent: int) -> str:
        """Return a line token by token; `keyed`: a key may be next, `begins`: a value may."""
        shown, keyed, begins = "", True, True
        for found in _TOKEN.finditer(line):
            kind, token = str(found.lastgroup), found[0]
            if kind == "key" and not keyed and token.rstrip(" :") not in _KNOWN:
                kind = "word"
            if kind == "mark" and not self._marks(token, begins):
                # A bracket in the midst of a text: what follows is a part of the text.
                return shown + _stars(line[found.start() :])
            if kind == "word" and begins and token[0] in "\"'":
                self._quote = token[0]
                return shown + _stars(line[found.start() :])
            if kind == "key":
                self._key = token.rstrip(" :").strip("\"'")
                self._block = indent if _BLOCK.fullmatch(line, found.end()) else None
            shown += self._token(kind, token, begins)
            if kind != "space":
                keyed = kind in ("dash", "mark") and token not in ("]", "}")
                begins = keyed or kind == "key"
        return shown

    def _marks(self, token: str, begins: bool) -> bool:
        """Tell whether a bracket or a comma is none of a text; count the open brackets."""
        if token in ("{", "["):
            self._depth += begins
            return begins
        inside = self._depth > 0
        self._depth -= inside and token != ","
        return inside

    def _token(self, kind: str, token: str, begins: bool) -> str:
        if kind in ("space", "key", "dash", "mark"):
            return token
        key, self._key = self._key, ""
        if kind == "comment":
            return _stars(token)
        if key in _OPEN and _OPEN[key].fullmatch(token.strip("\"'")):
            return token
        if "{{" in token or _BARE.search(token):
            quotes = len(token) - len(token.lstrip("\"'"))
            end = len(token) - quotes
            return token[:quotes] + _inside(token[quotes:end]) + token[end:]
        known = _TIGHT.match(token) if begins and kind == "word" else None
        if known is not None and known[1] in _KNOWN:
            return known[0] + _stars(token[known.end() :])
        return token if token in ("|", ">", "|-", ">-", "---") else _stars(token)


def _inside(text: str) -> str:
    """Redact a text around the calls in it, and the calls but for the variable's name."""
    shown, end = "", 0
    for found in _CALL.finditer(text):
        shown += _stars(text[end : found.start()]) + found[0]
        end = found.end()
    return shown + _stars(text[end:])


def _stars(text: str) -> str:
    return re.sub(r"\S", "*", text)
