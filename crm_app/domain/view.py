"""The words of saved views."""

from enum import StrEnum


class Colour(StrEnum):
    """The dot before a view's name: the tones of the desk."""

    GREY = "mute"
    BLUE = "info"
    VIOLET = "go"
    GREEN = "ok"
    AMBER = "warn"
    RED = "bad"

    @property
    def label(self) -> str:
        return self.name.capitalize()
