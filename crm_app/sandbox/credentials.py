"""Keys of the sandbox's demo sellers and shop. They open nothing outside this process."""

from dataclasses import dataclass
from typing import Final

INDIA_MARKETPLACE_ID: Final = "A21TJRUUN4KGV"


@dataclass(frozen=True, slots=True)
class AmazonSeller:
    """One selling partner that authorised our app: `key` names it in the sandbox's tables.

    Without `may_read_people` the app lacks the role for personal data.
    """

    key: str
    name: str
    client_id: str
    client_secret: str
    refresh_token: str
    marketplace_id: str = INDIA_MARKETPLACE_ID
    may_read_people: bool = True


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
AMAZON_PLAIN_SELLER: Final = AmazonSeller(
    key="plain",
    name="A seller whose app has no role for personal data",
    client_id="amzn1.application-oa2-client.sandbox",
    client_secret="amzn1.oa2-cs.v1.sandbox",  # noqa: S106
    refresh_token="Atzr|sandbox-plain",  # noqa: S106
    may_read_people=False,
)
# What the function on the seller's own queue shows, which hands Amazon's messages on to us.
AMAZON_RELAY_KEY: Final = "sandbox-amazon-relay-key"
AMAZON_SELLERS: Final = (AMAZON_SELLER, AMAZON_REPORT_SELLER, AMAZON_PLAIN_SELLER)

WOO_SHOP: Final = WooShop(
    key="palmonas",
    name="palmonas web shop",
    consumer_key="ck_sandbox00000000000000000000000000000000",
    consumer_secret="cs_sandbox00000000000000000000000000000000",  # noqa: S106
)


@dataclass(frozen=True, slots=True)
class FlipkartSeller:
    """A self-access application of one seller; its hooks are signed with the same pair."""

    key: str
    name: str
    app_id: str
    app_secret: str
    location_id: str


@dataclass(frozen=True, slots=True)
class ShopifyShop:
    """A custom app of one shop: `access_token` opens the API, `app_secret` signs the hooks."""

    key: str
    name: str
    domain: str
    access_token: str
    app_secret: str


@dataclass(frozen=True, slots=True)
class BlinkitVendor:
    """A supplier of Blinkit. `api_key` is what the supplier calls with.

    `hook_key` is what Blinkit calls the supplier with.
    """

    key: str
    name: str
    api_key: str
    hook_key: str
    supplier_gstin: str
    # Amendments are open to some suppliers only.
    may_amend: bool = True


@dataclass(frozen=True, slots=True)
class SwiggyMerchant:
    """A merchant of the relay: `Authorization: apikey user:api_key` out, `hook_header` in."""

    key: str
    name: str
    user: str
    api_key: str
    hook_header: str
    biz_id: int
    store_ref: str


FLIPKART_SELLER: Final = FlipkartSeller(
    key="palmonas",
    name="Palmonas on Flipkart",
    app_id="sandbox-flipkart-app",
    app_secret="sandbox-flipkart-secret",  # noqa: S106
    location_id="LOC5a7e0b4c1d2e4f60a1b2c3d4e5f60718",
)
SHOPIFY_SHOP: Final = ShopifyShop(
    key="palmonas",
    name="Palmonas boutique",
    domain="palmonas-sandbox.myshopify.com",
    access_token="shpat_sandbox0000000000000000000000",  # noqa: S106
    app_secret="shpss_sandbox0000000000000000000000",  # noqa: S106
)
BLINKIT_VENDOR: Final = BlinkitVendor(
    key="palmonas",
    name="Palmonas at Blinkit",
    api_key="blinkit-sandbox-vendor-key",
    hook_key="blinkit-sandbox-hook-key",
    supplier_gstin="27AABCP1234M1Z6",
)
BLINKIT_PLAIN_VENDOR: Final = BlinkitVendor(
    key="plain",
    name="Supplier without amendments",
    api_key="blinkit-sandbox-plain-key",
    hook_key="blinkit-sandbox-plain-hook-key",
    supplier_gstin="27AABCP1234M1Z6",
    may_amend=False,
)
BLINKIT_VENDORS: Final = (BLINKIT_VENDOR, BLINKIT_PLAIN_VENDOR)
SWIGGY_MERCHANT: Final = SwiggyMerchant(
    key="palmonas",
    name="Palmonas on Swiggy",
    user="biz_sandbox",
    api_key="urbanpiper-sandbox-key",
    hook_header="urbanpiper-sandbox-hook-header",
    biz_id=72_310_455,
    store_ref="PLM-PUNE-01",
)
