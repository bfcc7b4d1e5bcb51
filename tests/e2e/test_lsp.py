"""`ffc lsp` in a real client over stdio: each feature, letters of all sizes, broken files, its end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lsprotocol import types
from support.cli import ffc
from support.editor import PATIENCE, Editor, applied, edit, editing
from support.projects import FILES, small_project

CLEAN = "transformations/clean.sql"
ALL = "features/all.yml"
MAIN = "training_sets/main.yml"
MACROS = "macros/all.sql"
QUERY = FILES[CLEAN]
MORE = """\
select s.user_id, s.amount, u.country, {{ doubled('amount') }} as twice
from {{ ref('spending') }} as s
join {{ source('raw', 'users') }} u on u.user_id = s.user_id
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    changes = {
        "transformations/more.sql": MORE,
        MACROS: "{% macro doubled(column, times=2) %}{{ column }} * {{ times }}{% endmacro %}\n",
    }
    return small_project(tmp_path, **changes)


def _at(text: str, marked: str) -> tuple[int, int]:
    """Return line and character of the `^` in a part of a text."""
    before, after = marked.split("^")
    assert text.count(before + after) == 1, marked
    lines = text[: text.index(before + after) + len(before)].split("\n")
    return len(lines) - 1, len(lines[-1].encode("utf-16-le")) // 2


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
        assert await editor.hover("transformations/more.sql", *_at(right, "from {{ ref('cl^ean"))
        line, character = _at(right, "where ê.am^ount")
        assert "float64" in await editor.hover("transformations/more.sql", line, character)

    def found_uri(editor: Editor) -> str:
        return editor.uri("transformations/more.sql")

    edit(root, work)


DEFINITIONS = [
    (MORE, "transformations/more.sql", "ref('spend^ing')", (ALL, "name: ^spending")),
    (MORE, "transformations/more.sql", "'raw', 'us^ers'", ("sources/raw.yml", "name: ^users")),
    (MORE, "transformations/more.sql", "u.coun^try", ("sources/raw.yml", "{name: ^country")),
    (MORE, "transformations/more.sql", "{{ doub^led", (MACROS, "macro ^doubled")),
    (QUERY, CLEAN, "var('le^ast'", ("ffc.yml", "vars: {^least")),
    (FILES[ALL], ALL, "entity: us^er\n    source: ref('clean')", (ALL, "{name: ^user, keys")),
    (FILES[ALL], ALL, "name: spending\n    entity: user\n    source: ref('cl^ean')", (CLEAN, "")),
    (FILES[ALL], ALL, "source: source('raw', 'us^ers')", ("sources/raw.yml", "name: ^users")),
    (FILES[ALL], ALL, "column: pa^id", (CLEAN, "amount, ^paid")),
    (FILES[MAIN], MAIN, "label: paid^_back", (ALL, "name: ^paid_back")),
    (FILES[MAIN], MAIN, "[spend^ing.amount", (ALL, "name: ^spending")),
    (FILES[MAIN], MAIN, "[spending.am^ount", (ALL, "{name: ^amount")),
    (FILES[MAIN], MAIN, "pro^file.*", (ALL, "name: ^profile")),
]


def test_names_lead_to_where_they_are_declared(root: Path) -> None:
    async def work(editor: Editor) -> None:
        for path in (CLEAN, "transformations/more.sql", ALL, MAIN):
            editor.open(path)
            await editor.codes(path)
        for text, path, marked, (other, place) in DEFINITIONS:
            line, character = _at((root / other).read_text(), place) if place else (0, 0)
            found = await editor.definition(path, *_at(text, marked))
            assert found == (other, line, character), marked
        assert await editor.definition(CLEAN, *_at(QUERY, "sel^ect")) is None

    edit(root, work)


def test_names_tell_their_types_their_words_and_where_they_come_from(root: Path) -> None:
    async def work(editor: Editor) -> None:
        editor.open(MAIN)
        editor.open(CLEAN)
        editor.open(ALL)
        await editor.codes(MAIN)
        view = await editor.hover(MAIN, *_at(FILES[MAIN], "[spend^ing.amount"))
        assert "**feature view** `spending`" in view
        assert "entity `user`" in view
        assert "| `amount` | float64 |" in view
        assert "comes from `entity.user`, `transformation.clean`" in view
        assert "goes into `training_set.main`, `transformation.more`" in view
        feature = await editor.hover(MAIN, *_at(FILES[MAIN], "[spending.am^ount"))
        assert "**feature** `amount`: `float64`" in feature
        assert "comes from `clean.amount`" in feature
        column = await editor.hover(CLEAN, *_at(QUERY, "where am^ount"))
        assert "**column** `amount`: `float64`" in column
        assert "of source `raw.events`" in column
        key = await editor.hover(ALL, *_at(FILES[ALL], "t^tl: 30d"))
        assert key.startswith("`ttl`: duration")
        assert await editor.hover(CLEAN, *_at(QUERY, "sel^ect")) == ""

    edit(root, work)


# What is typed, where the cursor is, what is offered, what must not be, and the text then.
COMPLETIONS = [
    (
        "transformations/new.sql",
        "select * from {{ ref('cl^') }}",
        ["clean", "spending", "profile", "more"],
        ["raw"],
        ("clean", "select * from {{ ref('clean') }}"),
    ),
    (
        "transformations/new.sql",
        "select * from {{ ref('^",
        ["clean"],
        [],
        ("clean", "select * from {{ ref('clean"),
    ),
    (
        "transformations/new.sql",
        "from {{ source('^",
        ["raw"],
        ["clean"],
        ("raw", "from {{ source('raw"),
    ),
    (
        "transformations/new.sql",
        "from {{ source('raw', 'ev^') }}",
        ["events", "users"],
        ["raw"],
        ("events", "from {{ source('raw', 'events') }}"),
    ),
    (
        "transformations/new.sql",
        "select u.co^ from {{ source('raw', 'users') }} as u",
        ["user_id", "country"],
        ["amount"],
        ("country", "select u.country from {{ source('raw', 'users') }} as u"),
    ),
    (
        "transformations/new.sql",
        "select '🙂', am^\nfrom {{ ref('clean') }} c",
        ["amount", "paid", "c"],
        ["country"],
        ("amount", "select '🙂', amount\nfrom {{ ref('clean') }} c"),
    ),
    (
        "transformations/new.sql",
        "select {{ d^ }}",
        ["doubled", "ref", "source", "config", "target"],
        ["amount"],
        ("doubled", "select {{ doubled }}"),
    ),
    (
        "transformations/new.sql",
        "{{ config(mat^",
        ["materialized", "unique_key"],
        ["ref"],
        ("materialized='table'", "{{ config(materialized='table'"),
    ),
    ("transformations/new.sql", "{{ var('^", ["least"], [], ("least", "{{ var('least")),
    (
        "features/new.yml",
        "fea^",
        ["feature_views", "entities", "labels"],
        ["name"],
        ("feature_views", "feature_views: "),
    ),
    (
        "features/new.yml",
        "feature_views:\n  - name: x\n    ^",
        ["entity", "source", "ttl"],
        ["name", "labels"],
        ("entity", "feature_views:\n  - name: x\n    entity: "),
    ),
    (
        "features/new.yml",
        "feature_views:\n  - entity: ^\n    name: x\n",
        ["user"],
        ["clean"],
        ("user", "feature_views:\n  - entity: user\n    name: x\n"),
    ),
    (
        "features/new.yml",
        "feature_views:\n  - source: ref('^')\n",
        ["clean"],
        ["raw"],
        ("clean", "feature_views:\n  - source: ref('clean')\n"),
    ),
    (
        "features/new.yml",
        "feature_views:\n  - source: ^\n",
        ["ref('clean')", "source('raw', 'events')"],
        [],
        ("ref('clean')", "feature_views:\n  - source: ref('clean')\n"),
    ),
    (
        "features/new.yml",
        "feature_views:\n  - source: ref('clean')\n    timestamp: s^\n",
        ["seen", "loaded"],
        ["country"],
        ("seen", "feature_views:\n  - source: ref('clean')\n    timestamp: seen\n"),
    ),
    (
        "features/new.yml",
        "feature_views:\n  - boundary: ^",
        ["exclusive", "inclusive"],
        [],
        ("inclusive", "feature_views:\n  - boundary: inclusive"),
    ),
    (
        "features/new.yml",
        "feature_views:\n  - source: ref('clean')\n    features:\n      - {name: am^, ",
        ["amount"],
        ["country"],
        (
            "amount",
            "feature_views:\n  - source: ref('clean')\n    features:\n      - {name: amount, ",
        ),
    ),
    (
        "features/new.yml",
        "feature_views:\n  - features:\n      - {name: x, ty^}",
        ["type", "default"],
        ["name"],
        ("type", "feature_views:\n  - features:\n      - {name: x, type: }"),
    ),
    (
        "training_sets/new.yml",
        "training_sets:\n  - label: ^",
        ["paid_back"],
        ["user"],
        ("paid_back", "training_sets:\n  - label: paid_back"),
    ),
    (
        "training_sets/new.yml",
        "training_sets:\n  - features:\n      - sp^",
        ["spending.amount", "spending.*", "profile.country", "feature", "lag"],
        ["clean"],
        ("spending.amount", "training_sets:\n  - features:\n      - spending.amount"),
    ),
    (
        "training_sets/new.yml",
        "training_sets:\n  - label: paid_back\n    include: [am^]",
        ["amount", "loaded"],
        ["country"],
        ("amount", "training_sets:\n  - label: paid_back\n    include: [amount]"),
    ),
    (
        "transformations/new.yml",
        "transformations:\n  - name: clean\n    columns:\n      - name: pa^",
        ["paid"],
        ["country"],
        ("paid", "transformations:\n  - name: clean\n    columns:\n      - name: paid"),
    ),
    (
        "transformations/new.yml",
        "transformations:\n  - name: clean\n    columns:\n      - {name: paid, tests: [^]}",
        ["unique", "not_null"],
        [],
        (
            "unique",
            "transformations:\n  - name: clean\n    columns:\n      - {name: paid, tests: [unique]}",
        ),
    ),
    (
        "features/new.yml",
        "on_demand:\n  - name: x\n    sql: 1 + spending.^",
        ["amount"],
        ["country"],
        ("amount", "on_demand:\n  - name: x\n    sql: 1 + spending.amount"),
    ),
]


def test_what_could_be_written_is_offered_and_written_where_it_belongs(root: Path) -> None:
    async def work(editor: Editor) -> None:
        editor.open(CLEAN)
        await editor.codes(CLEAN)
        opened: set[str] = set()
        for path, marked, offered, foreign, (chosen, then) in COMPLETIONS:
            text = marked.replace("^", "")
            if path in opened:
                editor.type(path, text)
            else:
                editor.open(path, text)
                opened.add(path)
            items = {i.label: i for i in await editor.complete(path, *_at(text, marked))}
            assert set(offered) <= items.keys(), marked
            assert not set(foreign) & items.keys(), marked
            assert applied(text, items[chosen]) == then, marked
        (amount,) = [
            i for i in await editor.complete("features/new.yml", 2, 27) if i.label == "amount"
        ]
        assert amount.kind == types.CompletionItemKind.Field
        assert amount.detail == "float64 of spending"

    edit(root, work)


def test_a_comment_and_a_text_are_left_alone(root: Path) -> None:
    async def work(editor: Editor) -> None:
        text = "-- a\nselect 'a' as x from {{ ref('clean') }}\n"
        editor.open("transformations/new.sql", text)
        await editor.codes("transformations/new.sql")
        assert await editor.complete("transformations/new.sql", 0, 4) == []
        assert await editor.complete("transformations/new.sql", 1, 9) == []

    edit(root, work)


def test_a_file_s_declarations_are_listed(root: Path) -> None:
    async def work(editor: Editor) -> None:
        editor.open(ALL)
        await editor.codes(ALL)
        found = {each.name: each for each in await editor.symbols(ALL)}
        assert list(found) == ["user", "spending", "profile", "paid_back"]
        assert [child.name for child in found["spending"].children or []] == ["amount"]
        assert found["spending"].detail == "feature view"
        editor.open(CLEAN)
        assert [each.name for each in await editor.symbols(CLEAN)] == ["clean"]

    edit(root, work)


def test_a_broken_project_is_worked_in_all_the_same(root: Path) -> None:
    """A file is typed letter by letter, and asked about at each: there is always an answer."""

    async def work(editor: Editor) -> None:
        editor.open(ALL, "")
        editor.open(CLEAN, "")
        for path, text in ((ALL, FILES[ALL]), (CLEAN, QUERY)):
            for end in range(0, len(text) + 1, 3):
                editor.type(path, text[:end])
                line, character = _at(text[:end] + "\0", text[:end][-300:] + "^\0")
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
        view = await editor.hover(MAIN, *_at(FILES[MAIN], "[spend^ing.amount"))
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
