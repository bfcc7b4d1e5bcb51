"""What other tools call commands and options, and what does the same here.

dbt's are answered whole: whatever its hands type works, or is told what to write instead. Of Feast,
Featureform and SQLMesh the commands are, of this language the words that are yet to come.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Names of dbt's that work as they are.
ALIASES: Final[Mapping[str, str]] = {"list": "ls", "build": "run"}
# Commands that are called otherwise here.
MEANT: Final[Mapping[str, str]] = {
    "parse": "compile",
    "validate": "compile",
    "get-online-features": "get",
    "get-historical-features": "historical",
}
_COMPILES: Final = "`ffc compile` checks all of the project"
_CLEANS: Final = "`ffc clean --unused` drops what no name leads to any more"
# Words of this language that no version has yet, and what there is until then.
LATER: Final[Mapping[str, str]] = {
    "plan": f"{_COMPILES}, `ffc ls -s git:main+` lists what changed and what reads it",
    "diff": "`ffc ls -s git:main` lists what changed, `ffc compare -t prod` rows that differ",
    "why": "`ffc get` and `ffc historical` tell values, `ffc lineage VIEW.FEATURE` their origin",
    "verify": "`ffc test` tells what holds of the data, `ffc compare -t prod` what differs there",
    "lint": "`ffc compile --strict` takes what it warns of for errors",
    "fmt": "files stay as people write them",
    "ci": "`ffc compile --strict --output github` checks a project there",
    "drop": _CLEANS,
    "prune": _CLEANS,
}
_SYNCS: Final = "`ffc run` builds what changed and brings it online, `ffc sync` does only that"
_DOCS: Final = "`ffc docs --open` shows the project in a browser"
_ASKS: Final = "`ffc query` asks the warehouse a SELECT"


def _listed(kind: str) -> str:
    return f"`ffc ls -s kind:{kind}` lists them, `ffc show NAME` tells of one"


# Commands that nothing here is called for, and what to do instead: of dbt, Feast, Featureform and
# SQLMesh, and of nobody.
NEEDLESS: Final[Mapping[str, str]] = {
    "deps": "there are no packages: macros are in `macros/`",
    "seed": "files are sources: declare them in `sources/`, and `ffc run` reads them",
    "snapshot": "a snapshot is a transformation: `ffc run` brings it up to date",
    "clone": "a target reads and builds its own: `ffc run --target NAME`",
    "run-operation": f"{_ASKS}; macros are for transformations",
    "man": "`ffc COMMAND --help` tells all, `ffc explain` more about an error",
    "state": "`ffc ls -s state:modified --state FOLDER` compares with another manifest",
    "deploy": "`ffc run --target prod` builds and deploys; `ffc deployments` lists what was",
    "apply": "`ffc run` builds and deploys what changed; `ffc compile` checks, and builds nothing",
    "register": "what a file of the project declares is there: `ffc run` builds and deploys it",
    "materialize": _SYNCS,
    "materialize-incremental": f"only what changed is written: {_SYNCS}",
    "teardown": f"{_CLEANS}; the stores of a target are yours to drop",
    "registry-dump": "`ffc ls --output json` lists all nodes; target/manifest.json has all of them",
    "entities": _listed("entity"),
    "feature-views": _listed("feature_view"),
    "feature-services": _listed("model"),
    "data-sources": _listed("source"),
    "saved-datasets": _listed("training_set"),
    "features": "`ffc search WORDS` finds them, `ffc show VIEW` lists those of a view",
    "on-demand-feature-views": "`on_demand:` declares them in YAML; no command lists them yet",
    "serve_offline": "`ffc serve --offline` looks features up in the warehouse, too",
    **dict.fromkeys(("ui", "dash", "dashboard"), _DOCS),
    **dict.fromkeys(("configuration", "info"), "`ffc debug` tells of a target's settings"),
    "head": "`ffc show NAME --rows 10` shows the first rows",
    **dict.fromkeys(("evaluate", "fetchdf"), _ASKS),
    "render": "`ffc show NODE --sql` prints its SQL",
    "dag": "`ffc lineage NODE` shows where it comes from and goes to",
    "table_diff": "`ffc compare -t prod` shows rows that differ",
    "audit": "`ffc test` runs the tests of the data",
    "format": LATER["fmt"],
    "janitor": _CLEANS,
    "version": "`ffc --version` tells it",
    "help": "`ffc --help` lists all commands, `ffc COMMAND --help` tells of one",
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
