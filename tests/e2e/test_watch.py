"""`ffc compile --watch`: each save is compiled, whatever an editor does to files."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from support.cli import ffc
from support.projects import small_project
from support.watching import PATIENCE, STATUS, watched

GOOD = r"(compiled \d+ nodes) in [\d.]+ m?s; watching, Ctrl-C ends"
BAD = r"(\d+ errors?.*) found in [\d.]+ m?s; watching, Ctrl-C ends"


def _break(path: Path, right: str, wrong: str) -> None:
    text = path.read_text()
    assert right in text
    path.write_text(text.replace(right, wrong))


def test_each_save_is_compiled_and_told_until_ctrl_c(tmp_path: Path) -> None:
    query = small_project(tmp_path) / "transformations" / "clean.sql"
    with watched(tmp_path) as watcher:
        watcher.wait_for(GOOD)
        written = (tmp_path / "target" / "manifest.json").read_text()
        _break(query, "select user_id", "select usr_id")
        watcher.wait_for(r"\n\d\d:\d\d:\d\d  compiling\n")
        said = watcher.wait_for(BAD)
        assert "error[FF303]: there is no column `usr_id`" in watcher.written
        assert "transformations/clean.sql:2:8" in watcher.written
        assert said[1] == "1 error"
        # What is wrong is not written: the last good manifest stays.
        assert (tmp_path / "target" / "manifest.json").read_text() == written
        _break(query, "select usr_id", "select user_id, 1 as more")
        watcher.wait_for(GOOD)
        assert '"more"' in (tmp_path / "target" / "manifest.json").read_text()
        # The terminal's codes have no place in a pipe.
        assert "\x1b" not in watcher.written
        assert watcher.end() == 0


def test_what_editors_do_to_files_is_a_save(tmp_path: Path) -> None:
    query = small_project(tmp_path) / "transformations" / "clean.sql"
    good, bad = query.read_text(), "select nothing_such as x\n"
    with watched(tmp_path) as watcher:
        watcher.wait_for(GOOD)
        # Written beside, then renamed over it; a copy is kept, as vim does.
        for text, expected in ((bad, BAD), (good, GOOD)):
            (query.parent / ".clean.sql.swp").write_text("swap")
            query.rename(query.parent / "clean.sql~")
            (query.parent / "4913").write_text("")
            (query.parent / "4913").unlink()
            query.write_text(text)
            (query.parent / "clean.sql~").unlink()
            watcher.wait_for(expected)
        for text, expected in ((bad, BAD), (good, GOOD)):
            beside = tmp_path / "clean.tmp"
            beside.write_text(text)
            beside.replace(query)
            watcher.wait_for(expected)
        # Saved in two halves: whatever is said of the first, the last word is about the whole.
        with query.open("w") as file:
            file.write("select user")
            file.flush()
            time.sleep(0.3)
            file.write("_id from {{ source('raw', 'events') }}\n")
        watcher.wait_for(r"no column|FF\d+")
        query.write_text(good)
        watcher.wait_for(GOOD)
        assert watcher.end() == 0


def test_files_and_folders_that_go_and_come_are_noticed(tmp_path: Path) -> None:
    small_project(tmp_path)
    folder, aside = tmp_path / "transformations", tmp_path / "aside"
    with watched(tmp_path) as watcher:
        before = int(watcher.wait_for(GOOD)[1].split()[1])
        shutil.move(folder / "clean.sql", aside)
        watcher.wait_for(BAD)
        shutil.move(aside, folder / "clean.sql")
        watcher.wait_for(GOOD)
        # A new folder, and then a file in it.
        (folder / "deep" / "deeper").mkdir(parents=True)
        (folder / "deep" / "deeper" / "other.sql").write_text("select 1 as id\n")
        watcher.wait_for(rf"compiled {before + 1} nodes in")
        (folder / "deep" / "deeper" / "other.sql").write_text("select 1 as\n")
        watcher.wait_for(BAD)
        shutil.rmtree(folder / "deep")
        watcher.wait_for(rf"compiled {before} nodes in")
        shutil.move(folder, aside)
        watcher.wait_for(BAD)
        shutil.move(aside, folder)
        watcher.wait_for(rf"compiled {before} nodes in")
        assert watcher.end() == 0


def test_settings_that_are_broken_or_gone_are_waited_for(tmp_path: Path) -> None:
    root = small_project(tmp_path / "project")
    with watched(root) as watcher:
        watcher.wait_for(GOOD)
        for name in ("ffc.yml", "profiles.yml"):
            text = (root / name).read_text()
            (root / name).write_text("name: [small\n  : x")
            watcher.wait_for(BAD)
            (root / name).unlink()
            watcher.wait_for("error|not compiled in")
            (root / name).write_text(text)
            watcher.wait_for(GOOD)
        # A target that is none any more is no reason to end, though it is one not to begin.
        root.rename(tmp_path / "elsewhere")
        watcher.wait_for(r"there is no ffc\.yml in[\s\S]*not compiled in")
        (tmp_path / "elsewhere").rename(root)
        watcher.wait_for(GOOD)
        assert watcher.end() == 0


def test_a_burst_of_saves_is_few_compilations_and_ends_right(tmp_path: Path) -> None:
    small_project(tmp_path)
    with watched(tmp_path) as watcher:
        watcher.wait_for(GOOD)
        before = watcher.turns()
        for number in range(300):
            path = tmp_path / "transformations" / f"many{number}.sql"
            path.write_text(f"select {number} as id\n")
        watcher.wait_for(r"compiled 30\d nodes in")
        assert watcher.turns() - before < 20
        for number in range(300):
            (tmp_path / "transformations" / f"many{number}.sql").unlink()
        watcher.wait_for(r"compiled [1-9] nodes in")
        assert watcher.end() == 0


def test_what_is_not_read_is_no_change(tmp_path: Path) -> None:
    small_project(tmp_path)
    (tmp_path / "data").mkdir(exist_ok=True)
    with watched(tmp_path) as watcher:
        watcher.wait_for(GOOD)
        (tmp_path / "data" / "events.csv").write_text("user_id\n")
        (tmp_path / "notes.txt").write_text("x")
        (tmp_path / "transformations" / ".clean.sql.swp").write_text("x")
        (tmp_path / "target" / "other.yml").write_text("x: 1")
        assert watcher.says_nothing(2.5)
        assert watcher.end() == 0


def test_on_a_terminal_it_is_drawn_in_place_and_fits(tmp_path: Path) -> None:
    query = small_project(tmp_path) / "transformations" / "clean.sql"
    with watched(tmp_path, terminal=True) as watcher:
        watcher.wait_for(GOOD)
        names = ", ".join(f"wrong_{number}" for number in range(40))
        _break(
            query, "select user_id", f"select\n  {names.replace(', ', chr(10) + ', ')}\n, user_id"
        )
        watcher.wait_for(BAD)
        watcher.wait_for(r"\x1b\[J")
        drawn = watcher.written.split("\x1b[H")[-1]
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn).replace("\r", "")
        assert len(plain.rstrip("\n").split("\n")) < 24, plain
        assert "\x1b[31m" in drawn
        assert re.search(r"\n\d\d more, for which there is no room\n\n.*20 errors found", plain)
        # Nothing is cleared but at first: no flicker.
        assert watcher.written.count("\x1b[2J") == 1
        assert watcher.end() == 0


def test_without_colour_it_is_drawn_all_the_same(tmp_path: Path) -> None:
    small_project(tmp_path)
    with watched(tmp_path, "--no-color", terminal=True) as watcher:
        watcher.wait_for(GOOD)
        assert "\x1b[H" in watcher.written
        assert not re.search(r"\x1b\[\d*m", watcher.written)
        assert watcher.end() == 0


def test_a_terminal_that_can_do_nothing_gets_lines(tmp_path: Path) -> None:
    small_project(tmp_path)
    with watched(tmp_path, terminal=True, TERM="dumb") as watcher:
        watcher.wait_for(GOOD)
        assert "\x1b[H" not in watcher.written
        assert watcher.end() == 0


def test_quiet_says_only_what_is_wrong(tmp_path: Path) -> None:
    query = small_project(tmp_path) / "transformations" / "clean.sql"
    with watched(tmp_path, "--quiet") as watcher:
        deadline = time.monotonic() + PATIENCE
        while not (tmp_path / "target" / "manifest.json").exists():
            assert time.monotonic() < deadline
        assert watcher.says_nothing(0.5)
        _break(query, "select user_id", "select usr_id")
        watcher.wait_for("error")
        assert not re.search(STATUS, watcher.written)
        assert watcher.end() == 0


def test_machines_get_a_document_a_compilation(tmp_path: Path) -> None:
    query = small_project(tmp_path) / "transformations" / "clean.sql"
    process = subprocess.Popen(
        [sys.executable, "-m", "ffc", "compile", "--watch", "--output", "json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        found = []
        for _ in range(2):
            lines = []
            for line in process.stdout:
                lines.append(line)
                if line == "}\n":
                    break
            found.append(json.loads("".join(lines))["ok"])
            _break(query, "select ", "select nothing_such, ")
        assert found == [True, False]
        process.send_signal(signal.SIGINT)
        _, talk = process.communicate(timeout=PATIENCE)
        assert (process.returncode, talk) == (0, "")
    finally:
        process.kill()


def test_ctrl_c_while_it_compiles_ends_it_well(tmp_path: Path) -> None:
    small_project(tmp_path)
    for number in range(200):
        path = tmp_path / "transformations" / f"many{number}.sql"
        path.write_text(f"select {number} as id\n")
    with watched(tmp_path) as watcher:
        watcher.wait_for(r"compiled 20\d nodes in")
        for number in range(200):
            path = tmp_path / "transformations" / f"many{number}.sql"
            path.write_text(f"select {number} as other\n")
        time.sleep(0.7)
        assert watcher.end() == 0
        assert "Traceback" not in watcher.written


def test_who_reads_no_more_is_not_written_to_for_ever(tmp_path: Path) -> None:
    small_project(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "ffc", "compile", "--watch"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        assert process.stderr.readline()
        process.stderr.close()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()


def test_what_can_t_be_written_is_told_and_written_later(tmp_path: Path) -> None:
    query = small_project(tmp_path) / "transformations" / "clean.sql"
    with watched(tmp_path) as watcher:
        watcher.wait_for(GOOD)
        shutil.rmtree(tmp_path / "target")
        (tmp_path / "target").write_text("a file")
        _break(query, "select user_id", "select user_id, 1 as more")
        watcher.wait_for(r"error\[FF\d+\][\s\S]*not compiled in")
        (tmp_path / "target").unlink()
        _break(query, "1 as more", "2 as more")
        watcher.wait_for(GOOD)
        written = {path.name for path in (tmp_path / "target" / "compiled").iterdir()}
        assert {"transformation.clean.sql", "training_set.main.sql"} <= written
        query = tmp_path / "target" / "compiled" / "transformation.clean.sql"
        assert "2 as more" in query.read_text().lower()
        assert watcher.end() == 0


def test_what_can_t_begin_does_not_wait(tmp_path: Path) -> None:
    asked = ffc(tmp_path, "compile", "--watch")
    assert asked.code == 1
    assert "there is no ffc.yml here" in asked.stderr
    asked = ffc(small_project(tmp_path), "compile", "--watch", "--target", "dve")
    assert asked.code == 2
    assert "there is no target `dve`; did you mean `dev`?" in asked.stderr
