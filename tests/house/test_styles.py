"""The sheets of the pages: all are loaded together, so each name belongs to one of them."""

import re
from collections import defaultdict
from pathlib import Path

ASSETS = Path(__file__).parents[2] / "assets"
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
