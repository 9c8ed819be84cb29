"""What an admin fills in to connect an account of Shopify."""

from typing import Final

from crm_app.channels.form import HANDLING, WEBHOOK_SECRET, Field, Form, Option
from crm_app.channels.shopify.statuses import CANCEL_REASONS

FORM: Final = Form(
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
    options=(
        HANDLING,
        Option(
            "read_all_orders",
            "The app may read orders older than 60 days",
            "switch",
            False,
            "Yes where Shopify granted read_all_orders.",
            is_asked=True,
        ),
        Option(
            "notify_customer",
            "Shopify tells the customer",
            "switch",
            False,
            "Whether a shipment or a cancellation sends Shopify's own mail to the customer.",
        ),
        Option(
            "cancel_reason",
            "Reason of a cancellation",
            "choice",
            "OTHER",
            "Given where the person who cancels names none.",
            choices=tuple(CANCEL_REASONS.items()),
        ),
        Option(
            "refund_on_cancel",
            "A cancellation sends the money back",
            "switch",
            False,
            "No: a person refunds in Shopify.",
        ),
        Option(
            "restock_on_cancel",
            "Cancelled pieces can be sold again",
            "switch",
            True,
        ),
        Option(
            "first_import_days",
            "First import goes back",
            "number",
            60.0,
            "Without read_all_orders Shopify lists no older order.",
            unit="days",
            low=0.01,
            high=3_650.0,
        ),
    ),
    hook_maker="theirs",
    hook_help="As the address of the app's webhooks. Shopify signs with the app's secret.",
    id_help="The number at the end of the order's address in the admin, such as 5312786014",
    id_shape=r"\d{8,20}",
)
