"""Files that are none, that nobody may read, by odd names: said in words, never opened."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from diagnostics.project import PROJECT, SQL
from support.cli import ffc
from support.reading import accepted, refused

from ffc.core.texts import MAX_BYTES, read_text

NOBODY = 65534


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


# What is written


def test_a_target_folder_that_can_not_be_made(project: Path) -> None:
    (project / "target").write_text("no folder")
    done = ffc(project, "compile")
    assert done.code == 1
    said = " ".join(done.stderr.split())
    assert "error[FF802]" in said
    assert "can't be written: " in said
    assert "see that you may write there" in said
