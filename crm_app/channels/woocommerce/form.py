"""What an admin fills in to connect an account of WooCommerce."""

from typing import Final

from crm_app.channels.form import HANDLING, Field, Form

FORM: Final = Form(
    address="",
    address_help="The shop's address, such as https://shop.example.com",
    fields=(
        Field("consumer_key", "Consumer key", "With read and write permission."),
        Field("consumer_secret", "Consumer secret"),
    ),
    options=(HANDLING,),
    hook_maker="ours",
    hook_help="In WooCommerce under Settings, Advanced, Webhooks: one each for order created, "
    "updated, deleted and restored, all with this address and secret.",
    id_help="The order's number in the shop, such as 10492",
    id_shape=r"\d{1,12}",
)
