"""`ffc explain`."""

from __future__ import annotations

import click

from ffc.cli import completing, options


@click.command(
    "explain",
    cls=options.Command,
    short_help="Tell more about an error or a warning.",
    examples=(
        "ffc explain FF201",
        "ffc explain  # list them all",
    ),
)
@click.argument("code", required=False, shell_complete=completing.complete_code)
@options.options(options.output, options.color)
def command(code: str | None, output: str) -> int:
    """Tell more about CODE, such as FF201: what it means, why, what fails and what works.

    Without a code: list them all. `ffc explain base` shows the project of the examples.
    """
    from ffc.cli.explaining import (
        chosen_page,
        list_document,
        page_document,
        render_list,
        render_page,
    )
    from ffc.cli.streams import answer, answer_exactly
    from ffc.manifest.files import encode

    page = None if code is None else chosen_page(code)
    if output == "json":
        document = list_document() if page is None else page_document(page)
        answer_exactly(encode(document).decode())
    else:
        answer(render_list() if page is None else render_page(page))
    return 0
