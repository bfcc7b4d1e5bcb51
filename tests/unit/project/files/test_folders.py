"""Folders by other names, and where a project is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from diagnostics.project import BASE, PROJECT, SQL
from support.cli import Result, ffc
from support.reading import accepted, refused

from ffc.project.files import ProjectFiles, find_project, read_files

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


def nowhere(folder: Path) -> Result:
    done = ffc(folder, "compile")
    assert done.code == 1
    return done


# --- where a project is


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
