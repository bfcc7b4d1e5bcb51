"""The docs site: written from a project or from a bare manifest, and shown."""

from __future__ import annotations

import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from os.path import relpath
from pathlib import Path
from typing import Any, Final

from ffc import __version__
from ffc.cli.diagnosing import show_diagnostics
from ffc.cli.streams import answer, answer_exactly, talk
from ffc.core.characters import visible_path
from ffc.manifest.files import encode
from ffc.manifest.records import Manifest
from ffc.manifest.upgrades import decode_manifest
from ffc.site.rendering import site_files
from ffc.site.serving import serve_until_interrupted, site_address, site_server
from ffc.site.writing import Written, check_place, write_site
from ffc.workspace.folder import compile_workspace

FOLDER: Final = "docs"
FIRST_PAGE: Final = "index.html"

# The project's folder, that of profiles.yml, the target, variables.
Where = tuple[Path | None, Path | None, str | None, str | None]


def documented(where: Where, manifest: Path | None, quiet: bool) -> tuple[Manifest, Path] | None:
    """Return the manifest to tell of and the folder where its site is by default.

    None where the project doesn't compile: what is wrong with it has been shown.
    """
    if manifest is not None:
        return decode_manifest(manifest.read_bytes(), f"`{manifest}`"), manifest.parent / FOLDER
    workspace = compile_workspace(*where)
    show_diagnostics(workspace, quiet)
    if workspace.manifest is None:
        return None
    return workspace.manifest, workspace.root / "target" / FOLDER


def write_docs(manifest: Manifest, folder: Path, output: str, quiet: bool) -> Path:
    """Write the site and say so; return its first page."""
    check_place(folder)
    written = write_site(folder, site_files(manifest, __version__))
    first = folder / FIRST_PAGE
    if output == "json":
        answer_exactly(encode(docs_document(manifest, folder, written)).decode())
        return first
    answer(visible_path(str(first)) if first.is_absolute() else str(first))
    if not quiet:
        pages = f"{len(manifest.nodes)} node{'' if len(manifest.nodes) == 1 else 's'}"
        talk(f"wrote the docs of {pages}: {written.files} files, {size(written.bytes)}")
    return first


def shown(folder: Path) -> Path:
    """Return a folder as people say it: below where they are without the way there."""
    way = Path(relpath(folder))
    return folder if way.parts[:1] == ("..",) else way


def size(count: int) -> str:
    """Return a number of bytes: `320 kB`, `1.4 MB`."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"


def docs_document(manifest: Manifest, folder: Path, written: Written) -> dict[str, Any]:
    """Return the `ffc.docs/v1` document."""
    return {
        "schema": "ffc.docs/v1",
        "project": manifest.project.name,
        "target": manifest.target.name,
        "folder": str(folder),
        "nodes": len(manifest.nodes),
        "files": written.files,
        "bytes": written.bytes,
    }


@contextmanager
def listening(folder: Path, port: int | None) -> Iterator[ThreadingHTTPServer | None]:
    """Take the port, before any work is done for it; without one, nothing is to be served."""
    if port is None:
        yield None
        return
    with site_server(folder, port) as server:
        yield server


def serve_docs(server: ThreadingHTTPServer) -> None:
    """Serve until interrupted."""
    talk(f"serving the docs on {site_address(server)} (Ctrl-C ends it)")
    serve_until_interrupted(server)
    talk("")


def open_page(address: str) -> None:
    """Show a page in the browser of this machine, if there is one."""
    if not webbrowser.open(address):
        talk(f"no browser could be opened: the docs are at {address}")
