"""What other tools call commands and options, and what does the same here.

dbt's are answered whole: whatever its hands type works, or is told what to write instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Names of dbt's that work as they are.
ALIASES: Final[Mapping[str, str]] = {"list": "ls", "build": "run"}
# Commands that are called otherwise here.
MEANT: Final[Mapping[str, str]] = {
    "parse": "compile",
    **dict.fromkeys(("materialize", "apply"), "run"),
}
# Commands that nothing here is called for, and why.
NEEDLESS: Final[Mapping[str, str]] = {
    "deps": "there are no packages: macros are in `macros/`",
    "seed": "files are sources: declare them in `sources/`, and `ffc run` reads them",
    "snapshot": "a snapshot is a transformation: `ffc run` brings it up to date",
    "clone": "a target reads and builds its own: `ffc run --target NAME`",
    "run-operation": "`ffc query` asks the warehouse a SELECT; macros are for transformations",
    "man": "`ffc COMMAND --help` tells all, `ffc explain` more about an error",
    "state": "`ffc ls -s state:modified --state FOLDER` compares with another manifest",
}
_TALK: Final = "FFC_DEBUG=1 shows the traceback of what fails; leave it out"
_OF_RUNS: Final = "`ffc runs` shows what ran, `--output json` all of it; leave it out"
# Options, whatever the command is.
OPTIONS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("--models", "--model", "-m"), "write `--select`"),
    **dict.fromkeys(
        ("--resource-type", "--resource-types"), "write `--select kind:feature_view` or the like"
    ),
    **dict.fromkeys(
        ("--exclude-resource-type", "--exclude-resource-types"), "write `--exclude kind:label`"
    ),
    "--indirect-selection": "tests are a node's own: leave it out",
    **dict.fromkeys(
        ("--defer", "--no-defer", "--favor-state", "--no-favor-state", "--defer-state"),
        "what is not selected is read as it is deployed: leave it out",
    ),
    "--profile": "ffc.yml names the profile; `--target` one of its targets",
    **dict.fromkeys(("--warn-error", "--warn-error-options"), "write `--strict`"),
    **dict.fromkeys(("--no-use-colors", "--use-colors"), "write `--no-color` or `--color`"),
    **dict.fromkeys(("--log-format", "--log-format-file"), "write `--output json`"),
    **dict.fromkeys(("--no-partial-parse", "--partial-parse"), "leave it out"),
    **dict.fromkeys(("--no-version-check", "--version-check"), "leave it out"),
    **dict.fromkeys(("-d", "--debug", "--no-debug", "--log-level", "--log-level-file"), _TALK),
    **dict.fromkeys(("--log-path", "--write-json", "--no-write-json", "--print"), _OF_RUNS),
    **dict.fromkeys(("--no-print", "--record-timing-info", "-r"), _OF_RUNS),
    "--printer-width": "leave it out",
    "--target-path": "it is `target/` in the project; leave it out",
    "--single-threaded": "write `--threads 1`",
    "--empty": "`ffc compile` checks every query over empty tables, and builds nothing",
    "--sample": "write `--from` and `--to` for incrementals",
    "--event-time-start": "write `--from`",
    "--event-time-end": "write `--to`",
    **dict.fromkeys(
        ("--store-failures", "--no-store-failures"), "a test that fails shows rows; leave it out"
    ),
    "--inline": 'write `ffc query "select ..."`',
    "--config-dir": "`ffc debug` says which profiles.yml it reads; leave it out",
    "--connection": "`ffc debug` tries every connection: leave it out",
    **dict.fromkeys(("--skip-profile-setup", "--skip-debug"), "leave it out"),
    **dict.fromkeys(
        ("--clean-project-files-only", "--no-clean-project-files-only"),
        "`ffc clean` drops builds; `target/` can be deleted at any time",
    ),
}
_WHOLE: Final = "a project is compiled whole; `ffc show NODE --sql` prints the SQL of one"
_NAMED: Final = "name it: `ffc show NODE`"
_STATIC: Final = "the docs are files, made without a connection: leave it out"
# Options of one command.
OPTIONS_OF: Final[Mapping[str, Mapping[str, str]]] = {
    "compile": {
        **dict.fromkeys(("-s", "--select", "--exclude", "--selector", "-m", "--models"), _WHOLE),
        "--no-introspect": "nothing is looked at unless `--introspect` says so: leave it out",
        "-f": "there is nothing to refresh: leave it out",
        "--full-refresh": "there is nothing to refresh: leave it out",
    },
    "show": {
        **dict.fromkeys(("-s", "--select", "-m", "--models"), _NAMED),
        "--limit": "write `--rows`",
    },
    "docs": {
        **dict.fromkeys(("--static", "--no-compile", "--compile", "--empty-catalog"), _STATIC),
        **dict.fromkeys(("-s", "--select"), "they are of all nodes: leave it out"),
        "--host": "it is shown to this machine alone; put the folder on a web host",
        **dict.fromkeys(("--no-browser", "--no-open"), "none is opened without `--open`"),
        "--browser": "write `--open`",
    },
}
# Formats of lists.
FORMATS: Final[Mapping[str, str]] = {"selector": "name"}


def meant_option(command: str, option: str) -> str | None:
    """Return what to write in the place of an option that a command does not have, if known."""
    return OPTIONS_OF.get(command, {}).get(option) or OPTIONS.get(option)
