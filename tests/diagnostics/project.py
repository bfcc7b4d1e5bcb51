"""A small valid project, and the means to break it in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROJECT: Final = "ffc.yml"
PROFILES: Final = "profiles.yml"
SOURCES: Final = "sources/shop.yml"
SQL: Final = "transformations/stg_orders.sql"
FEATURES: Final = "features/customer.yml"
SETS: Final = "training_sets/fraud.yml"

BASE: Final[Mapping[str, str]] = {
    PROJECT: """\
name: shop
version: 1
profile: shop
vars:
  min_amount: 1
""",
    PROFILES: """\
shop:
  target: dev
  outputs:
    dev:
      schema: dev
      offline: {type: duckdb, path: .ffc/shop.duckdb}
      online: {type: sqlite, path: .ffc/online.db}
""",
    SOURCES: """\
sources:
  - name: raw
    tables:
      - name: orders
        file: data/orders.csv
        columns:
          - {name: order_id, type: string}
          - {name: customer_id, type: string}
          - {name: amount, type: float64}
          - {name: country, type: string}
          - {name: ordered_on, type: date}
          - {name: ordered_at, type: timestamp}
          - {name: loaded_at, type: timestamp}
          - {name: is_fraud, type: bool}
""",
    SQL: """\
select customer_id, amount, ordered_on, ordered_at, loaded_at
from {{ source('raw', 'orders') }}
where amount >= {{ var('min_amount') }}
""",
    FEATURES: """\
entities:
  - name: customer
    keys:
      - {name: customer_id, type: string}

feature_views:
  - name: orders_recent
    entity: customer
    source: ref('stg_orders')
    timestamp: ordered_at
    created: loaded_at
    online: true
    features:
      - {name: amount, type: float64, default: 0}

  - name: customer_home
    timestamp: null
    entity: customer
    source: source('raw', 'orders')
    features:
      - {name: country}

labels:
  - name: fraud
    source: source('raw', 'orders')
    entities: {customer: customer_id}
    timestamp: ordered_at
    column: is_fraud
""",
    SETS: """\
training_sets:
  - name: fraud_training
    label: fraud
    features: [orders_recent.amount, customer_home.country]
""",
}


@dataclass(frozen=True)
class Case:
    """A broken project: the files that differ from the base, and how ffc is called.

    A file that is None is not there; `says` are the codes that ffc must answer with, in order.
    """

    files: Mapping[str, str | bytes | None]
    says: tuple[str, ...]
    arguments: tuple[str, ...] = ()


def edited(file: str, *changes: tuple[str, str]) -> dict[str, str | bytes | None]:
    """Return a file of the base with words replaced; each must be there exactly once."""
    text = BASE[file]
    for old, new in changes:
        assert text.count(old) == 1, (file, old, text.count(old))
        text = text.replace(old, new)
    return {file: text}


def write_case(case: Case, folder: Path) -> Path:
    """Write the base with a case's files laid over it."""
    for name, content in {**BASE, **case.files}.items():
        if content is None:
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


# Words of the base that the cases put something else for.
SOURCE_CALL: Final = "source('raw', 'orders')"
HOME_SOURCE: Final = "    source: source('raw', 'orders')\n    features:"
LABEL_SOURCE: Final = "    source: source('raw', 'orders')\n    entities:"
LABEL_KEYS: Final = "{customer: customer_id}"
AMOUNT: Final = "{name: amount, type: float64, default: 0}"
ORDER_ID: Final = "{name: order_id, type: string}"
PICKS: Final = "[orders_recent.amount, customer_home.country]"
RECENT: Final = "    timestamp: ordered_at\n    created: loaded_at\n"


def features(*changes: tuple[str, str], says: tuple[str, ...]) -> Case:
    return Case(edited(FEATURES, *changes), says)


def sql(text: str, *says: str) -> Case:
    """Return a second transformation beside the base's."""
    return Case({"transformations/broken.sql": text}, says)
