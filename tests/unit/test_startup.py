"""What a command imports before it does anything: on modules, for seconds say nothing in a test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.cli import PROFILES, write_files

from ffc.cli.main import COMMANDS

# All that is imported to show help, or to complete a word: click, and these of our own.
_LIGHT = {"click", "ffc"}
_OUR_LIGHT = ("ffc.cli", "ffc.core.characters", "ffc.core.errors", "ffc.core.files")
# Of the standard library: what takes longer than click itself.
_SLOW = {"asyncio", "email", "http", "multiprocessing", "sqlite3", "ssl", "unittest", "xml"}
# What `ls` may need to compile, and no more: nothing that runs, serves or draws.
_COMPILING = {
    "click",
    "duckdb",
    "ffc",
    "ffc_duckdb",
    "ffc_sqlite",
    "jinja2",
    "markupsafe",
    "msgspec",
    "sqlglot",
    "yaml",
}
_RUNNING = ("ffc.serve", "ffc.client", "ffc.conformance", "ffc.lsp", "ffc.online.sync")
_SCRIPT = """
import sys
before = set(sys.modules)
from ffc.cli.main import run
code = run(sys.argv[1:])
with open(MODULES, "w") as file:
    file.write("\\n".join([str(code), *sorted(set(sys.modules) - before)]))
"""


def _imported(folder: Path, *arguments: str, **environment: str) -> set[str]:
    """Return the modules that a command imports beyond those of a bare Python."""
    told = folder / "modules.txt"
    script = _SCRIPT.replace("MODULES", repr(str(told)))
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=folder,
        env={"PATH": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.exists(), done.stderr
    code, *modules = told.read_text().splitlines()
    assert code == "0", done.stderr
    return set(modules)


def _tops(modules: set[str]) -> set[str]:
    """Return the packages among modules that are neither Python's own nor its tools'."""
    own = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names)
    return {name for name in own if not name.startswith("_")}


def _assert_light(modules: set[str]) -> None:
    assert "click" in modules
    assert _tops(modules) - _LIGHT == set()
    assert modules & _SLOW == set()
    ours = {name for name in modules if name.startswith("ffc.") and name != "ffc.core"}
    assert {name for name in ours if not name.startswith(_OUR_LIGHT)} == set()


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--version"]])
def test_what_ffc_says_of_itself_imports_click_only(tmp_path: Path, arguments: list[str]) -> None:
    _assert_light(_imported(tmp_path, *arguments))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_imports_click_only(tmp_path: Path, command: str) -> None:
    modules = _imported(tmp_path, command, "--help")
    _assert_light(modules)
    # Of the commands none but this one: a list of thirty is not paid for thirty times.
    loaded = {name for name in modules if name.startswith("ffc.cli.commands.")}
    assert loaded == {f"ffc.cli.commands.{command.replace('-', '_')}"}


@pytest.mark.parametrize("words", ["ffc ", "ffc comp", "ffc compile --", "ffc compile --output "])
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completing_commands_and_options_imports_click_only(
    tmp_path: Path, shell: str, words: str
) -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, atexit; sys.argv[0] = 'ffc'\n"
            "atexit.register(lambda: print('\\n'.join(sys.modules), file=sys.stderr))\n"
            "from ffc.cli.main import run; sys.exit(run())",
        ],
        cwd=tmp_path,
        env={
            "PATH": "/usr/bin:/bin",
            "_FFC_COMPLETE": f"{shell}_complete",
            "COMP_WORDS": words,
            # fish gives the word itself, the others its number.
            "COMP_CWORD": words.split(" ")[-1] if shell == "fish" else str(words.count(" ")),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    assert {"ffc ": "lineage", "ffc comp": "compile"}.get(words, "") in said.stdout
    assert said.stdout.strip(), said.stderr
    _assert_light(set(said.stderr.splitlines()) - {"__main__"} - _always())


def _always() -> set[str]:
    """Return what a bare Python imports here."""
    script = "import sys, atexit; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines())


@pytest.mark.parametrize("command", ["compile", "ls"])
def test_no_more_is_imported_than_compiling_takes(tmp_path: Path, command: str) -> None:
    files = {
        "ffc.yml": "name: small\nversion: 1\nprofile: test\n",
        "profiles.yml": PROFILES,
        "transformations/one.sql": "select 1 as id\n",
    }
    modules = _imported(write_files(tmp_path, files), command, HOME=str(tmp_path))
    # Typing is helped by two that sqlglot brings in its compiled form.
    helpers = {"mypy_extensions", "typing_extensions", "cython_runtime"}
    assert _tops(modules) - _COMPILING - helpers == set()
    assert {name for name in modules if name.startswith(_RUNNING)} == set()


def test_an_edit_of_one_query_loads_what_one_query_takes(tmp_path: Path) -> None:
    """None of the passes that look at every node, no adapter, no optimizer."""
    files = {
        "ffc.yml": "name: small\nversion: 1\nprofile: test\n",
        "profiles.yml": PROFILES,
        "transformations/one.sql": "select 1 as id\n",
        "transformations/two.sql": "select id from {{ ref('one') }}\n",
    }
    write_files(tmp_path, files)
    whole = _imported(tmp_path, "compile", HOME=str(tmp_path))
    (tmp_path / "transformations/two.sql").write_text(
        "select id from {{ ref('one') }} where id > 0\n"
    )
    edited = _imported(tmp_path, "compile", HOME=str(tmp_path))
    passes = {"ffc.compiler.compile", "ffc.compiler.training_sets", "ffc.compiler.feature_views"}
    assert whole >= passes
    assert edited & passes == set()
    assert {"duckdb", "sqlglot"} <= edited
    assert not any(name.startswith(("ffc_duckdb", "sqlglot.optimizer.q")) for name in edited)
