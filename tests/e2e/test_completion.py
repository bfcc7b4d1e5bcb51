"""Completion in a shell: what is asked by click's protocol, and once by a real bash."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.cli import ffc
from support.projects import FILES, small_project

PATH = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
TAGGED = FILES["features/all.yml"].replace(
    "    online: true\n    features:\n      - {name: country",
    "    online: true\n    tags: [nightly, pii]\n    owner: risk@example.com\n"
    "    features:\n      - {name: country",
)
SELECTORS = "selectors:\n  - name: evening\n    definition: clean\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that was compiled; nobody changes it."""
    files = {"features/all.yml": TAGGED, "selectors.yml": SELECTORS}
    folder = small_project(tmp_path_factory.mktemp("small"), **files)
    assert ffc(folder, "compile").code == 0
    return folder


def _ask(folder: Path, line: str, shell: str = "bash", script: str = "") -> list[str]:
    """Return how ffc answers a shell that asks how a line goes on."""
    done = subprocess.run(
        [sys.executable, "-c", script] if script else [sys.executable, "-m", "ffc"],
        cwd=folder,
        env={**os.environ, "_FFC_COMPLETE": f"{shell}_complete", "COMP_WORDS": line},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


def _values(folder: Path, line: str, shell: str = "bash") -> list[str]:
    return [re.sub(r"^plain,|\t.*$", "", each) for each in _ask(folder, line, shell)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ffc ru", ["run", "runs"]),
        ("ffc comp", ["compile", "compare", "completion"]),
        ("ffc ls --excl", ["--exclude"]),
        ("ffc ls --output ", ["text", "json", "name", "path"]),
        ("ffc ls -s cl", ["clean"]),
        ("ffc ls -s k", ["kind:"]),
        ("ffc ls -s config.mat", ["config.materialized:"]),
        ("ffc ls -s tag:", ["tag:nightly", "tag:pii"]),
        ("ffc ls -s kind:feat", ["kind:feature_view"]),
        ("ffc ls -s owner:", ["owner:risk@example.com"]),
        ("ffc ls -s entity:", ["entity:user"]),
        ("ffc ls -s source:raw.e", ["source:raw.events"]),
        ("ffc ls -s path:tran", ["path:transformations", "path:transformations/clean.sql"]),
        ("ffc ls -s file:m", ["file:main.yml"]),
        ("ffc ls -s state:modified.", ["state:modified.body", "state:modified.words"]),
        ("ffc ls -s result:s", ["result:skipped", "result:success"]),
        ("ffc ls -s selector:", ["selector:evening"]),
        ("ffc ls --selector ", ["evening"]),
        ("ffc ls -s +cl", ["+clean"]),
        ("ffc ls -s 2+tag:n", ["2+tag:nightly"]),
        ("ffc ls -s @sp", ["@spending"]),
        ("ffc ls -s tag:nightly,kind:la", ["tag:nightly,kind:label"]),
        ("ffc ls -s clean ma", ["main"]),
        ("ffc run --exclude clean tag:p", ["tag:pii"]),
        ("ffc run -s clean --exclude raw.u", ["raw.users"]),
        ("ffc run -s clean -t dev ma", []),
        ("ffc run -s clean --qui", ["--quiet"]),
        ("ffc ls --select=tag:n", ["tag:nightly"]),
        ("ffc compare sp", ["spending"]),
        ("ffc show pro", ["profile"]),
        ("ffc lineage pai", ["paid_back"]),
        ("ffc show raw.us", ["raw.users"]),
        ("ffc show raw.users.c", ["raw.users.country"]),
        ("ffc show spending.a", ["spending.amount"]),
        ("ffc lineage feature_view.spending.se", ["feature_view.spending.seen"]),
        ("ffc show nothing.a", []),
        ("ffc get ", ["profile.*", "profile.country", "spending.*", "spending.amount"]),
        ("ffc get profile.country sp", ["spending.*", "spending.amount"]),
        ("ffc historical -f spending.a", ["spending.amount"]),
        ("ffc training-set ", ["main"]),
        ("ffc explain FF21", ["FF210", "FF211", "FF212", "FF213", "FF214", "FF215", "FF216"]),
        ("ffc completion ", ["bash", "zsh", "fish"]),
        ("ffc ls -s zzz", []),
        ("ffc ls -s 'tag:n", ["tag:nightly"]),
    ],
)
def test_how_a_line_goes_on(project: Path, line: str, expected: list[str]) -> None:
    assert _values(project, line) == expected


def test_a_value_is_completed_to_what_can_be_typed(tmp_path: Path) -> None:
    odd = TAGGED.replace("[nightly, pii]", '["very old", "a,b"]')
    project = small_project(tmp_path, **{"features/all.yml": odd})
    assert ffc(project, "compile").code == 0
    assert _values(project, "ffc ls -s tag:") == ["tag:a?b", "tag:very?old"]


def test_commands_say_what_they_do(project: Path) -> None:
    assert "plain,ls\tList nodes." in _ask(project, "ffc l", "fish")
    # bash has no place for it, and its script takes it away.
    assert "plain,ls\tList nodes." in _ask(project, "ffc l")


def test_other_shells_take_words_whole(project: Path) -> None:
    for shell in ("zsh", "fish"):
        assert _values(project, "ffc ls --select=tag:n", shell) == ["--select=tag:nightly"]
        assert _values(project, "ffc ls -s tag:n", shell) == ["tag:nightly"]


def test_the_project_may_lie_elsewhere(project: Path, tmp_path: Path) -> None:
    assert _values(tmp_path, f"ffc ls --project-dir {project} -s cl") == ["clean"]
    assert _values(project / "data", "ffc ls -s cl") == ["clean"]
    assert _values(tmp_path, "ffc ls -s cl") == []


PROFILES = """\
other:
  outputs: {far: {}}
test:
  target: "{{ env_var('FFC_TARGET', 'dev') }}"
  outputs:
    dev: {schema: "dev_{{ env_var('USER') }}", offline: {type: duckdb, path: a.duckdb}}
    prod_eu: {}
    prod_us: {}
"""


def test_targets_are_those_of_the_projects_profile(tmp_path: Path) -> None:
    project = small_project(tmp_path / "small", **{"profiles.yml": PROFILES})
    for command in ("ls", "run", "debug", "compare", "conformance"):
        assert _values(project, f"ffc {command} -t ") == ["dev", "prod_eu", "prod_us"]
        assert _values(project, f"ffc {command} --target prod_e") == ["prod_eu"]
    assert _values(project, "ffc compare --target dev --target prod_u") == ["prod_us"]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "profiles.yml").write_text("test: {target: here, outputs: {here: {}}}")
    assert _values(project, f"ffc ls --profiles-dir {elsewhere} -t ") == ["here"]
    assert _values(elsewhere, f"ffc ls --project-dir {project} -t pro") == ["prod_eu", "prod_us"]
    assert _values(elsewhere, "ffc ls -t ") == []


@pytest.mark.parametrize(
    "text", ["", "\0", "{", "[1]", "test: 1", "test: {outputs: [1]}", "test: {outputs: }", "a: {}"]
)
def test_broken_profiles_complete_nothing(tmp_path: Path, text: str) -> None:
    project = small_project(tmp_path, **{"profiles.yml": text})
    assert _values(project, "ffc ls -t ") == []
    (project / "ffc.yml").write_text(text)
    assert _values(project, "ffc ls -t ") == []


def test_what_was_never_compiled_or_is_broken_completes_nothing(tmp_path: Path) -> None:
    project = small_project(tmp_path, **{"selectors.yml": "\0"})
    assert _values(project, "ffc ls -s cl") == []
    (project / "target").mkdir()
    for text in ("", "{", '{"nodes": 1}', '{"nodes": [{}]}'):
        (project / "target" / "manifest.json").write_text(text)
        assert _values(project, "ffc ls -s cl") == []
        assert _values(project, "ffc ls -s tag:") == []


def test_nothing_heavy_is_imported_meanwhile(project: Path) -> None:
    script = (
        "import sys, atexit; from ffc.cli.main import main\n"
        "atexit.register(lambda: print('|'.join(sys.modules)))\n"
        "main(['ls'])"
    )
    *found, modules = _ask(project, "ffc ls -s tag:n", script=script)
    assert found == ["plain,tag:nightly"]
    names = set(modules.split("|"))
    assert "msgspec" in names
    heavy = {"duckdb", "sqlglot", "pyarrow", "jinja2", "yaml", "asyncio", "ffc.manifest.records"}
    assert names & heavy == set()


def test_the_script_is_that_of_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for shell, word in (("bash", "COMPREPLY"), ("zsh", "compdef"), ("fish", "commandline")):
        done = ffc(tmp_path, "completion", shell)
        assert (done.code, done.stderr) == (0, "")
        assert word in done.stdout
        monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
        assert ffc(tmp_path, "completion").stdout == done.stdout
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    refused = ffc(tmp_path, "completion")
    assert (refused.code, refused.stdout) == (2, "")
    assert "name a shell" in refused.stderr


class Terminal:
    """A real bash that somebody types at."""

    def __init__(self, folder: Path) -> None:
        self.screen = ""
        self._end, other = pty.openpty()
        self.process = subprocess.Popen(
            ["bash", "--norc", "--noprofile", "-i"],
            cwd=folder,
            env={"PATH": PATH, "HOME": str(folder), "TERM": "dumb", "PS1": "$ "},
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
        )
        os.close(other)

    def type(self, text: str, until: str, seconds: float = 60) -> str:
        """Type a text, and return what is on the screen from there once something has come."""
        self.screen = ""
        os.write(self._end, text.encode())
        end = time.monotonic() + seconds
        while until not in self.screen.replace("\r", "").replace("\a", ""):
            assert time.monotonic() < end, f"{until!r} never came: {self.screen!r}"
            if select.select([self._end], [], [], 0.1)[0]:
                self.screen += os.read(self._end, 4096).decode()
        return self.screen

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._end)


def test_in_a_real_bash(project: Path) -> None:
    terminal = Terminal(project)
    try:
        terminal.type('eval "$(ffc completion bash)"; echo read""y\n', "ready\n")
        terminal.type("ffc ls -s tag:nigh\t", "tag:nightly ")
        # What is on the line is what is meant, the part before the colon too.
        terminal.type("\n", "\nfeature_view.profile\n")
        terminal.type("ffc ls -s kin\t", "kind:")
        terminal.type("lab\t", "label ")
        terminal.type("@prof\t--excl\tkind:source\n", "kind:source\n")
        listed = terminal.type("", "training_set.main\n")
        assert "label.paid_back" in listed
        assert "source.raw" not in listed
        terminal.type("ffc ls --select=owner:risk@ex\t\n", "\nfeature_view.profile\n")
    finally:
        terminal.close()
