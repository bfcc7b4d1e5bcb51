"""Names of files and anchors: safe on every file system and in every URL, one for each thing."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final

# What a name is taken as it is: one case, so that file systems without two see no difference.
_PLAIN: Final = re.compile(r"[a-z](?:[a-z0-9_.@]*[a-z0-9_])?")
_OTHERS: Final = re.compile(r"[^a-z0-9_]+")
LONGEST: Final = 80
# Devices of Windows, with whatever ending; and the file that each folder has of its own.
_TAKEN: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d|index)(?:\..*)?", re.DOTALL)


def file_stem(text: str) -> str:
    """Return the name of a thing's file, without ending.

    What can't be a file's name as it is gets a digest, behind a dash that plain names don't have:
    so two things never share a file.
    """
    if _PLAIN.fullmatch(text) and not _TAKEN.fullmatch(text) and len(text) <= LONGEST:
        return text
    digest = blake2b(text.encode(errors="replace"), digest_size=8).hexdigest()
    head = _OTHERS.sub("-", text.lower()).strip("-_")[: LONGEST - 20]
    return f"{head or 'x'}-{digest}"


def column_anchor(column: str) -> str:
    """Return the anchor of a column on its node's page, and on that of all columns."""
    return f"c-{file_stem(column)}"


def node_page(node_id: str) -> str:
    """Return the page of a node, as seen from the site's folder."""
    return f"nodes/{file_stem(node_id)}.html"


def tag_page(tag: str) -> str:
    """Return the page of a tag."""
    return f"tags/{file_stem(tag)}.html"


def owner_page(owner: str) -> str:
    """Return the page of an owner."""
    return f"owners/{file_stem(owner)}.html"


def kind_page(kind: str) -> str:
    """Return the page that lists the nodes of a kind."""
    return f"kinds/{kind}.html"


def column_page(column: str) -> str:
    """Return the page of a column's name that many nodes have."""
    return f"columns/{file_stem(column)}.html"


def numbered_page(page: str, number: int) -> str:
    """Return a page of a list that is cut into several: the first is the list's own.

    No name ends so: one with a dash ends in a digest of sixteen digits.
    """
    return page if number == 1 else f"{page.removesuffix('.html')}-{number}.html"


def listing_page(folder: str, number: int) -> str:
    """Return a page of a list that is cut into several: the first is the folder's own."""
    return f"{folder}/{'index' if number == 1 else number}.html"
