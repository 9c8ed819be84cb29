"""The sheets of the pages: all are loaded together, so each name belongs to one of them."""

import re
from collections import defaultdict
from pathlib import Path

from crm_app.ui.shared import channel_colours

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "assets"
# What every page is drawn with, and the sheet that changes it on a phone.
SHARED = {"desk", "signs", "frame", "controls", "phone"}
_DRESSED = re.compile(r"^(?:\.app )?\.([a-z][\w-]*) \{", re.MULTILINE)


def test_no_class_is_dressed_by_the_sheets_of_two_pages() -> None:
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for sheet in ASSETS.glob("*.css"):
        if sheet.stem not in SHARED:
            for name in _DRESSED.findall(sheet.read_text()):
                owners[name].add(sheet.stem)

    assert owners
    assert {name: found for name, found in owners.items() if len(found) > 1} == {}


def test_every_colour_and_measure_that_is_used_is_one_that_exists() -> None:
    sheets = "".join(sheet.read_text() for sheet in ASSETS.glob("*.css"))
    pages = "".join(page.read_text() for page in (ROOT / "crm_app" / "ui").rglob("*.py"))
    scripts = "".join(script.read_text() for script in ASSETS.glob("*.js"))
    named = set(re.findall(r"(--[\w-]+)\s*:", sheets + pages + channel_colours.rules()))
    # A table of orders gets its tracks and the places of its pinned columns from its layout.
    named |= set(re.findall(r"[\"'`](--[\w-]+)", pages + scripts))
    named |= {"--pin-0", "--pin-1", "--pin-2"}

    used = set(re.findall(r"var\((--[\w-]+)", sheets + pages))

    assert used
    assert used - named == set()
