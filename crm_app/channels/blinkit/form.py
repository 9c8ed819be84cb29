"""What an admin fills in to connect an account of Blinkit."""

from typing import Final

from crm_app.channels.form import Field, Form

FORM: Final = Form(
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
)
