"""Files that are none, links that lead away, folders by other names: said in words, never opened."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from diagnostics.project import BASE, FEATURES, PROJECT, SQL, Case, write_case
from support.cli import Result, ffc

from ffc.core.texts import MAX_BYTES, read_text
from ffc.project.files import ProjectFiles, find_project, read_files

NOBODY = 65534


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the base project, on a machine without profiles in its home."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "shop").mkdir()
    return write_case(Case({}, ()), tmp_path / "shop")


def refused(project: Path, *arguments: str) -> str:
    """Return the whole text that a project is refused with."""
    done = ffc(project, "compile", *arguments)
    assert done.code == 1
    assert done.stdout == ""
    return done.stderr


def accepted(project: Path) -> None:
    done = ffc(project, "compile")
    assert (done.code, done.stderr) == (0, "compiled 7 nodes to target/manifest.json\n")


@contextmanager
def without_rights() -> Iterator[None]:
    """Be somebody who may not read everything, where that is root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_project(project: Path) -> Path:
    """Return a project that anybody may read and write."""
    for folder in (project, *project.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o777)
    return project


# --- links


def test_a_link_that_leads_to_itself(project: Path) -> None:
    (project / "features/loop.yml").symlink_to("loop.yml")
    assert (
        refused(project)
        == """\
error[FF100]: `features/loop.yml` can't be read: it is a link that leads to
              itself
 --> features/loop.yml:1:1
  = help: delete the link, or make it lead to a file
  = more: ffc explain FF100

1 error
"""
    )


def test_links_round_in_a_circle(project: Path) -> None:
    (project / "features/a.yml").symlink_to("b.yml")
    (project / "features/b.yml").symlink_to("a.yml")
    assert refused(project).count("it is a link that leads to") == 2


def test_a_link_that_leads_nowhere(project: Path) -> None:
    (project / "transformations/gone.sql").symlink_to("../lib/gone.sql")
    assert (
        refused(project)
        == """\
error[FF100]: `transformations/gone.sql` can't be read: it is a link that leads
              nowhere
 --> transformations/gone.sql:1:1
  = help: delete the link, or make it lead to a file
  = more: ffc explain FF100

1 error
"""
    )


def test_a_link_out_of_the_project(project: Path) -> None:
    (project.parent / "secret.sql").write_text("select 1 as a")
    (project / "transformations/out.sql").symlink_to(project.parent / "secret.sql")
    assert (
        refused(project)
        == """\
error[FF100]: `transformations/out.sql` can't be read: it is a link that leads
              out of the project
 --> transformations/out.sql:1:1
  = help: copy what it leads to into the project
  = more: ffc explain FF100

1 error
"""
    )


def test_a_link_to_a_folder_out_of_the_project(project: Path) -> None:
    (project / "transformations/system").symlink_to("/usr")
    said = refused(project)
    assert "`transformations/system` can't be read: it is a link that leads" in said
    assert said.endswith("1 error\n")


def test_what_a_lost_file_declares_is_not_missed(project: Path) -> None:
    """The link is the mistake; that nothing is named `stg_orders` follows from it."""
    (project / SQL).unlink()
    (project / SQL).symlink_to("/nowhere.sql")
    assert refused(project).endswith("1 error\n")


def test_what_a_lost_folder_declares_is_not_missed(project: Path) -> None:
    (project / "transformations").rename(project.parent / "elsewhere")
    (project / "transformations").symlink_to(project.parent / "elsewhere")
    assert (
        refused(project)
        == """\
error[FF100]: `transformations` can't be read: it is a link that leads out of
              the project
 --> transformations:1:1
  = help: copy what it leads to into the project
  = more: ffc explain FF100

1 error
"""
    )


def test_a_link_to_a_folder_around_it(project: Path) -> None:
    (project / "transformations/again").symlink_to("..")
    assert (
        refused(project)
        == """\
error[FF100]: `transformations/again` can't be read: it is a link to a folder
              that it lies in
 --> transformations/again:1:1
  = help: delete the link
  = more: ffc explain FF100

1 error
"""
    )


def test_a_link_inside_is_followed(project: Path) -> None:
    (project / "lib").mkdir()
    (project / SQL).rename(project / "lib/stg_orders.sql")
    (project / SQL).symlink_to("../lib/stg_orders.sql")
    accepted(project)


def test_a_folder_is_read_once_whatever_links_to_it(project: Path) -> None:
    (project / "lib").mkdir()
    (project / "lib/more.sql").write_text("select 1 as a\n")
    (project / "transformations/a").symlink_to("../lib")
    (project / "transformations/b").symlink_to("../lib")
    (project / "transformations/c").symlink_to("../features")
    files, problems = read_files(project)
    assert problems == []
    assert [path for path, _ in files.sql()] == ["transformations/a/more.sql", SQL]
    assert [path for path, _ in files.yaml()].count(FEATURES) == 1


def test_a_folder_has_its_own_name_before_that_of_a_link(project: Path) -> None:
    (project / "transformations/z").mkdir()
    (project / "transformations/z/more.sql").write_text("select 1 as a\n")
    (project / "transformations/a").symlink_to("z")
    files, _ = read_files(project)
    assert [path for path, _ in files.sql()] == [SQL, "transformations/z/more.sql"]


# --- what is no file


@pytest.mark.parametrize("name", ["transformations/x.sql", "features/x.yml"])
def test_a_folder_with_the_name_of_a_file(project: Path, name: str) -> None:
    (project / name).mkdir()
    assert (
        refused(project)
        == f"""\
error[FF100]: `{name}` can't be read: it is a folder, not a file
 --> {name}:1:1
  = help: give it a name without an ending
  = more: ffc explain FF100

1 error
"""
    )


def test_a_folder_with_the_name_of_a_file_is_read_all_the_same(project: Path) -> None:
    (project / "transformations/x.sql").mkdir()
    (project / SQL).rename(project / "transformations/x.sql/stg_orders.sql")
    assert refused(project).endswith("1 error\n")


def test_a_file_with_the_name_of_a_folder(project: Path) -> None:
    (project / "macros").write_text("{% macro a() %}{% endmacro %}")
    assert (
        refused(project)
        == """\
error[FF100]: `macros` can't be read: it is a file, not a folder
 --> macros:1:1
  = more: ffc explain FF100

1 error
"""
    )


def test_a_project_file_that_is_a_folder(project: Path) -> None:
    (project / PROJECT).unlink()
    (project / PROJECT).mkdir()
    said = refused(project)
    assert "`ffc.yml` can't be read: it is a folder, not a file" in said


def test_a_pipe_is_never_opened(project: Path) -> None:
    os.mkfifo(project / "transformations/pipe.sql")
    assert (
        refused(project)
        == """\
error[FF100]: `transformations/pipe.sql` can't be read: it is a pipe, not a file
 --> transformations/pipe.sql:1:1
  = more: ffc explain FF100

1 error
"""
    )


def test_a_socket(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "features")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("s.yml")
        assert "`features/s.yml` can't be read: it is a socket" in refused(project)


def test_a_device(project: Path) -> None:
    text, problem = read_text(Path("/dev/zero"), "zero.sql")
    assert text == ""
    assert problem is not None
    assert problem.message == "`zero.sql` can't be read: it is a device, not a file"


def test_no_more_than_a_bound_is_read(project: Path) -> None:
    with (project / "transformations/huge.sql").open("wb") as file:
        file.truncate(1 << 40)
    assert "it has 1048576.0 MB" in refused(project)
    (project / "transformations/huge.sql").write_text("-- " + "x" * (MAX_BYTES - 3))
    assert "FF100" not in refused(project)


def test_a_file_that_vanishes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stat = Path.stat

    def vanishing(path: Path, **options: bool) -> os.stat_result:
        if path.name == "stg_orders.sql":
            path.unlink(missing_ok=True)
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", vanishing)
    assert (
        refused(project)
        == f"""\
error[FF100]: `{SQL}` can't be read: it is not there
              any more
 --> {SQL}:1:1
  = more: ffc explain FF100

1 error
"""
    )


# --- rights


def test_a_file_that_nobody_may_read(open_project: Path) -> None:
    (open_project / SQL).chmod(0)
    with without_rights():
        said = refused(open_project)
    assert (
        said
        == f"""\
error[FF100]: `{SQL}` can't be read: you may not read
              it
 --> {SQL}:1:1
  = more: ffc explain FF100

1 error
"""
    )


def test_a_folder_that_nobody_may_read(open_project: Path) -> None:
    (open_project / "transformations").chmod(0)
    try:
        with without_rights():
            said = refused(open_project)
    finally:
        (open_project / "transformations").chmod(0o755)
    assert (
        said
        == """\
error[FF100]: `transformations` can't be read: you may not read it
 --> transformations:1:1
  = more: ffc explain FF100

1 error
"""
    )


def test_a_project_file_that_nobody_may_read(open_project: Path) -> None:
    (open_project / PROJECT).chmod(0)
    with without_rights():
        said = refused(open_project)
    assert "`ffc.yml` can't be read: you may not read it" in said


def test_profiles_that_nobody_may_read(open_project: Path) -> None:
    (open_project / "profiles.yml").chmod(0)
    with without_rights():
        said = refused(open_project)
    assert "`profiles.yml` can't be read: you may not read it" in said
    assert said.endswith("1 error\n")


# --- names


def test_a_name_that_is_not_utf8(project: Path) -> None:
    name = os.fsencode(project / "transformations") + b"/caf\xe9.sql"
    os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
    assert (
        refused(project)
        == """\
error[FF100]: `transformations/caf\\xe9.sql` can't be read: it is not UTF-8 in
              its name
 --> transformations/caf\\xe9.sql:1:1
  = help: give it a name that people can read and type
  = more: ffc explain FF100

1 error
"""
    )
    assert ffc(project, "compile", "--output", "json").json()["counts"]["error"] == 1


def test_a_name_that_a_terminal_obeys(project: Path) -> None:
    (project / "transformations/a\n\x1b[31mb.sql").write_text("select 1 as a")
    assert (
        refused(project)
        == """\
error[FF100]: `transformations/a\\n\\x1b[31mb.sql` can't be read: there are
              control characters in its name
 --> transformations/a\\n\\x1b[31mb.sql:1:1
  = help: give it a name that people can read and type
  = more: ffc explain FF100

1 error
"""
    )


def test_what_is_not_ours_is_not_looked_at(project: Path) -> None:
    for name in ("transformations/.hidden.sql", "features/.git/x.yml", "sources/notes.md"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_bytes(b"\xff\xfe nothing that can be read")
    os.mkfifo(project / "features/pipe.txt")
    (project / "features/loop.csv").symlink_to("loop.csv")
    (project / "target").mkdir()
    (project / "target/x.yml").write_text("{")
    accepted(project)


# --- folders


def test_the_default_folders_hold_for_texts_alone() -> None:
    files = ProjectFiles(
        texts={
            "ffc.yml": "",
            "sources/a.yml": "1",
            "transformations/deep/er/b.sql": "2",
            "transformations/b.yaml": "3",
            "tests/c.YML": "4",
            "macros/d.sql": "5",
            "macros/e.yml": "6",
            "elsewhere/f.yml": "7",
            "features/g.sql": "8",
        }
    )
    assert [text for _, text in files.yaml()] == ["1", "3", "4"]
    assert [text for _, text in files.sql()] == ["2"]
    assert [text for _, text in files.macros()] == ["5"]


def test_folders_by_other_names(project: Path) -> None:
    with (project / PROJECT).open("a") as file:
        file.write("paths: {transformations: [sql/marts, sql/staging/], macros: shared}\n")
    (project / "sql/marts").mkdir(parents=True)
    (project / "sql/staging").mkdir()
    (project / "shared").mkdir()
    (project / SQL).rename(project / "sql/staging/stg_orders.sql")
    (project / "transformations").rmdir()
    (project / "shared/m.sql").write_text("{% macro one() %}1{% endmacro %}\n")
    files, problems = read_files(project)
    assert problems == []
    assert [path for path, _ in files.sql()] == ["sql/staging/stg_orders.sql"]
    assert [path for path, _ in files.macros()] == ["shared/m.sql"]
    accepted(project)


def test_what_a_folder_that_is_not_there_declares_is_not_missed(project: Path) -> None:
    with (project / PROJECT).open("a") as file:
        file.write("paths: {transformations: gone_for_ever}\n")
    assert (
        refused(project)
        == """\
error[FF117]: there is no folder `gone_for_ever` in the project
 --> ffc.yml:6:26
  |
6 | paths: {transformations: gone_for_ever}
  |                          ^^^^^^^^^^^^^
  = help: make it, or leave the line out
  = more: ffc explain FF117

1 error
"""
    )


def test_the_order_of_a_folder_does_not_matter(project: Path) -> None:
    for name in ("b", "a", "c"):
        (project / f"transformations/{name}.sql").write_text("select 1 as a\n")
    files, _ = read_files(project)
    assert list(files.texts) == sorted(files.texts)


# --- where a project is


def nowhere(folder: Path) -> Result:
    done = ffc(folder, "compile")
    assert done.code == 1
    return done


def test_no_project(tmp_path: Path) -> None:
    assert (
        nowhere(tmp_path).stderr
        == """\
error[FF701]: there is no ffc.yml here, nor in a folder above
  = help: `ffc init NAME` starts a project
  = more: ffc explain FF701
"""
    )


def test_a_project_file_with_another_ending(tmp_path: Path) -> None:
    (tmp_path / "ffc.yaml").write_text(BASE[PROJECT])
    assert "rename `ffc.yaml`" in nowhere(tmp_path).stderr


def test_a_project_of_dbts(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: shop\n")
    assert "`ffc init NAME` starts one of ffc's" in nowhere(tmp_path).stderr


def test_no_project_in_a_folder_that_was_named(tmp_path: Path) -> None:
    done = ffc(tmp_path, "compile", "--project-dir", "elsewhere")
    assert done.code == 1
    assert done.stderr.startswith("error[FF701]: there is no ffc.yml in elsewhere\n")


def test_the_nearest_project_above(project: Path) -> None:
    assert find_project(project / "features") == project.resolve()
    assert find_project(project / "not/there") == project.resolve()


def test_a_folder_that_is_not_there_any_more(tmp_path: Path) -> None:
    script = (
        "import os, sys; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone'); "
        "from ffc.cli.main import run; sys.exit(run(['compile']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "the folder that you are in is not there any more" in done.stderr


# What is written


def test_a_target_folder_that_can_not_be_made(project: Path) -> None:
    (project / "target").write_text("no folder")
    done = ffc(project, "compile")
    assert done.code == 1
    said = " ".join(done.stderr.split())
    assert "error[FF802]" in said
    assert "can't be written: " in said
    assert "see that you may write there" in said
