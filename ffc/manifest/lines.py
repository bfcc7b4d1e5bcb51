"""A manifest as bytes, a node a line: a diff tells of nodes, and one can be read or put alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct, structs

from ffc.manifest.records import AnyNode, Manifest
from ffc.manifest.served import Serving

# What stands between two fields, and two nodes; what begins and ends the whole, and the nodes.
_BETWEEN: Final = b",\n"
_FIRST: Final = b"{\n"
_NODES: Final = b'"nodes":[\n'
_END: Final = b"\n]"
_SERVING: Final = b'"serving":'
_LAST: Final = b"\n}\n"
_VIEW: Final = b'{"kind":"feature_view"'
_FINGERPRINT: Final = b'"data_fingerprint":"%b"'
_DECODER: Final = msgspec.json.Decoder(AnyNode)


def encode_manifest(manifest: Manifest) -> bytes:
    """Return a manifest as JSON, each node on a line of its own."""
    names = (name for name in manifest.__struct_fields__ if name not in ("nodes", "serving"))
    fields = {name.encode(): msgspec.json.encode(getattr(manifest, name)) for name in names}
    lines = Lines(
        before=tuple(b'"%b":%b' % field for field in fields.items()),
        nodes=tuple(map(msgspec.json.encode, manifest.nodes)),
        serving=msgspec.json.encode(manifest.serving),
    )
    return lines.encoded()


class Lines(Struct, frozen=True, kw_only=True):
    """The lines of a manifest: of each node in their order, and what is before and after them."""

    before: tuple[bytes, ...]
    nodes: tuple[bytes, ...]
    serving: bytes

    def node(self, number: int) -> AnyNode:
        """Return a node."""
        node: AnyNode = _DECODER.decode(self.nodes[number])
        return node

    def encoded(self) -> bytes:
        """Return the manifest."""
        first, *others = self.before
        nodes = list(self.nodes) or [b""]
        nodes[0] = _NODES + nodes[0]
        nodes[-1] += _END
        last = _SERVING + self.serving + _LAST
        return _BETWEEN.join((_FIRST + first, *others, *nodes, last))

    def put(
        self, nodes: Mapping[int, AnyNode], fingerprints: Mapping[int, tuple[str, str]]
    ) -> Lines:
        """Return the manifest with other nodes, and with other data fingerprints of nodes.

        `fingerprints` are those of before and those of now; a node that is put has its own.
        """
        lines = list(self.nodes)
        for number, pair in fingerprints.items():
            before, now = (_FINGERPRINT % each.encode() for each in pair)
            lines[number] = lines[number].replace(before, now, 1)
        for number, node in nodes.items():
            lines[number] = msgspec.json.encode(node)
        views = {
            self.node(number).id: now
            for number, (_, now) in fingerprints.items()
            if lines[number].startswith(_VIEW)
        }
        serving = _served(self.serving, views) if views else self.serving
        return structs.replace(self, nodes=tuple(lines), serving=serving)


def _served(line: bytes, fingerprints: Mapping[str, str]) -> bytes:
    """Return what can be served with other fingerprints of views, by their ids."""
    serving = msgspec.json.decode(line, type=Serving)
    views = tuple(
        structs.replace(view, fingerprint=fingerprints.get(view.id, view.fingerprint))
        for view in serving.views
    )
    return msgspec.json.encode(structs.replace(serving, views=views))


def lines_of(data: bytes) -> Lines:
    """Return the lines of a manifest that `encode_manifest` made."""
    parts = data.split(_BETWEEN)
    parts[0] = parts[0].removeprefix(_FIRST)
    first = next(number for number, part in enumerate(parts) if part.startswith(_NODES))
    *nodes, last = parts[first:]
    nodes[0] = nodes[0].removeprefix(_NODES)
    nodes[-1] = nodes[-1].removesuffix(_END)
    return Lines(
        before=tuple(parts[:first]),
        nodes=tuple(filter(None, nodes)),
        serving=last.removeprefix(_SERVING).removesuffix(_LAST),
    )
