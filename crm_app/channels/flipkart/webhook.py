"""Flipkart's notifications: who sent one.

`X_Authorization` is `FKLOGIN ` and the base64 of `app id:signature`; the signature is the SHA-1 in
hex of the seconds since 1970 of `X_Date`, the address, the method and the app's secret. **The body
is not signed**: a notification that passes is a hint that a shipment changed and nothing more, so
the shipment is read again from the API and the body's own words are not used.

A proxy in front of us may drop headers with underscores, or be told to write them with hyphens;
both spellings are read.
"""

import binascii
import hashlib
from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from crm_app.channels.http import http_date
from crm_app.channels.signatures import header, is_same

# A notification that was caught on its way cannot be sent again after this.
WINDOW: Final = timedelta(minutes=5)
_SCHEME: Final = "fklogin "


def verify(
    headers: Mapping[str, str], body: bytes, secret: str, *, url: str, method: str, now: datetime
) -> bool:
    """Whether Flipkart sent this, within five minutes of `now`.

    Args:
        headers: Of the request, in any case.
        body: Not signed, and so not looked at.
        secret: The app's.
        url: As it was registered with Flipkart, scheme and host included.
        method: Of the request.
        now: The present moment, aware.
    """
    del body
    sent_at = http_date(header(headers, "X_Date", "X-Date"))
    if sent_at is None or abs(now - sent_at) > WINDOW:
        return False
    signed = f"{int(sent_at.timestamp())}{url}{method.upper()}{secret}"
    # SHA-1 is Flipkart's choice. It guards only against strangers' hints, see above.
    expected = hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()
    told = _signature(header(headers, "X_Authorization", "X-Authorization"))
    return is_same(told, expected) and bool(secret)


def _signature(authorization: str) -> str:
    """The signature out of the header; "" if it is not written as it should be."""
    if not authorization.lower().startswith(_SCHEME):
        return ""
    try:
        pair = b64decode(authorization[len(_SCHEME) :].strip(), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
    return pair.rpartition(":")[2].lower()
