"""What the state store remembers of builds, there or collected, and of the models that used them."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ffc.adapter import Build, Lease, ModelUse, Options, StateError
from ffc.run.building.increments import Journalled
from ffc_sqlite import SQLiteStateStore
from ffc_sqlite.schema import STATE

T1, T2, T3 = (f"2025-03-0{day}T00:00:00.000000Z" for day in (1, 2, 3))


def open_store(folder: Path) -> SQLiteStateStore:
    return SQLiteStateStore(Options(where="state", folder=folder, values={"path": "s.db"}))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStateStore]:
    store = open_store(tmp_path)
    yield store
    store.close()


@pytest.fixture
def lease(store: SQLiteStateStore) -> Lease:
    return store.acquire("target:dev", "me:1", 100.0, 60.0)


def a_build(name: str = "b1", **changes: Any) -> Build:
    build = Build(
        id=name,
        node="training_set.main",
        fingerprint="f1",
        relation=("dev__ffc", name),
        inputs={},
        rows=3,
        created=T1,
        principal="ann",
        deployment="d1",
        commit="c0ffee",
        dirty=True,
        content_hash="h:3-1",
    )
    return msgspec.structs.replace(build, **changes)


def a_use(**changes: Any) -> ModelUse:
    use = ModelUse(
        model="rf",
        node="training_set.main",
        build="b1",
        principal="ann",
        time=T1,
        purpose="training",
    )
    return msgspec.structs.replace(use, **changes)


def test_a_build_remembers_who_made_it_and_of_what(store: SQLiteStateStore, lease: Lease) -> None:
    store.finish_build(lease, "dev", a_build(), b"{}")
    assert store.builds() == [a_build()]
    assert store.pointers("dev")["training_set.main"].build == a_build()
    store.finish_build(lease, "prod", a_build(), b"{}")
    for change in ({"principal": "bob"}, {"dirty": False}, {"content_hash": "h:3-2"}):
        with pytest.raises(StateError, match="`b1` is finished and can't be changed"):
            store.finish_build(lease, "dev", a_build(**change), b"{}")


def test_a_build_of_an_older_ffc_has_blanks(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
    for script in STATE.scripts[:2]:
        for statement in script:
            connection.execute(statement)
    connection.execute("INSERT INTO definitions VALUES ('training_set.main', 'f1', '{}')")
    connection.execute(
        "INSERT INTO builds (id, node, fingerprint, relation_schema, relation_name, inputs, rows,"
        " created) VALUES ('b1', 'training_set.main', 'f1', 'dev__ffc', 'b1', '{}', 3, ?)",
        (T1,),
    )
    connection.execute("INSERT INTO pointers VALUES ('dev', 'training_set.main', 'f1', 'b1')")
    connection.close()
    store = open_store(tmp_path)
    blank = a_build(principal="", deployment="", commit="", dirty=False, content_hash="")
    assert store.builds("training_set.main") == [blank]
    assert store.pointers("dev")["training_set.main"].build == blank
    assert store.past_builds("dev__ffc") == [blank]
    store.record_use(a_use())
    assert store.uses() == [a_use()]
    store.close()


def test_a_line_of_an_older_journal_is_read() -> None:
    """Such a line may wait for the run after a crash, which may be of a newer ffc."""
    new = msgspec.json.encode(Journalled(build=a_build(), definition="{}"))
    assert msgspec.json.decode(new, type=Journalled).build == a_build()
    old = msgspec.json.decode(new)
    for name in ("principal", "deployment", "commit", "dirty", "content_hash", "collected"):
        del old["build"][name]
    found = msgspec.json.decode(msgspec.json.encode(old), type=Journalled).build
    assert (found.id, found.principal, found.dirty) == ("b1", "", False)


def test_a_collected_build_is_told_of_and_no_more_there(
    store: SQLiteStateStore, lease: Lease
) -> None:
    for name, created in (("b1", T1), ("b2", T2)):
        store.finish_build(lease, "dev", a_build(name, created=created), b"{}")
    store.forget_builds(lease, ["b1"], T3)
    assert [build.id for build in store.builds()] == ["b2"]
    assert [build.id for build in store.builds("training_set.main")] == ["b2"]
    gone = a_build(collected=T3)
    assert store.past_builds("dev__ffc") == [a_build("b2", created=T2), gone]
    store.forget_builds(lease, ["b1"], "2026")
    assert store.past_builds("dev__ffc")[1] == gone
    with pytest.raises(StateError, match="`b1` is finished and can't be changed"):
        store.finish_build(lease, "dev", a_build(), b"{}")


def test_a_build_that_is_pointed_to_is_not_forgotten(store: SQLiteStateStore, lease: Lease) -> None:
    store.finish_build(lease, "dev", a_build(), b"{}")
    store.finish_build(lease, "dev", a_build("b2"), b"{}")
    with pytest.raises(StateError, match=r"the build `b2` is what `training_set\.main` means"):
        store.forget_builds(lease, ["b1", "b2"], T3)
    assert [build.id for build in store.builds()] == ["b1", "b2"]


def test_past_builds_are_chosen(store: SQLiteStateStore, lease: Lease) -> None:
    others = {
        "b2": {"node": "training_set.main@v2", "created": T2},
        "b3": {"node": "label.main", "created": T2},
        "b4": {"node": "online.main.x", "created": T3},
        "b5": {"relation": ("prod__ffc", "b5")},
    }
    for build in (a_build(), *(a_build(name, **more) for name, more in others.items())):
        store.finish_build(lease, "dev", build, b"{}")

    def ids(**asked: Any) -> list[str]:
        return [build.id for build in store.past_builds("dev__ffc", **asked)]

    assert ids() == ["b4", "b3", "b2", "b1"]
    assert ids(kinds=["training_set"]) == ["b2", "b1"]
    assert ids(kinds=["training_set", "label"], limit=2) == ["b3", "b2"]
    assert ids(node="training_set.main") == ["b1"]
    assert ids(node="training_set") == []
    assert [build.id for build in store.past_builds("prod__ffc")] == ["b5"]


def test_what_models_used(store: SQLiteStateStore, lease: Lease) -> None:
    store.finish_build(lease, "dev", a_build(), b"{}")
    store.finish_build(lease, "dev", a_build("b2"), b"{}")
    uses = [a_use(), a_use(build="b2", time=T2), a_use(model="xgb", purpose="serving")]
    for use in uses:
        store.record_use(use)
    assert store.uses() == uses
    assert store.uses(["b1", "b9"]) == [uses[0], uses[2]]
    assert store.uses(model="rf") == uses[:2]
    assert store.uses(["b2"], "xgb") == []
    assert store.uses([]) == []
    with pytest.raises(StateError, match="FOREIGN KEY"):
        store.record_use(a_use(build="b9"))


def test_a_use_is_recorded_beside_a_run_that_writes(
    store: SQLiteStateStore, lease: Lease, tmp_path: Path
) -> None:
    """The lock of a target is no matter to it, and whoever writes just now is waited for."""
    store.finish_build(lease, "dev", a_build(), b"{}")
    began = threading.Event()

    def write() -> None:
        connection = sqlite3.connect(tmp_path / "s.db", isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        began.set()
        time.sleep(0.5)
        connection.execute("COMMIT")
        connection.close()

    writing = threading.Thread(target=write, daemon=True)
    writing.start()
    assert began.wait(10)
    other = open_store(tmp_path)
    other.record_use(a_use())
    writing.join()
    assert other.uses() == [a_use()]
    other.close()
