"""The README and the docs are true: commands run, transcripts are what is printed."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import msgspec
import pytest
from projects.flights_data import PROJECT
from support.cli import ffc, write_files
from support.postgres import PASSWORD, shared
from support.server import serving

from ffc.cli.main import COMMANDS, cli
from ffc.connect import profiles
from ffc.core.decode import Record
from ffc.project import checks, resources

ROOT = Path(__file__).parent.parent.parent
README = ROOT / "README.md"
UPDATE = bool(os.environ.get("FFC_UPDATE_GOLDEN"))


def _steady(text: str) -> str:
    """Put one word for what differs from day to day: dates, ports, seconds, build ids."""
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<instant>", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:<port>", text)
    text = re.sub(r"\d+\.\d+ ?s\b", "<seconds>", text)
    return re.sub(r" +", " ", text)


def _block(name: str, text: str) -> str:
    """Hold a marked block of the README against what is printed; write it there when asked to."""
    readme = README.read_text()
    pattern = re.compile(rf"(<!-- {name} -->\n```text\n)(.*?)(```\n<!-- /{name} -->)", re.DOTALL)
    found = pattern.search(readme)
    assert found is not None
    if UPDATE:
        README.write_text(readme[: found.start(2)] + text + readme[found.end(2) :])
        return text
    return found[2]


def _demo(folder: Path, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ffc", "demo"],
        cwd=folder,
        # Another project's target is none of the demo's.
        env={**os.environ, "PATH": path, "FFC_TARGET": "prod"},
        capture_output=True,
        text=True,
        check=True,
    )


def test_the_demo_is_what_the_readme_shows(tmp_path: Path) -> None:
    done = _demo(tmp_path, f"{Path(sys.executable).parent}:/usr/bin:/bin")
    assert done.stderr == ""
    shown = _block("demo", done.stdout.lstrip("\n"))
    assert _steady(shown) == _steady(done.stdout.lstrip("\n"))
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert (tmp_path / "ffc-demo" / "ffc.yml").is_file()


def test_a_second_demo_takes_another_folder(tmp_path: Path) -> None:
    (tmp_path / "ffc-demo").mkdir()
    done = _demo(tmp_path, "/usr/bin:/bin")
    assert "cd ffc-demo-2" in done.stdout
    # Where the shell would not find ffc, the demo says how to make it.
    assert '  export PATH="/' in done.stdout


def test_the_error_is_what_the_readme_shows(tmp_path: Path) -> None:
    ffc(tmp_path, "init", "fraud")
    project = tmp_path / "fraud"
    file = project / "features" / "customer.yml"
    text = file.read_text().replace("ref('customer_daily_stats')", "ref('customer_daily_stat')")
    file.write_text(text.replace("name: credit_limit,", "name: credit_limits,"))
    refused = ffc(project, "compile")
    assert refused.code == 1
    assert _block("error", refused.stderr) == refused.stderr


def _typed(section: str, language: str) -> str:
    """Return the first block of a language in a section of the README."""
    text = README.read_text().split(f"## {section}\n")[1]
    return text.split(f"```{language}\n")[1].split("```")[0]


def _commands(section: str) -> list[list[str]]:
    """Return the commands of a section of the README."""
    lines = _typed(section, "sh").strip().splitlines()
    return [shlex.split(line, comments=True) for line in lines]


def test_every_command_of_the_readme_works(tmp_path: Path) -> None:
    folder, ran = tmp_path, []
    for command in _commands("Start a project"):
        if command[0] == "cd":
            folder = folder / command[1]
            continue
        assert command[0] == "ffc"
        if command[1] == "serve":
            with serving(folder) as server:
                assert server.call("GET", "/readyz")[0] == 200
        else:
            done = ffc(folder, *command[1:])
            assert done.code == 0, (command, done.stderr)
        ran.append(command[1])
    assert ran == ["init", "compile", "run", "training-set", "training-set", "get", "sync", "serve"]


def test_the_readme_leads_to_postgres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ffc(tmp_path, "init", "fraud")
    project = tmp_path / "fraud"
    profiles_file = project / "profiles.yml"
    written, rest = profiles_file.read_text().split("    # prod:")
    profiles_file.write_text(f"{written}{_typed('In PostgreSQL', 'yaml')}    # prod:{rest}")
    assert ffc(project, "run", "-q").code == 0
    install, (export, assignment), *commands = _commands("In PostgreSQL")
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert install == ["pip", "install", f"{extra['name']}[postgres]"]
    assert "postgres" in extra["optional-dependencies"]
    name, _, url = assignment.partition("=")
    assert (export, url) == ("export", "postgresql://user:password@host:5432/database")
    server = shared()
    real = f"ffc:{quote(PASSWORD)}@127.0.0.1:{server.port}/{server.database()}"
    monkeypatch.setenv(name, f"postgresql://{real}")
    for command in commands:
        done = ffc(project, *command[1:])
        assert done.code == 0, (command, done.stderr)
    assert [command[1] for command in commands] == ["debug", "run", "compare"]
    assert done.stderr == "12 nodes compared: no difference\n"


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "CONTRIBUTING.md",
        *sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "docs").rglob("*.md")),
    ],
)
def test_links_lead_somewhere(path: str) -> None:
    text = (ROOT / path).read_text()
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert ((ROOT / path).parent / link).exists(), link


def test_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make ([a-z-]+)", README.read_text(), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_commands_page_is_what_help_says() -> None:
    page = ROOT / "docs" / "commands.md"
    text = _commands_page()
    if UPDATE:
        page.write_text(text)
    assert page.read_text() == text


def _commands_page() -> str:
    lines = [
        "# Commands",
        "",
        "Exit code 0: fine. 1: the project, the data or a run is wrong. 2: the command was misused, or",
        "ffc itself failed. Answers go to stdout, talk to stderr. Every option may come from the",
        "environment instead, under the name that stands below its command: `FFC_SELECT=tag:fraud ffc run`,",
        "blanks between several values. What is typed goes before it, and an error says which it is about.",
    ]
    context = cli.make_context("ffc", [], resilient_parsing=True)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context, terminal_width=80)
        lines += ["", f"## ffc {name}", "", "```text", command.get_help(inner), "```"]
        variables = [
            f"`{next(o for o in p.opts if o.startswith('--'))}` is also `{p.envvar}`"
            for p in command.params
            if isinstance(p, click.Option) and p.envvar and p.name
        ]
        if variables:
            lines += ["", ", ".join(variables) + "."]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_the_python_of_a_page_runs(page: str, tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.M | re.S)
    assert blocks
    assert ffc(tmp_path, "init", "fraud").code == 0
    assert ffc(tmp_path / "fraud", "run").code == 0
    said = io.StringIO()
    names: dict[str, Any] = {}
    with contextlib.chdir(tmp_path), contextlib.redirect_stdout(said):
        for block in blocks:
            exec(block, names)
    assert len(names["X"]) == len(names["y"])
    if page == "docs/python.md":
        assert "did you mean `fraud_training`" in said.getvalue()


PROJECT_PAGE = ROOT / "docs" / "project.md"


def _project_of_the_page() -> dict[str, str]:
    blocks = re.findall(r"^```(?:yaml|sql) (\S+)\n(.*?)^```", PROJECT_PAGE.read_text(), re.M | re.S)
    assert len(blocks) > 8
    return dict(blocks)


def test_the_project_of_the_page_is_right(tmp_path: Path) -> None:
    done = ffc(write_files(tmp_path, _project_of_the_page()), "compile", "--output", "json")
    found = done.json()["diagnostics"]
    assert {d["code"] for d in found} == {"FF107", "FF115", "FF514"}, found


def test_the_page_names_every_key() -> None:
    words = set(re.findall(r"\w+", PROJECT_PAGE.read_text()))
    records = {
        record
        for module in (resources, checks, profiles)
        for record in vars(module).values()
        if isinstance(record, type) and issubclass(record, Record)
    }
    assert len(records) > 25
    keys = {f.encode_name for record in records for f in msgspec.structs.fields(record)}
    assert keys - words - {"at", "given_as"} == set()


FIVE_MINUTES = ROOT / "docs" / "five_minutes.md"
_STEP = re.compile(r"^```(console|diff)(?: (\S+))?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _answered(project: Path, block: str) -> str:
    """Return a block of commands with what each answers, as a terminal has it."""
    shown = []
    for line in re.findall(r"^\$ .*$", block, re.MULTILINE):
        command = shlex.split(line[2:])
        assert command[0] == "ffc"
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        shown.append(f"{line}\n{done.stdout}")
    return "".join(shown)


def _edited(text: str, change: str) -> str:
    """Return a file's text with a change made where its lines are, in one place only."""
    lines = change.splitlines()
    before = "".join(f"{line[1:]}\n" for line in lines if line[0] != "+")
    after = "".join(f"{line[1:]}\n" for line in lines if line[0] != "-")
    assert text.count(before) == 1, change
    return text.replace(before, after)


def test_five_minutes_are_as_they_are_told(tmp_path: Path) -> None:
    project = tmp_path / "flights"
    shutil.copytree(PROJECT, project)

    def followed(step: re.Match[str]) -> str:
        """Make the change, or ask the commands; return the step as it went."""
        kind, file, block = step.groups()
        if kind == "diff":
            (project / file).write_text(_edited((project / file).read_text(), block))
            return step[0]
        return f"```console\n{_answered(project, block)}```"

    told = _STEP.sub(followed, FIVE_MINUTES.read_text())
    if UPDATE:
        FIVE_MINUTES.write_text(told)
    assert FIVE_MINUTES.read_text() == told
    ran = re.findall(r"^\$ ffc (\S+)", told, re.MULTILINE)
    assert list(dict.fromkeys(ran)) == ["ls", "search", "show", "lineage", "compile"]
    assert ran[-4:] == ["compile", "compile", "compile", "show"]
    answers = re.findall(r"^```console\n(.*?)^```", told, re.MULTILINE | re.DOTALL)
    assert max(len(line) for answer in answers for line in answer.splitlines()) <= 80
