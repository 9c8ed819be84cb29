"""Exit 0 if the web process of this container answers: `python -m crm_app.healthcheck`."""

import sys
import urllib.request

from crm_app.config import get_settings

if __name__ == "__main__":
    address = f"http://127.0.0.1:{get_settings().port}/health/live"
    try:
        urllib.request.urlopen(address, timeout=4).close()  # noqa: S310 - http, our own
    except OSError as error:  # refused, timed out, or any answer that is not 2xx
        sys.exit(f"{address}: {error}")
