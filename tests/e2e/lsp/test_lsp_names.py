"""`ffc lsp`: where names are declared, what is said of them, what a file declares."""

from __future__ import annotations

from pathlib import Path

from support.edited import ALL, CLEAN, MACROS, MAIN, MORE, QUERY, place_of
from support.editor import Editor, edit
from support.projects import FILES

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
            line, character = place_of((root / other).read_text(), place) if place else (0, 0)
            found = await editor.definition(path, *place_of(text, marked))
            assert found == (other, line, character), marked
        assert await editor.definition(CLEAN, *place_of(QUERY, "sel^ect")) is None

    edit(root, work)


def test_names_tell_their_types_their_words_and_where_they_come_from(root: Path) -> None:
    async def work(editor: Editor) -> None:
        editor.open(MAIN)
        editor.open(CLEAN)
        editor.open(ALL)
        await editor.codes(MAIN)
        view = await editor.hover(MAIN, *place_of(FILES[MAIN], "[spend^ing.amount"))
        assert "**feature view** `spending`" in view
        assert "entity `user`" in view
        assert "| `amount` | float64 |" in view
        assert "comes from `entity.user`, `transformation.clean`" in view
        assert "goes into `training_set.main`, `transformation.more`" in view
        feature = await editor.hover(MAIN, *place_of(FILES[MAIN], "[spending.am^ount"))
        assert "**feature** `amount`: `float64`" in feature
        assert "comes from `clean.amount`" in feature
        column = await editor.hover(CLEAN, *place_of(QUERY, "where am^ount"))
        assert "**column** `amount`: `float64`" in column
        assert "of source `raw.events`" in column
        key = await editor.hover(ALL, *place_of(FILES[ALL], "t^tl: 30d"))
        assert key.startswith("`ttl`: duration")
        assert await editor.hover(CLEAN, *place_of(QUERY, "sel^ect")) == ""

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
