"""What is looked at, what is kept, and how changes are found where the system tells of none."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path

import pytest
import watchfiles
from support.cli import write_files
from support.projects import FILES

from ffc.core.texts import read_text
from ffc.workspace.watching import Glance, KeptTexts, Watch, glance


def _look(root: Path) -> Callable[[], Glance]:
    return partial(glance, root, read_text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(os.path.realpath(write_files(tmp_path / "project", FILES)))


def test_a_text_is_read_once_as_long_as_its_file_stays(root: Path) -> None:
    texts, path = KeptTexts(), root / "ffc.yml"
    first = texts.read(path, "ffc.yml")
    assert texts.read(path, "ffc.yml") is first
    path.write_text(first[0].replace("small", "other"))
    assert "other" in texts.read(path, "ffc.yml")[0]
    path.unlink()
    text, problem = texts.read(path, "ffc.yml")
    assert text == ""
    assert problem is not None


def test_a_file_of_the_same_size_and_time_is_told_by_its_number(root: Path) -> None:
    texts, path = KeptTexts(), root / "ffc.yml"
    text, found = texts.read(path, "ffc.yml")[0], path.stat()
    beside = root / "beside"
    beside.write_text(text.replace("small", "other"))
    os.utime(beside, ns=(found.st_atime_ns, found.st_mtime_ns))
    beside.replace(path)
    assert "other" in texts.read(path, "ffc.yml")[0]


CHANGES: dict[str, Callable[[Path], object]] = {
    "a file changes": lambda root: (root / "transformations/clean.sql").write_text("select 1 as x"),
    "a file goes": lambda root: (root / "transformations/clean.sql").unlink(),
    "a file comes": lambda root: (root / "transformations/new.sql").write_text(""),
    "a folder comes": lambda root: (root / "transformations/new").mkdir(),
    "a project's folder comes": lambda root: (root / "macros").mkdir(),
    "a stray file comes": lambda root: (root / "new.yml").write_text(""),
    "the settings change": lambda root: (root / "ffc.yml").write_text(""),
    "the settings go": lambda root: (root / "ffc.yml").unlink(),
    "the profiles change": lambda root: (root / "profiles.yml").write_text(""),
    "all goes": lambda root: root.rename(root.parent / "elsewhere"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("told", [True, False], ids=["told", "not told"])
def test_changes_are_found(
    root: Path, monkeypatch: pytest.MonkeyPatch, change: str, told: bool
) -> None:
    def refuse(*folders: str, **settings: object) -> Generator[set[object]]:
        raise OSError(28, "no space left on device: the limit on inotify watches")
        yield set()

    if not told:
        monkeypatch.setattr(watchfiles, "watch", refuse)
    with Watch(_look(root)) as watch:
        assert not watch.wait()
        CHANGES[change](root)
        end = time.monotonic() + 10
        while not watch.wait():
            assert time.monotonic() < end
        assert not watch.wait()


@pytest.mark.parametrize(
    "path", ["data/events.csv", "notes.txt", "target/x.yml", ".ffc/x.yml", "transformations/.x.sql"]
)
def test_what_no_compilation_reads_is_no_change(root: Path, path: str) -> None:
    (root / path).parent.mkdir(exist_ok=True)
    before = glance(root, read_text)
    (root / path).write_text("x")
    assert glance(root, read_text) == before


def test_folders_that_paths_names_are_looked_at(root: Path) -> None:
    (root / "sql" / "deep").mkdir(parents=True)
    (root / "ffc.yml").write_text(FILES["ffc.yml"] + "paths: {transformations: sql}\n")
    before = glance(root, read_text)
    (root / "transformations" / "clean.sql").write_text("select 2 as x")
    assert glance(root, read_text) == before
    (root / "sql" / "deep" / "one.sql").write_text("select 2 as x")
    assert glance(root, read_text) != before


def test_links_that_lead_round_or_out_end(root: Path, tmp_path: Path) -> None:
    (root / "transformations" / "round").symlink_to(root / "transformations")
    (root / "transformations" / "out").symlink_to(tmp_path)
    (root / "transformations" / "lost.sql").symlink_to(tmp_path / "nothing")
    (root / "shared").mkdir()
    (root / "transformations" / "shared").symlink_to(root / "shared")
    before = glance(root, read_text)
    assert str(root / "shared") in before.folders
    assert str(tmp_path) not in before.folders
    (root / "shared" / "one.sql").write_text("select 1 as x")
    assert glance(root, read_text) != before


def test_profiles_elsewhere_are_looked_at(root: Path, tmp_path: Path) -> None:
    profiles = write_files(tmp_path / "mine", {"profiles.yml": "x: 1\n"})
    before = glance(root, read_text, profiles)
    (profiles / "profiles.yml").write_text("x: 12\n")
    assert glance(root, read_text, profiles) != before
