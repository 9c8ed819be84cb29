"""What an admin fills in to connect an account of Shopify."""

from typing import Final

from crm_app.channels.form import WEBHOOK_SECRET, Field, Form

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
    hook_maker="theirs",
    hook_help="As the address of the app's webhooks. Shopify signs with the app's secret.",
    id_help="The number at the end of the order's address in the admin, such as 5312786014",
    id_shape=r"\d{8,20}",
)
