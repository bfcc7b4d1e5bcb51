"""profiles.yml: no secret is said or stored; variables are checked as written, never looked at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from diagnostics.cases.profiles import CANARY, CASES
from diagnostics.project import BASE, PROFILES, PROJECT, Case, write_case
from support.cli import ffc

from ffc.connect.profiles import choose_target, read_profile
from ffc.connect.redaction import redacted
from ffc.connect.session import Session
from ffc.connect.templates import template_problems
from ffc.core.lines import Lines
from ffc.core.yaml import read_yaml

FORMATS = ("text", "concise", "json", "github", "sarif")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "shop").mkdir()
    return tmp_path / "shop"


def written(folder: Path) -> Iterator[bytes]:
    """Yield all that ffc wrote: the contents of its folders."""
    for name in ("target", ".ffc"):
        yield from (path.read_bytes() for path in (folder / name).rglob("*") if path.is_file())


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if CANARY in str(case.files)])
@pytest.mark.parametrize("form", FORMATS)
def test_a_secret_is_said_and_stored_nowhere(name: str, form: str, project: Path) -> None:
    done = ffc(write_case(CASES[name], project), "compile", "--output", form)
    assert done.code == 1
    assert CANARY not in done.stdout + done.stderr
    assert not [data for data in written(project) if CANARY.encode() in data]


def test_a_secret_of_a_project_that_compiles_is_stored_nowhere(project: Path) -> None:
    text = BASE[PROFILES].replace("path: .ffc/shop.duckdb", f"path: a.db, memory_limit: {CANARY}")
    done = ffc(write_case(Case({PROFILES: text}, ()), project), "compile")
    assert done.code == 0
    assert CANARY not in done.stdout + done.stderr
    found = list(written(project))
    assert found
    assert not [data for data in found if CANARY.encode() in data]


@pytest.mark.parametrize("command", ["sync", "get", "run", "training-set", "serve"])
@pytest.mark.parametrize("name", ["secret_in_an_open_quote", "secret_for_a_store"])
def test_no_command_says_a_secret(name: str, command: str, project: Path) -> None:
    more = {"get": ["orders_recent.amount", "--key", "customer_id=1"], "training-set": ["x"]}
    done = ffc(write_case(CASES[name], project), command, *more.get(command, []))
    assert done.code == 1
    assert CANARY not in done.stdout + done.stderr
    assert "profiles.yml" in done.stdout + done.stderr


SETTINGS = [
    "{{ env_var('X') }}",
    "{{env_var('X')}}",
    '{{ env_var("X", "a") }}',
    "{{ env_var('X', default='a') }}",
    "{{ env_var(name='X') }}",
    "{{ env_var('X', 'it is \\' so') }}",
    "{{ env_var('X', 5432) | int }}",
    "{{ env_var('X') | trim | default('a') }}",
    "{{- env_var('X') -}}",
    "a{{ env_var('X') }}b{{ env_var('Y', '}}') }}c",
    "no braces, no call",
    "100 %} {#",
]


def problems_of(setting: str) -> list[str]:
    text = f"dev:\n  target: a\n  outputs: {{a: {{offline: {{type: x, url: {json.dumps(setting)}}}}}}}\n"
    root, _ = read_yaml("profiles.yml", text, templated=True)
    assert root is not None
    profile = root.get("dev")
    assert profile is not None
    return [p.message for p in template_problems(profile, Lines("profiles.yml", text))]


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_is_accepted_can_be_resolved(setting: str, project: Path) -> None:
    assert problems_of(setting) == []
    profile = BASE[PROFILES].replace("schema: dev", f"schema: {json.dumps(setting)}")
    write_case(Case({PROFILES: profile}, ()), project)
    found, problems = read_profile(project, None, "shop")
    assert problems == []
    assert found is not None
    with Session(choose_target(found, None, project), {"X": "7", "Y": "8"}) as session:
        assert "env_var" not in session.schema


def test_compile_does_not_look_at_a_variable(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = BASE[PROFILES].replace("schema: dev", "schema: \"{{ env_var('NAMED') }}\"")
    write_case(Case({PROFILES: text}, ()), project)
    monkeypatch.delenv("NAMED", raising=False)
    assert ffc(project, "compile").code == 0
    unset = list(written(project))
    monkeypatch.setenv("NAMED", CANARY)
    assert ffc(project, "compile").code == 0
    assert list(written(project)) == unset
    assert not [data for data in unset if CANARY.encode() in data]


# --- where the file is, and what it has


def test_profiles_of_the_home_are_shown_as_such(project: Path) -> None:
    home = project.parent / "home/.ffc"
    home.mkdir(parents=True)
    (home / PROFILES).write_text(BASE[PROFILES].replace("target:", "targt:"))
    said = ffc(write_case(Case({PROFILES: None}, ()), project), "compile").stderr
    assert (
        said
        == """\
error[FF104]: the profile `shop` has no key `targt`
 --> ~/.ffc/profiles.yml:2:3
  |
2 |   targt: ***
  |   ^^^^^
  = help: did you mean `target`?
  = more: ffc explain FF104

1 error
"""
    )


def test_profiles_of_a_folder_that_was_named(project: Path) -> None:
    other = project.parent / "other"
    other.mkdir()
    (other / PROFILES).write_text(BASE[PROFILES].replace("target:", "targt:"))
    write_case(Case({}, ()), project)
    said = ffc(project, "compile", "--profiles-dir", str(other)).stderr
    assert f" --> {other}/profiles.yml:2:3\n" in said
    assert "2 |   targt: ***\n" in said
    said = ffc(project, "compile", "--profiles-dir", str(project.parent)).stderr
    assert " ".join(said.split()).startswith("error[FF701]: there is no profiles.yml in `")
    assert " --> ffc.yml:3:10\n" in said


def test_profiles_that_are_a_link_that_leads_nowhere(project: Path) -> None:
    write_case(Case({PROFILES: None}, ()), project)
    (project / PROFILES).symlink_to("elsewhere.yml")
    said = ffc(project, "compile").stderr
    assert said.startswith("error[FF100]: `profiles.yml` can't be read: it is not there")


@pytest.mark.parametrize(
    ("target", "hint"), [("dve", "did you mean `dev`?"), ("production", "the profile has `dev`")]
)
@pytest.mark.parametrize("command", ["compile", "run", "sync"])
def test_a_target_that_is_not_there_is_a_misuse(
    command: str, target: str, hint: str, project: Path
) -> None:
    done = ffc(write_case(Case({}, ()), project), command, "--target", target)
    assert done.code == 2
    assert f"there is no target `{target}`; {hint}" in " ".join(done.stderr.split())
    assert not (project / "target").exists()


def test_what_is_wrong_with_vars_is_said(project: Path) -> None:
    write_case(Case({}, ()), project)
    for given, why in (
        ("{a: 1", "this `{` is never closed, at character 1"),
        ("{a: 1, a: 2}", "the key `a` is written twice, at character 8"),
        ("{a:1}", "a space is missing after this `:`, at character 3"),
        ("a", "must be a YAML mapping such as '{min_amount: 5}'"),
        ("{min_amout: 5}", "there is no variable `min_amout`; did you mean `min_amount`?"),
        ("{a: \udcff}", "there is a control character here, at character 5"),
    ):
        done = ffc(project, "compile", "--vars", given)
        assert done.code == 2
        assert why in " ".join(done.stderr.split())


def test_a_broken_project_file_is_said_by_every_command(project: Path) -> None:
    write_case(Case({PROJECT: "name: [\n"}, ()), project)
    for command in ("sync", "run", "compile"):
        done = ffc(project, command)
        assert done.code == 1
        assert "error[FF101]: this is not YAML: this `[` is never closed" in done.stderr
    (project / PROJECT).write_text("")
    assert "ffc.yml is empty" in ffc(project, "sync").stderr


# --- redaction


SECRETS = f"""\
shop:   # {CANARY}
  target: dev
  outputs:
    dev:
      schema: dev_{{{{ env_var('USER', '{CANARY}') }}}}
      offline: {{type: duckdb, path: .ffc/shop.duckdb, password: {CANARY}}}
      online: {{type: redis, url: "redis://u:{CANARY}@h/0", a: '{CANARY}', {CANARY}: {CANARY}}}
      path: md:shop?motherduck_token={CANARY}
      key: |
        -----BEGIN {CANARY}
        {CANARY}: {CANARY}
      token: >-
        {CANARY}
      secret: "x
        y: {CANARY}
        {CANARY}"
      password: {CANARY}: {CANARY}
      password: a, {CANARY}: b
      password: a{{{CANARY}: b}}
      password:{CANARY}
      password {CANARY}
      password:
        {CANARY}
      - {CANARY}
"""


def test_only_what_anyone_may_know_is_shown() -> None:
    shown = redacted(SECRETS)
    assert [len(line) for line in shown.split("\n")] == [len(x) for x in SECRETS.split("\n")]
    rest = shown.replace(f"{CANARY}:", "", 1)  # a key, which is no value
    assert CANARY not in rest
    for known in (
        "  target: dev\n",
        "      schema: dev_{{ env_var('USER', ********) }}\n",
        "      offline: {type: duckdb, path: .ffc/shop.duckdb, password: ******}\n",
        "      key: |\n",
    ):
        assert known in shown
