"""The manifest: the same bytes from the same project, read back as it was written."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from support.projects import FILES, TARGET, compiled, manifest, small_project

from ffc.compiler.compile import compile_project
from ffc.core.errors import NotFound, StateError
from ffc.manifest.files import encode, read_manifest, write_project
from ffc.manifest.records import FeatureView, TrainingSet, Transformation
from ffc.manifest.upgrades import decode_manifest, decode_node
from ffc.project.files import ProjectFiles
from ffc.sql.binding import references
from ffc.sql.build import generate
from ffc.sql.point_in_time import training_set_query

GOLDEN = Path(__file__).parents[2] / "golden"

SCRIPT = """
import sys; sys.path.insert(0, sys.argv[1])
import hashlib
from pathlib import Path
from support.projects import compile_folder
from ffc.manifest.files import encode
print(hashlib.sha256(encode(compile_folder(Path(sys.argv[2])))).hexdigest())
"""


def _digest() -> str:
    return hashlib.sha256(encode(manifest())).hexdigest()


@pytest.mark.parametrize("seed", ["0", "1", "42"])
def test_bytes_do_not_depend_on_the_hash_seed_or_the_folder(tmp_path: Path, seed: str) -> None:
    project = small_project(tmp_path / f"at{seed}")
    tests = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tests), str(project)],
        env={"PYTHONHASHSEED": seed, "TZ": "Asia/Kathmandu"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == _digest()


def test_bytes_do_not_depend_on_the_order_of_files() -> None:
    texts = {n: t for n, t in FILES.items() if not n.startswith(("data", "prof"))}
    turned = ProjectFiles(texts=dict(reversed(texts.items())))
    found = compile_project(turned, TARGET, {}).manifest
    assert found is not None
    assert encode(found) == encode(manifest())


def test_bytes_hold_no_path_of_this_machine(tmp_path: Path) -> None:
    write_project(manifest(), tmp_path / "target")
    text = (tmp_path / "target" / "manifest.json").read_text()
    assert str(tmp_path) not in text
    assert ".duckdb" not in text


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    write_project(manifest(), tmp_path)
    assert read_manifest(tmp_path / "manifest.json") == manifest()
    (tmp_path / "compiled" / "transformation.gone.sql").write_text("select 1")
    write_project(manifest(), tmp_path)
    assert sorted(path.name for path in (tmp_path / "compiled").iterdir()) == [
        "feature_view.profile.sql",
        "feature_view.spending.sql",
        "label.paid_back.sql",
        "training_set.main.sql",
        "transformation.clean.sql",
    ]


def test_another_document_is_refused(tmp_path: Path) -> None:
    other = encode(manifest()).replace(b"ffc.manifest/v1", b"ffc.manifest/v9")
    with pytest.raises(StateError, match=r"ffc\.manifest/v9"):
        decode_manifest(other)
    with pytest.raises(StateError, match="not a manifest"):
        decode_manifest(b"[]")
    with pytest.raises(NotFound, match="no manifest"):
        read_manifest(tmp_path / "manifest.json")


def test_nodes_know_where_they_were_written_and_what_they_read() -> None:
    nodes = {node.id: node for node in manifest().nodes}
    assert sorted(nodes) == [
        "entity.user",
        "feature_view.profile",
        "feature_view.spending",
        "label.paid_back",
        "source.raw.events",
        "source.raw.users",
        "training_set.main",
        "transformation.clean",
    ]
    spending = nodes["feature_view.spending"]
    assert isinstance(spending, FeatureView)
    assert (spending.path, spending.line) == ("features/all.yml", 4)
    assert spending.depends_on == ("entity.user", "transformation.clean")
    assert [(c.name, c.type) for c in spending.columns] == [
        ("user_id", "string"),
        ("seen", "timestamp"),
        ("loaded", "timestamp"),
        ("amount", "float64"),
    ]


def test_a_training_set_carries_its_plan_and_its_columns_in_order() -> None:
    found = manifest().node("training_set.main")
    assert isinstance(found, TrainingSet)
    assert [(c.name, c.role) for c in found.plan.output] == [
        ("user_id", "key"),
        ("seen", "timestamp"),
        ("spending__amount", "feature"),
        ("profile__country", "feature"),
        ("paid_back", "label"),
    ]
    spending, profile = found.plan.views
    assert (spending.ttl, spending.boundary, spending.as_known) == (2_592_000, "exclusive", True)
    assert (profile.event_time, profile.created) == ("", "")


def test_the_serving_section_stands_alone() -> None:
    serving = manifest().serving
    again = msgspec.json.decode(msgspec.json.encode(serving), type=type(serving))
    assert again == serving
    assert [view.id for view in serving.views] == ["feature_view.profile", "feature_view.spending"]
    assert len({view.slot for view in serving.views}) == 2
    (served,) = serving.training_sets
    assert served.features == (
        ("spending__amount", "feature_view.spending", "amount"),
        ("profile__country", "feature_view.profile", "country"),
    )


def test_a_view_that_is_not_online_is_not_served() -> None:
    text = FILES["features/all.yml"].replace(
        "    online: true\n    features:\n      - {name: country",
        "    features:\n      - {name: country",
    )
    serving = manifest(**{"features/all.yml": text}).serving
    assert [view.id for view in serving.views] == ["feature_view.spending"]
    (served,) = serving.training_sets
    assert served.refused == (
        "`profile__country` is of `feature_view.profile`, which is not online"
    )


def test_nothing_is_compiled_with_an_error() -> None:
    found = compiled(
        **{"transformations/clean.sql": "select nope from {{ source('raw', 'events') }}"}
    )
    assert found.manifest is None
    assert [d.code for d in found.diagnostics] == ["FF303"]


def test_a_set_of_the_past_or_of_a_role_is_not_served() -> None:
    text = FILES["training_sets/main.yml"]
    lagged = text.replace("spending.amount", "{feature: spending.amount, lag: 1d}")
    (served,) = manifest(**{"training_sets/main.yml": lagged}).serving.training_sets
    assert "is lagged: it needs history" in served.refused
    role = FILES["features/all.yml"].replace(
        "entities: {user: user_id}", "entities: {friend: {entity: user, keys: user_id}}"
    )
    (served,) = manifest(**{"features/all.yml": role}).serving.training_sets
    assert "is of the `user` that is `friend` there" in served.refused


def test_lineage_and_tags_go_from_source_to_training_set() -> None:
    sources = FILES["sources/raw.yml"].replace(
        "{name: amount, type: float64}", "{name: amount, type: float64, tags: [pii]}"
    )
    found = manifest(**{"sources/raw.yml": sources})
    clean, spending = found.node("transformation.clean"), found.node("feature_view.spending")
    assert clean.lineage["amount"].values == (("source.raw.events", "amount"),)
    assert clean.lineage["paid"].rows == (("source.raw.events", "amount"),)
    assert spending.lineage["amount"].values == (("transformation.clean", "amount"),)
    assert spending.lineage["amount"].rows == (
        ("transformation.clean", "loaded"),
        ("transformation.clean", "seen"),
        ("transformation.clean", "user_id"),
    )
    picked = found.node("training_set.main").lineage["spending__amount"]
    assert picked.values == (("feature_view.spending", "amount"),)
    assert set(picked.rows) == {
        ("feature_view.spending", "loaded"),
        ("feature_view.spending", "seen"),
        ("feature_view.spending", "user_id"),
        ("label.paid_back", "seen"),
        ("label.paid_back", "user_id"),
    }
    # Tags follow values, not rows: `paid` is filtered by the amount, and shows nothing of it.
    tags = {(n.id, c.name): c.tags for n in found.nodes for c in n.columns if c.tags}
    assert tags == {
        ("source.raw.events", "amount"): ("pii",),
        ("transformation.clean", "amount"): ("pii",),
        ("feature_view.spending", "amount"): ("pii",),
        ("label.paid_back", "amount"): ("pii",),
        ("training_set.main", "spending__amount"): ("pii",),
    }


INCREMENTAL = """\
{{ config(materialized='incremental', time_column='seen', unique_key=['user_id', 'seen'],
          lookback='1w') }}
select user_id, amount, paid, seen, loaded
from {{ source('raw', 'events') }}
{% if is_incremental() %}
where seen >= {{ watermark() }} and seen not in (select seen from {{ this }})
  and user_id in (select user_id from {{ source('raw', 'users') }})
{% endif %}
"""


def test_an_incremental_is_there_in_both_renderings(tmp_path: Path) -> None:
    found = manifest(**{"transformations/clean.sql": INCREMENTAL})
    node = found.node("transformation.clean")
    assert isinstance(node, Transformation)
    settings = (node.materialized, node.time_column, node.unique_key, node.lookback)
    assert settings == ("incremental", "seen", ("user_id", "seen"), 604_800)
    assert (node.on_schema_change, node.strategy, node.updated_at) == ("fail", "", "")
    assert node.depends_on == ("source.raw.events", "source.raw.users")
    assert "where" not in node.sql
    assert references(node.sql_next, "duckdb") == [
        "source.raw.events",
        "watermark.transformation.clean",
        "transformation.clean",
        "source.raw.users",
    ]
    write_project(found, tmp_path)
    texts = [tmp_path / "compiled" / f"transformation.clean{end}.sql" for end in ("", ".next")]
    assert [path.read_text() for path in texts] == [f"{node.sql}\n", f"{node.sql_next}\n"]
    assert decode_manifest(encode(found)) == found


def test_a_snapshot_carries_its_settings() -> None:
    config = (
        "materialized='snapshot', unique_key='user_id', strategy='check', check_columns='amount'"
    )
    sql = FILES["transformations/clean.sql"].replace("materialized='table'", config)
    node = manifest(**{"transformations/clean.sql": sql}).node("transformation.clean")
    assert isinstance(node, Transformation)
    assert (node.materialized, node.strategy) == ("snapshot", "check")
    assert (node.unique_key, node.check_columns) == (("user_id",), ("amount",))
    assert (node.sql_next, node.on_schema_change) == ("", "")


def test_a_manifest_of_an_older_ffc_is_read() -> None:
    """It was written before views searched together, and before lineage."""
    older = decode_manifest((GOLDEN / "manifest.first.json").read_bytes())
    newer = manifest()
    assert {n.id: n.data_fingerprint for n in older.nodes} == {
        n.id: n.data_fingerprint for n in newer.nodes
    }
    asked, now = older.node("training_set.main"), newer.node("training_set.main")
    assert isinstance(asked, TrainingSet)
    assert isinstance(now, TrainingSet)
    plan = asked.plan
    assert [view.searched for view in plan.views] == [view.view for view in plan.views]
    assert generate(training_set_query(plan), "duckdb") == now.sql
    assert older.serving == newer.serving


def test_a_deployed_definition_of_an_older_ffc_is_read() -> None:
    document = json.loads((GOLDEN / "manifest.first.json").read_bytes())
    for node in document["nodes"]:
        assert decode_node(json.dumps(node).encode()).id == node["id"]
    with pytest.raises(StateError, match="this is not a node"):
        decode_node(b'{"kind": "label"}')
