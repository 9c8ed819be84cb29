"""What a channel's folder declares of itself: `CHANNEL` in its `channel.py` is one `Kind`.

How a folder is found by its name, and which parts of it are only data: see `folders.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import httpx

from crm_app.channels.base import ChannelOrder, Connector
from crm_app.channels.inbound import Hook
from crm_app.channels.limits import Limiter, UsagePlan
from crm_app.channels.reading import Json
from crm_app.channels.tokens import TokenStore
from crm_app.channels.words import Lexicon
from crm_app.domain.channel import Channel
from crm_app.domain.order_status import OrderStatus


class Account(Protocol):
    """What is needed of a channel account; the row of `channel_accounts` is one.

    Each channel's own options and credentials stand in its folder's `channel.py`. Of every channel:

    Options, all of them optional: `overlap_s`, `first_import_days`, `rate_multiplier` (default 1;
    against a sandbox in fast mode a large one), `allow_http` (default false; only for a sandbox on
    another machine).
    Credentials, of each that sends webhooks: `webhook_secret`, which proves them.
    """

    @property
    def id(self) -> int | None: ...
    @property
    def channel(self) -> Channel: ...
    @property
    def base_url(self) -> str: ...
    @property
    def options(self) -> dict[str, Any]: ...


Credentials = Mapping[str, str]
Options = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shared:
    """What the connectors of one account have in common, in whichever process they run."""

    limiter: Limiter
    tokens: TokenStore
    words: Lexicon


Build = Callable[[httpx.Client, Account, Credentials, Shared], Connector]
# The calls that telling a status costs, by the names of the channel's usage plans.
Calls = Callable[[OrderStatus], tuple[str, ...]]
# From a payload and the time of its version to the order; raises BadFieldError.
Reread = Callable[[Json, datetime], ChannelOrder]
# From an account's options and its words to what maps its payloads anew.
Rereader = Callable[[Options, Lexicon], Reread]


def _no_calls(status: OrderStatus) -> tuple[str, ...]:
    del status
    return ()


@dataclass(frozen=True, slots=True)
class Kind:
    """One channel.

    Attributes:
        build: Makes a connector; None where there is nobody to talk to.
        plans: The published limits, by operation.
        calls: See `Calls`.
        reread: Maps a stored payload anew; None where none is stored.
        hook: Its webhooks; None if it sends none.
    """

    build: Build | None = None
    plans: Mapping[str, UsagePlan] = field(default_factory=dict[str, UsagePlan])
    calls: Calls = _no_calls
    reread: Rereader | None = None
    hook: Hook | None = None
