"""A shop that was built, and one in which something was left to be cleaned."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.projects import ran_project
from support.shop import Shop

from ffc.run import collecting


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Return a shop whose values nobody serves."""
    monkeypatch.setattr(collecting, "SEEN_SECONDS", 0)
    return Shop(ran_project(tmp_path))


@pytest.fixture
def refilled(shop: Shop) -> Shop:
    """Return a shop whose views have each a generation that was left at NOW."""
    shop.refill()
    assert len(shop.stored()) == 2 * (4 + 2)
    return shop
