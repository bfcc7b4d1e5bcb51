"""Tiny tables in the shape of TPC-H: the same for a seed, and most of its queries find rows in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

PROJECT: Final = Path(__file__).parent / "tpch"
Row = dict[str, object]

_REGIONS: Final = ("AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST")
# Those that the queries ask for, and a few that they don't.
_NATIONS: Final = {
    "BRAZIL": 1,
    "CANADA": 1,
    "FRANCE": 3,
    "GERMANY": 3,
    "INDIA": 2,
    "CHINA": 2,
    "KENYA": 0,
    "SAUDI ARABIA": 4,
}
_PHONES: Final = ("13", "31", "23", "29", "17", "11", "25")
_SEGMENTS: Final = ("BUILDING", "AUTOMOBILE", "MACHINERY")
_COLORS: Final = ("green", "forest", "azure")
_TYPES: Final = ("ECONOMY ANODIZED STEEL", "PROMO PLATED BRASS", "LARGE BURNISHED BRASS")
_BRANDS: Final = ("Brand#12", "Brand#23", "Brand#34", "Brand#45")
_CONTAINERS: Final = {"Brand#12": "SM CASE", "Brand#23": "MED BOX", "Brand#34": "LG PKG"}
_SIZES: Final = (15, 3, 5, 9, 49)
_PRIORITIES: Final = ("1-URGENT", "2-HIGH", "3-MEDIUM", "5-LOW")
_MODES: Final = ("AIR", "AIR REG", "MAIL", "SHIP", "TRUCK")
_INSTRUCTIONS: Final = ("DELIVER IN PERSON", "DELIVER IN PERSON", "NONE")
_COMMENTS: Final = ("carefully", "special packages, requests", "quickly", "Customer: Complaints")
_FIRST_DAY: Final = date(1993, 6, 1)
_DAYS: Final = 1500


def tpch_tables(seed: int = 0) -> dict[str, pa.Table]:
    """Make the eight tables by their names."""
    random = Random(seed)
    makers: dict[str, Callable[[Random], list[Row]]] = {
        "region": _region,
        "nation": _nation,
        "supplier": _supplier,
        "customer": _customer,
        "part": _part,
        "partsupp": _partsupp,
    }
    rows = {name: make(random) for name, make in makers.items()}
    rows["orders"] = _orders(random)
    rows["lineitem"] = _lineitem(random, rows["orders"], rows["partsupp"])
    return {name: pa.Table.from_pylist(own, _schema(own[0])) for name, own in rows.items()}


def write_tables(folder: Path, seed: int = 0) -> None:
    """Write the tables where the project's sources look for them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tpch_tables(seed).items():
        pq.write_table(table, folder / f"{name}.parquet")


def _schema(row: Row) -> pa.Schema:
    kinds = {str: pa.string(), date: pa.date32(), Decimal: pa.decimal128(15, 2)}
    return pa.schema((name, kinds.get(type(v)) or _integer(name)) for name, v in row.items())


def _integer(name: str) -> pa.DataType:
    """Return int64 for the keys of the large tables, int32 for other numbers."""
    return (
        pa.int64() if name.endswith(("orderkey", "partkey", "suppkey", "custkey")) else pa.int32()
    )


def _money(random: Random, low: int, high: int) -> Decimal:
    return Decimal(random.randrange(low * 100, high * 100)) / 100


def _day(random: Random) -> date:
    return _FIRST_DAY + timedelta(days=random.randrange(_DAYS))


def _pick(random: Random, values: Sequence[str]) -> str:
    return random.choice(values)


def _region(random: Random) -> list[Row]:
    return [
        {"r_regionkey": key, "r_name": name, "r_comment": _pick(random, _COMMENTS)}
        for key, name in enumerate(_REGIONS)
    ]


def _nation(random: Random) -> list[Row]:
    return [
        {
            "n_nationkey": key,
            "n_name": name,
            "n_regionkey": region,
            "n_comment": _pick(random, _COMMENTS),
        }
        for key, (name, region) in enumerate(_NATIONS.items())
    ]


def _supplier(random: Random) -> list[Row]:
    return [
        {
            "s_suppkey": key,
            "s_name": f"Supplier#{key:09}",
            "s_address": f"{key} Dock",
            "s_nationkey": key % len(_NATIONS),
            "s_phone": f"{_pick(random, _PHONES)}-{random.randrange(1000):03}",
            "s_acctbal": _money(random, -900, 9999),
            "s_comment": _pick(random, _COMMENTS),
        }
        for key in range(16)
    ]


def _customer(random: Random) -> list[Row]:
    return [
        {
            "c_custkey": key,
            "c_name": f"Customer#{key:09}",
            "c_address": f"{key} Lane",
            "c_nationkey": random.randrange(len(_NATIONS)),
            "c_phone": f"{_pick(random, _PHONES)}-{random.randrange(1000):03}",
            "c_acctbal": _money(random, -900, 9999),
            "c_mktsegment": _pick(random, _SEGMENTS),
            "c_comment": _pick(random, _COMMENTS),
        }
        for key in range(60)
    ]


def _part(random: Random) -> list[Row]:
    found: list[Row] = []
    for key in range(24):
        brand = _BRANDS[key % len(_BRANDS)]
        found.append(
            {
                "p_partkey": key,
                "p_name": f"{_COLORS[key % 3]} {_pick(random, _COLORS)}",
                "p_mfgr": f"Manufacturer#{key % 5 + 1}",
                "p_brand": brand,
                "p_type": _pick(random, _TYPES),
                "p_size": random.choice(_SIZES),
                "p_container": _CONTAINERS.get(brand, "JUMBO JAR"),
                "p_retailprice": _money(random, 900, 1100),
                "p_comment": _pick(random, _COMMENTS),
            }
        )
    return found


def _partsupp(random: Random) -> list[Row]:
    return [
        {
            "ps_partkey": part,
            "ps_suppkey": supplier,
            "ps_availqty": random.randrange(1, 200),
            "ps_supplycost": _money(random, 1, 1000),
            "ps_comment": _pick(random, _COMMENTS),
        }
        for part in range(24)
        for supplier in random.sample(range(16), 4)
    ]


def _orders(random: Random) -> list[Row]:
    return [
        {
            "o_orderkey": key,
            # A third of the customers never order.
            "o_custkey": random.randrange(60) // 3 * 3 + random.randrange(2),
            "o_orderstatus": _pick(random, "FFO"),
            "o_totalprice": _money(random, 1000, 300000),
            "o_orderdate": _day(random),
            "o_orderpriority": _pick(random, _PRIORITIES),
            "o_clerk": f"Clerk#{random.randrange(9):09}",
            "o_shippriority": random.randrange(2),
            "o_comment": _pick(random, _COMMENTS),
        }
        for key in range(160)
    ]


def _lineitem(random: Random, orders: list[Row], offers: list[Row]) -> list[Row]:
    found: list[Row] = []
    for order in orders:
        large = random.random() < 0.1
        for number in range(8 if large else random.randrange(1, 5)):
            offer = random.choice(offers)
            found.append(_line(random, order, offer, number + 1, 40 if large else 1))
    return found


def _line(random: Random, order: Row, offer: Row, number: int, least: int) -> Row:
    ordered = order["o_orderdate"]
    assert isinstance(ordered, date)
    shipped = ordered + timedelta(days=random.randrange(1, 90))
    committed = ordered + timedelta(days=random.randrange(30, 90))
    return {
        "l_orderkey": order["o_orderkey"],
        "l_partkey": offer["ps_partkey"],
        "l_suppkey": offer["ps_suppkey"],
        "l_linenumber": number,
        "l_quantity": Decimal(random.choice((least, random.randrange(least, 51)))),
        "l_extendedprice": _money(random, 900, 50000),
        "l_discount": Decimal(random.randrange(11)) / 100,
        "l_tax": Decimal(random.randrange(9)) / 100,
        "l_returnflag": _pick(random, "RAN"),
        "l_linestatus": _pick(random, "OF"),
        "l_shipdate": shipped,
        "l_commitdate": committed,
        "l_receiptdate": shipped + timedelta(days=random.randrange(1, 30)),
        "l_shipinstruct": _pick(random, _INSTRUCTIONS),
        "l_shipmode": _pick(random, _MODES),
        "l_comment": _pick(random, _COMMENTS),
    }
