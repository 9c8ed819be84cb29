"""Whether a webhook is its channel's; the expected signatures were computed with openssl."""

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm_app.channels.flipkart import webhook as flipkart
from crm_app.channels.shopify import webhook as shopify
from crm_app.channels.woocommerce import webhook as woocommerce

SECRET = "hush-2"
BODY = '{"id": 6001, "note": "é"}'.encode()
URL = "https://desk.test/webhooks/flipkart/7"
SENT_AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
BODY_SIGNATURE = "NmYzYxgKkR2xRcEt6IWZTvVrk7ndYbQKv3Kwge25bek="
FLIPKART_SIGNATURE = "56e0dd5b68c0b2fdddbb99e5ec595e57a6fba08f"

signs_the_body = pytest.mark.parametrize(
    ("verify", "name"),
    [
        (shopify.verify, "X-Shopify-Hmac-Sha256"),
        (woocommerce.verify, "X-WC-Webhook-Signature"),
    ],
    ids=["shopify", "woocommerce"],
)
Verify = Callable[..., bool]


def is_proven(verify: Verify, headers: dict[str, str], **changes: Any) -> bool:
    asked: dict[str, Any] = {"body": BODY, "secret": SECRET, "url": URL, "method": "POST"}
    asked |= {"now": SENT_AT} | changes
    return verify(headers, asked.pop("body"), asked.pop("secret"), **asked)


@signs_the_body
def test_a_signed_body_is_proven(verify: Verify, name: str) -> None:
    assert is_proven(verify, {name: BODY_SIGNATURE})
    assert is_proven(verify, {name.lower(): BODY_SIGNATURE}, url="https://else.test", method="PUT")


@signs_the_body
@pytest.mark.parametrize(
    "told", ["", "x", BODY_SIGNATURE.lower(), BODY_SIGNATURE + " ", "é", "\ud800"]
)
def test_another_signature_is_not(verify: Verify, name: str, told: str) -> None:
    assert not is_proven(verify, {name: told})


@signs_the_body
def test_another_body_secret_or_no_header_is_not_proven(verify: Verify, name: str) -> None:
    assert not is_proven(verify, {name: BODY_SIGNATURE}, body=BODY + b" ")
    assert not is_proven(verify, {name: BODY_SIGNATURE}, secret="hush-3")
    assert not is_proven(verify, {})


@signs_the_body
def test_without_a_secret_nothing_is_proven(verify: Verify, name: str) -> None:
    # What anybody can compute: the signature of these bytes under an empty key.
    empty = "NTajvLjOjrMIRocVU758je9JyKuL1xfAcQXFPl5Wg3o="

    assert not is_proven(verify, {name: empty}, secret="")


def flipkart_headers(signature: str = FLIPKART_SIGNATURE, **changes: str) -> dict[str, str]:
    pair = b64encode(f"app-1:{signature}".encode()).decode()
    headers = {
        "X_Date": "Fri, 20 Nov 2026 09:30:00 GMT",
        "X_Authorization": f"FKLOGIN {pair}",
    }
    return {**headers, **changes}


@pytest.mark.parametrize("off_s", [-300, 0, 300])
def test_flipkarts_notification_is_proven_within_its_window(off_s: int) -> None:
    moment = SENT_AT + timedelta(seconds=off_s)

    assert is_proven(flipkart.verify, flipkart_headers(), now=moment)
    # The body is not signed: whatever it says, it is only a hint.
    assert is_proven(flipkart.verify, flipkart_headers(), now=moment, body=b"anything")


def test_both_spellings_of_flipkarts_headers_are_read() -> None:
    headers = flipkart_headers()
    hyphens = {name.replace("_", "-").lower(): value for name, value in headers.items()}

    assert is_proven(flipkart.verify, hyphens)
    assert is_proven(flipkart.verify, flipkart_headers(FLIPKART_SIGNATURE.upper()), method="post")


@pytest.mark.parametrize("off_s", [-301, 301, 10**6])
def test_a_notification_of_another_time_is_not(off_s: int) -> None:
    assert not is_proven(
        flipkart.verify, flipkart_headers(), now=SENT_AT + timedelta(seconds=off_s)
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "https://desk.test/webhooks/flipkart/8"},
        {"method": "GET"},
        {"secret": "hush-3"},
        {"secret": ""},
    ],
)
def test_another_address_method_or_secret_is_not_proven(changes: dict[str, str]) -> None:
    assert not is_proven(flipkart.verify, flipkart_headers(), **changes)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        flipkart_headers(X_Date="yesterday"),
        flipkart_headers(X_Date="Fri, 20 Nov 2026 09:30:01 GMT"),
        flipkart_headers(X_Authorization=""),
        flipkart_headers(X_Authorization="Bearer abc"),
        flipkart_headers(X_Authorization="FKLOGIN not base64!"),
        flipkart_headers(X_Authorization="FKLOGIN é"),
        flipkart_headers(X_Authorization="FKLOGIN w6k="),
        flipkart_headers(X_Authorization="FKLOGIN " + b64encode(b"app-1").decode()),
        flipkart_headers(""),
        flipkart_headers("0" * 40),
    ],
)
def test_a_notification_without_proof_is_not(headers: dict[str, str]) -> None:
    assert not is_proven(flipkart.verify, headers)


def test_without_a_secret_flipkart_proves_nothing() -> None:
    # Anybody can compute this one.
    headers = flipkart_headers("5d952420f6271093a8b98b6c3994ad4ced3db334")

    assert not is_proven(flipkart.verify, headers, secret="")
