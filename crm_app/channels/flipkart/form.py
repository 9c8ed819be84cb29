"""What an admin fills in to connect an account of Flipkart."""

from typing import Final

from crm_app.channels.form import WEBHOOK_SECRET, Field, Form

FORM: Final = Form(
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
)
