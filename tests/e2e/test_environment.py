"""Options from the environment: each has a variable, and an error says which one it is about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from support.cli import ffc, write_files
from support.projects import FILES, small_project

from ffc.cli.environment import written
from ffc.cli.main import COMMANDS, cli

# Options that no variable stands for: what they ask is about one call, and nothing else is done.
WITHOUT = {"--help", "--version"}
# A value that each type takes, by what click calls it.
VALUES = {
    "boolean": "1",
    "integer range": "1",
    "float range": "0.5",
    "text": "x",
    "datetime": "2024-01-31",
    "directory": ".",
    "path": ".",
    "file": "ffc.yml",
    "filename": "ffc.yml",
}
# Values that an option looks at more closely.
OWN = {
    "FFC_RUN_BATCH": "7d",
    "FFC_CLEAN_GRACE": "7d",
    "FFC_TRAINING_SET_TO": "x.csv",
    "FFC_HISTORICAL_TO": "x.csv",
    "FFC_QUERY_TO": "x.csv",
}


def _options() -> Iterator[tuple[str, click.Option]]:
    root = cli.make_context("ffc", [], resilient_parsing=True)
    yield from (("", each) for each in cli.get_params(root) if isinstance(each, click.Option))
    for name in COMMANDS:
        command = cli.get_command(root, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=root)
        for each in command.get_params(inner):
            if isinstance(each, click.Option):
                yield name, each


OPTIONS = [(name, each) for name, each in _options() if written(each) not in WITHOUT]


def _value(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return str(option.type.choices[-1])
    return OWN.get(str(option.envvar)) or VALUES[option.type.name]


def test_every_option_has_a_variable() -> None:
    lacking = {written(each) for _, each in _options() if each.envvar is None}
    assert lacking == WITHOUT
    assert len(OPTIONS) > 200


def test_a_variable_means_one_thing() -> None:
    meanings: dict[str, set[tuple[str, object]]] = {}
    for _, each in OPTIONS:
        kind = (written(each), each.is_flag, each.multiple, each.type.name)
        meanings.setdefault(str(each.envvar), set()).add((kind[0], kind))
    assert {name: kinds for name, kinds in meanings.items() if len(kinds) > 1} == {}
    for name, kinds in meanings.items():
        ((option, _),) = kinds
        assert name.startswith("FFC_")
        assert name.endswith(option.removeprefix("--").replace("-", "_").upper())


def test_each_variable_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_files(tmp_path, {"ffc.yml": "name: x\n"}))
    root = cli.make_context("ffc", [], resilient_parsing=True)
    unread = []
    for name, option in OPTIONS:
        command = cli.get_command(root, name)
        assert command is not None
        with monkeypatch.context() as patch:
            patch.setenv(str(option.envvar), _value(option))
            words = list(_needed(command, option))
            with command.make_context(name, words, parent=root) as context:
                source = context.get_parameter_source(str(option.name))
        if source is not click.core.ParameterSource.ENVIRONMENT:
            unread.append((name, option.envvar))
    assert unread == []


def _needed(command: click.Command, but: click.Option) -> Iterator[str]:
    """Return words for all that a command can't do without, one option aside."""
    for each in command.params:
        if each.required and each is not but:
            yield from (written(each), "x") if isinstance(each, click.Option) else ("x",)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small project with a selector."""
    folder = small_project(tmp_path_factory.mktemp("environment"))
    return write_files(
        folder,
        {"selectors.yml": "selectors:\n  - {name: views, definition: 'kind:feature_view'}\n"},
    )


@pytest.mark.parametrize(
    ("variable", "value", "words", "code"),
    [
        # What an option can't be, what it is not together with another, what is not there.
        ("FFC_THREADS", "many", ("run",), 2),
        ("FFC_FORCE", "perhaps", ("run",), 2),
        ("FFC_RUN_TO", "2024-01-01", ("run",), 2),
        ("FFC_TARGET", "prdo", ("ls",), 2),
        ("FFC_VARS", "{", ("ls",), 2),
        ("FFC_LS_KEYS", "name", ("ls",), 2),
        ("FFC_LS_KEYS", "name,nmae", ("ls", "--output", "json"), 2),
        ("FFC_SELECTOR", "veiws", ("ls",), 2),
        ("FFC_SELECT", "nope:x", ("ls",), 2),
        ("FFC_SELECT", "a,nope b", ("ls", "--strict", "--quiet"), 1),
        ("FFC_STATE", "nowhere", ("ls", "--select", "state:new"), 1),
        ("FFC_PROJECT_DIR", "/nowhere", ("ls",), 1),
        ("FFC_PROFILES_DIR", "nowhere", ("compile",), 1),
        ("FFC_OUTPUT", "sarif", ("ls",), 2),
    ],
)
def test_an_error_says_which_variable_it_is_about(
    variable: str,
    value: str,
    words: tuple[str, ...],
    code: int,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable, value)
    monkeypatch.setenv("FFC_COLOR", "0")
    found = ffc(project, *words)
    told = " ".join(found.stderr.split())
    assert (found.code, found.stdout) == (code, "")
    assert told.count("comes from the environment variable") == 1
    assert f"comes from the environment variable {variable}" in told


def test_what_is_typed_wrong_is_not_the_environment_s(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FFC_THREADS", "4")
    monkeypatch.setenv("FFC_TARGET", "dev")
    monkeypatch.setenv("FFC_SELECT", "views")
    assert "environment" not in ffc(project, "run", "--threads", "many").stderr
    assert "environment" not in ffc(project, "ls", "--target", "prdo", "-s", "x").stderr
    assert "environment" not in ffc(project, "ls", "--strict", "-s", "nope").stderr


def test_strict_from_the_environment_says_so(tmp_path: Path) -> None:
    # A view that does not say when its rows were known is a warning.
    views = FILES["features/all.yml"].replace("    created: loaded\n", "", 1)
    project = small_project(tmp_path, **{"features/all.yml": views})
    assert ffc(project, "compile", "--output", "json").json()["counts"]["warning"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FFC_STRICT", "1")
        told = ffc(project, "compile")
    assert told.code == 1
    assert "note: `--strict` comes from the environment variable FFC_STRICT" in told.stderr
    assert "FFC_STRICT" not in ffc(project, "compile", "--strict").stderr


def test_the_environment_selects(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = ffc(project, "ls", "-q").stdout.split()
    views = [each for each in everything if each.startswith("feature_view.")]
    assert 0 < len(views) < len(everything)
    monkeypatch.setenv("FFC_SELECT", "kind:label kind:feature_view")
    found = ffc(project, "ls")
    assert set(views) < set(found.stdout.split()) < set(everything)
    assert found.stderr == (
        "the environment says what is selected: FFC_SELECT='kind:label kind:feature_view'\n"
    )
    assert ffc(project, "ls", "-q").stderr == ""
    monkeypatch.setenv("FFC_EXCLUDE", "kind:label")
    assert ffc(project, "ls").stdout.split() == views


def test_what_is_typed_goes_before_the_environment(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = ffc(project, "ls", "-s", "kind:feature_view").stdout
    entities = ffc(project, "ls", "-s", "kind:entity").stdout
    monkeypatch.setenv("FFC_SELECTOR", "views")
    assert ffc(project, "ls").stdout == views
    assert ffc(project, "ls", "-s", "kind:entity").stdout == entities
    monkeypatch.delenv("FFC_SELECTOR")
    monkeypatch.setenv("FFC_SELECT", "kind:entity")
    assert ffc(project, "ls").stdout == entities
    found = ffc(project, "ls", "--selector", "views")
    assert (found.stdout, found.stderr) == (views, "")
    # A node that is named is all that is asked for.
    assert ffc(project, "run", "-q", "-s", "*").code == 0
    training_set = ffc(project, "ls", "-q", "-s", "kind:training_set", "--output", "name").stdout
    found = ffc(project, "builds", training_set.split()[0])
    assert (found.code, found.stderr) == (0, "")
