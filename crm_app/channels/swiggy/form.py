"""What an admin fills in to connect an account of Swiggy."""

from typing import Final

from crm_app.channels.form import Field, Form

FORM: Final = Form(
    address="",
    address_help="The relay's address.",
    fields=(
        Field("user", "User", "Of the relay."),
        Field("api_key", "API key", "Of the relay."),
    ),
    is_pulled=False,
    hook_maker="ours",
    hook_help="In the relay's settings of webhooks; the secret goes into the header Authorization.",
)
