"""A project that was run, its server, and clients of either."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.clients import MODELS, TOKEN, address
from support.projects import ran_project
from support.server import Server, serving

from ffc import Client


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return ran_project(tmp_path / "small", **{"training_sets/models.yml": MODELS})


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that was run; nobody changes it."""
    folder = tmp_path_factory.mktemp("shared") / "small"
    return ran_project(folder, **{"training_sets/models.yml": MODELS})


@pytest.fixture(scope="module")
def server(shared: Path) -> Iterator[Server]:
    os.environ["FFC_TEST_TOKEN"] = TOKEN
    with serving(shared, "--offline", "--token-env", "FFC_TEST_TOKEN") as found:
        yield found
    del os.environ["FFC_TEST_TOKEN"]


@pytest.fixture(params=["folder", "inside", "manifest", "url"])
def client(request: pytest.FixtureRequest, shared: Path, tmp_path: Path) -> Client:
    """Return a client of the same project, wherever it reads from."""
    if request.param == "url":
        return Client(address(request.getfixturevalue("server")), token=TOKEN)
    if request.param == "manifest":
        # Beside the state, without a file of the project.
        for name in ("profiles.yml", ".ffc"):
            where = tmp_path / name
            copy = shutil.copytree if name == ".ffc" else shutil.copy
            copy(shared / name, where)
        shutil.copy(shared / "target" / "manifest.json", tmp_path / "manifest.json")
        return Client(tmp_path / "manifest.json")
    return Client(shared / "features" if request.param == "inside" else shared)
