"""What a phone or a desktop reads to install the desk as an app."""

from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from crm_app.api.dependencies import public
from crm_app.config import get_settings

router = APIRouter(include_in_schema=False)

_MANIFEST: Final = "application/manifest+json"
# Drawn by `docs/icons.py`.
_ICONS: Final = tuple(
    {"src": f"/icons/{name}-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"}
    | ({"purpose": "maskable"} if name == "maskable" else {})
    for name in ("icon", "maskable")
    for size in (192, 512)
)
_SHORTCUTS: Final = (("Orders", "/orders"), ("Exceptions", "/exceptions"))


@router.get(
    "/manifest.webmanifest", dependencies=[public("the name of the app, read before sign-in")]
)
def manifest() -> JSONResponse:
    """Name, icons, and how the window looks; `id` stays when the address of the start changes."""
    return JSONResponse(manifest_of(get_settings().brand_name), media_type=_MANIFEST)


def manifest_of(brand: str) -> dict[str, Any]:
    """The manifest for a brand's desk."""
    return {
        "id": "/",
        "name": f"{brand} order desk",
        "short_name": brand,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#fcfcfd",
        "theme_color": "#5368f0",
        "icons": list(_ICONS),
        "shortcuts": [{"name": name, "url": url} for name, url in _SHORTCUTS],
    }
