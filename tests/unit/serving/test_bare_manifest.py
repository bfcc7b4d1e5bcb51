"""A server with a manifest alone: which rows are whole is told by the online store's own marks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.projects import open_session, ran_project

from ffc.auth import Principal
from ffc.core.errors import NotFound
from ffc.manifest.files import read_manifest
from ffc.online.marks import Mark, Marks
from ffc.online.requests import FeatureRequest
from ffc.serve.deployment import BareManifest

ASK = FeatureRequest(features=["profile.country"], entities=[{"user_id": "u1"}])
NOW = datetime(2024, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("mark", "whole"),
    [
        (Mark(snapshot="b9", before="", query="q", done=0), False),
        (Mark(snapshot="b9", before="", query="q", done=1), False),
        (Mark(snapshot="b9", before="b8", query="q", done=1), True),
        (Mark(snapshot="b9"), True),
        (Mark(snapshot="b9", codec=99), False),
    ],
    ids=["begun", "half filled", "brought up to date", "whole", "of another codec"],
)
def test_half_of_a_view_is_not_served(tmp_path: Path, mark: Mark, whole: bool) -> None:
    project = ran_project(tmp_path)
    path = project / "target" / "manifest.json"
    manifest = read_manifest(path)
    view = next(v for v in manifest.serving.views if v.name == "profile")
    with open_session(project) as session:
        store = session.online("default")
        marks = Marks(store, manifest.project.name, manifest.target.name, view)
        (own,) = marks.read()
        # A newer generation, of which no row is there: it answers nothing where it is believed.
        store.write(marks.row(own + 1, mark))
        reader = BareManifest(session, path).load()
        assert reader is not None
        (row,) = reader.read(ASK, NOW, principal=Principal("tester")).rows
        assert row.values == ([None] if whole else ["NL"])


def test_what_was_never_filled_is_not_served(tmp_path: Path) -> None:
    project = ran_project(tmp_path)
    path = project / "target" / "manifest.json"
    manifest = read_manifest(path)
    with open_session(project) as session:
        store = session.online("default")
        for view in manifest.serving.views:
            marks = Marks(store, manifest.project.name, manifest.target.name, view)
            (own,) = marks.read()
            store.write(marks.row(own, Mark(snapshot="b9", query="q", done=3)))
        with pytest.raises(NotFound, match="is in the online store"):
            BareManifest(session, path).load()
