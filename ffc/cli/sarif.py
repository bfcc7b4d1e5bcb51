"""Diagnostics as SARIF 2.1.0, which code scanners and editors read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from ffc import __version__
from ffc.cli.formats import message_lines, outside, within
from ffc.core.characters import visible
from ffc.core.diagnostics import Diagnostic, Span
from ffc.explain import find_page

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT: Final = "%SRCROOT%"
# In a message, `[text](target)` is a link; a backslash makes it text.
_LINK: Final = re.compile(r"\[(?=[^\]]*\]\()")
_PLACE: Final = re.compile(r":\d+(:\d+)?\b")


def sarif(diagnostics: Sequence[Diagnostic], prefix: str) -> dict[str, Any]:
    """Return the log of one run; files are seen from the repository."""
    codes = sorted({found.code for found in diagnostics})
    seen: Counter[str] = Counter()
    driver = {
        "name": "ffc",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(code) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "the root of the repository"}}},
        "results": [_result(found, codes, prefix, seen) for found in diagnostics],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, Any]:
    page = find_page(code)
    if page is None:
        return {"id": code}
    name = "".join(word.capitalize() for word in re.findall(r"\w+", page.title))
    return {
        "id": code,
        "name": name,
        "shortDescription": {"text": f"{page.title[:1].upper()}{page.title[1:]}."},
        "fullDescription": {"text": page.summary},
        "help": {"text": page.standalone, "markdown": page.standalone},
    }


def _result(
    found: Diagnostic, codes: Sequence[str], prefix: str, seen: Counter[str]
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": codes.index(found.code),
        "level": found.severity,
        "message": {"text": _escaped("\n".join(message_lines(found)))},
        "locations": [_location(found.span, prefix)],
        "partialFingerprints": {"ffc/v1": _fingerprint(found, prefix, seen)},
    }
    if found.related:
        related = enumerate(found.related, start=1)
        result["relatedLocations"] = [{"id": n, **_location(p, prefix)} for n, p in related]
    return result


def _location(span: Span, prefix: str) -> dict[str, Any]:
    region = {
        "startLine": span.start.line,
        "startColumn": span.start.column,
        "endLine": span.end.line,
        "endColumn": span.end.column,
    }
    place = {"physicalLocation": {"artifactLocation": _file(span.file, prefix), "region": region}}
    return {**place, "message": {"text": _escaped(visible(span.label))}} if span.label else place


def _file(file: str, prefix: str) -> dict[str, str]:
    if outside(file):
        return {"uri": f"file://{_quoted(Path(file).expanduser().as_posix())}"}
    return {"uri": _quoted(within(file, prefix)), "uriBaseId": _ROOT}


def _quoted(path: str) -> str:
    return quote(path, errors="surrogatepass")


def _fingerprint(found: Diagnostic, prefix: str, seen: Counter[str]) -> str:
    """Tell one mistake from another wherever in its file it stands: no line, no column."""
    message = _PLACE.sub("", found.message)
    words = (found.code, within(found.span.file, prefix), found.node, message)
    told = "".join(f"{len(word)}:{word}" for word in words)
    seen[told] += 1
    data = f"{told}{seen[told]}".encode(errors="surrogatepass")
    return hashlib.sha256(data).hexdigest()[:32]


def _escaped(text: str) -> str:
    return _LINK.sub(r"\\[", text)
