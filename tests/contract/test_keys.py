"""What every connector promises of its keys: needed, sent, and told to nobody else."""

import logging
from base64 import b64decode

import httpx
import pytest

from crm_app.channels import forms, registry
from crm_app.channels.limits import NoLimiter
from crm_app.domain.channel import Channel
from crm_app.errors import AccountDisconnectedError, ChannelError, RejectedError

from .cases import CASES, PULLED, Case
from .test_connectors import READS, SECRETS, SINCE, WRITES, answering, each_connector, update_of

AUTH_HEADERS = ("authorization", "x-amz-access-token", "x-shopify-access-token", "api-key")
PERSON = "Write to m.rao@example.com or +91 98200 12345, key s3cr3t-2."


class Account:
    """An account of a channel, its keys apart."""

    def __init__(self, channel: Channel) -> None:
        self.id = 7
        self.channel = channel
        self.base_url = "https://api.test"
        self.options: dict[str, object] = {}


def asked_by(case: Case) -> list[httpx.Request]:
    """Every request that a whole round of the connector makes: list, one order, a status."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return case.play(request)

    connector = case.connect(handle)
    list(connector.fetch_orders(SINCE))
    if case.is_pulled:
        connector.fetch_order(case.ids[0])
    connector.push_status(update_of(case))
    return seen


@each_connector
def test_every_request_is_signed_and_no_address_holds_a_key(case: Case) -> None:
    requests = asked_by(case)

    assert requests
    for request in requests:
        signed = [request.headers[name] for name in AUTH_HEADERS if name in request.headers]
        assert len(signed) == 1, request.url.path
        assert any(secret in _plain(signed[0]) for secret in SECRETS)
        assert not any(secret in str(request.url) for secret in SECRETS)
        others = [v for name, v in request.headers.items() if name not in AUTH_HEADERS]
        assert not any(secret in _plain(value) for value in others for secret in SECRETS)


def _plain(value: str) -> str:
    """What a header says, also where it says it in base64."""
    scheme, _, rest = value.partition(" ")
    return b64decode(rest).decode() if scheme.lower() == "basic" else value


@pytest.mark.parametrize("channel", forms.FORMS, ids=lambda channel: channel.value)
def test_a_key_that_is_needed_is_named_where_it_is_missing(channel: Channel) -> None:
    fields = [field.name for field in forms.FORMS[channel].fields if field.is_needed]
    keys = dict.fromkeys(fields, "s3cr3t-1")

    assert fields
    registry.connect(Account(channel), keys, NoLimiter(), timeout_s=3).close()
    for name in fields:
        with pytest.raises(AccountDisconnectedError) as caught:
            registry.connect(Account(channel), {**keys, name: ""}, NoLimiter(), timeout_s=3)
        assert str(caught.value) == f"The credentials of this account have no {name}."


@pytest.mark.parametrize("case", PULLED, ids=lambda case: case.name)
@pytest.mark.parametrize("failure", READS)
def test_a_failed_read_of_one_order_says_nothing_of_keys_or_people(
    case: Case, failure: str, caplog: pytest.LogCaptureFixture
) -> None:
    handler, expected = READS[failure]
    caplog.set_level(logging.DEBUG, logger="crm_app")

    with pytest.raises(ChannelError) as caught:
        case.connect(handler).fetch_order(case.ids[0])

    assert type(caught.value) is expected
    assert not any(secret in str(caught.value) + caplog.text for secret in SECRETS)


@each_connector
@pytest.mark.parametrize("failure", WRITES)
def test_no_log_of_a_failed_write_holds_keys_or_people(
    case: Case, failure: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="crm_app")

    with pytest.raises(ChannelError):
        case.connect_writing(WRITES[failure][0]).push_status(update_of(case))

    assert not any(secret in caplog.text for secret in SECRETS)


@each_connector
def test_words_of_a_refusal_that_name_a_person_are_left_out(case: Case) -> None:
    told = httpx.Response(case.refusal_status, json=case.refusal)
    quoting = told.text.replace("The order is already shipped.", f"Shipped. {PERSON}")
    refusal = httpx.Response(case.refusal_status, text=quoting)

    with pytest.raises(RejectedError, match="Shipped") as caught:
        case.connect_writing(answering(refusal)).push_status(update_of(case))

    assert "m.rao@example.com" not in str(caught.value)
    assert "98200" not in str(caught.value)


@pytest.mark.parametrize("case", PULLED, ids=lambda case: case.name)
def test_an_order_that_cannot_be_read_is_not_quoted(case: Case) -> None:
    pages = list(case.connect(case.play).fetch_orders(SINCE))

    reasons = [bad.reason for page in pages for bad in page.bad]

    assert reasons
    assert not any(secret in reason for reason in reasons for secret in SECRETS)


def test_every_connector_of_the_product_is_in_the_kit() -> None:
    assert {case.channel for case in CASES} == set(forms.FORMS)
