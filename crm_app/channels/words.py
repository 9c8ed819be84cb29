"""A channel's words for a status as data, and what each means in ours.

Every channel's `statuses.py` declares its vocabularies. Mappings read words through a `Lexicon`:
what the product knows, and over it what an admin decided on screen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from crm_app.domain.order_status import OrderStatus


class Word(NamedTuple):
    """One word of a channel, and the vocabulary that it stands in."""

    vocabulary: str
    text: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that one field of a channel's documents may hold.

    Attributes:
        key: Short and stable: it is stored beside what an admin decides.
        label: What staff call the thing that the field speaks of: "Order", "Parcel".
        place: Where the word stands in the channel's document.
        means: Each word that we know, and ours for it.
        documented: The words that the channel publishes; the check holds them against `means`.
        source: Where they are published.
        silent: Known words that say nothing of a status, each with the reason.
    """

    key: str
    label: str
    place: str
    means: Mapping[str, OrderStatus]
    documented: frozenset[str]
    source: str
    silent: Mapping[str, str] = field(default_factory=dict[str, str])

    def knows(self, word: str) -> bool:
        return word in self.means or word in self.silent


Decided = Mapping[Word, OrderStatus]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words in force for one account; handed to mappings, which stay pure.

    Attributes:
        means: Ours for every known word.
        silent: Known words that say nothing.
    """

    means: Mapping[Word, OrderStatus]
    silent: frozenset[Word]

    @classmethod
    def of(cls, vocabularies: Iterable[Vocabulary], decided: Decided | None = None) -> "Lexicon":
        """What the product knows, and over it what was decided (see `decided`)."""
        known = tuple(vocabularies)
        means = {Word(v.key, word): ours for v in known for word, ours in v.means.items()}
        silent = frozenset(Word(v.key, word) for v in known for word in v.silent)
        return cls({**means, **(decided or {})}, silent)

    def read(self, vocabulary: str, word: str) -> OrderStatus | None:
        """Ours for a word; None if it is unknown, or says nothing."""
        return self.means.get(Word(vocabulary, word))

    def unknown(self, found: Iterable[Word]) -> tuple[Word, ...]:
        """Those that nobody has mapped yet, each once, in the order met. Empty texts are none."""
        return tuple(
            dict.fromkeys(
                word
                for word in found
                if word.text and word not in self.means and word not in self.silent
            )
        )
