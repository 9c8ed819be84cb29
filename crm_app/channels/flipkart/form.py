"""What an admin fills in to connect an account of Flipkart."""

from typing import Final

from crm_app.channels.flipkart.statuses import CANCEL_REASONS
from crm_app.channels.form import WEBHOOK_SECRET, Field, Form, Option

FORM: Final = Form(
    address="https://api.flipkart.net",
    address_help="Flipkart's own.",
    fields=(
        Field("app_id", "Application id", "Of a self-access application of the seller."),
        Field("app_secret", "Application secret", also=WEBHOOK_SECRET),
    ),
    options=(
        *(
            Option(
                f"parcel_{side}_cm",
                f"A parcel's {side}",
                "number",
                0.0,
                "Told when labels are asked for; 0 tells nothing.",
                unit="cm",
                high=1_000.0,
            )
            for side in ("length", "breadth", "height")
        ),
        Option(
            "parcel_weight_kg",
            "A parcel's weight",
            "number",
            0.0,
            "Told when labels are asked for; 0 tells nothing.",
            unit="kg",
            high=1_000.0,
        ),
        Option(
            "tax_percent",
            "Tax on the goods",
            "number",
            0.0,
            "Told when labels are asked for; 0 tells nothing.",
            unit="%",
            high=100.0,
        ),
        Option(
            "invoice_prefix",
            "Invoice numbers begin with",
            "text",
            "",
            "Followed by the number of the change; empty tells no invoice number, and Flipkart "
            "gives its own.",
        ),
        Option(
            "serial_prefix",
            "Serial numbers begin with",
            "text",
            "",
            "For goods that are packed with a serial number only: each piece gets one, from the "
            "number of the change and the piece's place. Empty tells none.",
        ),
        Option(
            "ignore_warning",
            "Pack although Flipkart warns",
            "switch",
            False,
        ),
        Option(
            "cancel_reason",
            "Reason of a cancellation",
            "choice",
            "not_enough_inventory",
            "Given where the person who cancels names none.",
            choices=tuple(CANCEL_REASONS.items()),
        ),
        Option(
            "page_size",
            "Shipments a page",
            "number",
            20.0,
            "Flipkart publishes no largest page; 20 is safe.",
            low=1.0,
            high=100.0,
        ),
    ),
    hook_maker="theirs",
    hook_help="Under Developer access, Notifications. Flipkart signs with the application's "
    "secret, and signs this very address.",
    id_help="The shipment id, such as d133588f-b0ac-443b-99b4-7ac8648a0f89",
    id_shape=r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
)
