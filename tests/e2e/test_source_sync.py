"""`ffc source sync`: what is there, written into the sources."""

from __future__ import annotations

import stat
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet
from support.cli import PROFILES, ffc
from support.projects import small_project

WAREHOUSE = """\
# Our warehouse.
sources:
  - name: wh
    owner: 'ann@example.com'   # who knows
    tables:
      - name: orders
        table: shop.orders
        columns:
          - {name: id,     type: int32}   # the key
          - {name: Amount, type: "decimal(10,2)"}
          - {name: legacy, type: string}
          # times below
          - {name: wide,   type: int64}
        description: "All orders"
      - name: people
        table: shop.people
"""
SYNCED = """\
# Our warehouse.
sources:
  - name: wh
    owner: 'ann@example.com'   # who knows
    tables:
      - name: orders
        table: shop.orders
        columns:
          - {name: id,     type: int64}   # the key
          - {name: amount, type: "decimal(12,2)"}
          - {name: legacy, type: string}
          # times below
          - {name: wide,   type: int64}
          - {name: at,     type: timestamp}
          - {name: "odd, name", type: string}
        description: "All orders"
      - name: people
        table: shop.people
        columns:
          - {name: pid, type: string}
          - {name: born, type: date}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = small_project(tmp_path, **{"sources/wh.yml": WAREHOUSE})
    (folder / ".ffc").mkdir()
    with duckdb.connect(folder / ".ffc" / "test.duckdb") as connection:
        connection.execute("create schema shop")
        connection.execute(
            'create table shop.orders (id bigint, amount decimal(12, 2), wide int, "at" timestamptz, '
            '"odd, name" varchar, shape struct(a int))'
        )
        connection.execute("create table shop.people (pid varchar, born date)")
        connection.execute('create table shop."Returns" (id bigint, why varchar)')
        connection.execute("create view shop.shapes as select shape from shop.orders")
    return folder


def read(project: Path, name: str = "wh") -> str:
    return (project / "sources" / f"{name}.yml").read_text()


def test_what_is_there_is_written(project: Path) -> None:
    path = project / "sources" / "wh.yml"
    path.chmod(0o640)
    done = ffc(project, "source", "sync", "wh")
    assert (done.code, done.stderr) == (0, "2 sources changed: wrote sources/wh.yml\n")
    assert (
        done.stdout
        == """\
wh.orders  sources/wh.yml:6
  ~ id int32 -> int64
  ~ Amount -> amount
  ~ amount decimal(10,2) -> decimal(12,2)
  ! legacy string: it is not there any more; `--prune` takes it out
  + at timestamp
  + odd, name string
  ? shape: no source can have a column of the type STRUCT(a INTEGER)
wh.people  sources/wh.yml:15
  + pid string
  + born date
"""
    )
    assert read(project) == SYNCED
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    again = ffc(project, "source", "sync", "wh.orders", "--prune")
    assert again.stdout.splitlines()[1] == "  - legacy string"
    assert read(project) == SYNCED.replace("          - {name: legacy, type: string}\n", "")
    assert ffc(project, "source", "sync", "--check").code == 0
    assert ffc(project, "run", "-q", "-s", "kind:source").code == 0


def test_a_check_writes_nothing(project: Path) -> None:
    for word in ("--check", "--dry-run"):
        done = ffc(project, "source", "sync", word)
        assert done.code == 1
        assert "would write sources/wh.yml" in done.stderr
        assert read(project) == WAREHOUSE
    # A column that is gone is not as it is declared either, though nothing would be written.
    ffc(project, "source", "sync")
    done = ffc(project, "source", "sync", "--check")
    assert (done.code, done.stderr) == (1, "4 sources looked at: nothing to write\n")
    document = ffc(project, "source", "sync", "wh.people", "--check", "--output", "json").json()
    assert document == {
        "schema": "ffc.source_sync/v1",
        "target": "dev",
        "written": False,
        "sources": [
            {
                "source": "wh.people",
                "file": "sources/wh.yml",
                "line": 17,
                "status": "same",
                "reason": "",
                "code": "",
                "help": [],
                "changes": [],
            }
        ],
    }


def test_tables_are_added(project: Path) -> None:
    done = ffc(project, "source", "sync", "wh", "--table", "shop.Returns")
    assert done.code == 0, done.stderr
    assert read(project) == WAREHOUSE + (
        "      - name: Returns\n        table: shop.Returns\n        columns:\n"
        "          - {name: id, type: int64}\n          - {name: why, type: string}\n"
    )
    # A source of its own, in a file of its own; then one more in the same.
    done = ffc(project, "source", "sync", "more.back", "--table", "shop.Returns")
    assert (done.code, done.stderr) == (0, "1 source changed: wrote sources/more.yml\n")
    whole = """\
sources:
  - name: more
    tables:
      - name: back
        table: shop.Returns
        columns:
          - {name: id, type: int64}
          - {name: why, type: string}
"""
    assert read(project, "more") == whole
    done = ffc(project, "source", "sync", "more", "--table", "shop.people")
    assert done.code == 0
    assert read(project, "more") == whole + (
        "      - name: people\n        table: shop.people\n        columns:\n"
        "          - {name: pid, type: string}\n          - {name: born, type: date}\n"
    )
    assert ffc(project, "source", "sync", "--check", "more").code == 0


def test_all_tables_of_a_schema_are_added(project: Path) -> None:
    (project / "sources" / "wh.yml").write_text(WAREHOUSE.partition("      - name: people")[0])
    (project / "sources" / "shop.yml").write_text("entities: []\n# more to come")
    done = ffc(project, "source", "sync", "shop", "--table", "shop.*")
    # A table of which no column can be declared is told; the others are there.
    assert done.code == 1
    assert "`shop.shapes` has no column that a source can have" in " ".join(done.stderr.split())
    text = read(project, "shop")
    assert text.startswith("entities: []\n# more to come\nsources:\n  - name: shop\n    tables:\n")
    assert [line.strip() for line in text.splitlines() if "table:" in line] == [
        "table: shop.Returns",
        "table: shop.people",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("sync", "wh.order"), 1, "did you mean `wh.orders`?"),
        (("synch",), 2, "write `ffc source sync`"),
        (("sync", "--table", "shop.people"), 2, "name the source that it goes to"),
        (("sync", "wh", "--table", "shop.people"), 2, "`wh.people` is declared already"),
        (("sync", "wh.a__b", "--table", "shop.people"), 2, "`a__b` is no name"),
        (("sync", "wh.x", "--table", "shop.*"), 2, "`wh.x` is one table: name one"),
        (("sync", "wh", "--table", "shopp.*"), 2, "there is no table in the schema `shopp`"),
        (("sync", "wh", "--table", "shop.return"), 1, "did you mean `shop.Returns`?"),
    ],
)
def test_what_can_not_be_is_refused(
    project: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = ffc(project, "source", *arguments)
    assert done.code == code
    assert said in " ".join(done.stderr.split())
    assert read(project) == WAREHOUSE


def test_a_table_that_is_not_there_stops_no_other(project: Path) -> None:
    text = WAREHOUSE.replace("table: shop.orders", "table: shop.ordrs")
    (project / "sources" / "wh.yml").write_text(text)
    done = ffc(project, "source", "sync")
    assert done.code == 1
    said = " ".join(done.stderr.split())
    assert (
        "error[FF410]: wh.orders: there is no table `shop.ordrs` that can be read = help: did"
        in said
    )
    assert "{name: pid, type: string}" in read(project)


def test_what_ffc_can_not_edit_is_left_to_people(project: Path) -> None:
    text = WAREHOUSE.replace("columns:", "columns: &all") + "        columns: *all\n"
    (project / "sources" / "wh.yml").write_text(text)
    done = ffc(project, "source", "sync", "wh.people")
    assert done.code == 1
    assert read(project) == text
    assert "  + pid string\n  + born date\n" in done.stdout
    assert done.stderr.startswith("""\
error[FF413]: wh.people: its columns come through an alias or a merge
  = help: edit it by hand: what is to be changed stands above
  = more: ffc explain FF413
""")


FILES = """\
sources:
  - name: files
    tables:
      - {name: a, file: data/a.csv, columns: [{name: n, type: string}]}
      - {name: b, file: data/b-*.parquet}
      - {name: c, file: data/c.jsonl}
      - {name: d, file: data/d.csv}
      - {name: e, file: "https://example.com/e.csv"}
"""


def test_columns_of_files_are_found(project: Path) -> None:
    (project / "sources" / "files.yml").write_text(FILES)
    data = project / "data"
    (data / "a.csv").write_text("n,x,day,at,zip\n7,1.5,2024-01-01,2024-01-01T00:00:00Z,01234\n")
    for name, kind in (("b-1", pa.int32()), ("b-2", pa.int64())):
        table = pa.table({"id": pa.array([1], kind), name.replace("-", "_"): ["x"]})
        parquet.write_table(table, data / f"{name}.parquet")
    (data / "c.jsonl").write_text('{"i": 1, "deep": {"a": 1}, "many": [1, 2], "t": "x"}\n')
    done = ffc(project, "source", "sync", "files")
    assert done.code == 1
    assert (
        done.stdout
        == """\
files.a  sources/files.yml:4
  + x float64
  + day date
  + at timestamp
  + zip string
files.b  sources/files.yml:5
  + id int64
files.c  sources/files.yml:6
  + i int64
  + deep json
  + many list<int64>
  + t string
"""
    )
    said = " ".join(done.stderr.split())
    assert "no file matches `data/d.csv`" in said
    assert "files.e is not looked at: files that lie elsewhere are fetched by a run only" in said
    named = ffc(project, "source", "sync", "files.e")
    assert named.code == 1
    assert (
        named.stderr
        == """\
error[FF413]: files.e: files that lie elsewhere are fetched by a run only
  = help: declare its columns yourself
  = more: ffc explain FF413

1 source looked at: nothing to write
"""
    )
    (project / "sources" / "wh.yml").unlink()
    for name in ("d", "e"):
        text = read(project, "files")
        line = next(line for line in text.splitlines() if f"name: {name}," in line)
        (project / "sources" / "files.yml").write_text(text.replace(f"{line}\n", ""))
    assert ffc(project, "run", "-q", "-s", "source:files.*").code == 0


def test_files_are_looked_at_before_anything_was_built(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    done = ffc(project, "source", "sync", "raw", "--check")
    assert (done.code, done.stdout) == (0, ""), done.stderr
    assert done.stderr == "2 sources looked at: nothing to write\n"
    assert not (project / ".ffc" / "test.duckdb").exists()


def test_files_are_looked_at_for_a_warehouse_of_another_kind(tmp_path: Path) -> None:
    """Nothing is asked of the server: there is none."""
    profiles = PROFILES.replace(
        "{type: duckdb, path: .ffc/test.duckdb}",
        '{type: postgres, url: "postgresql://ffc@127.0.0.1:1/x"}',
    )
    project = small_project(tmp_path, **{"profiles.yml": profiles, "data/users.csv": "n\n1\n"})
    done = ffc(project, "source", "sync", "raw.users", "--prune")
    assert done.code == 0, done.stderr
    assert done.stdout.splitlines()[1:] == [
        "  - user_id string",
        "  - country string",
        "  + n int64",
    ]
    assert read(project, "raw").endswith('        columns:\n          - {name: "n", type: int64}\n')


def test_a_file_that_can_not_be_read_is_told(project: Path) -> None:
    (project / "sources" / "files.yml").write_text(FILES)
    (project / "data" / "b-1.parquet").write_bytes(b"PAR1 no, it is not")
    done = ffc(project, "source", "sync", "files.b")
    assert done.code == 1
    assert "`b-1.parquet` can't be read as parquet" in done.stderr
    for data, said in (
        (b"a,b\n1,2\n\xff\xfe,4\n1,2,3,4\n", "`d.csv` can't be read as csv"),
        (b"", "`d.csv` is empty"),
        (b"a,a\n1,2\n", "`d.csv` has more than one column `a`"),
    ):
        (project / "data" / "d.csv").write_bytes(data)
        done = ffc(project, "source", "sync", "files.d")
        assert done.code == 1
        assert said in " ".join(done.stderr.split())
    (project / "sources" / "files.yml").write_text("sources: [\n")
    done = ffc(project, "source", "sync")
    assert done.code == 1
    assert "FF101" in done.stderr
