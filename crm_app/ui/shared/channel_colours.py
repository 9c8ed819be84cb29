"""The colours of channels as a style sheet; each channel brings its own (`domain/channel.py`)."""

from typing import Final

from crm_app.domain.channel import Channel

LIGHT: Final = "#ffffff"
DARK: Final = "#1f1300"


def ink(colour: str) -> str:
    """The letters that are read best on a colour: white ones or dark ones."""
    return max((LIGHT, DARK), key=lambda letters: contrast(letters, colour))


def contrast(one: str, other: str) -> float:
    """How well one colour is read on another, from 1 to 21 (WCAG 2)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def rules() -> str:
    """A rule for the mark of each channel, and one for its dot in a history."""
    return "\n".join(
        f".mark-{one.value} {{ background: {one.colour}; color: {ink(one.colour)}; }}\n"
        f".ev-{one.value} {{ background: {one.colour}; }}"
        for one in Channel
    )


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
