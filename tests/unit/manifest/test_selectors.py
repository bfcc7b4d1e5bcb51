"""selectors.yml: dbt's shape, every mistake at its place, on every command that takes nodes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from support.cli import ffc, write_files
from support.projects import FILES, manifest, small_project
from support.slow import examples
from support.targets import two_targets

from ffc.cli.schemas import chosen_schema
from ffc.core.diagnostics import Diagnostic
from ffc.core.yaml import read_yaml
from ffc.manifest.index import ASIDE, KINDS, OWN, SETTINGS, STATES, STATUSES
from ffc.manifest.selection import SelectionContext, choose, select
from ffc.project.files import ProjectFiles
from ffc.project.selectors import Selectors, read_selectors

# As in dbt's own documentation, with ffc's kinds.
WHOLE = """\
selectors:
  - name: typed
    description: As it is typed.
    definition: "kind:feature_view,path:features clean+1"
  - name: short
    definition:
      kind: label
  - name: long
    definition:
      method: fqn
      value: clean
      parents: true
      children: true
      children_depth: 1
      exclude:
        - kind: label
        - method: fqn
          value: spending
  - name: sets
    definition:
      union:
        - intersection:
            - method: path
              value: features
            - kind: feature_view
            - exclude: ["fqn:profile"]
        - method: selector
          value: short
          childrens_parents: true
        - exclude:
            - kind: source
            - "entity:user,kind:entity"
  - name: config
    definition: {config.materialized: table}
  - name: number
    definition: {method: config.online, value: true}
"""


SMALL = manifest()


def read(text: str) -> tuple[Selectors, list[Diagnostic]]:
    return read_selectors(ProjectFiles(texts={"selectors.yml": text}))


@pytest.mark.parametrize(
    ("name", "wanted", "unwanted"),
    [
        ("typed", "kind:feature_view,path:features clean+1", ""),
        ("short", "kind:label", ""),
        ("long", "+clean+1", "kind:label spending"),
        ("sets", "spending @kind:label", "kind:source user profile,features"),
        ("config", "clean", ""),
        ("number", "spending profile", ""),
    ],
)
def test_a_selector_means_what_it_would_typed(name: str, wanted: str, unwanted: str) -> None:
    found, problems = read(WHOLE)
    assert problems == []
    context = SelectionContext(selectors=found.named)
    small = SMALL
    if name == "sets":
        # Only what the first part means is without `profile`.
        unwanted = "kind:source user"
    expected = select(small, [wanted], [unwanted]).nodes
    assert choose(small, found.named[name], context).nodes == expected
    assert select(small, [f"selector:{name}"], (), context).nodes == expected


def test_the_selectors_of_the_page_are_right() -> None:
    page = Path(__file__).parents[3] / "docs" / "selection.md"
    (text,) = re.findall(r"^```yaml selectors.yml\n(.*?)^```", page.read_text(), re.M | re.S)
    found, problems = read(text)
    assert problems == []
    defaults = [default.name for default in found.defaults]
    assert (list(found.named), defaults) == (["fraud", "nightly"], ["nightly"])
    check = Draft202012Validator(chosen_schema("selectors.yml"))
    for each in (text, WHOLE):
        root, _ = read_yaml("selectors.yml", each)
        assert root is not None
        assert list(check.iter_errors(root.plain())) == []
    # The page names all that there is.
    for word in (*OWN, *ASIDE, *KINDS, *STATES, *STATUSES, *SETTINGS):
        assert word in page.read_text(), word


@pytest.mark.parametrize(
    "definition",
    [
        *("{tags: x}", "{tag: x, kind: y}", "{union: []}", "{union: x}", "[]", "{exclude: [x]}"),
        *(
            "{method: tag}",
            "{method: tag, value: x, exclude: x}",
            "{union: [a], intersection: [a]}",
        ),
    ],
)
def test_what_is_wrong_does_not_fit_the_schema(definition: str) -> None:
    root, _ = read_yaml("selectors.yml", _one(definition))
    assert root is not None
    assert not Draft202012Validator(chosen_schema("selectors.yml")).is_valid(root.plain())
    assert read(_one(definition))[1] != []


def _one(definition: str) -> str:
    return f"selectors:\n  - name: x\n    definition: {definition}\n"


@pytest.mark.parametrize(
    ("text", "code", "place", "message", "help_"),
    [
        ("selectors: x\n", "FF105", (1, 12), "`selectors` must be a list", "- `"),
        ("selector: []\n", "FF104", (1, 1), "no key `selector`", "did you mean `selectors`?"),
        ("version: 2\nselectors: []\n", "FF104", (1, 1), "`version`", "leave it out"),
        ("selectors:\n  - name: x\n", "FF106", (2, 11), "has no `definition`", "add"),
        ("selectors:\n  - name: a b\n    definition: x\n", "FF105", (2, 11), "`name`", ""),
        (_one("{tag: [a]}"), "FF105", (3, 23), "`tag` must be text", "one value"),
        (_one("{tags: a}"), "FF216", (3, 18), "select by `tags:`", "did you mean `tag`?"),
        (_one("{unions: [a]}"), "FF104", (3, 18), "no key `unions`", "did you mean `union`?"),
        (_one("[a, b]"), "FF105", (3, 17), "must be text or a mapping", "`union:`"),
        (_one("'tags:x'"), "FF216", (3, 17), "select by `tags:`", "did you mean `tag`?"),
        (_one("' '"), "FF106", (3, 17), "empty", "`tag: nightly`"),
        (_one("'@a+'"), "FF216", (3, 17), "means all that reads", "leave out"),
        (_one("{group: x}"), "FF216", (3, 18), "`group:`", "`owner:`"),
        (_one("{kind: seed}"), "FF216", (3, 24), "`kind:seed`", "did you mean `source`?"),
        (_one("{method: tag}"), "FF106", (3, 18), "has no `value`", "add"),
        (_one("{method: tag, valu: x}"), "FF104", (3, 31), "no key `valu`", "`value`?"),
        (_one("{method: tag, value: x, parents: 1}"), "FF105", (3, 50), "`parents`", ""),
        (
            _one("{method: tag, value: x, parents_depth: 1}"),
            *("FF216", (3, 41), "without `parents: true`", "add"),
        ),
        (
            _one("{method: tag, value: x, children: true, children_depth: -1}"),
            *("FF105", (3, 73), "0 or more", ""),
        ),
        (
            _one("{method: tag, value: x, children: true, childrens_parents: true}"),
            *("FF216", (3, 41), "reads a node already", "leave out `children`"),
        ),
        (
            _one("{method: tag, value: x, indirect_selection: eager}"),
            *("FF104", (3, 41), "no key `indirect_selection`", "leave it out"),
        ),
        (_one("{union: []}"), "FF106", (3, 25), "`union` is empty", "- `"),
        (_one("{union: a}"), "FF105", (3, 25), "`union` must be a list", "- `"),
        (_one("{union: [a], exclude: [b]}"), "FF104", (3, 30), "`exclude`", "into the list"),
        (_one("{union: [{exclude: [a]}]}"), "FF216", (3, 26), "nothing that", "first"),
        (
            _one("{union: [a, {exclude: [a]}, {exclude: [b]}]}"),
            *("FF216", (3, 45), "`exclude` twice", "first"),
        ),
        (_one("{selector: y}"), "FF216", (3, 28), "no selector `y`", "there are `x`"),
        (_one("selector:y"), "FF216", (3, 17), "no selector `y`", ""),
        (_one("{selector: x}"), "FF205", (3, 28), "`x` -> `x`", ""),
        (
            f"{_one('a')}  - {{name: x, definition: b}}\n",
            *("FF204", (4, 12), "two selectors `x`", "rename"),
        ),
        (
            "selectors:\n  - {name: a, default: true, definition: x}\n"
            "  - {name: b, default: true, definition: x}\n",
            *("FF216", (3, 24), "both `a` and `b`", "keep one"),
        ),
        (
            "selectors:\n  - {name: a, default: yes, definition: x}\n",
            *("FF105", (2, 24), "true, false or a template, not `yes`", "target.name"),
        ),
        (
            "selectors:\n  - {name: a, default: '{{ targt.name }}', definition: x}\n",
            *("FF202", (2, 28), "`targt`", "did you mean `target`?"),
        ),
        (
            "selectors:\n  - {name: a, default: '{{ target.nam }}', definition: x}\n",
            *("FF202", (2, 35), "`nam`", "`name`"),
        ),
        (
            "selectors:\n  - {name: a, default: '{{ target.name == }}', definition: x}\n",
            *("FF109", (2, 43), "`}}` can't stand here", ""),
        ),
        (
            "selectors:\n  - {name: a, default: \"{{ ref('b') }}\", definition: x}\n",
            *("FF216", (2, 32), "not from nodes", "target.name"),
        ),
    ],
)
def test_a_mistake_has_its_place(
    text: str, code: str, place: tuple[int, int], message: str, help_: str
) -> None:
    (found,) = read(text)[1]
    assert (found.code, found.severity) == (code, "error")
    assert (found.span.start.line, found.span.start.column) == place
    assert message in found.message
    assert help_ in " ".join(found.help)


def test_all_that_is_wrong_is_found_at_once() -> None:
    text = """\
selectors:
  - name: one
    definition:
      union:
        - {tags: a}
        - {kind: feature_views}
        - intersection: [{owners: a}, "result:fail"]
        - {method: tag, value: x, exclude: [{fqn: }]}
  - name: other
    definition: {selector: one}
"""
    found, problems = read(text)
    assert [d.span.start.line for d in problems] == [5, 6, 7, 7, 8]
    # What is broken is not said to be missing.
    assert list(found.named) == ["other"]


@settings(max_examples=examples(300), deadline=None)
@given(
    st.integers(0, len(WHOLE) - 1), st.integers(0, 12), st.sampled_from(["", "x", ":", "- ", "{"])
)
def test_damage_is_a_diagnostic(start: int, length: int, text: str) -> None:
    found, problems = read(WHOLE[:start] + text + WHOLE[start + length :])
    assert all(d.span.file == "selectors.yml" and d.span.start.line >= 1 for d in problems)
    # What is left of it can be asked, or says itself why not.
    for name in found.named if not problems else ():
        choose(SMALL, found.named[name], SelectionContext(selectors=found.named))


def test_two_that_lead_to_each_other_are_shown(tmp_path: Path) -> None:
    text = """\
selectors:
  - {name: one, definition: {union: ["tag:x", "selector:other"]}}
  - {name: other, definition: {method: selector, value: one}}
"""
    project = small_project(tmp_path, **{"selectors.yml": text})
    done = ffc(project, "compile")
    assert done.code == 1
    assert (
        done.stderr
        == """\
error[FF205]: selectors that are made of each other: `one` -> `other` -> `one`
 --> selectors.yml:2:47
  |
2 |   - {name: one, definition: {union: ["tag:x", "selector:other"]}}
  |                                               ^^^^^^^^^^^^^^^^
  |                                               `one` uses `other`
3 |   - {name: other, definition: {method: selector, value: one}}
  |                                                         ---
  |                                                         `other` uses `one`
  = more: ffc explain FF205

1 error
"""
    )


SELECTORS = """\
selectors:
  - name: nightly
    definition: {union: [clean+, {tag: nihgtly}]}
  - {name: views, definition: "kind:feature_view"}
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project of two targets that was run; nobody changes it."""
    files = {**FILES, "selectors.yml": SELECTORS}
    project = two_targets(tmp_path_factory.mktemp("built"))
    write_files(project, {"selectors.yml": files["selectors.yml"]})
    for target in ("dev", "prod"):
        assert ffc(project, "run", "--target", target).code == 0
    return project


COMMANDS = [
    ("ls",),
    ("run",),
    ("test",),
    ("freshness",),
    ("sync",),
    ("builds",),
    ("compare", "--target", "prod"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c[0])
def test_every_command_that_takes_nodes_takes_a_selector(
    built: Path, command: tuple[str, ...]
) -> None:
    named = ffc(built, *command, "--selector", "views")
    typed = ffc(built, *command, "-s", "kind:feature_view")
    assert (named.code, typed.code) == (0, 0)
    if command[0] in ("ls", "builds", "compare"):
        assert named.stdout == typed.stdout != ""
        assert named.stdout != ffc(built, *command).stdout
    misspelt = ffc(built, *command, "--selector", "nightli")
    assert misspelt.code == 2
    assert "there is no selector `nightli`" in misspelt.stderr
    assert "did you mean `nightly`?" in misspelt.stderr
    unmatched = ffc(built, *command, "--selector", "nightly")
    warning = "warning: `tag:nihgtly` (selectors.yml:3:40) matches no node"
    assert warning in " ".join(unmatched.stderr.split())


@pytest.mark.parametrize("command", COMMANDS[:1], ids=lambda c: c[0])
def test_a_selector_goes_with_no_words(built: Path, command: tuple[str, ...]) -> None:
    for words in (("-s", "clean"), ("--exclude", "clean")):
        done = ffc(built, *command, "--selector", "views", *words)
        assert (done.code, done.stdout) == (2, "")
        assert "'--selector'" in done.stderr
        assert "`--select selector:views,tag:nightly`" in done.stderr
    both = ffc(built, *command, "-s", "selector:views,spending")
    assert both.stdout == "feature_view.spending\n"


def test_a_default_holds_where_nothing_is_typed(tmp_path: Path) -> None:
    text = SELECTORS.replace('"kind:feature_view"', '"kind:feature_view", default: true')
    project = small_project(tmp_path, **{"selectors.yml": text})
    done = ffc(project, "ls")
    assert done.stdout.split() == ["feature_view.profile", "feature_view.spending"]
    assert "the selector `views` is the default" in done.stderr
    assert ffc(project, "ls", "-q").stderr == ""
    assert len(ffc(project, "ls", "-s", "*").stdout.split()) == 8
    assert ffc(project, "ls", "--exclude", "kind:source").stdout.count("\n") == 6
    ran = ffc(project, "run", "-q", "--output", "json")
    assert ran.code == 1, "views alone read what was never built"
    assert ffc(project, "run", "-q", "-s", "*").code == 0
    none = ffc(project, "sync", "-s", "kind:label")
    assert (none.code, "none of the nodes that are selected is an online view" in none.stderr) == (
        0,
        True,
    )
    synced = ffc(project, "sync", "--output", "json").json()
    assert {r["id"] for r in synced["results"]} == {"feature_view.profile", "feature_view.spending"}


def test_a_broken_file_is_shown_by_whoever_asks_it(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    assert ffc(project, "run", "-q").code == 0
    (project / "selectors.yml").write_text(_one("{tags: nightly}"))
    for command in ("compile", "run", "ls", "test", "sync"):
        done = ffc(project, command)
        assert (done.code, done.stdout) == (1, ""), command
        assert "error[FF216]: there is no way to select by `tags:`" in done.stderr
        assert "3 |     definition: {tags: nightly}" in done.stderr
    (project / "selectors.yml").unlink()
    (project / "selectors.yaml").write_text(_one("{tag: nightly}"))
    stray = ffc(project, "compile")
    assert (stray.code, "rename it to `selectors.yml`" in stray.stderr) == (0, True)


def test_a_selector_that_matches_nothing_is_an_error_when_warnings_are(tmp_path: Path) -> None:
    project = small_project(tmp_path, **{"selectors.yml": SELECTORS})
    done = ffc(project, "ls", "--selector", "nightly", "--strict")
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr.startswith("error[FF811]: `tag:nihgtly` (selectors.yml:3:40) matches no")
    assert ffc(project, "run", "--selector", "nightly", "--strict").code == 1
