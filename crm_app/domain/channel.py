"""The kinds of places that sell."""

from enum import StrEnum


class Channel(StrEnum):
    """A kind of place, and with it the name of its folder below `channels/`.

    Attributes:
        label: The name people say.
        mark: Two letters that stand for the channel wherever space is short.
    """

    label: str
    mark: str

    AMAZON = "amazon", "Amazon", "AZ"
    FLIPKART = "flipkart", "Flipkart", "FK"
    BLINKIT = "blinkit", "Blinkit", "BL"
    SWIGGY = "swiggy", "Swiggy", "SW"
    WOOCOMMERCE = "woocommerce", "WooCommerce", "WC"
    SHOPIFY = "shopify", "Shopify", "SH"
    DOCUMENT = "document", "File", "FI"  # files that people upload, of a place that has no API
    # Orders that people write themselves: phone, counter, own shop.
    MANUAL = "manual", "By hand", "HA"

    def __new__(cls, word: str, label: str, mark: str) -> "Channel":
        made = str.__new__(cls, word)
        made._value_ = word
        made.label, made.mark = label, mark
        return made
