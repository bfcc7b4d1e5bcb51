"""A site's folder: replaced whole or not at all, and never another one."""

from __future__ import annotations

import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ffc.core.errors import Misuse, StoreError
from ffc.site.writing import MARK, Written, write_site

FIRST = [("index.html", b"one"), ("nodes/a.html", b"a"), ("nodes/b.html", b"b")]
SECOND = [("index.html", b"two"), ("nodes/a.html", b"a"), ("tags/c.html", b"c")]


def _tree(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != MARK)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def _alone(folder: Path) -> bool:
    """Tell whether nothing was left beside a folder."""
    return [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_new_site_takes_the_place_of_the_old_one_whole(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "docs"
    assert write_site(folder, FIRST) == Written(files=3, bytes=5)
    assert _tree(folder) == dict(FIRST)
    assert write_site(folder, SECOND) == Written(files=3, bytes=5)
    assert _tree(folder) == dict(SECOND)
    assert _alone(folder)
    assert (folder / MARK).read_text().splitlines() == sorted(dict(SECOND))


def test_everyone_may_read_it(tmp_path: Path) -> None:
    write_site(tmp_path / "docs", FIRST)
    assert stat.S_IMODE((tmp_path / "docs").stat().st_mode) == 0o755


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / ".DS_Store").touch()
    write_site(folder, FIRST)
    assert _tree(folder) == dict(FIRST)


def test_what_ffc_did_not_write_is_never_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    (folder / "mine").mkdir(parents=True)
    with pytest.raises(Misuse, match="is no site that ffc wrote"):
        write_site(folder, FIRST)
    (folder / "mine").rmdir()
    write_site(folder, FIRST)
    (folder / "CNAME").write_text("docs.example.com")
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").touch()
    with pytest.raises(
        Misuse, match=r"did not write there, and would lose: `\.git/HEAD` and 1 more"
    ):
        write_site(folder, SECOND)
    assert (folder / "CNAME").read_text() == "docs.example.com"
    assert (folder / "index.html").read_bytes() == b"one"
    assert _alone(folder)


def test_a_file_is_no_place(tmp_path: Path) -> None:
    (tmp_path / "docs").write_text("mine")
    with pytest.raises(Misuse, match="is a file"):
        write_site(tmp_path / "docs", FIRST)
    assert (tmp_path / "docs").read_text() == "mine"


def test_a_link_to_a_folder_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "docs").symlink_to("real")
    write_site(tmp_path / "docs", FIRST)
    assert (tmp_path / "docs").is_symlink()
    assert _tree(tmp_path / "real") == dict(FIRST)


def _breaking(after: int) -> Iterator[tuple[str, bytes]]:
    yield from SECOND[:after]
    raise KeyboardInterrupt


@pytest.mark.parametrize("after", [0, 1, 3])
def test_what_fails_leaves_the_old_site(after: int, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    write_site(folder, FIRST)
    with pytest.raises(KeyboardInterrupt):
        write_site(folder, _breaking(after))
    assert _tree(folder) == dict(FIRST)
    assert _alone(folder)


def test_a_swap_that_fails_puts_the_old_site_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "docs"
    write_site(folder, FIRST)
    rename = Path.rename

    def failing(path: Path, target: Path) -> Path:
        if ".ffc-new-" in path.name:
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(StoreError, match=r"can't be written to .*: No space left on device"):
        write_site(folder, SECOND)
    assert _tree(folder) == dict(FIRST)
    assert _alone(folder)


def test_a_folder_below_a_file_is_no_place(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misuse, match="/file` is a file"):
        write_site(tmp_path / "file" / "deep" / "docs", FIRST)


def test_several_at_a_time_leave_one_whole_site(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    sites = [[("index.html", bytes([n])), (f"nodes/{n}.html", bytes([n]))] for n in range(6)]
    failed: list[BaseException] = []

    def write(site: list[tuple[str, bytes]]) -> None:
        for _ in range(5):
            try:
                write_site(folder, site)
            except (StoreError, Misuse) as problem:
                failed.append(problem)

    threads = [threading.Thread(target=write, args=(site,)) for site in sites]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _tree(folder) in [dict(site) for site in sites]
    assert failed == []
    assert _alone(folder)


def test_what_a_killed_run_left_is_taken_away_a_day_later(tmp_path: Path) -> None:
    folder = tmp_path / "[docs]"
    write_site(folder, FIRST)
    for name in (".[docs].ffc-new-abc", ".[docs].ffc-old-abc", ".d.ffc-new-abc", "mine"):
        (tmp_path / name).mkdir()
    write_site(folder, SECOND)
    assert len(list(tmp_path.iterdir())) == 5
    write_site(folder, SECOND, now=time.time() + 90_000)
    assert {path.name for path in tmp_path.iterdir()} == {"[docs]", ".d.ffc-new-abc", "mine"}
