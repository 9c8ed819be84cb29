"""What people do about exceptions. Each deed is for one; `each` does it for many."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import Session, col, select

from crm_app import db, queue
from crm_app.domain.actor import Actor
from crm_app.domain.intent import OPEN, IntentState
from crm_app.domain.permissions import Permission
from crm_app.domain.rules import Field
from crm_app.domain.time import now
from crm_app.domain.trouble import Cause, Source, Way
from crm_app.errors import ConflictError, CrmError, InvalidInputError, NotFoundError
from crm_app.models import ExceptionMark, Order, StatusIntent, User
from crm_app.services import audit, disputes, inbox_review, orders, reach
from crm_app.services.alerts import telling
from crm_app.services.exceptions import listing, sources
from crm_app.services.exceptions.query import MAX_LIMIT, ExceptionQuery
from crm_app.services.exceptions.rows import ExceptionRow
from crm_app.services.orders import Keep

LONGEST_SNOOZE: Final = timedelta(days=30)
_LONGEST_NOTE: Final = 500
# At most so many at once: the answer is awaited.
MOST_AT_ONCE: Final = 500

Deed = Callable[[Session, str], object]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a deed on many. Each key is in exactly one of the three.

    Attributes:
        done: Keys of those it was done to.
        refused: Key and reason of those where it was not possible.
        gone: Keys of those that had healed meanwhile.
    """

    done: tuple[str, ...] = ()
    refused: dict[str, str] = field(default_factory=dict[str, str])
    gone: tuple[str, ...] = ()

    def __add__(self, other: "Result") -> "Result":
        return Result(self.done + other.done, self.refused | other.refused, self.gone + other.gone)


def each(keys: Iterable[str], deed: Deed) -> Result:
    """Do it to each, in a transaction of its own: one that is refused stops none of the others."""
    done: list[str] = []
    gone: list[str] = []
    refused: dict[str, str] = {}
    for key in dict.fromkeys(keys):
        try:
            with db.transaction() as session:
                deed(session, key)
        except NotFoundError:
            gone.append(key)
        except CrmError as error:
            if error.status_code in (401, 403, 503):
                raise  # true of all of them
            refused[key] = str(error)
        else:
            done.append(key)
    return Result(tuple(done), refused, tuple(gone))


def keys_of(session: Session, actor: Actor, query: ExceptionQuery) -> list[str]:
    """Keys of what a list shows, from its first page on: at most `MOST_AT_ONCE`.

    Raises:
        PermissionDeniedError: Without `orders.view`.
    """
    keys: list[str] = []
    cursor = query.cursor
    while len(keys) < MOST_AT_ONCE:
        room = min(MAX_LIMIT, MOST_AT_ONCE - len(keys))
        page = listing.list_exceptions(session, actor, replace(query, cursor=cursor, limit=room))
        keys += [row.key for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    return keys


def retry(session: Session, actor: Actor, key: str) -> None:
    """Try it again: send a refused change anew, a waiting one now, or replay an inbox entry.

    Raises:
        PermissionDeniedError: Without `orders.change_status`.
        NotFoundError: If it is not open (any more).
        ConflictError: If it cannot be tried again.
    """
    row = _open(session, actor, key)
    if Way.RETRY not in row.ways:
        raise ConflictError(_NO_RETRY.get(row.source, "Only a person can act on this."))
    _, number = _ids(key)
    if row.source is Source.CHANGE:
        orders.settle(session, actor, number, Keep.OURS)
    elif row.source is Source.WAIT:
        _try_now(session, number)
    elif row.source is Source.MESSAGE:
        telling.send_again(session, number)
    else:
        inbox_review.replay(session, actor, number)
        # If it fails again, that is news.
        _wake(session, key)
    _write(session, actor, key, "exception:retried", after={"cause": row.cause.value})


_NO_RETRY: Final = {
    Source.CHANGE: "Decide first whose status stays: ours or the channel's.",
    Source.ACCOUNT: "Renew the account's credentials: it goes on by itself afterwards.",
    Source.FAILING: "It is tried again by itself. The account's page can pull it now.",
    Source.PAUSED: "Resume the account: its changes go out afterwards.",
    Source.SWEEP: "The account's page can sweep once more.",
    Source.HOOKS: "Compare the webhook secret of the account with the one at the channel.",
    Source.QUEUE: "They go out by themselves, in the order of their deadlines.",
    Source.SKU: "Say first which SKU of yours it is.",
    Source.RUN: "Open the bulk change: it is resumed or undone there.",
    Source.ROWS: "Open the bulk change: its orders are tried again there.",
    Source.DOWNLOAD: "Ask for the file again on the page of downloads.",
    Source.WORD: "Say first which status this word means.",
}


def keep(session: Session, actor: Actor, key: str, whose: Keep) -> Order:
    """End a disagreement between an order and its channel.

    Raises:
        PermissionDeniedError: Without `orders.change_status`.
        NotFoundError: If it is not open (any more).
        ConflictError: If there is nothing to decide.
    """
    row = _open(session, actor, key)
    number = _ids(key)[1]
    if row.source is Source.CHANGE:
        order = orders.settle(session, actor, number, whose)
    elif row.source is Source.FIELD:
        order = disputes.decide(session, actor, number, Field(key.split(":")[2]), whose)
    else:
        raise ConflictError("Here are no two words to choose from.")
    _write(session, actor, key, "exception:decided", after={"kept": whose.value})
    return order


def assign(session: Session, actor: Actor, key: str, person_id: int | None) -> None:
    """Give it to a person, or to nobody.

    Raises:
        PermissionDeniedError: Without `orders.change_status`.
        NotFoundError: If it is not open (any more).
        InvalidInputError: If there is no such active person.
    """
    row = _open(session, actor, key)
    name = ""
    if person_id is not None:
        person = session.get(User, person_id)
        if person is None or not person.is_active:
            raise InvalidInputError("This person cannot be given work.", details={"person": "No."})
        name = person.name
    mark = _mark(session, actor, row)
    mark.assignee_id = person_id
    _write(
        session,
        actor,
        key,
        "exception:assigned",
        before={"assignee": row.assignee},
        after={"assignee": name},
    )


def snooze(session: Session, actor: Actor, key: str, until: datetime | None) -> None:
    """Hide it until a moment; None shows it again.

    Raises:
        PermissionDeniedError: Without `orders.change_status`.
        NotFoundError: If it is not open (any more).
        InvalidInputError: If the moment is not within the next thirty days.
    """
    row = _open(session, actor, key)
    moment = now()
    if until is not None and not moment < until <= moment + LONGEST_SNOOZE:
        sentence = f"Choose a time within the next {LONGEST_SNOOZE.days} days."
        raise InvalidInputError(sentence, details={"until": sentence})
    mark = _mark(session, actor, row)
    mark.snoozed_until = until
    stamp = until.isoformat() if until else None
    _write(session, actor, key, "exception:snoozed", after={"until": stamp})


def resolve(session: Session, actor: Actor, key: str, note: str) -> None:
    """Close it with a note that says what was done about it.

    Raises:
        PermissionDeniedError: Without `orders.change_status`.
        NotFoundError: If it is not open (any more).
        ConflictError: If it is a state that only leaves when its cause is cured.
        InvalidInputError: If the note is missing or unusable.
    """
    row = _open(session, actor, key)
    words = " ".join(note.split())
    if not words or len(words) > _LONGEST_NOTE or not words.isprintable():
        sentence = f"Say in 1 to {_LONGEST_NOTE} characters what was done about it."
        raise InvalidInputError(sentence, details={"note": sentence})
    if Way.RESOLVE not in row.ways:
        raise ConflictError(_NO_CLOSE.get(row.cause, "It leaves by itself once it is cured."))
    if row.source is Source.INBOX:
        inbox_review.close(session, actor, _ids(key)[1])
    mark = _mark(session, actor, row)
    mark.resolved_at, mark.note = mark.changed_at, words
    _write(session, actor, key, "exception:closed", after={"note": words})


_NO_CLOSE: Final = {
    Cause.CONFLICT: "Decide whose status stays: then it is closed.",
}


def _open(session: Session, actor: Actor, key: str) -> ExceptionRow:
    reach.require(session, actor, Permission.CHANGE_STATUS)
    return listing.find(session, key)


def _ids(key: str) -> tuple[Source, int]:
    named = sources.source_of(key)
    if named is None:
        raise NotFoundError("open exception", key[:80])
    return named


def _try_now(session: Session, intent_id: int) -> None:
    """Its turn comes at once; the channel's limit still holds it back."""
    intent = session.exec(
        select(StatusIntent).where(StatusIntent.id == intent_id).with_for_update()
    ).one()
    if intent.state not in OPEN or intent.state is IntentState.SENDING or intent.claimed_at:
        raise ConflictError("It is being sent just now.")
    intent.next_try_at = now()
    queue.hint_push(session, intent.account_id)


def _mark(session: Session, actor: Actor, row: ExceptionRow) -> ExceptionMark:
    """The mark of an exception, locked; made if it is the first."""
    fresh: dict[str, Any] = {
        "key": row.key,
        "cause": row.cause,
        "account_id": row.account_id,
        "order_id": row.order_id,
        "title": row.title[:200],
        "since": row.since,
        "note": "",
        "changed_at": now(),
        "changed_by": actor.label,
    }
    session.execute(upsert(ExceptionMark).values(fresh).on_conflict_do_nothing())
    mark = session.exec(
        select(ExceptionMark).where(ExceptionMark.key == row.key).with_for_update()
    ).one()
    if mark.resolved_at is not None:
        raise NotFoundError("open exception", row.key)
    mark.changed_at, mark.changed_by = fresh["changed_at"], actor.label
    return mark


def _wake(session: Session, key: str) -> None:
    session.execute(
        update(ExceptionMark).where(col(ExceptionMark.key) == key).values(snoozed_until=None)
    )


def _write(
    session: Session,
    actor: Actor,
    key: str,
    action: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any],
) -> None:
    audit.record(
        session,
        actor,
        action,
        subject_type="exception",
        subject_id=key,
        before=before,
        after=after,
    )
