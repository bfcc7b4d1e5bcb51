"""`ffc lsp` in a real client over stdio: what is wrong as people type, broken files, its end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

from lsprotocol import types
from support.cli import ffc
from support.edited import ALL, CLEAN, MAIN, QUERY, place_of
from support.editor import PATIENCE, Editor, edit, editing
from support.projects import FILES, small_project


def test_what_is_wrong_is_told_as_people_type_and_nothing_is_saved(root: Path) -> None:
    async def work(editor: Editor) -> None:
        editor.open(CLEAN)
        assert await editor.codes(CLEAN) == []
        editor.type(CLEAN, QUERY.replace("select user_id", "select usr_id"))
        (found,) = [d for d in await editor.codes(CLEAN, "FF303")]
        assert found.severity == types.DiagnosticSeverity.Error
        assert found.source == "ffc"
        assert found.message == "there is no column `usr_id` here\nhelp: did you mean `user_id`?"
        assert found.range == types.Range(types.Position(1, 7), types.Position(1, 13))
        editor.type(CLEAN, QUERY)
        assert await editor.codes(CLEAN) == []
        # A file that is closed without being saved is what is on disk again.
        editor.type(CLEAN, "select 1 as")
        await editor.until(lambda: editor.codes_now(CLEAN) != [])
        editor.close(CLEAN)
        await editor.codes(CLEAN)

    edit(root, work)
    assert (root / CLEAN).read_text() == QUERY
    assert not (root / "target").exists()


def test_what_is_wrong_in_other_files_is_told_too(root: Path) -> None:
    async def work(editor: Editor) -> None:
        editor.open(CLEAN)
        await editor.codes(CLEAN)
        editor.type(CLEAN, QUERY.replace("amount, paid", "amount as money, paid"))
        found = await editor.codes(ALL, "FF303")
        assert "no column `amount`" in found[0].message
        editor.type(CLEAN, QUERY)
        await editor.codes(ALL)
        # Declared twice: the first place is told beside the second.
        editor.open(ALL)
        editor.type(ALL, FILES[ALL] + "entities:\n  - {name: user, keys: []}\n")
        await editor.until(lambda: editor.codes_now(ALL) != [])

    edit(root, work)


def test_places_are_counted_as_the_protocol_counts_them(root: Path) -> None:
    text = "select '🙂é🙂' as face, usr_id\nfrom {{ ref('clean') }} as ê\nwhere ê.amount > 0\n"

    async def work(editor: Editor) -> None:
        editor.open("transformations/more.sql", text)
        (found,) = await editor.codes("transformations/more.sql", "FF303")
        start = len("select '🙂é🙂' as face, ".encode("utf-16-le")) // 2
        assert found.range.start == types.Position(0, start)
        assert found.range.end == types.Position(0, start + 6)
        # An editor counts the same way when it sends what was typed, and when it asks.
        editor.insert("transformations/more.sql", 0, start + 1, "e")
        editor.insert("transformations/more.sql", 0, start, "/* 🙂 */")
        right = text.replace("usr_id", "/* 🙂 */user_id".replace("user", "uesr"))
        await editor.until(
            lambda: any("uesr_id" in d.message for d in editor.found[found_uri(editor)])
        )
        assert await editor.hover(
            "transformations/more.sql", *place_of(right, "from {{ ref('cl^ean")
        )
        line, character = place_of(right, "where ê.am^ount")
        assert "float64" in await editor.hover("transformations/more.sql", line, character)

    def found_uri(editor: Editor) -> str:
        return editor.uri("transformations/more.sql")

    edit(root, work)


def test_a_broken_project_is_worked_in_all_the_same(root: Path) -> None:
    """A file is typed letter by letter, and asked about at each: there is always an answer."""

    async def work(editor: Editor) -> None:
        editor.open(ALL, "")
        editor.open(CLEAN, "")
        for path, text in ((ALL, FILES[ALL]), (CLEAN, QUERY)):
            for end in range(0, len(text) + 1, 3):
                editor.type(path, text[:end])
                line, character = place_of(text[:end] + "\0", text[:end][-300:] + "^\0")
                await editor.hover(path, line, character)
                await editor.complete(path, line, character)
                await editor.definition(path, line, character)
            editor.type(path, text)
        await editor.codes(CLEAN)
        await editor.codes(ALL)

    edit(root, work)


def test_what_was_known_is_known_while_a_file_is_broken(root: Path) -> None:
    async def work(editor: Editor) -> None:
        editor.open(ALL)
        editor.open(MAIN)
        await editor.codes(MAIN)
        editor.type(ALL, FILES[ALL].replace("entity: user", "entity: [user"))
        await editor.until(lambda: editor.codes_now(ALL) != [])
        view = await editor.hover(MAIN, *place_of(FILES[MAIN], "[spend^ing.amount"))
        assert "| `amount` | float64 |" in view
        labels = [i.label for i in await editor.complete(MAIN, 3, 15)]
        assert "spending.amount" in labels

    edit(root, work)


def test_settings_that_are_broken_or_gone_are_told_and_mended(root: Path) -> None:
    async def work(editor: Editor) -> None:
        editor.open("ffc.yml")
        await editor.codes("ffc.yml")
        text = FILES["ffc.yml"]
        editor.type("ffc.yml", text.replace("name: small", "nme: small"))
        await editor.until(lambda: "FF104" in editor.codes_now("ffc.yml"))
        editor.type("ffc.yml", text)
        await editor.codes("ffc.yml")
        editor.close("ffc.yml")
        (root / "ffc.yml").unlink()
        editor.changed_on_disk("ffc.yml")
        await editor.codes("ffc.yml", "FF701")
        (root / "ffc.yml").write_text(text)
        editor.changed_on_disk("ffc.yml")
        await editor.codes("ffc.yml")

    edit(root, work)


def test_many_quick_changes_end_in_what_was_typed_last(root: Path) -> None:
    async def work(editor: Editor) -> None:
        editor.open(CLEAN)
        await editor.codes(CLEAN)
        before = editor.publications
        for number in range(300):
            editor.type(CLEAN, QUERY.replace("select user_id", f"select wrong_{number}"))
        await editor.until(
            lambda: any("wrong_299" in d.message for d in editor.found[editor.uri(CLEAN)])
        )
        assert editor.publications - before < 30
        for number in range(300):
            editor.type(CLEAN, QUERY.replace("select user_id", f"select wrong_{number}"))
        editor.type(CLEAN, QUERY)
        await editor.codes(CLEAN)

    edit(root, work)


def test_files_that_change_on_disk_are_read_again(root: Path) -> None:
    async def work(editor: Editor) -> None:
        await editor.until(lambda: bool(editor.registered))
        patterns = str(editor.registered[0].register_options)
        assert "**/*.sql" in patterns
        editor.open(ALL)
        await editor.codes(ALL)
        (root / CLEAN).write_text("select 1 as id\n")
        editor.changed_on_disk(CLEAN)
        await editor.until(lambda: editor.codes_now(ALL) != [])
        (root / CLEAN).write_text(QUERY)
        document = types.TextDocumentIdentifier(editor.uri(CLEAN))
        editor.client.text_document_did_save(types.DidSaveTextDocumentParams(document))
        await editor.codes(ALL)

    edit(root, work, watches=True)


def test_lines_that_end_as_on_windows_are_lines(root: Path) -> None:
    text = ("\ufeff" + QUERY.replace("paid, seen", "pid, seen")).replace("\n", "\r\n")

    async def work(editor: Editor) -> None:
        editor.open(CLEAN, text)
        (found, *_) = await asyncio.wait_for(_wrong(editor), PATIENCE)
        assert (found.code, found.range.start) == ("FF303", types.Position(1, 24))

    async def _wrong(editor: Editor) -> list[types.Diagnostic]:
        await editor.until(lambda: editor.codes_now(CLEAN)[:1] == ["FF303"])
        return editor.found[editor.uri(CLEAN)]

    edit(root, work)


def test_files_outside_a_project_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x.sql").write_text("select 1")

    async def work(editor: Editor) -> None:
        editor.open("x.sql")
        assert await editor.hover("x.sql", 0, 2) == ""
        assert await editor.definition("x.sql", 0, 2) is None
        assert await editor.symbols("x.sql") == []
        assert editor.found == {}

    edit(tmp_path, work)


def test_two_projects_are_two(tmp_path: Path) -> None:
    small_project(tmp_path / "one")
    small_project(tmp_path / "two", **{CLEAN: "select nothing_such as x\n"})

    async def work(editor: Editor) -> None:
        editor.open(f"one/{CLEAN}")
        editor.open(f"two/{CLEAN}")
        await editor.codes(f"one/{CLEAN}")
        await editor.codes(f"two/{CLEAN}", "FF303")
        assert editor.codes_now(f"one/{ALL}") == []
        assert editor.codes_now(f"two/{ALL}") == []

    edit(tmp_path, work)


def test_it_ends_as_the_protocol_says(root: Path) -> None:
    async def ends() -> None:
        async with editing(root) as editor:
            editor.client.exit(None)
            # Nobody said `shutdown`.
            assert await editor.ended() == 1
        async with editing(root) as editor:
            # While it compiles.
            for number in range(400):
                path = root / "transformations" / f"many{number}.sql"
                path.write_text(f"select {number} as id\n")
            editor.open(CLEAN)
            await asyncio.sleep(0.4)
            began = time.monotonic()
            await editor.client.shutdown_async(None)
            editor.client.exit(None)
            assert await editor.ended() == 0
            assert time.monotonic() - began < 5

    asyncio.run(ends())


def test_an_editor_that_is_gone_is_not_waited_for(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ffc", "lsp"],
        cwd=root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"")


def test_without_its_extra_it_names_it(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['pygls'] = None\n"
        "from ffc.cli.main import main; main(['lsp', '--vars', '{}'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "the language server needs the extra `lsp`" in done.stderr
    assert "pip install 'ffc-feature-store[lsp]'" in done.stderr


def test_options_that_mean_nothing_are_told_before_it_begins(tmp_path: Path) -> None:
    asked = ffc(tmp_path, "lsp", "--vars", "[1]")
    assert asked.code == 2
    assert "--vars" in asked.stderr
