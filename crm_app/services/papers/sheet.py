"""A sheet of paper: fonts for every script of India, and the few shapes that papers share."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from fpdf import FPDF
from fpdf.fonts import TTFFont

from crm_app.services.papers import code128

Align = Literal["L", "R", "C"]
_FONTS: Final = Path(__file__).parent / "fonts"
_MAIN: Final = "NotoSans"
# First and last character of each script that has a font of its own.
_SCRIPTS: Final = {
    "Devanagari": ("\u0900", "\u097f"),
    "Bengali": ("\u0980", "\u09ff"),
    "Gurmukhi": ("\u0a00", "\u0a7f"),
    "Gujarati": ("\u0a80", "\u0aff"),
    "Tamil": ("\u0b80", "\u0bff"),
    "Telugu": ("\u0c00", "\u0c7f"),
    "Kannada": ("\u0c80", "\u0cff"),
    "Malayalam": ("\u0d00", "\u0d7f"),
}
_FIRST_OF_THEM: Final = "\u0900"

MARGIN: Final = 14.0  # mm
INK: Final = 25
MUTED: Final = 105
RULE: Final = 205
BAND: Final = 244


@dataclass(frozen=True, slots=True)
class Cell:
    """A text in a row of a table; `sub` stands below it, smaller."""

    text: str
    width: float
    align: Align = "L"
    is_strong: bool = False
    sub: str = ""


class Sheet(FPDF):
    """A4, upright. Sizes are in millimetres, letters in points."""

    def __init__(self, title: str, texts: Iterable[str]) -> None:
        """`texts`: all that will be written, to load only the fonts that it takes."""
        super().__init__(format="A4")
        self._about = title
        self.set_title(title)
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(auto=True, margin=18)
        for style, name in (("", "Regular"), ("B", "Bold")):
            self.add_font(_MAIN, style, _FONTS / f"{_MAIN}-{name}.ttf")
        fallback: list[str] = []
        for script in _scripts_in(texts):
            self.add_font(f"{_MAIN}{script}", "", _FONTS / f"{_MAIN}{script}-Regular.ttf")
            fallback.append(f"{_MAIN}{script}")
        if fallback:
            self.set_fallback_fonts(fallback, exact_match=False)
        self._letters = {
            letter
            for font in self.fonts.values()
            if isinstance(font, TTFFont)
            for letter in font.cmap
        }
        self.set_font(_MAIN, size=9)

    def footer(self) -> None:
        """What the paper is, and its page."""
        self.set_y(-13)
        self.look(7.5, tone=MUTED)
        self.cell(self.epw / 2, 4, self._about)
        self.cell(self.epw / 2, 4, f"{self.page_no()} / {{nb}}", align="R")

    def look(self, size: float, *, strong: bool = False, tone: int = INK) -> None:
        """How the next texts look."""
        self.set_font(_MAIN, "B" if strong else "", size)
        self.set_text_color(tone)
        # After a text in another script the library believes that its font still counts.
        self.current_font_is_set_on_page = False

    def shaped(self, text: str) -> str:
        """The text as it can be written, with joined letters switched on where its script asks."""
        plain = self._writable(text)
        self.set_text_shaping(any(letter >= _FIRST_OF_THEM for letter in plain))
        return plain

    def _writable(self, text: str) -> str:
        """The text with a question mark for each letter that no font has; joiners stay."""
        plain = " ".join(text.split())
        if plain.isascii():
            return plain
        return "".join(
            letter if ord(letter) in self._letters or unicodedata.category(letter) == "Cf" else "?"
            for letter in unicodedata.normalize("NFC", plain)
        )

    def say(self, text: str, width: float = 0, height: float = 5, align: Align = "L") -> None:
        """One line, cut with an ellipsis where it is longer than `width`."""
        self.cell(width, height, self.cut(text, width), align=align)

    def cut(self, text: str, width: float) -> str:
        plain = self.shaped(text)
        room = width - 2 * self.c_margin if width else 0
        if not room or self.get_string_width(plain) <= room:
            return plain
        while plain and self.get_string_width(plain + "…") > room:
            plain = plain[:-1]
        return plain.rstrip() + "…"

    def wrap(self, text: str, width: float, most: int) -> list[str]:
        """The text in lines of `width`, at most so many; the last one is cut."""
        words = self.shaped(text).split()
        lines: list[str] = []
        while words:
            taken = 1
            while (
                taken < len(words)
                and self.get_string_width(" ".join(words[: taken + 1])) <= width - 2 * self.c_margin
            ):
                taken += 1
            if len(lines) == most - 1:
                return [*lines, self.cut(" ".join(words), width)]
            lines.append(self.cut(" ".join(words[:taken]), width))
            words = words[taken:]
        return lines

    def rule(self, gap: float = 2) -> None:
        """A thin line over the width, with space around it."""
        self.set_draw_color(RULE)
        self.set_line_width(0.2)
        self.set_y(self.get_y() + gap)
        self.line(self.l_margin, self.get_y(), self.l_margin + self.epw, self.get_y())
        self.set_y(self.get_y() + gap)

    def block(self, title: str, lines: Sequence[str], x: float, y: float, width: float) -> float:
        """A small heading and lines below it, the first one strong; where it ends."""
        self.set_xy(x, y)
        self.look(7.5, tone=MUTED)
        self.say(title.upper(), width, 4)
        y += 4.6
        for place, line in enumerate(text for text in lines if text):
            self.look(9.5 if place == 0 else 9, strong=place == 0)
            for piece in self.wrap(line, width, 3):
                self.set_xy(x, y)
                self.say(piece, width, 4.4)
                y += 4.5
        return y

    def heads(self, cells: Sequence[Cell]) -> None:
        """The head of a table."""
        self.set_fill_color(BAND)
        self.look(7.5, strong=True, tone=MUTED)
        for cell in cells:
            self.cell(cell.width, 6, self.cut(cell.text, cell.width), align=cell.align, fill=True)
        self.ln(6)

    def row(self, cells: Sequence[Cell], heads: Sequence[Cell], least: float = 0) -> float:
        """A row of a table, on a new page with its head where it does not fit; where it began."""
        laid = [self._laid(cell) for cell in cells]
        height = max(least, *(4.6 * len(lines) + 3.6 * len(subs) for lines, subs in laid)) + 3
        if self.will_page_break(height):
            self.add_page()
            self.heads(heads)
        top, x = self.get_y(), self.l_margin
        for cell, (lines, subs) in zip(cells, laid, strict=True):
            y = top + 1.5
            for text, is_sub in [
                *((line, False) for line in lines),
                *((sub, True) for sub in subs),
            ]:
                self._look_of(cell, is_sub=is_sub)
                step = 3.6 if is_sub else 4.6
                self.set_xy(x, y)
                self.cell(cell.width, step, self.shaped(text), align=cell.align)
                y += step
            x += cell.width
        self.set_draw_color(RULE)
        self.set_line_width(0.15)
        self.line(self.l_margin, top + height, self.l_margin + self.epw, top + height)
        self.set_xy(self.l_margin, top + height)
        return top

    def _laid(self, cell: Cell) -> tuple[list[str], list[str]]:
        self._look_of(cell, is_sub=False)
        lines = self.wrap(cell.text, cell.width, 3)
        self._look_of(cell, is_sub=True)
        return lines, self.wrap(cell.sub, cell.width, 3)

    def _look_of(self, cell: Cell, *, is_sub: bool) -> None:
        if is_sub:
            self.look(7.5, tone=MUTED)
        else:
            self.look(9, strong=cell.is_strong)

    def barcode(
        self, text: str, x: float, y: float, width: float, height: float = 9, *, says: bool = True
    ) -> None:
        """The text as Code 128, not wider than `width`, with its letters below.

        A text that the code cannot hold, or that would be too fine to read, stands there as text.
        """
        if code128.can_write(text):
            bars = code128.widths(text)
            module = min(0.38, width / (sum(bars) + 2 * code128.QUIET))
            if module >= 0.15:
                self._bars(bars, module, x + (width - sum(bars) * module) / 2, y, height)
                y += height
        if says or not code128.can_write(text):
            self.set_xy(x, y + 0.4)
            self.look(7.5)
            self.say(text, width, 3.4, "C")

    def _bars(self, bars: Sequence[int], module: float, x: float, y: float, height: float) -> None:
        self.set_fill_color(0)
        for place, bar in enumerate(bars):
            if place % 2 == 0:
                self.rect(x, y, bar * module, height, style="F")
            x += bar * module

    def box(self, x: float, y: float, size: float = 4) -> None:
        """An empty square for a tick by hand."""
        self.set_draw_color(120)
        self.set_line_width(0.3)
        self.rect(x, y, size, size)

    def finish(self) -> bytes:
        """The PDF. Nothing can be drawn after it."""
        body = bytes(self.output())
        for font in self.fonts.values():
            # The library leaves the files of its fonts open.
            if isinstance(font, TTFFont):
                font.ttfont.close()
        return body


def _scripts_in(texts: Iterable[str]) -> list[str]:
    letters = {letter for text in texts for letter in text if letter >= _FIRST_OF_THEM}
    return [
        script
        for script, (first, last) in _SCRIPTS.items()
        if any(first <= letter <= last for letter in letters)
    ]
