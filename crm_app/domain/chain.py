"""The arithmetic of the audit trail: hashes, and the walk that finds what was meddled with.

Pure: a file of entries is proved without a database and without the rest of the product.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

GENESIS: Final = bytes(32)

# What an entry is made of, in the order in which `Link` and every reader has it.
COLUMNS: Final = (
    "id",
    "at",
    "action",
    "subject_type",
    "subject_id",
    "actor_kind",
    "actor_id",
    "actor_label",
    "before",
    "after",
    "form",
    "address",
    "token_id",
    "previous_hash",
    "hash",
)
# Entries of form 1 were written before an entry knew its address and its token.
FORM: Final = 2

Link = tuple[
    int, datetime, str, str, str, str, int | None, str, dict[str, Any], dict[str, Any],
    int, str, int | None, bytes, bytes,
]  # fmt: skip

# Made once: `json.dumps` with options of its own makes one a call, which costs more than its work.
_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry. Written down outside the database, it proves that none was cut off."""

    id: int = 0
    hash: bytes = GENESIS

    def __str__(self) -> str:
        return f"{self.id}:{self.hash.hex()}"

    @classmethod
    def read(cls, text: str) -> "Head":
        """The head that `str` wrote; raises ValueError for anything else."""
        number, _, digits = text.strip().partition(":")
        head = cls(int(number), bytes.fromhex(digits))
        if head.id < 0 or len(head.hash) != len(GENESIS):
            raise ValueError(f"{text!r} is no head: write it as ID:HASH")
        return head


@dataclass(frozen=True, slots=True)
class Break:
    """The first entry that cannot be believed, and what is wrong with it."""

    id: int
    why: str

    def __str__(self) -> str:
        return f"Entry {self.id}: {self.why}"


def digest(link: Link) -> bytes:
    """SHA-256 over the entry's fields and its predecessor's hash, in a fixed JSON form."""
    (number, at, action, subject_type, subject_id, kind, actor_id, label, before, after,
     form, address, token_id, previous_hash, _) = link  # fmt: skip
    fields: dict[str, Any] = {
        "id": number,
        # PostgreSQL keeps microseconds, so the text is the same on every read.
        "at": at.isoformat(timespec="microseconds"),
        "action": action,
        "subject": [subject_type, subject_id],
        "actor": [kind, actor_id, label],
        "before": before,
        "after": after,
    }
    if form != 1:
        fields |= {"form": form, "address": address, "token": token_id}
    return hashlib.sha256(previous_hash + _canonical(fields).encode()).digest()


@dataclass(slots=True)
class Walk:
    """How far a chain was read and found whole. Fed in pieces, in the order of ids.

    Attributes:
        last: The newest entry that was believed.
        noted: Heads that were written down outside the database, by id.
    """

    last: Head = Head()
    noted: Mapping[int, bytes] = field(default_factory=dict[int, bytes])

    def take(self, links: Iterable[Link]) -> Break | None:
        """Go on with these entries; the first that was changed, slipped in, or follows a gap."""
        number, previous = self.last.id, self.last.hash
        noted = self.noted
        for link in links:
            number += 1
            stored = link[-1]
            if link[0] != number:
                return Break(link[0], f"entry {number} should stand here: one is missing or extra.")
            if link[-2] != previous:
                return Break(number, "it does not go on from the entry before it.")
            if digest(link) != stored:
                return Break(number, "its content is not what its hash was made from.")
            if number in noted and noted[number] != stored:
                return Break(number, "its hash is not the one that was noted outside.")
            previous = stored
            self.last = Head(number, stored)
        return None

    def end(self) -> Break | None:
        """After the last entry: those that a noted head knows and the chain no longer has."""
        newest = max(self.noted, default=0)
        if newest <= self.last.id:
            return None
        return Break(self.last.id + 1, f"entries up to {newest} were noted outside and are gone.")
