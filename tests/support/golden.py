"""Golden files: held against what is made now, written anew with FFC_UPDATE_GOLDEN=1."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "golden"


def golden(name: str, text: str) -> str:
    """Return the golden text of a name; write it first when asked to."""
    path = FOLDER / name
    if os.environ.get("FFC_UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return path.read_text()
