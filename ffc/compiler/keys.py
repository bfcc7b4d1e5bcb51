"""Whether a column can be a key of an entity."""

from __future__ import annotations

from ffc.compiler.compilation import Compilation
from ffc.core.diagnostics import Span, error
from ffc.core.types import known_type, widens
from ffc.manifest.records import Column


def check_key(
    state: Compilation, node: str, entity: str, key: Column, column: Column, source: str, span: Span
) -> None:
    """Report a column that is of another type than the key of the entity that it stands for.

    Many views and labels read one column: what is wrong about it is said once, the rest has failed.
    """
    if column.type and widens(known_type(column.type), known_type(key.type)):
        return
    pair = (f"{source}.{column.name}", f"{entity}.{key.name}")
    if pair in state.unlike:
        state.failed.add(node)
        return
    state.unlike.add(pair)
    message = (
        f"the key `{key.name}` of `{entity}` is {key.type}, "
        f"but the column `{column.name}` is {column.type or column.native}"
    )
    help_ = "cast it in a transformation, or change the entity's key to fit"
    declared = [
        written.at("type").labelled("the key")
        for record in state.resources.entities
        if record.name == entity
        for written in record.keys
        if written.name == key.name
    ]
    state.report(node, error("FF402", message, span, related=declared, help=[help_]))
