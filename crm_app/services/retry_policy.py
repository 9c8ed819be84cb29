"""What is done after each class of a channel's error: one table, read by whoever sends or reads.

| error | next try | counts as a try | given up to a person |
|---|---|---|---|
| RateLimitedError, LeftAloneError | when the channel or our own limit says | no | never |
| NotYetError | when the channel opens the order; else in growing pauses | up to 8 | never |
| AccountDisconnectedError | when somebody has connected the account again | no | never |
| OutcomeUnknownError | 15 s and more, doubled each time; read before it is sent | yes | 12 |
| RetryableError | 5 s, doubled each time, at most 15 min | yes | 16, some two hours |
| anything else that cannot be read | the same | yes | 16 |
| RejectedError | none: the same request is never repeated | | at once |

What is never given up is still seen: a change that is open for a quarter of an hour stands on the
exceptions desk with what it waits for.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from crm_app.errors import (
    AccountDisconnectedError,
    LeftAloneError,
    NotYetError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    RetryableError,
)
from crm_app.services.accounts import pause_after

# No shorter than what we were told, and never all at the same instant.
_JITTER_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Policy:
    """After one class of error.

    Attributes:
        first_s: Seconds until the second try; doubled by each one after it, with jitter.
        at_least_s: No pause is shorter, such as the time that a channel may need to show a change.
        most_tries: After so many it is a person's; None: never, 0: at once.
        counts: Whether it is a try at all.
        counts_to: Tries are counted no further: the pauses grow, what comes after starts fresher.
    """

    first_s: float = 5.0
    at_least_s: float = 0.0
    most_tries: int | None = None
    counts: bool = True
    counts_to: int | None = None


_WAITS: Final = Policy(counts=False)
POLICIES: Final[Mapping[type[Exception], Policy]] = {
    RateLimitedError: _WAITS,
    LeftAloneError: _WAITS,
    NotYetError: Policy(counts_to=8),
    AccountDisconnectedError: _WAITS,
    OutcomeUnknownError: Policy(at_least_s=15.0, most_tries=12),
    RetryableError: Policy(most_tries=16),
    RejectedError: Policy(most_tries=0),
}
_UNREADABLE: Final = Policy(most_tries=16)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What comes now: another try at `at`, a person's turn if it is None. `tries` is the count."""

    at: datetime | None
    tries: int


def of(error: Exception) -> Policy:
    """The policy of an error's class, or of the nearest one above it."""
    found = (POLICIES[kind] for kind in type(error).__mro__ if kind in POLICIES)
    return next(found, _UNREADABLE)


def after(error: Exception, tries: int, moment: datetime) -> Verdict:
    """Decide what becomes of a change after a call about it failed.

    Args:
        error: What the connector raised.
        tries: How often it was tried since it last came forward, this try included.
        moment: Now.
    """
    policy = of(error)
    if policy.most_tries is not None and tries >= policy.most_tries:
        return Verdict(None, tries)
    counted = tries if policy.counts else tries - 1
    if policy.counts_to is not None:
        counted = min(counted, policy.counts_to)
    return Verdict(moment + _pause(error, policy, max(1, counted)), max(0, counted))


def _pause(error: Exception, policy: Policy, tries: int) -> timedelta:
    if isinstance(error, RateLimitedError):
        return timedelta(seconds=error.retry_after_s + random.uniform(0, _JITTER_S))  # noqa: S311
    if isinstance(error, NotYetError) and error.wait_s is not None:
        return timedelta(seconds=error.wait_s)
    return max(timedelta(seconds=policy.at_least_s), pause_after(tries, policy.first_s))
