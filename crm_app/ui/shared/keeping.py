"""What the browser keeps of a page and what it never does: `assets/drafts.js`, `connection.js`."""

from typing import Any, Final

from reflex.vars import Var

# Of what is shown this never stays in the browser, also not to be read while offline.
PERSONAL: Final = {"data-personal": "1"}


def kept(form: str, *whose: Any) -> dict[str, Any]:
    """Attributes of a form: what is typed into it outlives a lost connection and a reload.

    Args:
        form: Names the form among those of the desk.
        whose: What tells its fields from those of another order, view or filter.
    """
    key: Any = form
    for part in whose:
        key = key + "-" + (part.to_string(use_json=False) if isinstance(part, Var) else str(part))
    return {"data-keep": key}
