"""The cells of an order's lines by field, with the reason where one cannot be used. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from crm_app.services.documents.fields import Field
from crm_app.services.documents.table import Line


class CellError(Exception):
    """A cell that cannot be used; the text is a sentence."""


class Cells:
    """One line by field."""

    def __init__(self, line: Line, places: Mapping[Field, int], names: Mapping[Field, str]) -> None:
        self.line = line
        self._places = places
        self._names = names

    def text(self, key: Field, longest: int = 5_000) -> str:
        """The cell, cut to what the database keeps. Raises CellError."""
        place = self._places.get(key)
        if place is None:
            return ""
        problem = self.line.problems.get(place)
        if problem is not None:
            raise CellError(f"The column “{self._names[key]}” {problem}.")
        return self.line.cells[place][:longest]

    def read(self, key: Field, how: Any, *more: Any) -> Any:
        """The cell through a function of `values`; None where it is empty."""
        text = self.text(key)
        if not text:
            return None
        try:
            return how(text, *more)
        except ValueError as error:
            raise CellError(f"The column “{self._names[key]}” {error}.") from error


class First:
    """Of several lines, what the first one tells that tells it; refusals go to that line."""

    def __init__(self, rows: Sequence[Cells], refused: dict[int, str]) -> None:
        self.rows = rows
        self._refused = refused

    def text(self, key: Field, longest: int = 5_000) -> str:
        return self.read(key, _cut, longest) or ""

    def read(self, key: Field, how: Any, *more: Any) -> Any:
        for row in self.rows:
            try:
                found = row.read(key, how, *more)
            except CellError as error:
                self._refused.setdefault(row.line.number, str(error))
                return None
            if found is not None:
                return found
        return None

    def refuse(self, said: str) -> None:
        self._refused.setdefault(self.rows[0].line.number, said)


def _cut(text: str, longest: int) -> str:
    return text[:longest]
