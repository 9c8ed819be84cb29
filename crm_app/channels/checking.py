"""The check of every channel's table: what it lacks, and where it loses information. Pure.

A finding is either mended or accepted with a reason in the channel's `statuses.py`; a reason whose
finding has gone is a finding too, so that the list stays true.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from crm_app.channels.rules import (
    Capabilities,
    Gap,
    GapKind,
    Telling,
    merged,
    told_alike,
    unconfirmed,
    unreachable,
)
from crm_app.channels.words import Lexicon, Word
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.reconcile import is_said


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of the check; `reason` is empty where nobody has accepted it."""

    channel: Channel
    kind: str
    about: str
    words: str = ""
    reason: str = ""


def check(channel: Channel, rules: Capabilities) -> list[Finding]:
    """Everything that is to be said about a channel's table, in a fixed order."""
    found = dict(_gaps(rules))
    findings = [
        Finding(channel, gap.kind.value, gap.about, words, rules.accepted.get(gap, ""))
        for gap, words in found.items()
    ]
    stale = [gap for gap in rules.accepted if gap not in found]
    return findings + [
        Finding(channel, "reason without a finding", f"{gap.kind}: {gap.about}") for gap in stale
    ]


def _gaps(rules: Capabilities) -> Iterator[tuple[Gap, str]]:
    """Each gap with the words that show it."""
    yield from _unmapped(rules)
    yield from _unreachable(rules)
    yield from _merged(rules)
    yield from _untold(rules)
    yield from _stray(rules)


def _unmapped(rules: Capabilities) -> Iterator[tuple[Gap, str]]:
    for vocabulary in rules.vocabularies:
        for word in sorted(vocabulary.documented):
            if not vocabulary.knows(word):
                about = f"{vocabulary.key}: {word}"
                yield Gap(GapKind.UNMAPPED, about), vocabulary.source


def _unreachable(rules: Capabilities) -> Iterator[tuple[Gap, str]]:
    said = {ours for one in rules.vocabularies for ours in one.means.values()}
    taken = {status for status, rule in rules.statuses.items() if rule.telling != Telling.REFUSED}
    for status in OrderStatus:
        if status not in said | taken | set(rules.by_fact):
            yield unreachable(status), ""


def _merged(rules: Capabilities) -> Iterator[tuple[Gap, str]]:
    for vocabulary in rules.vocabularies:
        words: defaultdict[OrderStatus, list[str]] = defaultdict(list)
        for word, ours in vocabulary.means.items():
            words[ours].append(word)
        for status in OrderStatus:
            if len(words[status]) > 1:
                yield merged(vocabulary.key, status), ", ".join(words[status])


def _untold(rules: Capabilities) -> Iterator[tuple[Gap, str]]:
    lexicon = Lexicon.of(rules.vocabularies)
    alike: defaultdict[Word, list[OrderStatus]] = defaultdict(list)
    for status, rule in rules.statuses.items():
        if rule.telling is not Telling.PUSH:
            continue
        heard = lexicon.read(*rule.shows) if rule.shows else None
        if heard is None or not is_said(status, heard, rules.local):
            yield unconfirmed(status), rule.shows.text if rule.shows else ""
        if rule.shows:
            alike[rule.shows].append(status)
    for word, statuses in alike.items():
        if len(statuses) > 1:
            yield told_alike(statuses), word.text


def _stray(rules: Capabilities) -> Iterator[tuple[Gap, str]]:
    first = rules.vocabularies[0] if rules.vocabularies else None
    for status, rule in rules.statuses.items():
        for word in sorted(rule.not_from):
            if first is None or not first.knows(word):
                yield Gap(GapKind.STRAY, f"{status.value}: {word}"), "not_from"
        if rule.shows and not _is_known(rules, rule.shows):
            yield Gap(GapKind.STRAY, f"{status.value}: {rule.shows.text}"), "shows"


def _is_known(rules: Capabilities, word: Word) -> bool:
    vocabulary = rules.vocabulary(word.vocabulary)
    return vocabulary is not None and vocabulary.knows(word.text)
