"""`ffc conformance`."""

from __future__ import annotations

from pathlib import Path

import click

from ffc.cli import options


@click.command(
    "conformance",
    cls=options.Command,
    short_help="Check that the stores of a target do what ffc needs.",
    examples=(
        "ffc conformance --list",
        "ffc conformance -c online -c 'state.*'",
        "ffc conformance --target prod --thorough",
    ),
)
@click.option(
    "--checks",
    "-c",
    "names",
    multiple=True,
    metavar="NAME",
    help="Only these: `offline`, `offline.types`, `*.keys.*`; again for more.",
)
@click.option("--thorough", is_flag=True, help="The checks too that take minutes.")
@click.option("--list", "only_list", is_flag=True, help="List the checks, and do nothing.")
@options.options(options.WHERE, options.TALK)
def command(
    names: tuple[str, ...],
    thorough: bool,
    only_list: bool,
    project_dir: Path | None,
    profiles_dir: Path | None,
    target: str | None,
    output: str,
    quiet: bool,
) -> int:
    """Hold the warehouse, the online stores and the state store to what every adapter promises.

    It works in schemas, keys and files of its own, which it takes away whatever happens, and
    touches nothing else. Exit code 1 where something does not hold.
    """
    from ffc.auth import local_user
    from ffc.cli.conforming import Shown, list_checks, show_end, write_document
    from ffc.cli.running import ended_when_asked
    from ffc.conformance.running import FOLDER, Watch, conform
    from ffc.workspace.folder import open_target

    shown = Shown(quiet)
    watch = shown.watch() if output == "text" else Watch(left=shown.left)
    with open_target(project_dir, profiles_dir, target) as opened:
        if only_list:
            return list_checks(opened.session, names, thorough)
        with ended_when_asked():
            found = conform(
                opened.session,
                principal=local_user(),
                names=names,
                thorough=thorough,
                folder=opened.root / "target" / FOLDER,
                watch=watch,
            )
        name = opened.session.target.name
    if output == "json":
        write_document(name, found)
    else:
        show_end(found, quiet)
    return 0 if found.ok else 1
