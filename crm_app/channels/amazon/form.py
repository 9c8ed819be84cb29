"""What an admin fills in to connect an account of Amazon."""

from typing import Final

from crm_app.channels.form import Field, Form, Option

FORM: Final = Form(
    address="https://sellingpartnerapi-eu.amazon.com",
    address_help="The Selling Partner API of your region; this one serves India.",
    fields=(
        Field("client_id", "Client id", "Of the app, in Seller Central under Develop apps."),
        Field("client_secret", "Client secret"),
        Field("refresh_token", "Refresh token", "Given when the seller authorised the app."),
    ),
    options=(
        Option(
            "personal_data",
            "The app may read buyers and addresses",
            "switch",
            True,
            "No for an app without the role for personal data: Amazon refuses every call that "
            "asks for what the role does not allow. Orders then come without a name and address.",
            is_asked=True,
        ),
        Option(
            "marketplace_id",
            "Marketplace id",
            "text",
            "A21TJRUUN4KGV",
            "The usual one is Amazon.in.",
            is_asked=True,
        ),
        Option(
            "auth_url",
            "Sign-in address",
            help="Only for a sandbox; Amazon's own otherwise.",
            is_address=True,
        ),
    ),
    hook_maker="ours",
    hook_help="For the relay that reads the seller's queue of ORDER_CHANGE messages: the "
    "secret goes into the header X-Api-Key.",
    id_help="The Amazon order number, such as 405-8039912-4401136",
    id_shape=r"\d{3}-\d{7}-\d{7}",
)
