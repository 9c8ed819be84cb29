"""Which pages this process serves."""

import hashlib
from functools import cache

from crm_app.pages import BUNDLE


@cache
def build_id() -> str:
    """Names the built pages: another name means that an open tab is out of date."""
    return hashlib.sha256(BUNDLE.read_bytes()).hexdigest()[:16] if BUNDLE.exists() else ""
