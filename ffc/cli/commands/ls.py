"""`ffc ls`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command("ls", cls=options.SelectingCommand, short_help="List nodes.")
@options.options(options.selection, options.WHERE, options.variables, options.strict, options.TALK)
def command(
    select: tuple[str, ...],
    exclude: tuple[str, ...],
    state: Path | None,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    variables: str | None,
    strict: bool,
    output: str,
    quiet: bool,
) -> int:
    """List the ids of the project's nodes, or of those that are selected.

    Words are united, commas intersect: -s "tag:daily,kind:feature_view +fraud_training".
    """
    from ffc.cli.diagnosing import show_diagnostics
    from ffc.cli.listing import list_document, listed_nodes
    from ffc.cli.selecting import Chosen
    from ffc.cli.streams import answer, answer_exactly, talk
    from ffc.connect.session import Session
    from ffc.manifest.files import encode
    from ffc.workspace.folder import compile_workspace

    workspace = compile_workspace(project_dir, profiles_dir, target, variables)
    manifest = workspace.manifest
    if manifest is None or workspace.target is None:
        show_diagnostics(workspace, quiet)
        return 1
    chosen = Chosen(wanted=select, unwanted=exclude, state=state)
    with Session(workspace.target, read_only=True) as session:
        ids = chosen.of(manifest, session, workspace.root)
    nodes, gone = listed_nodes(manifest, chosen.before(), ids)
    if output == "json":
        answer_exactly(encode(list_document(manifest, nodes, gone)).decode())
    elif nodes or gone:
        answer("\n".join([*(n.id for n in nodes), *(f"{n.id}  (removed)" for n in gone)]))
    elif not quiet or strict:
        talk("nothing is selected")
    return 1 if strict and not (nodes or gone) else 0
