"""Make the sample data: customers, merchants and ninety days of card payments.

`python data/generate.py` writes four files beside this one. The same seed gives the same rows
everywhere. With `--today` the ninety days end yesterday, not on 2024-03-30; only the times move.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

FIRST_DAY = datetime(2024, 1, 1)  # naive means UTC, here and in every file
DAYS = 90
COUNTRIES = ("DE", "FR", "GB", "NL", "PL", "US")
SEGMENTS = ("retail", "retail", "retail", "student", "business")
RISKY = ("crypto", "gambling", "gift_cards")
CATEGORIES = ("grocery", "fuel", "travel", "fashion", "restaurant", "electronics", *RISKY)

T = TypeVar("T")


# One class a file, one field a column.


@dataclass(frozen=True, kw_only=True)
class Customer:
    customer_id: str
    email: str | None
    country: str
    segment: str
    signup_time: datetime
    loaded_at: datetime

    @property
    def usual_amount(self) -> float:
        """What they mostly spend. Not in the file: features have to find out."""
        return (300 if self.segment == "business" else 30) * (
            0.5 + int(self.customer_id[1:]) * 37 % 100 / 100
        )


@dataclass(frozen=True, kw_only=True)
class Profile:
    customer_id: str
    credit_limit: int | None
    country: str
    phone_verified: bool
    valid_from: datetime
    loaded_at: datetime


@dataclass(frozen=True, kw_only=True)
class Merchant:
    merchant_id: int
    category: str
    country: str
    risk_score: float | None


@dataclass(frozen=True, kw_only=True)
class Transaction:
    transaction_id: str
    customer_id: str | None
    merchant_id: int | None
    amount: float | None
    is_refund: bool
    is_fraud: bool | None
    event_time: datetime
    loaded_at: datetime


def generate(folder: Path, seed: int = 7, first_day: datetime = FIRST_DAY) -> dict[str, int]:
    """Write the files into `folder` and return the number of rows in each."""
    shop = Shop(Random(seed), first_day)
    merchants = [shop.merchant(n) for n in range(1001, 1081)]
    customers = [shop.customer(n) for n in range(1, 601)]
    profiles = [profile for customer in customers for profile in shop.profiles(customer)]
    profiles.sort(key=lambda p: p.loaded_at)
    transactions = [row for _ in range(19_700) for row in shop.transactions(customers, merchants)]
    transactions.sort(key=lambda t: t.event_time)
    transactions = [replace(t, transaction_id=f"T{n:06}") for n, t in enumerate(transactions, 1)]

    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "customers.csv", customers)
    write_csv(folder / "customer_profiles.csv", profiles)
    write_merchants(folder / "merchants.parquet", merchants)
    write_csv(folder / "transactions.csv", transactions)
    return {
        "customers.csv": len(customers),
        "customer_profiles.csv": len(profiles),
        "merchants.parquet": len(merchants),
        "transactions.csv": len(transactions),
    }


class Shop:
    """Everything that is left to chance. The words in capitals are the awkward facts of life."""

    def __init__(self, rng: Random, first_day: datetime) -> None:
        self.rng = rng
        self.first_day = first_day

    def customer(self, number: int) -> Customer:
        is_new = self.happens(
            0.2
        )  # signed up within the ninety days; the others in the two years before
        signup = self.moment(0, 80) if is_new else self.moment(-730, 0)
        email: str | None = f"customer{number}@example.com"
        if self.happens(0.03):
            email = None  # NULL: never given; an empty field in the file
        elif self.happens(0.03):
            email = ""  # EMPTY TEXT: given, then erased; "" in the file, and not a null
        return Customer(
            customer_id=f"C{number:05}",
            email=email,
            country=self.pick(COUNTRIES),
            segment=self.pick(SEGMENTS),
            signup_time=signup,
            loaded_at=self.loaded(signup, minutes=5),
        )

    def merchant(self, number: int) -> Merchant:
        category = self.pick(CATEGORIES)
        score = round((0.55 if category in RISKY else 0.05) + 0.4 * self.rng.random(), 3)
        return Merchant(
            merchant_id=number,
            category=category,
            country=self.pick(COUNTRIES),
            risk_score=None if self.happens(0.05) else score,  # NULL: not rated yet
        )

    def profiles(self, customer: Customer) -> Iterator[Profile]:
        """Yield the account as it was from sign-up on, then from each change on."""
        profile = Profile(
            customer_id=customer.customer_id,
            credit_limit=500 * (1 + int(self.rng.random() * 8)),
            country=customer.country,
            phone_verified=self.happens(0.6),
            valid_from=customer.signup_time,
            loaded_at=customer.loaded_at,
        )
        yield profile
        while (
            day := max(0, (profile.valid_from - self.first_day).days + 1)
        ) < DAYS and self.happens(0.5):
            changed = self.moment(day, DAYS)
            late = (
                1 + int(self.rng.random() * 5) if self.happens(0.2) else 0
            )  # LATE: true at once, learned days after
            limit = 500 * (1 + int(self.rng.random() * 16))
            profile = Profile(
                customer_id=customer.customer_id,
                credit_limit=None
                if self.happens(0.05)
                else limit,  # NULL: a fact, the limit is frozen
                country=self.pick(COUNTRIES) if self.happens(0.2) else profile.country,
                phone_verified=True,
                valid_from=changed,
                loaded_at=self.loaded(changed, days=late, minutes=5),
            )
            yield profile
            if self.happens(
                0.1
            ):  # TIE: corrected later for the same instant; what was loaded last wins
                yield replace(
                    profile, credit_limit=5000, loaded_at=self.loaded(profile.loaded_at, hours=2)
                )
            elif self.happens(
                0.05
            ):  # TIE to the end: same instant, same load; the greatest limit wins
                yield replace(profile, credit_limit=limit // 2)

    def transactions(
        self, customers: Sequence[Customer], merchants: Sequence[Merchant]
    ) -> Iterator[Transaction]:
        """Yield one payment and what comes of it."""
        payment = self.payment(customers, merchants)
        yield payment
        if self.happens(
            0.003
        ):  # TWIN: a double tap; same customer, merchant and instant, and both count
            yield payment
        refunded = payment.event_time + timedelta(hours=1 + int(self.rng.random() * 240))
        if self.happens(0.01) and refunded < self.end and payment.amount is not None:
            yield replace(  # REFUND: the money goes back, as a negative amount
                payment,
                amount=-payment.amount,
                is_refund=True,
                is_fraud=False,
                event_time=refunded,
                loaded_at=self.loaded(refunded, minutes=5),
            )

    def payment(self, customers: Sequence[Customer], merchants: Sequence[Merchant]) -> Transaction:
        time = self.moment(0, DAYS)
        customer = self.pick(customers)
        while customer.signup_time >= time:
            customer = self.pick(customers)
        merchant = self.pick(merchants)
        amount = round(
            customer.usual_amount * (0.3 + self.rng.random() + 5 * self.rng.random() ** 8), 2
        )
        is_fraud = self.happens(fraud_chance(customer, merchant, amount, time))
        return Transaction(
            transaction_id="",
            customer_id=None if self.happens(0.005) else customer.customer_id,  # NULL: a guest
            merchant_id=None
            if self.happens(0.002)
            else merchant.merchant_id,  # NULL: the terminal did not say
            amount=None if self.happens(0.002) else amount,  # NULL: lost on the way
            is_refund=False,
            is_fraud=None if self.happens(0.002) else is_fraud,  # NULL: still being looked into
            event_time=time,
            loaded_at=self.payment_loaded(merchant, time),
        )

    def payment_loaded(self, merchant: Merchant, time: datetime) -> datetime:
        if merchant.merchant_id % 10 == 7 and 30 <= (time - self.first_day).days < 40:
            return self.loaded(
                self.first_day, days=55, hours=3
            )  # BACKFILL: a provider's ten days, in one later load
        if self.happens(0.02):
            return self.loaded(time, days=1 + int(self.rng.random() * 5))  # LATE: days after
        return self.loaded(time, minutes=1 + int(self.rng.random() * 30))

    def loaded(
        self, time: datetime, *, days: int = 0, hours: int = 0, minutes: int = 0
    ) -> datetime:
        """Return that much later, but not after the end: what is in the files has been loaded."""
        return min(time + timedelta(days=days, hours=hours, minutes=minutes), self.end)

    @property
    def end(self) -> datetime:
        return self.first_day + timedelta(days=DAYS)

    def moment(self, low: int, high: int) -> datetime:
        """Return a whole second from day `low` on, before day `high`."""
        return self.first_day + timedelta(
            days=low, seconds=int(self.rng.random() * (high - low) * 86_400)
        )

    def happens(self, chance: float) -> bool:
        return self.rng.random() < chance

    def pick(self, items: Sequence[T]) -> T:
        return items[
            int(self.rng.random() * len(items))
        ]  # not rng.choice, whose algorithm may change


def fraud_chance(customer: Customer, merchant: Merchant, amount: float, time: datetime) -> float:
    """Return what a model should find out: odd amounts, risky merchants and new customers are worse."""
    chance = 0.007
    chance *= 8 if amount > 2.5 * customer.usual_amount else 1
    chance *= 4 if merchant.category in RISKY else 1
    chance *= 5 if time - customer.signup_time < timedelta(days=14) else 1
    return min(chance, 0.8)


def write_csv(path: Path, rows: Sequence[object]) -> None:
    lines = [
        ",".join(vars(rows[0])),
        *(",".join(map(csv_field, vars(row).values())) for row in rows),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def csv_field(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    return str(value) or '""'


def write_merchants(path: Path, merchants: Sequence[Merchant]) -> None:
    types = {
        "merchant_id": pa.int64(),
        "category": pa.string(),
        "country": pa.string(),
        "risk_score": pa.float64(),
    }
    pq.write_table(
        pa.Table.from_pylist([vars(m) for m in merchants], schema=pa.schema(types)), path
    )


if __name__ == "__main__":
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    start = midnight - timedelta(days=DAYS) if "--today" in sys.argv[1:] else FIRST_DAY
    for name, count in generate(Path(__file__).parent, first_day=start).items():
        print(f"{count:>6} rows  {name}")
