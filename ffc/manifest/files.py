"""Manifests to bytes and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from ffc.core.errors import NotFound
from ffc.core.files import write_atomically
from ffc.manifest.lines import encode_manifest
from ffc.manifest.records import AnyNode, Entity, Manifest, Model, Source, Transformation
from ffc.manifest.upgrades import decode_manifest

NO_SQL = (Entity, Model, Source)


def encode(document: Any) -> bytes:
    """Return JSON that people can read: indented, keys in the records' order, one last newline."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Write a manifest whole or not at all."""
    write_atomically(path, encode_manifest(manifest))


def write_project(manifest: Manifest, folder: Path, encoded: bytes | None = None) -> None:
    """Write `manifest.json`, and each node's SQL under `compiled/` for people to read.

    What follows the first build of an incremental is `NODE.next.sql`. The manifest may be `encoded`
    already.
    """
    compiled = folder / "compiled"
    wanted = {name: sql for node in manifest.nodes for name, sql in _texts(node)}
    for name, sql in wanted.items():
        _write(compiled / name, f"{sql.rstrip()}\n".encode())
    for path in compiled.glob("*.sql"):
        if path.name not in wanted:
            path.unlink()
    write_atomically(folder / "manifest.json", encoded or encode_manifest(manifest))


def write_nodes(nodes: Iterable[AnyNode], encoded: bytes, folder: Path) -> list[str]:
    """Write the SQL of nodes, and the manifest that they are in; the others' lies there already.

    Returns the names of the files under `compiled/`.
    """
    texts = [text for node in nodes for text in _texts(node)]
    for name, sql in texts:
        _write(folder / "compiled" / name, f"{sql.rstrip()}\n".encode())
    write_atomically(folder / "manifest.json", encoded)
    return [name for name, _ in texts]


def _texts(node: AnyNode) -> Iterator[tuple[str, str]]:
    """Yield the files of a node, by their names."""
    if not isinstance(node, NO_SQL):
        yield f"{node.id}.sql", node.sql
    if isinstance(node, Transformation) and node.sql_next:
        yield f"{node.id}.next.sql", node.sql_next


def _write(path: Path, data: bytes) -> None:
    """Write a file, unless it holds that already."""
    try:
        same = path.read_bytes() == data
    except OSError:
        same = False
    if not same:
        write_atomically(path, data)


def read_manifest(path: Path) -> Manifest:
    """Read a manifest file; raises NotFound or StateError."""
    if not path.is_file():
        raise NotFound(f"there is no manifest at {path.name}", help=["run `ffc compile` first"])
    return decode_manifest(path.read_bytes())
