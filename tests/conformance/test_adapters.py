"""Every adapter of ours, held to what every adapter promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conformance.adapters import ADAPTERS, Tried

from ffc.conformance.checks import Check


def _parameters() -> list[Any]:
    return [
        pytest.param(
            tried,
            check,
            id=f"{tried.name}-{check}",
            marks=[pytest.mark.slow] if tried.is_slow(check) else [],
        )
        for tried in ADAPTERS
        for check in tried.checks()
    ]


@pytest.mark.parametrize(("tried", "check"), _parameters())
def test_it_conforms(tried: Tried, check: Check[Any], tmp_path: Path) -> None:
    check.hold(tried.adapter, tried.options(tmp_path))
