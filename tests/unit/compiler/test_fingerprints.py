"""Data fingerprints follow values, metadata fingerprints follow words."""

from __future__ import annotations

import pytest
from support.projects import FILES, manifest

from ffc.manifest.records import Manifest, Source

SQL = FILES["transformations/clean.sql"]
YAML = FILES["features/all.yml"]
TRAINING = FILES["training_sets/main.yml"]


def _data(found: Manifest) -> dict[str, str]:
    return {node.id: node.data_fingerprint for node in found.nodes}


def _words(found: Manifest) -> dict[str, str]:
    return {node.id: node.metadata_fingerprint for node in found.nodes}


@pytest.mark.parametrize(
    "sql",
    [
        SQL.upper()
        .replace("{{ CONFIG(MATERIALIZED='TABLE') }}", "{{ config(materialized='table') }}")
        .replace("{{ SOURCE('RAW', 'EVENTS') }}", "{{ source('raw', 'events') }}")
        .replace("{{ VAR('LEAST', 0) }}", "{{ var('least', 0) }}"),
        SQL.replace("\n", "\n\n   "),
        "-- a comment\n" + SQL + "\n/* another */",
        SQL.replace("{{ var('least', 0) }}", "{% if true %}0{% endif %}"),
    ],
    ids=["case", "space", "comments", "jinja"],
)
def test_spelling_changes_no_fingerprint(sql: str) -> None:
    assert _data(manifest(**{"transformations/clean.sql": sql})) == _data(manifest())


def test_words_change_the_metadata_of_their_node_only() -> None:
    text = YAML.replace("    ttl: 30d\n", "    ttl: 30d\n    owner: me\n    tags: [x]\n")
    changed = manifest(**{"features/all.yml": text})
    assert _data(changed) == _data(manifest())
    different = {n for n, f in _words(changed).items() if _words(manifest())[n] != f}
    assert different == {"feature_view.spending"}


def test_what_is_said_of_a_group_is_said_of_its_tables() -> None:
    text = FILES["sources/raw.yml"]
    told = "  - name: raw\n    description: All of it.\n    owner: us\n    tags: [a, b]\n"
    text = text.replace("  - name: raw\n", told)
    text = text.replace(
        "- name: users\n", "- name: users\n        owner: me\n        tags: [b, c]\n"
    )
    changed = manifest(**{"sources/raw.yml": text})
    said = {
        node.name: (node.group_description, node.owner, node.tags)
        for node in changed.nodes
        if isinstance(node, Source)
    }
    assert said == {
        "raw.events": ("All of it.", "us", ("a", "b")),
        "raw.users": ("All of it.", "me", ("a", "b", "c")),
    }
    assert _data(changed) == _data(manifest())
    other = manifest(**{"sources/raw.yml": text.replace("All of it.", "Some of it.")})
    different = {n for n, f in _words(changed).items() if _words(other)[n] != f}
    assert different == {"source.raw.events", "source.raw.users"}


@pytest.mark.parametrize(
    ("file", "old", "new", "reached"),
    [
        (
            "transformations/clean.sql",
            ">=",
            ">",
            {
                "transformation.clean",
                "feature_view.spending",
                "label.paid_back",
                "training_set.main",
            },
        ),
        (
            "features/all.yml",
            "ttl: 30d",
            "ttl: 31d",
            {"feature_view.spending", "training_set.main"},
        ),
        (
            "features/all.yml",
            "default: 0",
            "default: 1",
            {"feature_view.spending", "training_set.main"},
        ),
        (
            "features/all.yml",
            "    ttl: 30d",
            "    boundary: inclusive\n    ttl: 30d",
            {"feature_view.spending", "training_set.main"},
        ),
        (
            "training_sets/main.yml",
            "spending.amount, profile.*",
            "spending.amount",
            {"training_set.main"},
        ),
        (
            "training_sets/main.yml",
            "    label:",
            "    as_known: false\n    label:",
            {"training_set.main"},
        ),
        (
            "sources/raw.yml",
            "{name: country, type: string}",
            "{name: country, type: string}\n    ",
            set(),
        ),
        (
            "ffc.yml",
            "least: 0",
            "least: 1",
            {
                "transformation.clean",
                "feature_view.spending",
                "label.paid_back",
                "training_set.main",
            },
        ),
    ],
)
def test_a_change_reaches_what_hangs_on_it_and_nothing_else(
    file: str, old: str, new: str, reached: set[str]
) -> None:
    assert old in FILES[file]
    changed = _data(manifest(**{file: FILES[file].replace(old, new)}))
    before = _data(manifest())
    assert {node for node, found in changed.items() if before[node] != found} == reached


def test_the_reckoning_of_version_1_stays() -> None:
    """A change here would make every deployed definition look changed: add a version instead."""
    assert _data(manifest()) == PINNED


PINNED = {
    "entity.user": "f1_ffb29bdf47b4a3b573b39fb86068d02d",
    "feature_view.profile": "f1_615f72fefdaf76f85b07052e8d6538b9",
    "feature_view.spending": "f1_67de0b85fdfd7f8fed63b920669bb995",
    "label.paid_back": "f1_189ab714a2a010ed61660ed414f701b8",
    "source.raw.events": "f1_28cba08eb121b700719c7d0c942ae7cb",
    "source.raw.users": "f1_9914b33d05767b8b6b329fd9673dbc7d",
    "training_set.main": "f1_9d894d4caf3ef578221f545679ee4106",
    "transformation.clean": "f1_2235abf40208b3c1a17af5169badafaf",
}
