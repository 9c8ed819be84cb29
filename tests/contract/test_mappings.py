"""What every mapping promises: unknown words survive, times are moments, money is exact."""

import os
import time
from collections.abc import Iterator

import pytest

from crm_app.channels import kinds
from crm_app.channels.base import ChannelOrder
from crm_app.channels.inbound import Deed
from crm_app.channels.words import Word
from crm_app.domain.channel import Channel

from .cases import CASES, recording
from .mapped import MAPPED, TEN, Mapped

each_mapping = pytest.mark.parametrize("case", MAPPED, ids=lambda case: case.name)
AMOUNTS = (0, 1, 10, 29, 101, 1_999, 149_900, 1_234_567, 99_999_999)


@pytest.fixture(params=["UTC", "Asia/Kolkata", "America/New_York"])
def elsewhere(request: pytest.FixtureRequest) -> Iterator[str]:
    """The machine's own zone, which must not matter."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


def test_every_connector_has_its_mapping_here() -> None:
    assert {case.name for case in CASES} == {case.name for case in MAPPED}
    assert {case.name for case in CASES} == {
        channel.value for channel in Channel if kinds.of(channel).build is not None
    }


@pytest.mark.parametrize("case", [case for case in MAPPED if case.word], ids=lambda case: case.name)
def test_a_word_that_nobody_knows_survives(case: Mapped) -> None:
    assert case.word
    plain = case.changed({})

    order = case.changed({case.word: "TELEPORTED"})

    assert order.status is None
    assert "TELEPORTED" in order.channel_status
    assert "TELEPORTED" in {word.text for word in order.unknown_words}
    assert all(isinstance(word, Word) for word in order.unknown_words)
    kept = ("external_id", "total_minor", "placed_at", "buyer", "address")
    assert [getattr(order, name) for name in kept] == [getattr(plain, name) for name in kept]
    assert [line.sku for line in order.lines] == [line.sku for line in plain.lines]


def test_a_document_of_blinkit_that_nobody_knows_is_a_persons() -> None:
    hook = kinds.of(Channel.BLINKIT).hook
    assert hook is not None

    (event,) = hook.read({}, {**recording("blinkit_hook.json"), "type": "PO_TELEPORT"})

    assert (event.deed, event.external_id) == (Deed.PERSON, "9900001")
    assert "PO_TELEPORT" in event.why


@each_mapping
def test_a_time_is_one_moment_however_it_is_spelled(case: Mapped, elsewhere: str) -> None:
    del elsewhere

    found = {case.changed({case.moment: spelling}).placed_at for spelling in case.spellings}

    assert found == {TEN}
    assert all(moment.tzinfo is not None for moment in found)


@each_mapping
def test_every_time_of_an_order_is_aware(case: Mapped, elsewhere: str) -> None:
    del elsewhere
    order = case.changed({})

    times = (order.placed_at, order.updated_at, order.ship_by, order.deliver_by, order.shipped_at)

    assert all(one.tzinfo is not None for one in times if one is not None)
    assert order.ship_by is not None


@each_mapping
@pytest.mark.parametrize("paise", AMOUNTS)
def test_money_is_exact_to_the_paisa(case: Mapped, paise: int) -> None:
    order: ChannelOrder = case.changed(dict.fromkeys(case.amount, case.spell(paise)))

    assert (order.total_minor, order.currency) == (paise, "INR")
    assert type(order.total_minor) is int
