"""Addresses that came from outside: which of them stay on this site."""

from urllib.parse import urlsplit


def safe_path(target: str) -> str:
    """A path on this site, or `/`: a link in a mail must not lead elsewhere after sign-in."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    leads_away = (
        parts.scheme
        or parts.netloc
        or not target.startswith("/")
        # Browsers read `//host` and `/\host` as another site.
        or target[1:2] in ("/", "\\")
        or not target.isprintable()
        or parts.path in ("/login", "/auth/login", "/auth/logout")
    )
    return "/" if leads_away else target
