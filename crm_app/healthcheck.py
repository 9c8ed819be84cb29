"""Exit 0 if the web process of this container answers: `python -m crm_app.healthcheck`."""

import sys
import urllib.request

from crm_app.config import get_settings

if __name__ == "__main__":
    address = f"http://127.0.0.1:{get_settings().port}/health/live"
    with urllib.request.urlopen(address, timeout=4) as answer:  # noqa: S310 - http, our own
        sys.exit(0 if answer.status == 200 else 1)
