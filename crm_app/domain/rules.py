"""Rules of a field: whose word stays where both sides have one."""

from enum import StrEnum
from typing import Final


class Field(StrEnum):
    STATUS = "status"
    PARCEL = "parcel"  # carrier and tracking number
    ADDRESS = "address"

    @property
    def label(self) -> str:
        return {"status": "Status", "parcel": "Carrier and tracking", "address": "Address"}[
            self.value
        ]


class Rule(StrEnum):
    ASK = "ask"  # a person decides
    OURS = "ours"
    CHANNELS = "channels"
    LATER = "later"  # whichever was said last

    @property
    def label(self) -> str:
        return {
            "ask": "A person decides",
            "ours": "Ours stays",
            "channels": "The channel's is taken",
            "later": "The later one is taken",
        }[self.value]


# What may be chosen for a field; the first is what holds where nobody chose.
CHOICES: Final[dict[Field, tuple[Rule, ...]]] = {
    Field.STATUS: (Rule.ASK, Rule.OURS, Rule.CHANNELS, Rule.LATER),
    Field.PARCEL: (Rule.CHANNELS, Rule.ASK, Rule.OURS, Rule.LATER),
    Field.ADDRESS: (Rule.CHANNELS, Rule.ASK, Rule.OURS, Rule.LATER),
}
DEFAULTS: Final[dict[Field, Rule]] = {field: rules[0] for field, rules in CHOICES.items()}
MEANINGS: Final[dict[Field, str]] = {
    Field.STATUS: "when a change of ours travels and the channel says something else",
    Field.PARCEL: "when the channel names another parcel than a person here did",
    Field.ADDRESS: "when the channel changes the address of an order that is packed already",
}
