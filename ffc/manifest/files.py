"""Manifests to bytes and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from ffc.core.errors import NotFound
from ffc.core.files import write_atomically
from ffc.manifest.records import Entity, Manifest, Model, Source, Transformation
from ffc.manifest.upgrades import decode_manifest

NO_SQL = (Entity, Model, Source)


def encode(document: Any) -> bytes:
    """Return JSON that people can read: indented, keys in the records' order, one last newline."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def encode_manifest(manifest: Manifest) -> bytes:
    """Return a manifest as JSON, each node on a line of its own, so that a diff tells of nodes."""

    def written(name: str) -> bytes:
        value = getattr(manifest, name)
        if name != "nodes":
            return msgspec.json.encode(value)
        return b"[\n%b\n]" % b",\n".join(map(msgspec.json.encode, value))

    fields = (b'"%b":%b' % (name.encode(), written(name)) for name in manifest.__struct_fields__)
    return b"{\n%b\n}\n" % b",\n".join(fields)


def write_manifest(manifest: Manifest, path: Path) -> None:
    """Write a manifest whole or not at all."""
    write_atomically(path, encode_manifest(manifest))


def write_project(manifest: Manifest, folder: Path) -> None:
    """Write `manifest.json`, and each node's SQL under `compiled/` for people to read.

    What follows the first build of an incremental is `NODE.next.sql`.
    """
    compiled = folder / "compiled"
    wanted = {f"{node.id}.sql": node.sql for node in manifest.nodes if not isinstance(node, NO_SQL)}
    following = {
        f"{node.id}.next.sql": node.sql_next
        for node in manifest.nodes
        if isinstance(node, Transformation) and node.sql_next
    }
    wanted |= following
    for name, sql in wanted.items():
        _write(compiled / name, f"{sql.rstrip()}\n".encode())
    for path in compiled.glob("*.sql"):
        if path.name not in wanted:
            path.unlink()
    write_manifest(manifest, folder / "manifest.json")


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
