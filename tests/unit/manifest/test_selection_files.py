"""Selection by what lies beside the manifest: files, git, another manifest."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import msgspec
from support.cli import ffc
from support.projects import FILES, manifest, small_project

from ffc.manifest.files import encode
from ffc.manifest.selection import select
from ffc.manifest.upgrades import decode_manifest


def test_a_manifest_that_is_none_is_named(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    (project / "before").mkdir()
    other = project / "before" / "manifest.json"
    for text in ("", "{", "[]", "\0", '{"schema": "ffc.manifest/v1"}'):
        other.write_text(text)
        for words in (
            ("ls", "--state", "before", "-s", "state:new"),
            ("docs", "--manifest", "before/manifest.json"),
        ):
            done = ffc(project, *words)
            assert (done.code, done.stdout) == (1, "")
            assert "`before/manifest.json` is not a manifest" in done.stderr
    other.write_text('{"schema": "ffc.manifest/v9"}')
    newer = ffc(project, "ls", "--state", "before", "-s", "state:new")
    assert "`before/manifest.json` is a manifest of `ffc.manifest/v9`" in newer.stderr


def test_a_project_without_nodes_says_so(tmp_path: Path) -> None:
    (tmp_path / "ffc.yml").write_text(FILES["ffc.yml"])
    (tmp_path / "profiles.yml").write_text(FILES["profiles.yml"])
    done = ffc(tmp_path, "ls")
    assert (done.code, done.stdout, done.stderr) == (0, "", "the project has no nodes yet\n")
    assert ffc(tmp_path, "ls", "--output", "json").json()["nodes"] == []


def test_values_with_blanks_are_offered_as_they_can_be_typed(tmp_path: Path) -> None:
    tagged = FILES["features/all.yml"].replace(
        "    online: true\n    features:\n      - {name: country",
        '    online: true\n    tags: ["very old", "a,b"]\n    features:\n      - {name: country',
    )
    project = small_project(tmp_path, **{"features/all.yml": tagged})
    wrong = ffc(project, "ls", "-s", "tag:veryold").stderr
    assert "did you mean `tag:very?old`?" in wrong
    for word in ("tag:very?old", "tag:a?b"):
        assert ffc(project, "ls", "-s", word).stdout == "feature_view.profile\n"


def test_what_git_says_changed(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    (project / ".gitignore").write_text(".ffc/\ntarget/\n")
    for command in (
        ("init", "-q"),
        ("add", "-A"),
        ("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "first"),
    ):
        subprocess.run(["git", *command], cwd=project, check=True)
    assert ffc(project, "run").code == 0
    text = FILES["transformations/clean.sql"]
    (project / "transformations" / "clean.sql").write_text(f"-- again\n{text}")
    (project / "transformations" / "new.sql").write_text("select 1 as one")
    assert ffc(project, "run", "-s", "git:HEAD").code == 0
    document = json.loads((project / "target" / "run_results.json").read_text())
    assert {r["id"]: r["status"] for r in document["results"]} == {
        "transformation.clean": "unchanged",
        "transformation.new": "success",
    }


NOTES = "transformations:\n  - {name: clean, description: Cleaned., owner: a@example.com}\n"


def test_the_yaml_that_describes_a_transformation_is_of_it_too(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    (project / "described").mkdir()
    (project / "ffc.yml").write_text(
        (project / "ffc.yml").read_text()
        + "paths: {transformations: [transformations, described]}\n"
    )
    notes = project / "described" / "notes.yml"
    notes.write_text(NOTES)
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@example.com")
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "first")):
        subprocess.run([*git, *command], cwd=project, check=True)

    def listed(*words: str) -> str:
        done = ffc(project, "ls", "-s", *words)
        assert done.code == 0, done.stderr
        return done.stdout

    assert listed("git:HEAD") == ""
    notes.write_text(NOTES.replace("Cleaned.", "Cleaner."))
    clean = "transformation.clean\n"
    assert listed("git:HEAD") == clean
    # By its file, its folder, its name; and still by those of the SQL.
    for word in ("described/notes.yml", "path:described", "notes.yml", "file:notes", "clean.sql"):
        assert listed(word) == clean, word
    assert listed("git:HEAD,path:transformations") == clean
    assert "described in  described/notes.yml\n" in ffc(project, "show", "clean").stdout


def test_a_manifest_of_before_is_selected_from_by_the_sql_alone() -> None:
    found = msgspec.json.decode(encode(manifest()))
    for node in found["nodes"]:
        node.pop("described_in", None)
    old = decode_manifest(msgspec.json.encode(found))
    assert select(old, ["path:transformations"]).nodes == {"transformation.clean"}
