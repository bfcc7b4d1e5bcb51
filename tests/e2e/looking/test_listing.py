"""`ffc ls`: what is selected, in every form."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support.cli import ffc
from support.projects import FILES, small_project

ALL = """\
source.raw.events
source.raw.users
entity.user
transformation.clean
feature_view.profile
feature_view.spending
label.paid_back
training_set.main
"""


def test_ls_lists_what_is_selected(project: Path) -> None:
    everything = ffc(project, "ls")
    assert (everything.code, everything.stderr) == (0, "")
    assert sorted(everything.stdout.splitlines()) == sorted(ALL.splitlines())
    done = ffc(project, "ls", "-s", "1+main", "-s", "raw.*", "--exclude", "kind:label main")
    assert done.stdout.splitlines() == [
        line
        for line in everything.stdout.splitlines()
        if line.partition(".")[2] in ("raw.events", "raw.users", "profile", "spending")
    ]


def test_ls_tells_what_matches_nothing(project: Path) -> None:
    done = ffc(project, "ls", "-s", "clean spendin")
    assert (done.code, done.stdout) == (0, "transformation.clean\n")
    assert done.stderr == "warning: `spendin` matches no node; did you mean `spending`?\n"
    nothing = ffc(project, "ls", "-s", "clean,profile")
    assert (nothing.code, nothing.stdout, nothing.stderr) == (0, "", "nothing is selected\n")
    assert ffc(project, "ls", "-s", "clean,profile", "--strict").code == 1


def test_ls_lists_names_and_files_a_line_each(project: Path) -> None:
    names = ffc(project, "ls", "--output", "name").stdout.split()
    assert sorted(names) == sorted(line.partition(".")[2] for line in ALL.split())
    paths = ffc(project, "ls", "--output", "path", "--exclude", "kind:source").stdout
    assert paths.splitlines() == [
        "features/all.yml",
        "training_sets/main.yml",
        "transformations/clean.sql",
    ]
    ids = ffc(project, "ls").stdout
    for output in ("name", "path"):
        listed = ffc(project, "ls", "--output", output).stdout.split()
        assert ffc(project, "ls", "-s", *listed).stdout == ids


def test_ls_names_each_node_so_that_nothing_else_is_meant(project: Path) -> None:
    text = FILES["features/all.yml"]
    twin = text.replace("labels:\n", "").replace("  - name: paid_back\n", TWIN)
    (project / "features" / "all.yml").write_text(twin)
    (project / "training_sets" / "main.yml").unlink()
    more = project / "transformations" / "marts"
    more.mkdir()
    (more / "marts.sql").write_text("select 1 as one")
    (more / "other.sql").write_text("select 1 as one")
    ids = ffc(project, "ls").stdout.split()
    names = ffc(project, "ls", "--output", "name").stdout.split()
    assert dict(zip(names, ids, strict=True)).keys() >= {
        *("profile@default", "profile@v1", "transformation.marts", "other", "entity.user"),
        *("label.user", "clean", "raw.events"),
    }
    for name, node in zip(names, ids, strict=True):
        assert ffc(project, "ls", "-s", name).stdout == f"{node}\n"


TWIN = """\
  - name: profile
    variant: v1
    entity: user
    source: source('raw', 'users')
    timestamp: null
    features:
      - {name: country, type: string}
labels:
  - name: user
"""


def test_ls_has_the_keys_that_are_asked_for(project: Path) -> None:
    whole = ffc(project, "ls", "--output", "json", "-s", "clean").json()
    assert whole["schema"] == "ffc.ls/v1"
    assert list(whole["nodes"][0]) == [
        *("id", "kind", "name", "variant", "path", "line", "owner", "tags", "depends_on"),
        *("data_fingerprint", "metadata_fingerprint"),
    ]
    for keys in (("--keys", "name,kind"), ("--keys", "name", "--keys", "kind, name")):
        some = ffc(project, "ls", "--output", "json", "-s", "clean", *keys).json()
        assert some["nodes"] == [{"name": "clean", "kind": "transformation"}]
    assert ffc(project, "ls", "--output", "json", "--output-keys", "id").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--output", "json", "--keys", "nam"), "there is no key `nam`; did you mean `name`?"),
        (("--output", "json", "--keys", "unique_id"), "did you mean `id`?"),
        (("--output", "json", "--keys", "resource_type"), "did you mean `kind`?"),
        (("--output", "json", "--keys", "zzz"), "there are `id`, `kind`"),
        (("--keys", "name"), "`--keys` goes with `--output json`"),
        (("--output", "paths"), "'paths' is not one of"),
    ],
)
def test_ls_refuses_what_it_has_not(project: Path, arguments: tuple[str, ...], said: str) -> None:
    done = ffc(project, "ls", *arguments)
    assert (done.code, done.stdout) == (2, "")
    assert said in done.stderr


def test_words_go_on_until_the_next_option(project: Path) -> None:
    expected = ffc(project, "ls", "-s", "clean", "-s", "main").stdout
    for words in (
        ("-s", "clean", "main"),
        ("--select=clean", "main"),
        ("-sclean", "main"),
        ("--select", "clean", "main", "zzz", "--exclude", "zzz", "raw.*"),
        ("-q", "-s", "clean main"),
    ):
        assert ffc(project, "ls", *words).stdout == expected
    assert ffc(project, "ls", "-s", "clean", "--", "main").code == 2


def test_a_word_that_matches_nothing_is_an_error_when_warnings_are(project: Path) -> None:
    done = ffc(project, "ls", "-s", "clean", "spendin", "--strict")
    assert (done.code, done.stdout) == (1, "")
    assert (
        done.stderr
        == """\
error[FF811]: `spendin` matches no node
  = help: did you mean `spending`?
  = more: ffc explain FF811
"""
    )
    assert ffc(project, "ls", "-s", "clean", "spendin", "-q").stderr == ""


def test_results_beside_another_manifest_are_what_is_asked(project: Path, tmp_path: Path) -> None:
    before = tmp_path / "before"
    before.mkdir()
    results = before / "run_results.json"
    results.write_text('{"results": [{"id": "label.paid_back", "status": "error"}]}')
    asked = ("ls", "-s", "result:error", "--state", str(before))
    assert ffc(project, "compile").code == 0
    shutil.copy(project / "target" / "manifest.json", before)
    assert ffc(project, *asked).stdout == "label.paid_back\n"
    for text in ("", "[]", '{"results": [1]}'):
        results.write_text(text)
        done = ffc(project, *asked)
        assert (done.code, "is not what a run leaves behind" in done.stderr) == (2, True), text


def test_a_selection_that_is_none_is_misuse(project: Path) -> None:
    done = ffc(project, "ls", "-s", "tags:x")
    assert (done.code, done.stdout) == (2, "")
    assert (
        done.stderr
        == """\
error[FF811]: there is no way to select by `tags:`
  = help: did you mean `tag`?
  = more: ffc explain FF811
"""
    )


def test_ls_compares_with_another_manifest(project: Path, tmp_path: Path) -> None:
    assert ffc(project, "compile").code == 0
    before = tmp_path / "before"
    shutil.copytree(project / "target", before)
    (project / "transformations" / "more.sql").write_text("select * from {{ ref('clean') }}\n")
    (project / "training_sets" / "main.yml").unlink()
    state = ("--state", str(before))
    assert ffc(project, "ls", "-s", "state:new", *state).stdout == "transformation.more\n"
    gone = ffc(project, "ls", "-s", "state:removed", *state)
    assert gone.stdout == "training_set.main  (removed)\n"
    assert ffc(project, "ls", "-s", "state:new").code == 2
    around = ffc(project, "ls", "-s", "1+state:removed", *state).stdout
    assert around.split() == [
        "feature_view.profile",
        "feature_view.spending",
        "label.paid_back",
        "training_set.main",
        "(removed)",
    ]
    assert ffc(project, "ls", "-s", "kind:source", *state).stdout.count("removed") == 0
    absent = ffc(project, "ls", "-s", "state:new", "--state", str(tmp_path / "no"))
    assert absent.code == 1
    assert "there is no manifest in" in absent.stderr


def test_ls_by_the_last_results(project: Path) -> None:
    assert ffc(project, "ls", "-s", "result:error").code == 2
    assert not (project / ".ffc").exists(), "who only looks makes no file"
    (project / "data" / "users.csv").write_text("user_id,country\nu1,NL\nu1,DE\n")
    assert ffc(project, "run").code == 1
    assert ffc(project, "ls", "-s", "result:error").stdout == "feature_view.profile\n"


def test_ls_by_what_git_says(tmp_path: Path) -> None:
    # The project is a folder of its repository, and its paths are from there.
    project = small_project(tmp_path / "repo" / "shop")
    more = project / "transformations" / "größe" / "more.sql"
    more.parent.mkdir()
    more.write_text("select 1 as a\n")

    def git(*arguments: str) -> None:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        subprocess.run(["git", *who, *arguments], cwd=project.parent, check=True)

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "first")
    assert ffc(project, "ls", "-s", "git:main").stdout == ""
    more.write_text("select 2 as a\n")
    assert ffc(project, "ls", "-s", "git:main").stdout == "transformation.more\n"
    for unknown in ("nowhere", "--output=x"):
        done = ffc(project, "ls", "-s", f"git:{unknown}")
        assert done.code == 2
        assert f"git can't tell what changed: it knows no `{unknown}`" in done.stderr
    assert "did you mean `main`?" in ffc(project, "ls", "-s", "git:mian").stderr
    assert not (project / "x").exists()


def test_ls_of_a_project_that_does_not_compile(project: Path) -> None:
    (project / "transformations" / "clean.sql").write_text("select")
    done = ffc(project, "ls")
    assert (done.code, done.stdout) == (1, "")
    assert "error[FF301]" in done.stderr
