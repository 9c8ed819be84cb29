"""The kinds of places that sell."""

from enum import StrEnum
from typing import Final


class Channel(StrEnum):
    AMAZON = "amazon"
    FLIPKART = "flipkart"
    BLINKIT = "blinkit"
    SWIGGY = "swiggy"
    WOOCOMMERCE = "woocommerce"
    SHOPIFY = "shopify"
    DOCUMENT = "document"  # files that people upload, of a place that has no API
    MANUAL = "manual"  # orders that people write themselves: phone, counter, own shop

    @property
    def label(self) -> str:
        """The name people say."""
        return LABELS[self]

    @property
    def mark(self) -> str:
        """Two letters that stand for the channel wherever space is short."""
        return MARKS[self]


LABELS: Final[dict[Channel, str]] = {
    Channel.AMAZON: "Amazon",
    Channel.FLIPKART: "Flipkart",
    Channel.BLINKIT: "Blinkit",
    Channel.SWIGGY: "Swiggy",
    Channel.WOOCOMMERCE: "WooCommerce",
    Channel.SHOPIFY: "Shopify",
    Channel.DOCUMENT: "File",
    Channel.MANUAL: "By hand",
}

MARKS: Final[dict[Channel, str]] = {
    Channel.AMAZON: "AZ",
    Channel.FLIPKART: "FK",
    Channel.BLINKIT: "BL",
    Channel.SWIGGY: "SW",
    Channel.WOOCOMMERCE: "WC",
    Channel.SHOPIFY: "SH",
    Channel.DOCUMENT: "FI",
    Channel.MANUAL: "HA",
}
