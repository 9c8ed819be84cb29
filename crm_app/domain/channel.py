"""The kinds of places that sell."""

from enum import StrEnum


class Channel(StrEnum):
    """A kind of place, and with it the name of its folder below `channels/`.

    Attributes:
        label: The name people say.
        mark: Two letters that stand for the channel wherever space is short.
        colour: Of the field that they stand on.
    """

    label: str
    mark: str
    colour: str

    AMAZON = "amazon", "Amazon", "AZ", "#f0a437"
    FLIPKART = "flipkart", "Flipkart", "FK", "#2c6be0"
    BLINKIT = "blinkit", "Blinkit", "BL", "#e3bd12"
    SWIGGY = "swiggy", "Swiggy", "SW", "#f08436"
    WOOCOMMERCE = "woocommerce", "WooCommerce", "WC", "#8258b8"
    SHOPIFY = "shopify", "Shopify", "SH", "#5a8f31"
    DOCUMENT = (
        "document",
        "File",
        "FI",
        "#5b6577",
    )  # files that people upload, of a place that has no API
    # Orders that people write themselves: phone, counter, own shop.
    MANUAL = "manual", "By hand", "HA", "#7a5195"

    def __new__(cls, word: str, label: str, mark: str, colour: str) -> "Channel":
        made = str.__new__(cls, word)
        made._value_ = word
        made.label, made.mark, made.colour = label, mark, colour
        return made
