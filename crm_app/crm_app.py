"""The web process, put together: pages, API and guards make one app."""

from typing import Final

import reflex as rx

from crm_app import logs
from crm_app.api.app import create_api
from crm_app.config import get_settings
from crm_app.pages import BUNDLE
from crm_app.services import refusals
from crm_app.ui.pages import PLAIN_PAGES, STYLES, add_pages, head
from crm_app.ui.shared.addresses import plain_addresses
from crm_app.ui.shared.connection import connection
from crm_app.ui.shared.errors import report_frontend, show_error
from crm_app.ui.shared.guard import Guard
from crm_app.ui.shared.headers import safe_headers
from crm_app.ui.shared.origins import origin_guard
from crm_app.watchman import keep_watch

logs.keep_secrets_out()
# Where Reflex has its own words for a lost connection.
_OVERLAY: Final = (5, "Overlay")

app = rx.App(
    stylesheets=[f"/{name}.css" for name in STYLES],
    head_components=head(),
    html_lang="en",
    frontend_exception_handler=report_frontend,
    backend_exception_handler=show_error,
    # Later ones are outer: the headers come on every answer, a refusal of the guard's included.
    api_transformer=[
        create_api(),
        plain_addresses(PLAIN_PAGES),
        origin_guard(
            rx.config.get_config().cors_allowed_origins,
            tell=refusals.note_socket,
        ),
        safe_headers(BUNDLE.parent, get_settings().origin),
    ],
)
app.app_wraps[_OVERLAY] = lambda stateful: connection() if stateful else None
app.add_middleware(Guard())
add_pages(app, get_settings().brand_name)
app.register_lifespan_task(keep_watch)  # pyright: ignore[reportUnknownMemberType] - bare **kwargs
