"""`ffc run` on a warehouse of PostgreSQL that fails under it: told clearly, and gone on with."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cli import PROFILES, ffc
from support.postgres import PostgresServer, postgres
from support.projects import small_project

ROWS = 60_000


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    # It is killed, and keeps what it said it kept.
    with postgres(18, wal_level="replica", synchronous_commit="on") as server:
        yield server


def project_on(server: PostgresServer, folder: Path, database: str, **settings: object) -> Path:
    values = {"type": "postgres", **server.settings_of(database), **settings}
    listed = ", ".join(f"{name}: {value}" for name, value in values.items())
    profiles = PROFILES.replace("{type: duckdb, path: .ffc/test.duckdb}", f"{{{listed}}}")
    project = small_project(folder, **{"profiles.yml": profiles})
    lines = (
        f"u{n % 500},{n}.5,true,2024-01-01T00:{n % 60:02}:00Z,2024-01-01T01:00:00Z"
        for n in range(ROWS)
    )
    head = "user_id,amount,paid,seen,loaded"
    (project / "data" / "events.csv").write_text("\n".join([head, *lines]) + "\n")
    return project


def test_a_server_that_is_killed_in_the_middle_of_a_run(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ffc_postgres.warehouse.sessions.PATIENCE_SECONDS", 0.5)
    database = server.database()
    project = project_on(server, tmp_path, database)
    failed = 0
    for seconds in (0.4, 0.7, 1.0, 1.3):
        timer = threading.Timer(seconds, server.kill)
        timer.start()
        done = ffc(project, "run", "--full-refresh")
        timer.join()
        server.start()
        if done.code:
            failed += 1
            assert "FF803" in done.stdout + done.stderr
            assert "Traceback" not in done.stderr
    assert failed
    done = ffc(project, "run")
    assert done.code == 0, done.stderr
    rows = server.sql("SELECT count(*), count(spending__amount) FROM dev.main", database)
    assert rows == [(ROWS, ROWS)]
    assert ffc(project, "clean", "--unused").code == 0
    left = server.sql(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE nspname = 'dev__ffc' AND relkind = 'r'",
        database,
    )
    assert len({name for (name,) in left}) == len(left) < 12


def test_a_user_who_may_make_nothing(server: PostgresServer, tmp_path: Path) -> None:
    database = server.database()
    server.sql("CREATE ROLE guest LOGIN PASSWORD 'not a secret'")
    done = ffc(project_on(server, tmp_path, database, user="guest"), "run")
    assert done.code == 1
    assert "error[FF804]: permission denied for database" in done.stderr
    assert "ffc needs CREATE on the database" in done.stderr


def test_a_replica(server: PostgresServer, tmp_path: Path) -> None:
    database = server.database()
    assert ffc(project_on(server, tmp_path, database), "run").code == 0
    with server.replica() as replica:
        project_on(replica, tmp_path, database)
        done = ffc(tmp_path, "run", "--full-refresh")
        assert done.code == 1
        assert "read-only transaction" in done.stderr
        assert "a replica?" in done.stderr
        shown = ffc(tmp_path, "training-set", "main")
        assert "spending__amount" in shown.stdout, shown.stderr
