"""`ffc ls`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "ls",
    cls=options.SelectingCommand,
    short_help="List nodes.",
    examples=(
        "ffc ls",
        "ffc ls -s tag:fraud,kind:feature_view  # both",
        "ffc ls -s +fraud_training --exclude kind:source  # all that it reads, but sources",
        "ffc ls -s git:main+  # what is written otherwise than there, and what reads it",
        "ffc ls --output json --keys name,kind,tags",
        "ffc ls -s owner:risk@example.com --output name | xargs ffc run -s",
    ),
)
@click.option(
    "--output",
    type=options.Format(["text", "json", "name", "path"]),
    default="text",
    envvar="FFC_OUTPUT",
    show_default=True,
    help="The format of the answer: ids, JSON, names, or the files that nodes are in.",
)
@click.option(
    "--keys",
    "--output-keys",
    multiple=True,
    metavar="NAMES",
    help="With `--output json`: only these of each node, with commas or blanks between.",
)
@options.options(
    options.selection,
    options.WHERE,
    options.variables,
    options.strict,
    options.quiet,
    options.color,
)
def command(
    output: str,
    keys: tuple[str, ...],
    typed: options.Typed,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    variables: str | None,
    strict: bool,
    quiet: bool,
) -> int:
    """List the ids of the project's nodes, or of those that are selected.

    It is compiled first, and needs no connection. Names and files come one a line, for other
    commands: each name means its own node to `--select`.
    """
    from ffc.cli.listing import list_document, list_lines, listed_nodes, read_keys
    from ffc.cli.selecting import Chosen
    from ffc.cli.streams import answer, answer_exactly, talk
    from ffc.manifest.files import encode
    from ffc.workspace.folder import compile_workspace

    wanted = read_keys(keys)
    if wanted and output != "json":
        raise click.UsageError("`--keys` goes with `--output json`")
    workspace = compile_workspace(project_dir, profiles_dir, target, variables)
    manifest = workspace.manifest
    if manifest is None:
        from ffc.cli.diagnosing import show_diagnostics

        show_diagnostics(workspace, quiet)
        return 1
    chosen = Chosen(typed=typed, strict=strict, quiet=quiet)
    with workspace.opening() as opens:
        ids = chosen.of(manifest, opens, workspace.root)
    nodes, gone = listed_nodes(manifest, chosen.before(), ids)
    if output == "json":
        answer_exactly(encode(list_document(manifest, nodes, gone, wanted)).decode())
    elif nodes or gone:
        answer("\n".join(list_lines(manifest, nodes, gone, output)))
    elif not quiet or strict:
        talk("nothing is selected" if manifest.nodes else "the project has no nodes yet")
    return 1 if strict and not (nodes or gone) else 0
