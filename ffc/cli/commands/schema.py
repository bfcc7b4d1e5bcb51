"""`ffc schema`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "schema",
    cls=options.Command,
    short_help="Print a JSON Schema, for editors and programs.",
    examples=(
        "ffc schema  # list them all",
        "ffc schema resources --to resources.schema.json",
        "ffc schema ls",
    ),
)
@click.argument("kind", required=False)
@options.options(options.output, options.write_json_to, options.quiet, options.color)
def command(kind: str | None, output: str, to: Path | None, quiet: bool) -> int:
    """Print the JSON Schema of KIND: a kind of YAML file, or a JSON document.

    Without a kind: list them all. With `ffc schema resources --to resources.schema.json` an editor
    completes and checks every YAML file of resources.
    """
    from ffc.cli.schemas import chosen_schema, list_document, render_list
    from ffc.cli.streams import answer, answer_exactly, talk
    from ffc.core.files import write_atomically
    from ffc.manifest.files import encode

    if kind is None and output == "text" and to is None:
        answer(render_list())
        return 0
    text = encode(list_document() if kind is None else chosen_schema(kind))
    if to is None:
        answer_exactly(text.decode())
        return 0
    write_atomically(to, text)
    if not quiet:
        talk(f"wrote {to}")
    return 0
