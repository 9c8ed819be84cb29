"""Views as rows of a menu or of the sidebar. Pure."""

from dataclasses import dataclass
from typing import Self

from crm_app.services.view_lists import Counted
from crm_app.services.views import View
from crm_app.ui.shared.links import view_path
from crm_app.ui.shared.needs import count_text


@dataclass(frozen=True)
class ViewRow:
    """One view: `count` is empty where nobody counted."""

    key: str
    name: str
    sentence: str
    tone: str
    href: str
    count: str = ""
    is_on: bool = False
    is_pinned: bool = False
    is_default: bool = False
    is_standing: bool = False
    is_shared: bool = False

    @classmethod
    def of(cls, view: View, *, count: str = "", shown: str = "", is_quiet: bool = False) -> Self:
        """Draw a view; `shown` is the key of the one on the screen."""
        return cls(
            key=view.key,
            name=view.name,
            sentence=view.sentence or whose(view),
            tone="mute" if is_quiet else view.colour.value,
            href=view_path(view.key),
            count=count,
            is_on=view.key == shown,
            is_pinned=view.is_pinned,
            is_default=view.is_default,
            is_standing=view.is_standing,
            is_shared=view.is_shared,
        )

    @classmethod
    def counted(cls, found: Counted, *, shown: str = "") -> Self:
        """A row of the sidebar: one that shows nothing now is quiet."""
        count = "–" if found.count is None else count_text(found.count, is_exact=found.is_exact)
        return cls.of(found.view, count=count, shown=shown, is_quiet=not found.count)


def whose(view: View) -> str:
    """`yours`, `yours, shared`, `shared by Asha Kulkarni`."""
    if view.is_own:
        return "yours, shared" if view.is_shared else "yours"
    return f"shared by {view.owner}"
