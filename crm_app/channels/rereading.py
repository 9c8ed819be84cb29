"""A stored payload mapped anew, by channel: the way of a replay. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from crm_app.channels.amazon import mapping as amazon
from crm_app.channels.base import ChannelOrder
from crm_app.channels.blinkit import mapping as blinkit
from crm_app.channels.flipkart import mapping as flipkart
from crm_app.channels.reading import BadFieldError, Json
from crm_app.channels.shopify import mapping as shopify
from crm_app.channels.swiggy import mapping as swiggy
from crm_app.channels.woocommerce import mapping as woocommerce
from crm_app.channels.words import Lexicon
from crm_app.domain.channel import Channel

Options = Mapping[str, Any]
# From a payload and the time of its version to the order; raises BadFieldError.
Reread = Callable[[Json, datetime], ChannelOrder]

_USUAL_HANDLING_HOURS: Final = 48.0


def _hours(options: Options) -> float:
    value = options.get("handling_hours", _USUAL_HANDLING_HOURS)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadFieldError("handling_hours", "of this account is not a number")
    return float(value)


def _amazon(options: Options, words: Lexicon) -> Reread:
    del options
    return lambda raw, _at: amazon.to_order(raw, words)


def _flipkart(options: Options, words: Lexicon) -> Reread:
    del options
    return lambda raw, _at: flipkart.to_order(raw, words)


def _shopify(options: Options, words: Lexicon) -> Reread:
    return lambda raw, _at: shopify.to_order(raw, _hours(options), words)


def _woocommerce(options: Options, words: Lexicon) -> Reread:
    return lambda raw, _at: woocommerce.to_order(raw, _hours(options), words)


def _blinkit(options: Options, words: Lexicon) -> Reread:
    del options
    return lambda raw, at: blinkit.read(raw, at, words)


def _swiggy(options: Options, words: Lexicon) -> Reread:
    del options
    return lambda raw, at: swiggy.read(raw, at, words)


# A channel that is not here has no payloads that could be mapped anew.
REREADERS: Final[Mapping[Channel, Callable[[Options, Lexicon], Reread]]] = {
    Channel.AMAZON: _amazon,
    Channel.FLIPKART: _flipkart,
    Channel.SHOPIFY: _shopify,
    Channel.WOOCOMMERCE: _woocommerce,
    Channel.BLINKIT: _blinkit,
    Channel.SWIGGY: _swiggy,
}
