"""A user agent as people say it: "Chrome on Windows". Pure."""

import re
from typing import Final

_NOTHING: Final = "An unnamed program"
# The first that fits: Edge and Opera also call themselves Chrome, Chrome also Safari.
_BROWSERS: Final = (
    ("Edge", re.compile(r"\bEdg(?:e|A|iOS)?/")),
    ("Opera", re.compile(r"\bOPR/")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/")),
    ("Chrome", re.compile(r"\b(?:Chrome|CriOS|HeadlessChrome|Chromium)/")),
    ("Safari", re.compile(r"\bSafari/")),
)
_SYSTEMS: Final = (
    ("Android", re.compile(r"\bAndroid\b")),
    ("iPhone", re.compile(r"\biPhone\b")),
    ("iPad", re.compile(r"\biPad\b")),
    ("Windows", re.compile(r"\bWindows\b")),
    ("Mac", re.compile(r"\bMac(?:intosh| OS X)\b")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("Linux", re.compile(r"\bLinux\b")),
)
_PROGRAM: Final = re.compile(r"^[A-Za-z][\w.+-]{0,39}")


def device_words(user_agent: str) -> str:
    """Name the browser and the system, or the program, that a user agent claims to be.

    Args:
        user_agent: As sent: a claim of the client, good for recognising and for nothing else.
    """
    browser, system = _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)
    if browser and system:
        return f"{browser} on {system}"
    if browser or system:
        return browser or f"A browser on {system}"
    named = _PROGRAM.match(user_agent.strip())
    return named.group() if named else _NOTHING


def _first(names: tuple[tuple[str, re.Pattern[str]], ...], user_agent: str) -> str:
    return next((name for name, sign in names if sign.search(user_agent)), "")
