"""Staff who change many orders at once: bulk changes through the product's own services."""

import math
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import any_, func, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text
from sqlmodel import Session, col, select

from crm_app import db
from crm_app.channels import capabilities
from crm_app.channels.rules import Telling
from crm_app.domain.actor import Actor
from crm_app.domain.bulk import RunState
from crm_app.domain.channel import Channel
from crm_app.domain.intent import OPEN
from crm_app.domain.order_status import NEXT, OrderStatus, SyncStatus
from crm_app.domain.time import now
from crm_app.errors import ConflictError, ServiceUnavailableError
from crm_app.models import BulkRun, Order, StatusIntent, User
from crm_app.services import auth, bulk_choice, bulk_runs, parcels
from crm_app.services.bulk_choice import Choice
from drills.knobs import CHANNELS
from drills.stage import Stage

T = TypeVar("T")

# Beyond so many changes on their way nobody adds more: deaths should meet all of the work.
_MOST_OPEN: Final = 500
# Too few orders left that a status can be told of: the shop sells some more, now and then.
_FEW: Final = 8
_SOLD_AT_ONCE: Final = 30
_SALE_EVERY_S: Final = 30.0
# Changes that an order takes on its way, on the average of all channels.
_CHANGES_PER_ORDER: Final = 2.2
_MOST_SOLD: Final = 200
_AWAY_S: Final = 90.0
_SELDOM: Final = (OrderStatus.CANCELLED,)


@dataclass
class Clerks:
    """People of support, each bulk change one press with a key of its own.

    Attributes:
        target: How many changes are to be written in all.
        started: Ids of the runs that the product said were started.
    """

    stage: Stage
    rng: random.Random
    target: int
    size: int
    done: Counter[str] = field(default_factory=Counter[str])
    started: list[int] = field(default_factory=list[int])
    presses: int = 0
    _actor: Actor | None = None
    _sold_at: dict[Channel, float] = field(default_factory=dict[Channel, float])

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
        told = [
            status
            for status, rule in capabilities.of(channel).statuses.items()
            if rule.telling is Telling.PUSH
        ]
        weights = [0.15 if status in _SELDOM else 1.0 for status in told]
        new = self.rng.choices(told, weights)[0]
        ids = _read(lambda session: _that_may_become(session, channel, new, self.size))
        is_over = time.monotonic() > self._sold_at.get(channel, 0.0) + _SALE_EVERY_S
        if len(ids) < _FEW and is_over:
            self._sell(channel, _SOLD_AT_ONCE)
        if ids:
            self._press(ids, new)

    def _press(self, ids: list[int], new: OrderStatus) -> None:
        self.presses += 1
        key = f"crash-{self.presses}"

        def start(session: Session) -> int:
            run = bulk_choice.draft(session, self._person(session), Choice(ids=tuple(ids)), key)
            if run.state is RunState.DRAFT:
                self._decide(session, run.id, ids, new)
                bulk_runs.start(session, self._person(session), run.id)
            return run.id

        try:
            # Pressed again with the same key after every death: it stays one run.
            self.started.append(_read(start))
        except ConflictError:
            self.done["bulk changes of orders that were gone meanwhile"] += 1
        else:
            self.done["bulk changes started"] += 1

    def _decide(self, session: Session, run_id: int, ids: list[int], new: OrderStatus) -> None:
        numbers = session.exec(
            select(Order.external_id).where(col(Order.id).in_(ids)).order_by(col(Order.id))
        )
        pasted = "\n".join(f"{one},BlueDart,CR{self.presses}-{one}" for one in numbers)
        parcels.give(session, self._person(session), run_id, pasted)
        bulk_runs.decide(session, self._person(session), run_id, "status", {"status": new.value})

    def _undo(self, run_id: int) -> None:
        def undo(session: Session) -> int:
            made = bulk_runs.undo(session, self._person(session), run_id)
            return bulk_runs.start(session, self._person(session), made.id).id

        try:
            self.started.append(_read(undo))
            self.done["bulk changes undone"] += 1
        except ConflictError:
            self.done["undos that came too early or too late"] += 1

    def _pause(self, run_id: int) -> None:
        try:
            _read(lambda session: bulk_runs.pause(session, self._person(session), run_id))
            time.sleep(self.rng.uniform(0, 1))
            _read(lambda session: bulk_runs.resume(session, self._person(session), run_id))
            self.done["bulk changes paused and resumed"] += 1
        except ConflictError:
            self.done["pauses that came too late"] += 1

    def _person(self, session: Session) -> Actor:
        if self._actor is None:
            found = session.exec(select(User).where(User.email == "support@demo.test")).one()
            self._actor = auth.person(session, found)
        return self._actor

    def unfinished(self) -> list[str]:
        """Runs that were started and have not come to an end."""
        ended = (RunState.DONE, RunState.STOPPED)

        def look(session: Session) -> list[str]:
            found = session.exec(select(BulkRun).where(col(BulkRun.id).in_(self.started))).all()
            return [
                f"bulk change {one.id} is {one.state}" for one in found if one.state not in ended
            ]

        return _read(look)


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


def _count(*conditions: Any) -> int:
    statement = select(func.count()).select_from(StatusIntent).where(*conditions)
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
