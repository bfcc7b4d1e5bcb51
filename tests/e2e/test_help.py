"""Help texts: every example in them works, nothing is wider than a terminal."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from support.cli import ffc
from support.projects import small_project

from ffc.cli.elsewhere import ALIASES, LATER, MEANT, NEEDLESS, OPTIONS, OPTIONS_OF
from ffc.cli.helping import GROUPS, OWN, SAYS, Command, example_lines, group_of
from ffc.cli.main import COMMANDS, SECTIONS, cli

WIDTH = 80
# What goes on until it is ended, opens a browser, takes minutes, writes into a home, or needs a
# table of one's own.
PARSED = (
    "ffc compile --watch",
    "ffc docs --open",
    "ffc docs serve",
    "ffc lsp",
    "ffc serve",
    "ffc conformance -c",
    "ffc conformance --target",
    "ffc source sync raw --table",
    "eval",
    "ffc completion fish",
)

# In seconds: no example takes so long.
LONGEST = 120


def _command(name: str) -> Command:
    context = cli.make_context("ffc", [], resilient_parsing=True)
    found = cli.get_command(context, name)
    assert isinstance(found, Command), f"`{name}` is of another class: @click.command(cls=...)"
    return found


EXAMPLES = [example.partition(SAYS)[0] for name in COMMANDS for example in _command(name).examples]


def _calls(line: str) -> list[list[str]]:
    """Return the calls of ffc in a line of a shell, without what comes in or goes out."""
    line = re.sub(r'^eval "\$\((.*)\)"$', r"\1", line.replace("\\\n", ""))
    parts = [part.strip() for part in re.split(r"\||&&", line)]
    words = [shlex.split(re.split(r" [<>] ", part)[0].removeprefix("xargs ")) for part in parts]
    return [each for each in words if each[0] == "ffc"]


@pytest.fixture(scope="module")
def fraud(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the project that the examples are of, of two targets, known to git."""
    folder = tmp_path_factory.mktemp("help")
    assert ffc(folder, "init", "fraud").code == 0
    project = folder / "fraud"
    profiles = (project / "profiles.yml").read_text()
    dev = re.search(r"    dev:\n(?:      .*\n)+", profiles)
    assert dev is not None
    prod = dev[0].replace("dev:", "prod:").replace("dev_", "prod_").replace(".ffc/", ".ffc/prod/")
    (project / "profiles.yml").write_text(profiles.replace(dev[0], dev[0] + prod))
    (project / "spine.csv").write_text("customer_id,event_time\nC00042,2026-01-01T00:00:00Z\n")
    (project / "queries").mkdir()
    (project / "queries" / "daily.sql").write_text("select 1 as one\n")
    model = "models:\n  - {name: fraud-rf, training_set: fraud_training}\n"
    (project / "training_sets" / "models.yml").write_text(model)
    assert ffc(project, "compile", "-q").code == 0
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@example.com")
    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-qm", "first")):
        subprocess.run([*git, *words], cwd=project, check=True)
    return project


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_understood(
    example: str, fraud: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(fraud)
    calls = _calls(example)
    assert calls, example
    root = cli.make_context("ffc", [], resilient_parsing=True)
    for _, name, *arguments in calls:
        # What a pipe would bring stands for itself.
        words = [*arguments, "x"] if "xargs" in example and arguments[-1] == "-s" else arguments
        with _command(name).make_context(name, words, parent=root) as context:
            assert context.params is not None


@pytest.mark.slow
def test_every_example_works(fraud: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"

    def shell(line: str) -> list[str]:
        """Return what is wrong with a line: nothing, or it, what came out, and its code."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            cwd=fraud,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=LONGEST,
        )
        told = [line, done.stdout[-2000:], done.stderr[-2000:], str(done.returncode)]
        return told if done.returncode else []

    assert not shell("ffc run -q && ffc run -q --target prod")
    # There is a deployment to go back to.
    (fraud / "transformations" / "more.sql").write_text("select 1 as one\n")
    assert not shell("ffc run -q && ffc run -q --target prod")
    ran = [example for example in EXAMPLES if not example.startswith(PARSED)]
    assert [wrong for example in ran if (wrong := shell(example))] == []
    assert len(ran) > 50


@pytest.mark.parametrize("name", COMMANDS)
def test_a_help_text_is_worth_reading(name: str, tmp_path: Path) -> None:
    command = _command(name)
    assert command.examples
    assert all(example.startswith(("ffc ", "eval ", "cd ")) for example in command.examples)
    assert any(f"ffc {name}" in example for example in command.examples)
    done = ffc(tmp_path, name, "--help")
    assert (done.code, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= WIDTH
    usage, said, *_ = done.stdout.split("\n\n")
    assert usage.startswith(f"Usage: ffc {name}")
    assert said.strip().endswith((".", "once.", ":"))
    assert "\nExamples:\n" in done.stdout
    # Every option says what it is for.
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help or parameter.show_default, parameter.opts


def test_the_options_of_many_commands_stand_in_groups(tmp_path: Path) -> None:
    text = ffc(tmp_path, "run", "-h").stdout
    shown = [group for group in (OWN, *GROUPS) if f"\n{group}:\n" in text]
    assert shown == ["Selection", "Building", "Times", "Project", "Output"]
    assert text.index("\nExamples:\n") < text.index("\nSelection:\n")
    assert group_of(click.Option(["--anything"])) == OWN
    # A deployment is no file to write.
    rollback = ffc(tmp_path, "rollback", "-h").stdout
    assert rollback.index("--to ID") < rollback.index("\nProject:\n")


def test_the_commands_stand_in_groups(tmp_path: Path) -> None:
    grouped = [name for names in SECTIONS.values() for name in names]
    assert sorted(grouped) == sorted(COMMANDS)
    text = ffc(tmp_path, "--help").stdout
    assert re.findall(r"^(\w+):$", text, re.MULTILINE) == ["Options", *SECTIONS]
    assert re.findall(r"^  ([a-z-]+)  ", text, re.MULTILINE) == grouped
    assert max(map(len, text.splitlines())) <= WIDTH
    # A command is a line.
    assert len(text.split("\nStart:\n")[1].splitlines()) == len(grouped) + 2 * (len(SECTIONS) - 1)


def test_what_an_example_does_stands_behind_it_where_there_is_room() -> None:
    short = ["a  # one", "bbb", "cc  # two"]
    assert list(example_lines(short, 40)) == ["a   # one", "bbb", "cc  # two"]
    long = ["a  # one", f"{'b' * 30}  # is two"]
    assert list(example_lines(long, 30)) == ["a  # one", "# is two", "b" * 30]


def test_names_of_dbt_that_mean_the_same_work(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    assert ffc(project, "list", "-s", "clean").stdout == "transformation.clean\n"
    keys = ffc(project, "ls", "--output-keys", "name kind", "tags", "--output", "json").json()
    assert list(keys["nodes"][0]) == ["name", "kind", "tags"]
    apart = ffc(project, "ls", "--output", "json", "--keys", "name", "kind", "-s", "clean").json()
    assert apart["nodes"] == [{"name": "clean", "kind": "transformation"}]
    assert ffc(project, "build", "-x", "-f", "-q", "-s", "+clean").code == 0
    assert ffc(project, "run", "-q").code == 0
    assert ffc(project, "-v").stdout == ffc(project, "--version").stdout
    for name, meant in ALIASES.items():
        assert name not in COMMANDS
        assert meant in COMMANDS
    for words in (OPTIONS, *OPTIONS_OF.values()):
        assert all(option.startswith("-") for option in words)
    assert set(OPTIONS_OF) <= set(COMMANDS)


def test_what_is_answered_is_no_option(tmp_path: Path) -> None:
    for name in COMMANDS:
        own = {each for parameter in _command(name).params for each in parameter.opts}
        assert own & set(OPTIONS_OF.get(name, {})) == set(), name


# Every word that this language has for a command, whether there is one yet or not; and what people
# type who come from elsewhere.
WORDS = {
    "ffc": "init compile run serve plan diff deploy rollback deployments sync test ls show search "
    "lineage get why verify training-set query freshness runs retry ci lint fmt conformance compare "
    "debug source clean drop prune explain schema demo help register",
    "dbt": "build clean clone compile debug deps docs init list ls man parse retry run run-operation "
    "seed show snapshot source test",
    "feast": "apply configuration data-sources entities feature-services feature-views features "
    "get-historical-features get-online-features init materialize materialize-incremental "
    "on-demand-feature-views plan registry-dump saved-datasets serve serve_offline teardown ui "
    "validate version",
    "featureform": "apply dash deploy get head list search version",
    "sqlmesh": "audit clean dag diff evaluate fetchdf format info init janitor lint plan render run "
    "table_diff test ui",
}


@pytest.mark.parametrize("word", sorted({w for text in WORDS.values() for w in text.split()}))
def test_a_word_for_a_command_is_one_or_is_answered(tmp_path: Path, word: str) -> None:
    answers = {**MEANT, **LATER, **NEEDLESS}
    assert (word in COMMANDS or word in ALIASES) != (word in answers)
    if word in answers:
        done = ffc(tmp_path, word, "--anything")
        assert (done.code, done.stdout) == (2, "")
        assert f"No such command '{word}'" in done.stderr
        assert answers[word] in done.stderr
        assert ("in this version" in done.stderr) == (word in LATER)


def test_what_is_answered_can_be_typed() -> None:
    told = [*LATER.values(), *NEEDLESS.values(), *(f"`ffc {name}`" for name in MEANT.values())]
    calls = [shlex.split(call) for text in told for call in re.findall(r"`ffc ([^`]*)`", text)]
    assert len(calls) > 40
    for name, *words in calls:
        if name in ("--help", "--version", "COMMAND"):
            continue
        own = {each for parameter in _command(name).params for each in parameter.opts}
        assert {each for each in words if each.startswith("-")} <= own, (name, words)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("parse",), "Did you mean 'compile'?"),
        (("lss",), "Did you mean"),
        (("ls", "--models", "x"), "write `--select`"),
        (("run", "-m", "x"), "write `--select`"),
        (("ls", "--resource-type", "label"), "`--select kind:feature_view`"),
        (("run", "--defer"), "leave it out"),
        (("run", "--warn-error"), "`--strict`"),
        (("ls", "--selct", "x"), "Did you mean one of: '--select'"),
        (("source", "freshness"), "`ffc freshness`"),
        (("source", "snapshot-freshness"), "`ffc freshness`"),
        (("ls", "--output", "selector"), "Did you mean 'name'?"),
        (("ls", "x"), "(x); nodes are named behind `--select`"),
        (("run", "x", "y"), "(x y); nodes are named behind `--select`"),
        (("compile", "-s", "x"), "`ffc show NODE --sql`"),
        (("compile", "--inline", "select 1"), "`ffc query"),
        (("show", "--select", "x", "--limit", "5"), "name it: `ffc show NODE`"),
        (("show", "x", "--limit", "5"), "`--rows`"),
        (("docs", "generate", "--no-compile"), "leave it out"),
        (("docs", "serve", "--no-browser"), "`--open`"),
        (("seed",), "`ffc run` reads them"),
        (("deps",), "there are no packages"),
        (("run-operation", "x"), "`ffc query`"),
        (("run", "--event-time-start", "2024-01-01"), "`--from`"),
        (("run", "-d"), "FFC_DEBUG=1"),
        (("--target", "dev", "ls"), "options stand behind the command"),
        (("docs", "--output", "site"), "A place to write to is `--to site`."),
        (("query", "--output", "out.csv"), "A place to write to is `--to out.csv`."),
    ],
)
def test_the_words_of_dbt_are_answered(tmp_path: Path, typed: tuple[str, ...], said: str) -> None:
    done = ffc(tmp_path, *typed)
    assert (done.code, done.stdout) == (2, "")
    assert said in done.stderr
