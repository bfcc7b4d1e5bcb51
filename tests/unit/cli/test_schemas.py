"""`ffc schema`: what is right fits, what is wrong doesn't, and what ffc writes is as published."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
import pytest
from diagnostics.cases import CASES
from diagnostics.project import BASE, Case, write_case
from jsonschema import Draft202012Validator
from support.cli import Result, ffc
from support.projects import FILES, ran_project, small_project
from support.server import serving
from support.targets import two_targets

from ffc.cli.schemas import _RECORDS, SCHEMAS, chosen_schema
from ffc.core import scalars
from ffc.core.cron import BadCron
from ffc.core.schemas import OF_SCALARS
from ffc.core.yaml import Node, read_yaml

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "project.md").read_text()
TEMPLATE = ROOT / "project_template"
WHOLE = ("ffc.yml", "profiles.yml", "selectors.yml")


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(chosen_schema(name))


def mistakes(name: str, document: object) -> list[str]:
    return [f"{e.json_path}: {e.message}" for e in validator(name).iter_errors(document)]


def yaml_mistakes(path: str, text: str) -> list[str] | None:
    """Hold a YAML file to its schema; None where it is no YAML."""
    root, problems = read_yaml(path, text, templated=path == "profiles.yml")
    if root is None or problems:
        return None
    whole = f"{PurePosixPath(path).stem}.yml"
    return mistakes(whole if whole in WHOLE else "resources", root.plain())


def _template() -> dict[str, str]:
    files = sorted(TEMPLATE.rglob("*.yml"))
    return {path.relative_to(TEMPLATE).as_posix(): path.read_text() for path in files}


PROJECTS: Mapping[str, Mapping[str, str]] = {
    "template": _template(),
    "page": dict(re.findall(r"^```yaml (\S+)\n(.*?)^```", PAGE, re.M | re.S)),
    "diagnostics": BASE,
    "small": FILES,
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(chosen_schema(name))


@pytest.mark.parametrize("project", PROJECTS)
def test_what_is_right_fits(project: str) -> None:
    files = {n: t for n, t in PROJECTS[project].items() if n.endswith(".yml")}
    assert len(files) >= 4
    assert {name: yaml_mistakes(name, text) for name, text in files.items()} == {
        name: [] for name in files
    }


def _yaml_of(case: Case) -> dict[str, str]:
    suffixes = {name: PurePosixPath(name).suffix for name in case.files}
    return {
        name: text
        for name, text in case.files.items()
        if suffixes[name] in (".yml", ".yaml") and isinstance(text, str)
    }


def _said(name: str) -> str:
    golden = ROOT / "tests" / "diagnostics" / "golden" / f"{name}.txt"
    return " ".join(golden.read_text().split())


UNKNOWN_KEY = re.compile(r"error\[FF104\]: [^`]*(`[^`]*`)?[^`]* has no key `")
UNKNOWN = [
    name for name, case in CASES.items() if UNKNOWN_KEY.search(_said(name)) and _yaml_of(case)
]
# What is wrong about these is wrong beyond the shape of a file.
RIGHT = [
    name
    for name, case in CASES.items()
    if _yaml_of(case) and not any(code < "FF2" and code != "FF115" for code in case.says)
]


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_key_does_not_fit(name: str) -> None:
    assert any(yaml_mistakes(path, text) != [] for path, text in _yaml_of(CASES[name]).items())


@pytest.mark.parametrize("name", RIGHT)
def test_what_ffc_can_read_fits(name: str) -> None:
    for path, text in _yaml_of(CASES[name]).items():
        assert not yaml_mistakes(path, text)


def test_there_are_many_of_both() -> None:
    assert len(UNKNOWN) > 15
    assert len(RIGHT) > 60


TEXTS = (
    *("a", "amount_7d", "a__b", "_a", "7d", "1w", "0d", "00h", "7 d", "d", "9999999999s", "a_", ""),
    *("string", "int64", "text", "decimal(12,2)", "decimal( 12 , 2 )", "decimal(39,2)"),
    *("list<string>", "list<list<vector(3)>>", "list<string", "vector(0)", "vector(10)"),
    *(
        "@daily",
        "@dayly",
        "0 * * * *",
        "*/5 1-3 * jan mon",
        "* * * *",
        "fraud-rf",
        "churn.v2",
        "-a",
    ),
)


@pytest.mark.parametrize("kind", scalars.KINDS, ids=str)
def test_a_schema_takes_what_the_reader_takes(kind: Any) -> None:
    assert set(OF_SCALARS) == set(scalars.KINDS)
    check = Draft202012Validator(OF_SCALARS[kind])
    values = (*TEXTS, 1, 1.5, True, None)
    for value in values:
        node = _node(value)
        if not isinstance(value, str) and kind in (scalars.Type, scalars.Duration, scalars.Period):
            continue  # these are read as they are written
        assert check.is_valid(value) == (_read(kind, node) is not None), value


def _node(value: object) -> Node:
    node, _ = read_yaml("x.yml", f"x: {json.dumps(value)}\n")
    assert node is not None
    found = node.get("x")
    assert found is not None
    return found


def _read(kind: Any, node: Node) -> object:
    try:
        return scalars.KINDS[kind].read(node)
    except BadCron:
        return None


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = ran_project(tmp_path_factory.mktemp("small"))
    return folder


def _written(project: Path, tmp_path: Path) -> Iterator[tuple[str, Any]]:
    """Yield documents that ffc writes, by the schema of each."""

    def asked(*arguments: str) -> Result:
        return ffc(project, *arguments, "--output", "json")

    for name in ("manifest", "run_results"):
        yield name, json.loads((project / "target" / f"{name}.json").read_text())
    yield "diagnostics", asked("compile").json()
    broken = write_case(CASES["key_twice"], tmp_path / "broken")
    yield "diagnostics", ffc(broken, "compile", "--output", "json").json()
    yield "lineage", asked("lineage", "spending.amount").json()
    yield "lineage", asked("lineage", "main", "--up").json()
    yield "docs", asked("docs").json()
    yield "sync_results", asked("sync").json()
    yield "training_set", asked("training-set", "main").json()
    yield "features", asked("get", "spending.amount", "--key", "user_id=u1").json()
    yield "ls", asked("ls", "-s", "+spending").json()
    yield "ls", asked("ls", "--keys", "name,tags").json()
    yield "ls", asked("ls", "-s", "state:removed", "--state", str(_older(project, tmp_path))).json()
    yield "node", asked("show", "main").json()
    yield "search", asked("search", "amnt", "user").json()
    yield "search", asked("search", "xyzzy", "--kind", "label").json()
    yield "statistics", asked("show", "main", "--stats").json()
    yield "rows", asked("query", "select 1 as one, 'a' as b, 1.5::decimal(4, 2) as c").json()
    yield "runs", asked("runs").json()
    yield "builds", asked("builds", "--all").json()
    yield "run", asked("runs", "show", "r1").json()
    yield "deployments", asked("deployments").json()
    yield "rollback", asked("rollback", "--to", "d1").json()
    again = small_project(tmp_path / "again")
    for default in ("0", "7"):
        text = FILES["features/all.yml"].replace("default: 0", f"default: {default}")
        (again / "features" / "all.yml").write_text(text)
        assert ffc(again, "run").code == 0
    yield "rollback", ffc(again, "rollback", "--dry-run", "--output", "json").json()
    yield "rollback", ffc(again, "rollback", "--output", "json").json()
    yield "source_sync", asked("source", "sync", "--check").json()
    both = two_targets(tmp_path / "both")
    assert ffc(both, "run").code == 0
    (both / "data" / "users.csv").write_text("user_id,country\nu1,NL\nu2,FR\n")
    assert ffc(both, "run", "--target", "prod").code == 0
    yield "compared", ffc(both, "compare", "--target", "prod", "--output", "json").json()
    yield "freshness", asked("freshness").json()
    yield "test_results", asked("test").json()
    yield "debug", asked("debug").json()
    yield "conformance", asked("conformance", "-c", "state.figures").json()
    yield "cleaned", asked("clean", "--unused", "--dry-run").json()
    yield "page", asked("explain", "FF201").json()
    yield "pages", asked("explain").json()
    yield "schemas", asked("schema").json()
    yield "builds", asked("builds").json()
    with serving(project, "--offline") as server:
        yield "registry", server.call("GET", "/v1/registry")[1]
        request = {"features": ["spending.amount"], "entities": [{"user_id": "u1"}]}
        yield "request", request
        yield "features", server.call("POST", "/v1/features", request)[1]
        yield "problem", server.call("POST", "/v1/features", {"entities": []})[1]
        yield "served", server.call("GET", "/v1/features")[1]
    # What the first one counted is kept when it ends.
    with serving(project, "--offline") as server:
        figures = server.call("GET", "/v1/figures")[1]
        assert figures["minutes"]
        yield "figures", figures
    yield "serving", json.loads((project / "target" / "serving.dev.json").read_text())


def _older(project: Path, folder: Path) -> Path:
    """Return a folder with the manifest of the project as it was, with a node more."""
    document = json.loads((project / "target" / "manifest.json").read_text())
    entity = next(node for node in document["nodes"] if node["kind"] == "entity")
    document["nodes"].append({**entity, "id": "entity.gone", "name": "gone"})
    (folder / "manifest.json").write_text(json.dumps(document))
    return folder


def test_what_is_written_fits(project: Path, tmp_path: Path) -> None:
    seen = set()
    for name, document in _written(project, tmp_path):
        assert mistakes(name, document) == [], name
        assert mistakes(name, {**document, "schema": "ffc.other/v1"}) or name == "request"
        record = _RECORDS[name]
        keys = {f.encode_name for f in msgspec.structs.fields(record)}
        assert set(document) <= keys, name
        seen.add(name)
    assert seen == set(_RECORDS)


def test_every_document_of_ffc_has_a_schema() -> None:
    texts = (path.read_text() for path in (ROOT / "ffc").rglob("*.py"))
    versions = {v for text in texts for v in re.findall(r'"(ffc\.[a-z_]+/v\d)"', text)}
    published = {
        chosen_schema(name)["properties"]["schema"]["const"]
        for name in _RECORDS
        if name != "request"
    }
    assert versions == published


def test_an_editor_is_told_what_a_key_means() -> None:
    view = chosen_schema("feature_views")["$defs"]["FeatureView"]
    assert view["description"].startswith("Features of one entity")
    assert view["additionalProperties"] is False
    assert view["required"] == ["name", "entity", "source", "features"]
    assert "30s" in view["properties"]["ttl"]["description"]
    feature = chosen_schema("feature_views")["$defs"]["Feature"]
    assert "not in this version" in feature["properties"]["aggregate"]["description"]


def test_a_schema_goes_to_a_file(tmp_path: Path) -> None:
    done = ffc(tmp_path, "schema", "manifest", "--to", "schemas/manifest.json")
    assert (done.code, done.stdout, done.stderr) == (0, "", "wrote schemas/manifest.json\n")
    written = (tmp_path / "schemas" / "manifest.json").read_text()
    assert json.loads(written)["properties"]["schema"] == {"const": "ffc.manifest/v1"}
    assert ffc(tmp_path, "schema", "manifest").stdout == written


def test_the_list_and_a_name_that_there_is_not(tmp_path: Path) -> None:
    listed = ffc(tmp_path, "schema").stdout.splitlines()
    assert [line.split()[0] for line in listed] == list(SCHEMAS)
    refused = ffc(tmp_path, "schema", "feature_view")
    assert refused.code == 2
    assert "did you mean `feature_views`?" in refused.stderr


def test_the_schemas_that_the_page_tells_an_editor_of_are_written(tmp_path: Path) -> None:
    commands = re.findall(r"`ffc (schema \S+ --to \S+)`", PAGE)
    assert len(commands) == 2
    for command in commands:
        done = ffc(tmp_path, *command.split())
        assert (done.code, done.stdout) == (0, "")
        assert (tmp_path / command.split()[-1]).is_file()
