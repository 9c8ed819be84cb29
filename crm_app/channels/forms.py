"""What an admin fills in to connect an account, as data: one form a channel.

A channel without a form cannot be connected by hand (files are imported on a page of their own).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from crm_app.domain.channel import Channel

# Where the secret that proves a channel's webhooks comes from: we make it up and the channel is
# told, or it is the channel's own and an admin types it in.
Maker = Literal["ours", "theirs"]

WEBHOOK_SECRET: Final = "webhook_secret"  # noqa: S105 - a field's name


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a form. `name` is a key of the credentials, or of the options.

    Attributes:
        is_secret: Kept encrypted, and never sent to a browser again.
        is_option: Kept in the clear, among the account's options.
        also: Another key of the credentials that holds the same value.
    """

    name: str
    label: str
    help: str = ""
    is_secret: bool = True
    is_option: bool = False
    is_needed: bool = True
    also: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """One channel's form.

    Attributes:
        address: The API's address where it is the same for everybody; else empty.
        address_help: What to type, or an example.
        hook_maker: See `Maker`.
        hook_help: Where the webhook's address is entered at the channel.
        id_help: What one order's id looks like, for people.
        id_shape: The same, for a program; "" where one order cannot be read.
    """

    address: str
    address_help: str
    fields: tuple[Field, ...]
    hook_maker: Maker
    hook_help: str
    id_help: str = ""
    id_shape: str = ""

    def looks_like_id(self, text: str) -> bool:
        """Whether a text may be the id of one of the channel's orders."""
        return bool(self.id_shape) and re.fullmatch(self.id_shape, text) is not None

    @property
    def credentials(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if not field.is_option)

    @property
    def options(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field.is_option)


FORMS: Final[Mapping[Channel, Form]] = {
    Channel.AMAZON: Form(
        address="https://sellingpartnerapi-eu.amazon.com",
        address_help="The Selling Partner API of your region; this one serves India.",
        fields=(
            Field("client_id", "Client id", "Of the app, in Seller Central under Develop apps."),
            Field("client_secret", "Client secret"),
            Field("refresh_token", "Refresh token", "Given when the seller authorised the app."),
            Field(
                "auth_url",
                "Sign-in address",
                "Only for a sandbox; Amazon's own otherwise.",
                is_secret=False,
                is_option=True,
                is_needed=False,
            ),
        ),
        hook_maker="ours",
        hook_help="For the relay that reads the seller's queue of ORDER_CHANGE messages: the "
        "secret goes into the header X-Api-Key.",
        id_help="The Amazon order number, such as 405-8039912-4401136",
        id_shape=r"\d{3}-\d{7}-\d{7}",
    ),
    Channel.FLIPKART: Form(
        address="https://api.flipkart.net",
        address_help="Flipkart's own.",
        fields=(
            Field("app_id", "Application id", "Of a self-access application of the seller."),
            Field("app_secret", "Application secret", also=WEBHOOK_SECRET),
        ),
        hook_maker="theirs",
        hook_help="Under Developer access, Notifications. Flipkart signs with the application's "
        "secret, and signs this very address.",
        id_help="The shipment id, such as d133588f-b0ac-443b-99b4-7ac8648a0f89",
        id_shape=r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    ),
    Channel.SHOPIFY: Form(
        address="",
        address_help="https://your-shop.myshopify.com",
        fields=(
            Field("access_token", "Admin API access token", "Of an app that the shop installed."),
            Field(
                WEBHOOK_SECRET,
                "App secret",
                "Signs the webhooks; without it none is taken.",
                is_needed=False,
            ),
        ),
        hook_maker="theirs",
        hook_help="As the address of the app's webhooks. Shopify signs with the app's secret.",
        id_help="The number at the end of the order's address in the admin, such as 5312786014",
        id_shape=r"\d{8,20}",
    ),
    Channel.WOOCOMMERCE: Form(
        address="",
        address_help="The shop's address, such as https://shop.example.com",
        fields=(
            Field("consumer_key", "Consumer key", "With read and write permission."),
            Field("consumer_secret", "Consumer secret"),
        ),
        hook_maker="ours",
        hook_help="In WooCommerce under Settings, Advanced, Webhooks: one each for order created, "
        "updated, deleted and restored, all with this address and secret.",
        id_help="The order's number in the shop, such as 10492",
        id_shape=r"\d{1,12}",
    ),
    Channel.BLINKIT: Form(
        address="",
        address_help="The address that Blinkit gave you.",
        fields=(
            Field("api_key", "API key", "That you call Blinkit with."),
            Field(
                "supplier_gstin",
                "Your GSTIN",
                "Written on shipping notes.",
                is_secret=False,
                is_option=True,
                is_needed=False,
            ),
            Field(
                "vendor_id",
                "Vendor id",
                is_secret=False,
                is_option=True,
                is_needed=False,
            ),
        ),
        hook_maker="ours",
        hook_help="Give address and secret to Blinkit's integration team; the secret goes into "
        "the header Api-Key.",
    ),
    Channel.SWIGGY: Form(
        address="",
        address_help="The relay's address.",
        fields=(
            Field("user", "User", "Of the relay."),
            Field("api_key", "API key", "Of the relay."),
        ),
        hook_maker="ours",
        hook_help="In the relay's settings of webhooks; the secret goes into the header "
        "Authorization.",
    ),
}


def of(channel: Channel) -> Form | None:
    """The form of a channel; None if it cannot be connected by hand."""
    return FORMS.get(channel)
