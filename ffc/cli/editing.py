"""`ffc lsp`: the language server on stdin and stdout, which nothing else may write to."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import NoReturn

from ffc.core.errors import ProfileError


def serve_editor(
    profiles_dir: Path | None, target: str | None, variables: str | None, strict: bool
) -> NoReturn:
    """Serve an editor until it says `exit` or is gone, and end the process.

    Raises ProfileError where the library that speaks the protocol is not installed.
    """
    if importlib.util.find_spec("pygls") is None:
        raise ProfileError(
            "the language server needs the extra `lsp`, which is not installed",
            help=["`pip install 'ffc-feature-store[lsp]'` installs it"],
        )
    from ffc import __version__
    from ffc.lsp.server import serve
    from ffc.workspace.again import Asked
    from ffc.workspace.folder import parse_variables

    parse_variables(variables)
    asked = Asked(profiles_dir=profiles_dir, target=target, variables=variables, strict=strict)
    # A word on stdout that is not the protocol's would end the conversation.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        code = serve(asked, __version__, answers)
    # What is being compiled is for nobody now, and DuckDB can't be left in the middle by a thread
    # of an interpreter that takes itself apart: it would end in an abort.
    os._exit(code)
