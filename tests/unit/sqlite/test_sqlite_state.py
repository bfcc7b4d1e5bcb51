"""What is SQLite's own of its state store: a file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ffc.adapter import Options, ProfileError, StateError
from ffc_sqlite import SQLiteStateStore

NOW = "2024-01-01T00:00:00.000000Z"


def open_store(folder: Path, **values: object) -> SQLiteStateStore:
    return SQLiteStateStore(
        Options(where="target dev, state", folder=folder, values={"path": ".ffc/s.db"} | values)
    )


def test_settings(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="has no setting `paht`") as caught:
        open_store(tmp_path, paht="x")
    assert "path" in caught.value.help[0]
    with pytest.raises(ProfileError, match="has no `path`"):
        SQLiteStateStore(Options(where="state", folder=tmp_path, values={}))
    assert list(tmp_path.iterdir()) == []


def test_a_newer_ffcs_file_is_refused(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.runs("dev", 1)
    store.close()
    connection = sqlite3.connect(tmp_path / ".ffc" / "s.db")
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    store = open_store(tmp_path)
    with pytest.raises(StateError, match="its version is 999, this ffc knows 4") as caught:
        store.runs("dev", 1)
    assert caught.value.help == ("upgrade ffc",)


def test_a_store_beside_another(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    options = Options(where="state", folder=tmp_path, values={"path": ".ffc/s.db"})
    store.deploy("dev", b"one", NOW, "ann")
    beside = SQLiteStateStore.scratch(options, "aside")
    assert beside is not None
    other = SQLiteStateStore(beside)
    assert other.deployment("dev") is None
    other.deploy("dev", b"two", NOW, "ann")
    assert sorted(store.scratches()) == ["aside", "s"]
    other.destroy()
    assert sorted(path.name for path in (tmp_path / ".ffc").iterdir() if "aside" in path.name) == []
    assert store.deployment("dev") == ("d1", b"one")
