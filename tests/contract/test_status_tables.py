"""What every channel's table of words and statuses promises. A new channel joins by existing."""

import dataclasses
import importlib

import pytest

from crm_app import statuses
from crm_app.channels import capabilities, rereading
from crm_app.channels.capabilities import CAPABILITIES
from crm_app.channels.checking import Finding, check
from crm_app.channels.rules import Capabilities, GapKind, Telling, push, unreachable
from crm_app.channels.words import Lexicon, Vocabulary, Word
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus as S

from .cases import CASES, Case
from .test_connectors import SINCE, orders_of

# A file has no words of a channel: its own are mapped with its columns.
WITH_WORDS = [channel for channel, rules in CAPABILITIES.items() if rules.vocabularies]
each_channel = pytest.mark.parametrize("channel", WITH_WORDS, ids=lambda channel: channel.value)


def table(**changes: object) -> Capabilities:
    """A channel without a gap, and what is different about it."""
    words = Vocabulary(
        key="order",
        label="Order",
        place="status",
        means={"new": S.CONFIRMED, "sent": S.SHIPPED},
        documented=frozenset({"new", "sent"}),
        source="a test",
    )
    others = [status for status in S if status not in (S.CONFIRMED, S.SHIPPED)]
    whole = Capabilities(
        statuses={S.SHIPPED: push("order", "sent")},
        vocabularies=(words,),
        by_fact=dict.fromkeys(others, "a fact"),
    )
    return dataclasses.replace(whole, **changes)  # pyright: ignore[reportArgumentType]


def words_of(rules: Capabilities, **changes: object) -> tuple[Vocabulary, ...]:
    (only,) = rules.vocabularies
    return (dataclasses.replace(only, **changes),)  # pyright: ignore[reportArgumentType]


def found(rules: Capabilities) -> list[tuple[str, str, str]]:
    return [(one.kind, one.about, one.reason) for one in check(Channel.AMAZON, rules)]


@each_channel
def test_every_finding_is_mended_or_accepted_with_a_reason(channel: Channel) -> None:
    findings = check(channel, CAPABILITIES[channel])

    assert [finding for finding in findings if not finding.reason] == []


@each_channel
def test_the_table_stands_in_the_channels_own_folder(channel: Channel) -> None:
    module = importlib.import_module(f"crm_app.channels.{channel.value}.statuses")

    assert module.CAPABILITIES is CAPABILITIES[channel]
    assert capabilities.lexicon(channel) == module.WORDS
    for vocabulary in CAPABILITIES[channel].vocabularies:
        assert vocabulary.documented
        assert vocabulary.source
        assert not vocabulary.means.keys() & vocabulary.silent.keys()


@each_channel
def test_a_status_that_may_not_be_told_says_why(channel: Channel) -> None:
    rules = CAPABILITIES[channel].statuses.values()

    assert all(rule.why for rule in rules if rule.telling is Telling.REFUSED)
    assert channel in rereading.REREADERS


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_an_admin_decided_is_read_in_place_of_what_the_product_knows(case: Case) -> None:
    channel = Channel(case.name)
    pages = case.connect(case.play).fetch_orders(SINCE) if case.is_pulled else ()
    stored = orders_of(pages)[0] if case.is_pulled else case.arrived()
    first = CAPABILITIES[channel].vocabularies[0].key
    decided = {Word(first, stored.channel_status.split(" / ")[0]): S.FAILED}
    reread = rereading.REREADERS[channel]({}, capabilities.lexicon(channel, decided))

    again = reread(stored.raw, stored.updated_at)

    assert (stored.status, again.status) == (case.fresh, S.FAILED)
    assert again.channel_status == stored.channel_status
    assert (again.total_minor, again.lines[0].sku) == (stored.total_minor, stored.lines[0].sku)


def test_a_table_without_a_gap_has_no_finding() -> None:
    assert found(table()) == []


def test_a_published_word_without_a_meaning_is_found_unless_it_says_nothing() -> None:
    rules = table()
    more = words_of(rules, documented=frozenset({"new", "sent", "odd"}))
    silent = words_of(rules, documented=frozenset({"new", "odd"}), silent={"odd": "says nothing"})

    assert found(table(vocabularies=more)) == [(GapKind.UNMAPPED, "order: odd", "")]
    assert found(table(vocabularies=silent)) == []


def test_a_status_that_nothing_reaches_is_found() -> None:
    facts = {**table().by_fact}
    del facts[S.RETURNED]

    assert found(table(by_fact=facts)) == [(GapKind.UNREACHABLE, "returned", "")]
    accepted = {unreachable(S.RETURNED): "Nothing comes back."}
    assert found(table(by_fact=facts, accepted=accepted)) == [
        (GapKind.UNREACHABLE, "returned", "Nothing comes back.")
    ]


def test_words_and_moves_that_lose_information_are_found() -> None:
    rules = table()
    means = {"new": S.CONFIRMED, "sent": S.SHIPPED, "gone": S.SHIPPED}
    merged = words_of(rules, means=means)
    alike = {S.SHIPPED: push("order", "sent"), S.CONFIRMED: push("order", "sent")}
    never_shown = {S.DELIVERED: push("order", "sent")}

    assert found(table(vocabularies=merged)) == [(GapKind.MERGED, "order: shipped", "")]
    assert found(table(statuses=alike)) == [(GapKind.TOLD_ALIKE, "confirmed, shipped", "")]
    assert found(table(statuses=never_shown)) == [(GapKind.UNCONFIRMED, "delivered", "")]


def test_a_rule_with_a_word_of_no_vocabulary_is_found() -> None:
    typo = {S.SHIPPED: push("order", "sent", not_from=("cancelld",))}

    assert found(table(statuses=typo)) == [(GapKind.STRAY, "shipped: cancelld", "")]


def test_a_reason_whose_finding_has_gone_is_found() -> None:
    rules = table(accepted={unreachable(S.SHIPPED): "It was so once."})

    assert found(rules) == [("reason without a finding", "unreachable: shipped", "")]


def test_the_command_prints_every_table_and_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    code = statuses.main(["flipkart"])

    said = capsys.readouterr().out
    assert code == 0
    assert "READY_TO_DISPATCH" in said
    assert "unreachable: out_for_delivery - accepted:" in said
    assert "WooCommerce" not in said
    assert statuses.main(["nowhere"]) == 2


def test_the_command_ends_with_1_on_an_open_finding(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    open_ones = [Finding(Channel.AMAZON, GapKind.UNMAPPED, "order: NEW_WORD")]
    monkeypatch.setattr(statuses, "check", lambda *_: open_ones)

    assert statuses.main(["amazon"]) == 1
    assert "unmapped word: order: NEW_WORD - OPEN" in capsys.readouterr().out


def test_a_lexicon_tells_known_silent_and_unknown_words_apart() -> None:
    (vocabulary,) = words_of(table(), silent={"draft": "Not placed yet."})
    lexicon = Lexicon.of([vocabulary], {Word("order", "odd"): S.FAILED})
    words = [Word("order", text) for text in ("new", "draft", "odd", "", "weird", "weird")]

    assert [lexicon.read(*word) for word in words[:3]] == [S.CONFIRMED, None, S.FAILED]
    assert lexicon.unknown(words) == (Word("order", "weird"),)
