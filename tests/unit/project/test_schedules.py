"""Schedules as cron writes them, and what is none."""

from __future__ import annotations

import pytest

from ffc.core.cron import BadCron, parse_cron


@pytest.mark.parametrize(
    "text",
    [
        "0 * * * *",
        "*/5 0-6,12 * JAN-mar Mon",
        "0 0 29 2 *",
        "0 0 30 2 mon",
        "59 23 31 12 7",
        "0-30/10 */2 1,15 * sun-sat",
        "@hourly",
        " @Daily ",
    ],
)
def test_a_schedule(text: str) -> None:
    assert parse_cron(text) == " ".join(text.lower().split())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "-1 * * * *",
        "5-1 * * * *",
        "*/0 * * * *",
        "a * * * *",
        "* * ? * *",
        "* * L * *",
        "1,, * * * *",
        "0 0 30 2 *",
        "0 0 31 4,6,9,11 *",
        "@weakly",
        "٣ * * * *",
        "9" * 5000 + " * * * *",
    ],
)
def test_no_schedule(text: str) -> None:
    with pytest.raises(BadCron):
        parse_cron(text)
