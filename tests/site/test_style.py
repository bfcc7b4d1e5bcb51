"""The style of a site: colours that can be told from their ground, in browsers new and old."""

from __future__ import annotations

import re

import pytest
from support.site_pages import chain, files_of

COLOUR = "(#[0-9a-f]{6})"


def _style() -> str:
    """Return the style as it is on a screen."""
    return files_of(chain(1))["assets/style.css"].decode().partition("@media print")[0]


def _themes() -> dict[str, dict[str, str]]:
    """Return the colours of both; each stands in the style once, for both."""
    found = re.findall(rf"--([a-z_]+): light-dark\({COLOUR}, {COLOUR}\);", _style())
    return {
        "light": {name: light for name, light, _ in found},
        "dark": {name: dark for name, _, dark in found},
    }


def _luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG21/#dfn-relative-luminance"""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_the_contrast_of_aa(theme: str) -> None:
    colours = _themes()[theme]
    kinds = [
        "source",
        "transformation",
        "entity",
        "feature_view",
        "label",
        "training_set",
        "model",
        "more",
    ]
    pairs = [
        *((text, "ground") for text in ("text", "quiet", "link", *kinds)),
        *(
            (text, "raised")
            for text in ["text", "quiet", "link", "keyword", "string", "number", "comment", "jinja"]
        ),
        *((text, "mark") for text in ("text", "quiet", "link", *kinds)),
        ("quiet", "sunk"),
        ("link", "sunk"),
    ]
    for text, ground in pairs:
        high, low = sorted((_luminance(colours[text]), _luminance(colours[ground])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)


def test_a_browser_without_light_dark_shows_the_light_colours() -> None:
    plain, found, both = _style().partition("@supports (color: light-dark(")
    assert found
    assert dict(re.findall(rf"--([a-z_]+): {COLOUR};", plain)) == _themes()["light"]
    # No colour stands anywhere else, and nothing asks for a dark ground under the light colours.
    pairs = re.findall(rf"light-dark\({COLOUR}, {COLOUR}\)", both)
    assert len(re.findall("#[0-9a-f]{3,}", both)) == 2 * len(pairs)
    assert "color-scheme" not in plain
    block = both[: both.index("\n}\n")]
    assert block.count("color-scheme") == both.count("color-scheme") == 3
    used = set(re.findall(r"var\(--([a-z_]+)", both))
    assert used - {"kind"} <= set(re.findall(r"--([a-z_]+):", plain))
