"""Draw the icons of the installed app from `assets/icon.svg`: `python -m docs.icons`.

Needs Chromium on PATH. Run it again when the picture changes.
"""

import re
import shutil
import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, sync_playwright

ASSETS: Final = Path(__file__).parent.parent / "assets"
SOURCE: Final = ASSETS / "icon.svg"
ICONS: Final = ASSETS / "icons"
# Name, size in pixels, and whether the ground reaches the edges: a system that cuts icons to a
# shape of its own ("maskable") leaves four fifths, and iPhones show no transparent corner.
DRAWN: Final = (
    ("icon-192.png", 192, False),
    ("icon-512.png", 512, False),
    ("maskable-192.png", 192, True),
    ("maskable-512.png", 512, True),
    ("apple-180.png", 180, True),
)


def main() -> None:
    """Write every icon anew."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("No Chromium on PATH.")
    ICONS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        for name, size, is_full in DRAWN:
            draw(page, size, ICONS / name, is_full=is_full)
        browser.close()


def draw(page: Page, size: int, path: Path, *, is_full: bool) -> None:
    """One icon; a full one has no round corners of its own."""
    picture = SOURCE.read_text(encoding="utf-8")
    if is_full:
        picture = re.sub(r' rx="\d+"', "", picture)
    picture = picture.replace("<svg ", f'<svg width="{size}" height="{size}" ', 1)
    page.set_viewport_size({"width": size, "height": size})
    page.set_content(f'<body style="margin:0;line-height:0">{picture}</body>')
    page.screenshot(path=path, omit_background=True)


if __name__ == "__main__":
    main()
