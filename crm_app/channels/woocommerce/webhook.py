"""WooCommerce's webhooks: who sent one."""

from collections.abc import Mapping
from datetime import datetime

from crm_app.channels.signatures import header, is_hmac_sha256


def verify(
    headers: Mapping[str, str], body: bytes, secret: str, *, url: str, method: str, now: datetime
) -> bool:
    """Whether `X-WC-Webhook-Signature` is the signature of these very bytes.

    WooCommerce signs neither address nor time: the same delivery again passes again, and is told
    from the first one by `X-WC-Webhook-Delivery-ID`. The ping that it sends when a webhook is
    saved is a form and not JSON; whether it is signed is the caller's concern.

    Args:
        headers: Of the request, in any case.
        body: As received, before anything decodes it.
        secret: The webhook's own.
        url: Not signed.
        method: Not signed.
        now: Not signed.
    """
    del url, method, now
    return is_hmac_sha256(header(headers, "X-WC-Webhook-Signature"), body, secret)
