"""Refusals leave an entry in the audit trail, and a flood of them leaves few.

Each deed of its own transaction: what was refused has rolled back, and its entry must not.
"""

import hmac
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from crm_app import db
from crm_app.domain.actor import Actor, ActorKind
from crm_app.errors import CrmError
from crm_app.services import audit, signed

logger = logging.getLogger(__name__)

NOBODY: Final = Actor(ActorKind.SYSTEM, "Nobody")
_PURPOSE: Final = "crm-refusals"
_LONGEST: Final = 64


@dataclass
class _Seen:
    at: float
    swallowed: int = 0


class Bound:
    """Lets one entry a minute through for each kind of refusal, and few in all.

    Args:
        each_s: Seconds between two entries of the same kind by the same one.
        burst: How many different ones at once.
        per_second: How many in the long run; the trail of a year of attacks stays readable.
        most_keys: How many kinds are remembered.
        clock: Seconds that only go on.
    """

    def __init__(
        self,
        *,
        each_s: float = 60,
        burst: float = 200,
        per_second: float = 0.2,
        most_keys: int = 5_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._each_s, self._burst, self._per_second = each_s, burst, per_second
        self._most_keys, self._clock = most_keys, clock
        self._seen: OrderedDict[Hashable, _Seen] = OrderedDict()
        self._tokens, self._filled_at = burst, clock()
        self._dropped = 0
        self._lock = threading.Lock()

    def claim(self, key: Hashable) -> int:
        """How many refusals the entry to be written stands for; 0: write none."""
        with self._lock:
            moment = self._clock()
            self._tokens += (moment - self._filled_at) * self._per_second
            self._tokens, self._filled_at = min(self._burst, self._tokens), moment
            seen = self._seen.get(key)
            if seen is not None and moment - seen.at < self._each_s:
                seen.swallowed += 1
                return 0
            if self._tokens < 1:
                self._dropped += 1
                return 0
            self._tokens -= 1
            count = 1 + (seen.swallowed if seen else 0) + self._dropped
            self._dropped = 0
            self._seen[key] = _Seen(moment)
            self._seen.move_to_end(key)
            if len(self._seen) > self._most_keys:
                self._seen.popitem(last=False)
            return count

    def forget(self) -> None:
        """Begin anew, as a process that was just started."""
        with self._lock:
            self._seen.clear()
            self._tokens, self._dropped = self._burst, 0


BOUND: Final = Bound()


def note(
    action: str, where: str, why: str, *, actor: Actor | None = None, address: str = ""
) -> None:
    """Write down that somebody was refused. Never fails: the refusal stands without it.

    Args:
        action: `request:refused`, `event:refused`, `socket:refused` and so on.
        where: The endpoint or handler, by the name it has in the code: never what was sent.
        why: The error's code.
        actor: Who, if they are known.
        address: From where.
    """
    who = (actor or NOBODY).at(address or (actor.address if actor else ""))
    key = (action, where, why, who.user_id, who.token_id, "" if who.user_id else who.address)
    count = BOUND.claim(key)
    if not count:
        return
    after = {"error": why} | ({"times": count} if count > 1 else {})
    try:
        with db.transaction() as session:
            audit.record(
                session,
                who,
                action,
                subject_type=action.partition(":")[0],
                subject_id=where[:_LONGEST],
                after=after,
            )
    except (CrmError, SQLAlchemyError) as error:
        logger.warning("A refusal at %s could not be written down: %s", where, type(error).__name__)


def note_in(
    session: Session, actor: Actor, action: str, subject_type: str, subject_id: str, why: str
) -> None:
    """The same in the caller's transaction, for a refusal that is counted there and commits."""
    count = BOUND.claim((action, why, subject_type, subject_id, actor.address))
    if count:
        after = {"error": why} | ({"times": count} if count > 1 else {})
        audit.record(
            session, actor, action, subject_type=subject_type, subject_id=subject_id, after=after
        )


def note_socket(address: str) -> None:
    """Another site's page tried to open the socket of somebody's browser."""
    note("socket:refused", "events", "other_origin", address=address)


def alias(text: str) -> str:
    """A name for what somebody typed that is none of ours: the same for the same text, and
    nobody can find the text from it."""
    key = signed.keys(_PURPOSE)[0]
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:16]
