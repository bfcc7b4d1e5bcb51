"""A manifest as bytes, a node a line: a diff tells of nodes, and one can be read or put alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct, structs

from ffc.manifest.records import AnyNode, Manifest
from ffc.manifest.served import Serving

_NODES: Final = b'"nodes":['
_END: Final = b"],"
_SERVING: Final = b'"serving":'
_VIEW: Final = b'{"kind":"feature_view"'
_FINGERPRINT: Final = b'"data_fingerprint":"%b"'
_DECODER: Final = msgspec.json.Decoder(AnyNode)


def encode_manifest(manifest: Manifest) -> bytes:
    """Return a manifest as JSON, each node on a line of its own."""

    def written(name: str) -> bytes:
        value = getattr(manifest, name)
        if name != "nodes":
            return msgspec.json.encode(value)
        return b"[\n%b\n]" % b",\n".join(map(msgspec.json.encode, value))

    fields = (b'"%b":%b' % (name.encode(), written(name)) for name in manifest.__struct_fields__)
    return b"{\n%b\n}\n" % b",\n".join(fields)


class Lines(Struct, frozen=True, kw_only=True):
    """The lines of a manifest: of each node in their order, what comes before and after them."""

    before: tuple[bytes, ...]
    nodes: tuple[bytes, ...]
    after: tuple[bytes, ...]

    def node(self, number: int) -> AnyNode:
        """Return a node."""
        node: AnyNode = _DECODER.decode(self.nodes[number])
        return node

    def encoded(self) -> bytes:
        """Return the manifest."""
        nodes = b",\n".join(self.nodes)
        return b"\n".join((*self.before, nodes, *self.after))

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
        after = _served(self.after, views) if views else self.after
        return structs.replace(self, nodes=tuple(lines), after=after)


def _served(lines: Sequence[bytes], fingerprints: Mapping[str, str]) -> tuple[bytes, ...]:
    """Return lines in which what can be served has other fingerprints of views, by their ids."""
    at = next(number for number, line in enumerate(lines) if line.startswith(_SERVING))
    serving = msgspec.json.decode(lines[at].removeprefix(_SERVING), type=Serving)
    views = tuple(
        structs.replace(view, fingerprint=fingerprints.get(view.id, view.fingerprint))
        for view in serving.views
    )
    line = _SERVING + msgspec.json.encode(structs.replace(serving, views=views))
    return (*lines[:at], line, *lines[at + 1 :])


def lines_of(data: bytes) -> Lines:
    """Return the lines of a manifest that `encode_manifest` made."""
    lines: Sequence[bytes] = data.split(b"\n")
    first = lines.index(_NODES) + 1
    last = lines.index(_END, first)
    nodes = (line.removesuffix(b",") for line in lines[first:last] if line)
    return Lines(before=tuple(lines[:first]), nodes=tuple(nodes), after=tuple(lines[last:]))
