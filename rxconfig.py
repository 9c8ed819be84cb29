"""Reflex's configuration. Read by the build of the pages and by each web process."""

from typing import Unpack

import reflex as rx
from reflex.plugins import Plugin
from reflex_base.plugins.base import PreCompileContext

from crm_app.config import Settings, get_settings

_BROWSER_CODE = "utils/state.js"
_HOST_LINE = "endpoint.hostname = frontend_hostname;"
_HTTPS_LINE = 'endpoint.port = "";'
_PORT_LINE = "endpoint.port = window.location.port;"


def _use_the_pages_port(source: str) -> str:
    if _PORT_LINE in source:
        return source  # a rebuild finds what the build before it wrote
    if _HOST_LINE not in source or _HTTPS_LINE not in source:
        raise RuntimeError(
            f"{_BROWSER_CODE} of this Reflex differs from the one that rxconfig.py adapts: "
            "look at its getBackendURL and adapt SameOrigin."
        )
    return source.replace(_HTTPS_LINE, _PORT_LINE).replace(
        _HOST_LINE, f"{_HOST_LINE}\n    {_PORT_LINE}"
    )


class SameOrigin(Plugin):
    """Make the pages talk to the address they came from.

    Reflex bakes host and port into the bundle and replaces only the host in the browser. Ours
    is built once and must serve at whatever port, proxy or host name it is later given.
    """

    def pre_compile(self, **context: Unpack[PreCompileContext]) -> None:
        context["add_modify_task"](_BROWSER_CODE, _use_the_pages_port)


def _origins(settings: Settings) -> tuple[str, ...]:
    """Return who may open the websocket; 127.0.0.1 is what many type for localhost."""
    origin = settings.origin
    return tuple(dict.fromkeys((origin, origin.replace("//localhost", "//127.0.0.1", 1))))


_settings = get_settings()

config = rx.Config(
    app_name="crm_app",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    cors_allowed_origins=_origins(_settings),
    trusted_proxy_hops=_settings.trusted_proxy_hops,
    # A tab that was left open over lunch keeps its filters.
    redis_token_expiration=int(_settings.session_idle_hours * 3600),
    frontend_compression_formats=["gzip"],
    plugins=[
        rx.plugins.RadixThemesPlugin(
            theme=rx.theme(  # pyright: ignore[reportUnknownMemberType] - Reflex's own types
                accent_color="indigo",
                gray_color="slate",
                radius="medium",
                scaling="90%",
                has_background=False,
            )
        ),
        SameOrigin(),
    ],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
