"""What a connector reads of an account's options is what an admin can choose, no more, no less."""

from collections.abc import Iterator
from typing import Any

import pytest

from crm_app.channels import forms
from crm_app.channels.forms import Form, Option
from crm_app.domain.channel import Channel
from tests.channels.test_registry import (
    AMAZON_KEYS,
    FLIPKART_KEYS,
    SHOPIFY_KEYS,
    WOO_KEYS,
    Account,
    connect,
)

KEYS = {
    Channel.AMAZON: AMAZON_KEYS,
    Channel.FLIPKART: FLIPKART_KEYS,
    Channel.SHOPIFY: SHOPIFY_KEYS,
    Channel.WOOCOMMERCE: WOO_KEYS,
    Channel.BLINKIT: {"api_key": "hush"},
    Channel.SWIGGY: {"user": "relay", "api_key": "hush"},
}
# Read where no connector is: when to ask, how fast, and where to.
ELSEWHERE = {"pull_interval_s", "rate_multiplier", "allow_http"}
each_form = pytest.mark.parametrize(
    ("channel", "form"), forms.FORMS.items(), ids=[channel.value for channel in forms.FORMS]
)


class Noted(dict[str, Any]):
    """Options that remember which of them were asked for."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


@each_form
def test_the_connector_reads_exactly_what_can_be_chosen(channel: Channel, form: Form) -> None:
    options = Noted({})

    connect(Account(channel, "https://api.test", options), KEYS[channel])

    declared = {option.name.partition(".")[0] for option in form.every_option}
    assert options.asked - ELSEWHERE == declared - ELSEWHERE
    assert ELSEWHERE - {"pull_interval_s"} <= declared


def values(option: Option) -> Iterator[Any]:
    if option.kind == "number":
        yield from (option.low, min(option.high, 90.0))
    elif option.kind == "switch":
        yield from (True, False)
    elif option.kind == "choice":
        yield from (word for word, _ in option.choices)
    else:
        yield "https://other.test" if option.is_address else "Palmonas"


@each_form
def test_every_value_that_may_be_chosen_makes_a_connector(channel: Channel, form: Form) -> None:
    for option in form.every_option:
        for value in (*values(option), option.default):
            outer, _, inner = option.name.partition(".")
            if value == "" and option.kind != "text":
                continue
            options = {outer: {inner: value} if inner else value}
            connect(Account(channel, "https://api.test", options), KEYS[channel])


@each_form
def test_names_stand_once_and_a_usual_value_is_one_that_may_be_chosen(
    channel: Channel, form: Form
) -> None:
    del channel
    names = [one.name for one in (*form.fields, *form.every_option)]

    assert len(set(names)) == len(names)
    for option in form.every_option:
        assert option.label
        if option.kind == "choice":
            assert option.default in dict(option.choices)
        if option.kind == "number" and option.default != "":
            assert option.low <= float(option.default) <= option.high
