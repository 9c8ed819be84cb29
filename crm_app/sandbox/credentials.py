"""Keys of the sandbox's demo sellers and shop. They open nothing outside this process."""

from dataclasses import dataclass
from typing import Final

INDIA_MARKETPLACE_ID: Final = "A21TJRUUN4KGV"


@dataclass(frozen=True, slots=True)
class AmazonSeller:
    """One selling partner that authorised our app: `key` names it in the sandbox's tables."""

    key: str
    name: str
    client_id: str
    client_secret: str
    refresh_token: str
    marketplace_id: str = INDIA_MARKETPLACE_ID


@dataclass(frozen=True, slots=True)
class WooShop:
    """The REST key pair of the web shop."""

    key: str
    name: str
    consumer_key: str
    consumer_secret: str


AMAZON_SELLER: Final = AmazonSeller(
    key="palmonas",
    name="Palmonas on Amazon.in",
    client_id="amzn1.application-oa2-client.sandbox",
    client_secret="amzn1.oa2-cs.v1.sandbox",  # noqa: S106
    refresh_token="Atzr|sandbox-palmonas",  # noqa: S106
)
# The orders of a loaded seller report belong to this one, so that they never mix with the shop's.
AMAZON_REPORT_SELLER: Final = AmazonSeller(
    key="report",
    name="Loaded seller report",
    client_id="amzn1.application-oa2-client.sandbox",
    client_secret="amzn1.oa2-cs.v1.sandbox",  # noqa: S106
    refresh_token="Atzr|sandbox-report",  # noqa: S106
)
AMAZON_SELLERS: Final = (AMAZON_SELLER, AMAZON_REPORT_SELLER)

WOO_SHOP: Final = WooShop(
    key="palmonas",
    name="palmonas web shop",
    consumer_key="ck_sandbox00000000000000000000000000000000",
    consumer_secret="cs_sandbox00000000000000000000000000000000",  # noqa: S106
)
