"""What an admin fills in to connect an account of Blinkit."""

from typing import Final

from crm_app.channels.form import Field, Form, Option

FORM: Final = Form(
    address="",
    address_help="The address that Blinkit gave you.",
    fields=(Field("api_key", "API key", "That you call Blinkit with."),),
    options=(
        Option("supplier_gstin", "Your GSTIN", help="Written on shipping notes.", is_asked=True),
        Option("vendor_id", "Vendor id", help="That Blinkit gave you.", is_asked=True),
        Option("supplier_name", "Your name", help="As on your invoices."),
        Option("supplier_address.address_line_1", "Your address, line 1"),
        Option("supplier_address.address_line_2", "Your address, line 2"),
        Option("supplier_address.city", "Your city"),
        Option("supplier_address.state", "Your state"),
        Option("supplier_address.postal_code", "Your PIN code"),
        Option("supplier_address.country", "Your country"),
        Option(
            "invoice_prefix",
            "Invoice numbers begin with",
            "text",
            "PCRM-",
            "Our reference of the shipment follows.",
        ),
    ),
    is_pulled=False,
    hook_maker="ours",
    hook_help="Give address and secret to Blinkit's integration team; the secret goes into "
    "the header Api-Key.",
)
