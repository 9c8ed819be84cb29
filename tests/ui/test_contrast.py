"""Every text colour of both themes meets WCAG AA on the grounds where it is used."""

import re
from pathlib import Path

import pytest

from crm_app.domain.channel import Channel
from crm_app.ui.shared import channel_colours

_ASSETS = Path(__file__).parents[2] / "assets"
CSS = "".join((_ASSETS / f"{name}.css").read_text("utf-8") for name in ("desk", "signs"))
_TONES = ("mute", "info", "go", "ok", "warn", "bad")
_GROUNDS = ("bg", "panel", "side", "hover", "accent-soft")

PAIRS = [
    *((ink, ground) for ink in ("ink", "ink2", "ink3") for ground in _GROUNDS),
    *((tone, f"{tone}-soft") for tone in _TONES),
    *((tone, ground) for tone in ("warn", "bad", "ok") for ground in ("bg", "panel", "hover")),
    ("accent", "accent-soft"),
    ("accent", "bg"),
    ("accent-ink", "accent"),
    ("accent-ink", "accent-hover"),
    ("panel", "bad"),  # the words on a button that does harm
    ("ink2", "mute-soft"),
    ("ink", "bad-soft"),
]


def _colours(theme: str) -> dict[str, str]:
    block = re.search(rf"\.{theme}\s*\{{(.*?)\}}", CSS, re.DOTALL)
    assert block
    return dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6});", block.group(1)))


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_readable(theme: str) -> None:
    colours = _colours(theme)

    weak = {
        f"{ink} on {ground}": round(_contrast(colours[ink], colours[ground]), 2)
        for ink, ground in PAIRS
        if _contrast(colours[ink], colours[ground]) < 4.5
    }

    assert weak == {}


def test_channel_marks_are_readable() -> None:
    """White or dark letters, whichever are read better on the colour of the channel."""
    weak = {
        channel.value: round(_contrast(channel_colours.ink(channel.colour), channel.colour), 2)
        for channel in Channel
        if _contrast(channel_colours.ink(channel.colour), channel.colour) < 4.5
    }
    rules = channel_colours.rules()

    assert weak == {}
    # Two classes: the sheet stands among others of one class, in an order that the browser chooses.
    assert all(f".mark.mark-{channel.value} " in rules for channel in Channel)
    assert all(f".ev.ev-{channel.value} " in rules for channel in Channel)
    # The chart and its legend take the colours by these names.
    assert all(f"--{channel.value}: {channel.colour};" in rules for channel in Channel)
