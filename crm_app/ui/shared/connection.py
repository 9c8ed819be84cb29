"""What the browser is told of its connection; `assets/connection.js` says it to the person.

Stands in the place of Reflex's own message, which names addresses of ours and no way on.
"""

import reflex as rx
from reflex_components_core.core.banner import connection_errors_count

from crm_app.config import get_settings
from crm_app.ui.shared.shell_state import ShellState


def connection() -> rx.Component:
    """Around every page, not seen itself: facts for the scripts, also while the server is away."""
    return rx.el.div(
        id="connection",
        custom_attrs={
            "data-errors": connection_errors_count,
            "data-ready": rx.cond(rx.State.is_hydrated, "true", "false"),
            "data-beat": ShellState.beat,
            "data-build": ShellState.build,
            "data-person": ShellState.person_key,
            "data-zone": get_settings().business_timezone,
        },
    )
