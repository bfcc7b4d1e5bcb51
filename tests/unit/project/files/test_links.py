"""Links in a project: followed inside it, said in words where they lead away."""

from __future__ import annotations

from pathlib import Path

from diagnostics.project import FEATURES, SQL
from support.reading import accepted, refused

from ffc.project.files import read_files


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
