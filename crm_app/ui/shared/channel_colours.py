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
    """Each channel's colour by its name, for its mark, and for its dot in a history.

    Both classes stand in a rule: it holds wherever the browser puts this sheet among the others.
    """
    names = " ".join(f"--{one.value}: {one.colour};" for one in Channel)
    marks = [f".mark.mark-{one.value} {{ {_letters_on(one.colour)} }}" for one in Channel]
    dots = [f".ev.ev-{one.value} {{ background: {one.colour}; }}" for one in Channel]
    return "\n".join((f":root {{ {names} }}", *marks, *dots))


def _letters_on(colour: str) -> str:
    return f"background: {colour}; color: {ink(colour)};"


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
