"""Tables that features can't be looked up for: what is said, by the client and on the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet
from support.cli import ffc
from support.spines import FORMS, at, keyed_project, spine

from ffc import Client, errors

AMOUNT = ["spending.amount"]
US = pa.timestamp("us", tz="UTC")
EAST = timezone(timedelta(hours=5))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = keyed_project(tmp_path_factory.mktemp("bad") / "small")
    assert ffc(built, "run").code == 0
    return built


@pytest.fixture(scope="module")
def client(project: Path) -> Client:
    return Client(project)


def refused(
    client: Client, given: object, kind: type[errors.FfcError] = errors.BadSpine, **words: Any
) -> str:
    """Return what is said of a spine: its message, then what to do."""
    with pytest.raises(kind) as caught:
        client.historical(words.pop("features", AMOUNT), given, **words)
    assert type(caught.value) is kind
    assert caught.value.help, "it says what to do"
    assert f"ffc explain {kind.code}" in str(caught.value)
    return "\n".join([caught.value.message, *caught.value.help])


def agrees(project: Path, said: str, *options: str, code: str = "FF813") -> None:
    """Hold what the client said against the command line."""
    told = ffc(project, "historical", *options)
    assert (told.code, told.stdout) == (1, "")
    first, *hints = said.splitlines()
    stderr = " ".join(told.stderr.split())
    assert stderr.startswith(f"error[{code}]: {first} = help: {hints[0]}")
    assert all(f"= help: {hint} = " in stderr for hint in hints)


BAD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no key": (
        {"at": [at(1)]},
        ["no column `user_id`, the key of `user`", "entities={", "it has `at`"],
    ),
    "misnamed key": (
        {"user_ID": ["u1"], "at": [at(1)]},
        ["no column `user_id`", "did you mean `user_ID`?", "entities={'user': 'COLUMN'}"],
    ),
    "numbers for texts": (
        {"user_id": [1], "at": [at(1)]},
        ["the key `user_id` is int64, but the entity `user` declares string", "cast it"],
    ),
    "no times": ({"user_id": ["u1"]}, ["no column of times", "`timestamp=None`, or `--newest`"]),
    "texts for times": (
        {"user_id": ["u1"], "when": ["soon"]},
        ["no column of times", "`when` is ", "make it times"],
    ),
    "texts under a known name": (
        {"user_id": ["u1"], "event_timestamp": ["soon"], "x": [1]},
        ["no column of times", "`event_timestamp` is "],
    ),
    "several times": (
        {"user_id": ["u1"], "a": [at(1)], "b": [at(2)]},
        ["several times: `a` and `b`", "name it with `timestamp`"],
    ),
    "a feature's name": (
        {"user_id": ["u1"], "at": [at(1)], "Spending__Amount": [1]},
        ["column `Spending__Amount` has the name that a feature gets", "'as': ..."],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_columns_that_are_wrong(case: str, client: Client, project: Path, tmp_path: Path) -> None:
    columns, expected = BAD[case]
    table = pa.table(columns)
    for form, make in FORMS.items():
        if form == "csv" and case == "numbers for texts":
            continue  # A file of texts is read as its keys are declared.
        asked = make(table, tmp_path)
        said = refused(client, asked)
        for part in expected:
            assert part in said, (form, said)
        if isinstance(asked, str | Path):
            agrees(project, said, "-f", AMOUNT[0], "--spine", str(asked))


def test_two_columns_of_one_name(client: Client, project: Path, tmp_path: Path) -> None:
    for names in (["user_id", "user_id", "at"], ["user_id", "at", "at"], ["user_id", "x", "x"]):
        first = pa.array(["u1"]), pa.array([at(1)], US), pa.array([at(1)], US)
        table = pa.table(list(first), names=names)
        twice = sorted({n for n in names if names.count(n) > 1})[0]
        frame = pd.DataFrame([["u1", at(1), at(2)]], columns=names)
        for given in (table, table.to_reader(), frame):
            assert f"two columns of the spine have one name: `{twice}`" in refused(client, given)
        path = tmp_path / "asked.csv"
        path.write_text(f"{','.join(names)}\nu1,2024-01-01,2024-01-01\n")
        agrees(project, refused(client, path), "-f", AMOUNT[0], "--spine", str(path))


@pytest.mark.parametrize(
    ("feature", "key", "said"),
    [
        (
            "of_int64.n",
            pa.array([1.0, None]),
            "is double, but the entity `of_int64` declares int64",
        ),
        ("of_int64.n", pa.array(["7", "8"]), "is string, but"),
        ("of_int64.n", pa.array([1, 2], pa.uint64()), "is uint64, but"),
        ("of_int32.n", pa.array([1, 2], pa.int64()), "is int64, but"),
        ("of_date.n", pa.array([at(1)] * 2, US), r"is timestamp\[us, tz=UTC\], but"),
        ("of_timestamp.n", pa.array([at(1).date()] * 2), r"is date32\[day\], but"),
        ("of_decimal.n", pa.array([Decimal("1.234")] * 2), r"is decimal128\(4, 3\), but"),
        ("of_decimal.n", pa.array([1, 2]), "is int64, but"),
        ("of_bool.n", pa.array([0, 1]), "is int64, but"),
    ],
)
def test_keys_of_another_type(feature: str, key: pa.Array, said: str, client: Client) -> None:
    name = f"{feature.partition('.')[0]}_id"
    given = pa.table({name: key, "at": pa.array([at(1)] * 2, US)})
    told = refused(client, given, features=[feature], timestamp="at")
    assert re.search(said, told)
    assert told.startswith(f"the key `{name}` ")
    assert ("astype('Int64')" in told) == (key.type == pa.float64())


def test_times_that_are_none(client: Client, project: Path, tmp_path: Path) -> None:
    users = {"user_id": ["u1", "u2"]}
    for times in (["a", "b"], [1_700_000_000, 0], [1.5, 2.5]):
        said = refused(client, pa.table({**users, "at": times}), timestamp="at")
        assert "the column `at` is" in said
        assert "not times" in said
        assert "pandas.to_datetime" in said
    for numbers, kind in (
        ([253_402_300_800], pa.timestamp("s")),
        ([-62_135_596_801], pa.timestamp("s")),
        ([2**62], pa.timestamp("ms")),
        ([2**31 - 1], pa.date32()),
        ([-(2**63) + 1], pa.timestamp("us")),
    ):
        width = pa.int32() if kind == pa.date32() else pa.int64()
        given = pa.table({"user_id": ["u1"], "at": pa.array(numbers, width).cast(kind)})
        said = refused(client, given)
        assert "the column `at` holds times that are of no year from 1 to 9999" in said
        path = tmp_path / "asked.arrow"
        with pa.ipc.new_file(path, given.schema) as file:
            file.write_table(given)
        agrees(project, said, "-f", AMOUNT[0], "--spine", str(path))
    missing = refused(client, spine(), timestamp="att")
    assert "no column `att`\ndid you mean `at`?" in missing
    path = tmp_path / "asked.parquet"
    parquet.write_table(spine(), path)
    agrees(project, missing, "-f", AMOUNT[0], "--spine", str(path), "--timestamp", "att")


def test_mixed_zones(client: Client, tmp_path: Path) -> None:
    for times in ([at(1), datetime(2024, 1, 1)], [datetime(2024, 1, 1), None, at(1)]):
        rows = [{"user_id": "u1", "at": time} for time in times]
        for given in (rows, pd.DataFrame({"user_id": "u1", "at": pd.Series(times, dtype=object)})):
            said = refused(client, given)
            assert "some times of the column `at` have a time zone, and others have none" in said
            assert "utc=True" in said
    path = tmp_path / "asked.csv"
    path.write_text("user_id,at\nu1,2024-01-10T00:00:00Z\nu2,2024-01-10T00:00:00\n")
    assert "`at` is string: make it times" in refused(client, path)


def test_values_of_several_types(client: Client) -> None:
    rows = [{"user_id": "u1", "at": at(1)}, {"user_id": 7, "at": at(1)}]
    for given in (rows, pd.DataFrame(rows)):
        assert "the column `user_id` holds values of several types" in refused(client, given)
    for value in (object(), 1j, 2**70):
        given = pd.DataFrame(
            {"user_id": ["u1"], "at": [at(1)], "odd": pd.Series([value], dtype=object)}
        )
        assert "the column `odd` holds values" in refused(client, given)


def test_a_dictionary_of_another_type(client: Client) -> None:
    given = pa.table({"user_id": pa.array([1]).dictionary_encode(), "at": [at(1)]})
    assert "the key `user_id` is int64" in refused(client, given.to_reader())


@pytest.mark.parametrize(
    "given",
    [
        *(7, b"x", ("u1",), ["u1"], object(), pa.array(["u1"]), pa.chunked_array([["u1"]])),
        *(pd.Series(["u1"]), pl.Series(["u1"]), pd.Index([1]), np.array([1]), spine),
    ],
    ids=lambda given: type(given).__name__,
)
def test_what_is_no_table(given: object, client: Client) -> None:
    said = refused(client, given)
    assert f"a spine is no {type(given).__name__}" in said
    assert "DataFrame" in said


def test_what_is_nearly_a_table(client: Client) -> None:
    lazy = pl.DataFrame(spine().to_pylist()).lazy()
    assert "a spine is no LazyFrame\n`.collect()` makes it a DataFrame" in refused(client, lazy)
    asked = client.training_set("main")
    assert "a spine is no Dataset\n`.arrow()` makes it an Arrow reader" in refused(client, asked)
    assert "no spine is given" in refused(client, None)
    frame = spine(x=[1, 2]).to_pandas().set_index("x", drop=False)
    assert "two columns of the spine have one name: `x`" in refused(client, frame)
    said = refused(client, {"user_id": ["u1"], "at": [at(1)]}, errors.BadRequest)
    assert "a spine of a view has `view`, `from` and `to`" in said
    assert "DataFrame" in said


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield files that can't be read, each with what is said of it."""
    yield folder / "missing.csv", "there is no file"
    yield folder / "asked.txt", "a spine is a file that ends in one of .parquet .csv .arrow"
    (folder / "folder.csv").mkdir()
    yield folder / "folder.csv", "there is no file"
    texts = {
        "empty.csv": b"",
        "ragged.csv": b"user_id,at\nu1,2024-01-10\nu1\n",
        "latin.csv": b"user_id,at\n\xe9,2024-01-10\n",
        "late.csv": b"user_id,at,x\n" + b"u1,2024-01-10,1\n" * 100_000 + b"u1,2024-01-10,z\n",
        "text.parquet": b"user_id,at\n",
        "text.arrow": b"user_id,at\n",
    }
    for name, text in texts.items():
        (folder / name).write_bytes(text)
        yield folder / name, f"`{folder / name}` can't be read: "
    rows = 200_000
    many = pa.table({"user_id": [f"u{n}" for n in range(rows)], "at": pa.array([at(1)] * rows, US)})
    parquet.write_table(many, folder / "torn.parquet", use_dictionary=False)
    with pa.ipc.new_file(folder / "torn.arrow", many.schema) as file:
        file.write_table(many, 10_000)
    for name in ("torn.parquet", "torn.arrow"):
        data = bytearray((folder / name).read_bytes())
        middle = len(data) // 2
        data[middle : middle + 90_000] = b"\xff" * 90_000
        (folder / name).write_bytes(data)
        yield folder / name, f"`{folder / name}` can't be read: "


def test_files_that_cannot_be_read(client: Client, project: Path, tmp_path: Path) -> None:
    for path, expected in _files(tmp_path):
        said = refused(client, path)
        assert expected in said
        agrees(project, said, "-f", AMOUNT[0], "--spine", str(path))


def test_sql_that_is_wrong(client: Client, project: Path) -> None:
    for sql, code in (
        ("select user_id, seen from {{ ref('clen') }}", "FF201"),
        ("select user_id, sen from {{ ref('clean') }}", "FF804"),
        ("select user_id from", "FF301"),
        ("select 1; select 2", "FF302"),
    ):
        with pytest.raises(errors.ProjectError) as caught:
            client.historical(AMOUNT, sql)
        assert caught.value.diagnostics[0].code == code
        told = ffc(project, "historical", "-f", AMOUNT[0], "--spine", sql)
        assert told.code == 1
        assert f"error[{code}]: {caught.value.diagnostics[0].message}" in told.stderr
        assert "--> spine:1:" in told.stderr
    with pytest.raises(errors.DataError, match="boom"):
        client.historical(
            AMOUNT, "select user_id, seen from {{ ref('clean') }} where error('boom')"
        )
    said = refused(client, "delete from clean")
    assert "or SQL" in said


@pytest.mark.parametrize(
    ("features", "kind", "expected"),
    [
        ([], errors.BadRequest, "no feature is asked for"),
        (None, errors.BadRequest, "features are a list"),
        ("spending.amount", errors.BadRequest, "features are a list"),
        (["spending"], errors.BadRequest, "'spending' is no feature"),
        ([7], errors.BadRequest, "7 is no feature"),
        (["spending.amont"], errors.NotFound, "did you mean `amount`?"),
        (["spendin.amount"], errors.NotFound, "did you mean `spending`?"),
        (["spending@v2.amount"], errors.NotFound, "no feature view named `spending@v2`"),
        (["spending.*", "spending.amount"], errors.BadRequest, "two features get the name"),
        ([{"feature": AMOUNT[0], "lg": "1d"}], errors.BadRequest, "a feature has no `lg`"),
        ([{"feature": AMOUNT[0], "lag": "1x"}], errors.BadRequest, "'1x' is no lag"),
        ([{"feature": AMOUNT[0], "as": "__row"}], errors.BadRequest, "which is no name"),
        ([{"feature": AMOUNT[0], "as": 7}], errors.BadRequest, "which is no name"),
        ([{"feature": AMOUNT[0], "for": "x"}], errors.BadRequest, "`x` is no role of a `user`"),
    ],
)
def test_features_that_are_wrong(
    features: Any, kind: type[errors.FfcError], expected: str, client: Client, project: Path
) -> None:
    said = refused(client, spine(), kind, features=features)
    assert expected in said
    if isinstance(features, list) and features and all(isinstance(f, str) for f in features):
        sql = "select user_id, seen from {{ ref('clean') }}"
        picks = ["-f", ",".join(features)]
        agrees(project, said, *picks, "--spine", sql, code=kind.code)


@pytest.mark.parametrize(
    ("words", "kind", "expected"),
    [
        ({"entities": {"usr": "user_id"}}, errors.NotFound, "did you mean `user`?"),
        ({"entities": {"user": ["a", "b"]}}, errors.BadRequest, "a column for each key of `user`"),
        ({"entities": {"user": 7}}, errors.BadRequest, "a column for each key of `user`"),
        ({"entities": {"user": "who"}}, errors.BadSpine, "no column `who` (`user_id`)"),
        ({"entities": ["user"]}, errors.BadRequest, "entities are a mapping"),
        ({"entities": "user"}, errors.BadRequest, "entities are a mapping"),
        ({"boundary": "open"}, errors.BadRequest, "write `exclusive` or `inclusive`"),
        ({"as_known": "no"}, errors.BadRequest, "`as_known` is 'no'"),
        ({"timestamp": 7}, errors.BadSpine, "no column `7`"),
        ({"timestamp": ["at"]}, errors.BadSpine, "no column `['at']`"),
    ],
)
def test_words_that_are_wrong(
    words: dict[str, Any], kind: type[errors.FfcError], expected: str, client: Client
) -> None:
    assert expected in refused(client, spine(), kind, **words)


@pytest.mark.parametrize(
    ("changes", "kind", "expected"),
    [
        ({"view": "spendin"}, errors.NotFound, "did you mean `spending`?"),
        ({"view": 7}, errors.NotFound, "no feature view named `7`"),
        ({"view": "profile"}, errors.BadRequest, "`profile` is static: it has no instants"),
        ({"to": "soon"}, errors.BadRequest, "'soon' is no time"),
        ({"from": None}, errors.BadRequest, "None is no time"),
        ({"to": pd.NaT}, errors.BadRequest, "NaT is no time"),
        ({"from": "2024-03-01"}, errors.BadRequest, "2024-03-01 00:00:00, which is after `to`"),
        ({"from": datetime.min.replace(tzinfo=EAST)}, errors.BadRequest, "is no time"),
        ({"until": "2024-01-01"}, errors.BadRequest, "has `view`, `from` and `to`"),
    ],
)
def test_two_times_that_are_wrong(
    changes: dict[str, Any], kind: type[errors.FfcError], expected: str, client: Client
) -> None:
    given = {"view": "spending", "from": "2024-01-01", "to": "2024-02-01", **changes}
    assert expected in refused(client, given, kind, features=())


def test_an_error_of_a_reader_is_its_own(client: Client) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        yield spine().to_batches()[0]
        raise OSError("the network is gone")

    given = pa.RecordBatchReader.from_batches(spine().schema, batches())
    with pytest.raises(OSError, match="the network is gone"):
        client.historical(AMOUNT, given)


def test_options_that_are_wrong(project: Path, tmp_path: Path) -> None:
    path = tmp_path / "asked.parquet"
    parquet.write_table(spine(), path)
    asked = ["historical", "-f", AMOUNT[0], "--spine", str(path)]
    for options, expected in (
        (["--newest", "--timestamp", "at"], "leave out `--timestamp`"),
        (["--entity", "user"], "`user` is not ROLE=COLUMN"),
        (["--boundary", "open"], "'open' is not one of"),
        (["--rows", "-1"], "-1 is not in the range"),
        (["--target", "prdo"], "prdo"),
    ):
        told = ffc(project, *asked, *options)
        assert (told.code, told.stdout) == (2, "")
        assert expected in told.stderr
    told = ffc(project, *asked, "--to", str(tmp_path / "out.txt"))
    assert told.code == 2
    assert "`out.txt` must end in one of" in told.stderr
