"""Staff who change many orders at once: bulk changes through the product's own services."""

import math
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar

import httpx
from sqlalchemy import any_, func, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.channels import capabilities
from crm_app.channels.rules import Telling
from crm_app.domain.bulk import RunState
from crm_app.domain.channel import Channel
from crm_app.domain.intent import OPEN
from crm_app.domain.order_status import NEXT, OrderStatus, SyncStatus
from crm_app.domain.time import now
from crm_app.errors import ServiceUnavailableError
from crm_app.models import BulkRun, ChannelAccount, Order, StatusIntent
from drills.knobs import CHANNELS
from drills.stage import Stage
from drills.traffic import Desk

T = TypeVar("T")

# Beyond so many changes on their way nobody adds more: deaths should meet all of the work.
_MOST_OPEN: Final = 500
# Nor beyond so many bulk changes that no worker got to: pressed again and again on a busy machine,
# the same orders would be in dozens of them.
_MOST_RUNS: Final = 6
# Too few orders left that a status can be told of: the shop sells some more, now and then.
_FEW: Final = 8
_SOLD_AT_ONCE: Final = 30
_SALE_EVERY_S: Final = 30.0
# Changes that an order takes on its way, on the average of all channels.
_CHANGES_PER_ORDER: Final = 2.2
_MOST_SOLD: Final = 200
_AWAY_S: Final = 90.0
_OK: Final = 200
# A sign-in that is over, or was lost with what had it in memory.
_SIGNED_OUT: Final = 401
_CONFLICT: Final = 409
_SELDOM: Final = (OrderStatus.CANCELLED,)


@dataclass
class Clerks:
    """People of support, each bulk change one press with a key of its own.

    Attributes:
        target: How many changes are to be written in all.
        started: Ids of the runs that the product said were started.
        scarce: Channels with a small budget: more than so many changes never wait for one.
    """

    stage: Stage
    rng: random.Random
    target: int
    size: int
    done: Counter[str] = field(default_factory=Counter[str])
    started: list[int] = field(default_factory=list[int])
    presses: int = 0
    scarce: Mapping[Channel, int] = field(default_factory=dict[Channel, int])
    _sold_at: dict[Channel, float] = field(default_factory=dict[Channel, float])

    def __post_init__(self) -> None:
        self._desk = Desk(self.stage.url, self.rng)

    def open_shop(self) -> None:
        """Sell what the plan needs, on every channel alike."""
        each = math.ceil(self.target / _CHANGES_PER_ORDER / len(CHANNELS))
        for channel in CHANNELS:
            for already in range(0, each, _MOST_SOLD):
                self._sell(Channel(channel), min(_MOST_SOLD, each - already))

    def _sell(self, channel: Channel, count: int) -> None:
        # An hour ago, or Flipkart would not take them for its first minutes.
        placed_at = (now() - timedelta(hours=1)).isoformat()
        body = {"channel": channel.value, "count": count, "placed_at": placed_at}
        self.stage.lever("orders", body)
        self.done["orders sold"] += count
        self._sold_at[channel] = time.monotonic()

    def work(self) -> None:
        """One bulk change, or an undo, or a pause in the middle of one."""
        if self.written() >= self.target or _count(col(StatusIntent.state).in_(OPEN)) > _MOST_OPEN:
            return
        if _read(_runs_in_line) > _MOST_RUNS:
            return
        if self.started and self.rng.random() < 0.08:
            self._undo(self.rng.choice(self.started[-10:]))
        elif self.started and self.rng.random() < 0.08:
            self._pause(self.started[-1])
        else:
            self._change()

    def written(self) -> int:
        """How many changes there are, of all people."""
        return _count()

    def _change(self) -> None:
        channel = Channel(self.rng.choice(CHANNELS))
        most = self.scarce.get(channel, self.size)
        if channel in self.scarce:
            most -= _count(
                col(StatusIntent.state).in_(OPEN),
                StatusIntent.account_id == ChannelAccount.id,
                ChannelAccount.channel == channel,
            )
        if most <= 0:
            return
        told = [
            status
            for status, rule in capabilities.of(channel).statuses.items()
            if rule.telling is Telling.PUSH
        ]
        weights = [0.15 if status in _SELDOM else 1.0 for status in told]
        new = self.rng.choices(told, weights)[0]
        ids = _read(lambda session: _that_may_become(session, channel, new, most))
        is_over = time.monotonic() > self._sold_at.get(channel, 0.0) + _SALE_EVERY_S
        if len(ids) < _FEW and is_over:
            self._sell(channel, _SOLD_AT_ONCE)
        if ids:
            self._press(ids, new)

    def _press(self, ids: list[int], new: OrderStatus) -> None:
        self.presses += 1
        key = f"crash-{self.presses}"

        numbers = _read(lambda session: _numbers(session, ids))
        body = {
            "key": key,
            "order_ids": ids,
            "action": "status",
            "settings": {"status": new.value},
            "parcels": [
                {
                    "order_number": one,
                    "carrier": "BlueDart",
                    "tracking_number": f"CR{self.presses}-{one}",
                }
                for one in numbers
            ],
            "start": True,
        }
        # Pressed again with the same key after every death: it stays one run.
        answer = self._ask("", body)
        if answer.status_code == _CONFLICT:
            self.done["bulk changes of orders that were gone meanwhile"] += 1
            return
        self.started.append(int(answer.raise_for_status().json()["id"]))
        self.done["bulk changes started"] += 1

    def _undo(self, run_id: int) -> None:
        drafted = self._ask(f"/{run_id}/undo")
        if drafted.status_code == _CONFLICT:
            self.done["undos that came too early or too late"] += 1
            return
        made = int(drafted.raise_for_status().json()["id"])
        if self._ask(f"/{made}/start").status_code == _OK:
            self.started.append(made)
            self.done["bulk changes undone"] += 1

    def _pause(self, run_id: int) -> None:
        if self._ask(f"/{run_id}/pause").status_code == _CONFLICT:
            self.done["pauses that came too late"] += 1
            return
        time.sleep(self.rng.uniform(0, 1))
        self._ask(f"/{run_id}/resume")
        self.done["bulk changes paused and resumed"] += 1

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """Post it until somebody answers: the web process dies under our hands."""
        give_up = time.monotonic() + _AWAY_S
        while True:
            try:
                answer = self._desk.signed_in().post(f"/api/v1/bulk{path}", json=body or {})
                is_answer = answer.status_code < 500 and answer.status_code != _SIGNED_OUT
                if is_answer or time.monotonic() > give_up:
                    return answer
                self.done[f"(presses that were answered {answer.status_code})"] += 1
            except httpx.HTTPError:
                if time.monotonic() > give_up:
                    raise
                self.done["(presses that were not answered)"] += 1
            self._desk.close()
            time.sleep(0.3)

    def close(self) -> None:
        self._desk.close()

    def unfinished(self) -> list[str]:
        """Runs that were started and have not come to an end."""
        # One that tells ends with its last change, and those are counted elsewhere.
        ended = (RunState.DONE, RunState.STOPPED, RunState.TELLING)

        def look(session: Session) -> list[str]:
            found = session.exec(select(BulkRun).where(col(BulkRun.id).in_(self.started))).all()
            return [
                f"bulk change {one.id} is {one.state}" for one in found if one.state not in ended
            ]

        return _read(look)


def _numbers(session: Session, ids: list[int]) -> list[str]:
    found = select(Order.external_id).where(col(Order.id).in_(ids)).order_by(col(Order.id))
    return list(session.exec(found))


def _that_may_become(session: Session, channel: Channel, new: OrderStatus, most: int) -> list[int]:
    before = [status.value for status in OrderStatus if new in NEXT[status]]
    words: Any = literal(before, ARRAY(Text))
    return list(
        session.exec(
            select(Order.id)
            .where(
                Order.channel == channel,
                col(Order.status) == any_(words),
                col(Order.fulfilled_by_channel).is_(False),
                Order.sync_status != SyncStatus.CONFLICT,
            )
            .order_by(func.random())
            .limit(most)
        )
    )


def _runs_in_line(session: Session) -> int:
    in_line = select(func.count(col(BulkRun.id))).where(BulkRun.state == RunState.QUEUED)
    return session.exec(in_line).one()


def _count(*conditions: Any) -> int:
    statement = select(func.count(col(StatusIntent.id))).where(*conditions)
    return _read(lambda session: session.exec(statement).one())


def _read(act: Callable[[Session], T]) -> T:
    """Do it in a transaction, again while the database is away: as a person presses again."""
    give_up = time.monotonic() + _AWAY_S
    while True:
        try:
            with db.transaction() as session:
                return act(session)
        except ServiceUnavailableError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.3)
