"""What an admin fills in to connect an account of Amazon."""

from typing import Final

from crm_app.channels.form import Field, Form

FORM: Final = Form(
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
)
