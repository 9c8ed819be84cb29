"""What a small menu at a row does: read what it offers, and do what is chosen."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from sqlmodel import Session

from crm_app.channels import capabilities
from crm_app.channels.capabilities import Telling
from crm_app.config import get_settings
from crm_app.domain.actor import Actor
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.rules import Field
from crm_app.domain.time import now
from crm_app.domain.working import HoldReason, Priority
from crm_app.errors import InvalidInputError
from crm_app.services import bulk_working, disputes, intent_view, order_view, orders
from crm_app.services.order_view import OrderDetail
from crm_app.services.orders import Keep
from crm_app.services.working import assigning, comments, holding, people, tagging
from crm_app.services.working.changes import Made
from crm_app.services.working.rows import Working, working_of
from crm_app.ui.order.differences import Dispute, disputes_of
from crm_app.ui.order.steps import Question, Steps, asks

Kind = Literal["status", "assign", "tag", "hold", "priority", "comment"]
KINDS: Final[tuple[Kind, ...]] = ("status", "assign", "tag", "hold", "priority", "comment")
NOBODY: Final = "nobody"
RELEASE: Final = "release"


def change(session: Session, actor: Actor, order_id: int, new: OrderStatus, **more: Any) -> int:
    """Set a status; the id of the change that may be withdrawn, 0 where no channel is told."""
    order = orders.change_status(session, actor, order_id, new, **more)
    session.flush()
    is_told = capabilities.of(order.channel).rule(new).telling is Telling.PUSH
    return intent_view.withdrawable(session, order) if is_told else 0


@dataclass(frozen=True)
class MenuItem:
    """One line of a menu; a colour makes it a tag."""

    key: str
    label: str
    is_on: bool = False
    hint: str = ""
    colour: str = ""


@dataclass(frozen=True)
class Menu:
    """What a menu offers, and why the rest of it is not offered.

    Of an order whose status it offers: what the channel says otherwise, and the version shown.
    """

    items: list[MenuItem] = field(default_factory=list[MenuItem])
    refused: list[str] = field(default_factory=list[str])
    disputes: list[Dispute] = field(default_factory=list[Dispute])
    version: int = 0


def look(session: Session, actor: Actor, kind: Kind, ids: list[int]) -> Menu:
    """What the menu of this kind offers for these orders.

    Raises:
        NotFoundError: If a single order is gone.
        PermissionDeniedError: If the actor may not see orders.
    """
    if kind == "status":
        return _steps(order_view.get_order(session, actor, ids[0]))
    working = list(working_of(session, actor, ids).values())
    if kind == "assign":
        return Menu(_colleagues(session, actor, working))
    if kind == "tag":
        return Menu(_tags(session, actor, working))
    if kind == "priority":
        return Menu([_priority(one, working) for one in Priority])
    if kind == "hold" and any(one.hold_reason for one in working):
        return Menu([MenuItem(RELEASE, "Release", hint="Lets it go on")])
    return Menu()


def do(session: Session, actor: Actor, kind: Kind, ids: list[int], key: str, is_on: bool) -> str:
    """Do what was chosen; `is_on` says whether it held before. The sentence says what came of it.

    Raises:
        CrmError: As the service that does it.
    """
    if kind == "assign":
        made = assigning.assign(session, actor, ids, None if key == NOBODY else _whole(key))
    elif kind == "tag":
        made = tagging.put_tag(session, actor, ids, _whole(key), is_on=not is_on)
    elif kind == "priority" and key in list(Priority):
        made = assigning.set_priority(session, actor, ids, Priority(key))
    elif kind == "hold" and key == RELEASE:
        made = holding.release(session, actor, ids)
    else:
        raise InvalidInputError("This menu offers no such thing.")
    return said(made, ids)


def write(session: Session, actor: Actor, kind: Kind, ids: list[int], form: dict[str, Any]) -> str:
    """Do what a menu's form asks for: a comment, a new tag, a hold.

    Raises:
        CrmError: As the service that does it; `details` names fields of the form.
    """
    text = str(form.get("text", ""))
    if kind == "comment":
        for order_id in ids:
            comments.add_comment(session, actor, order_id, text)
        return "Comment added" if len(ids) == 1 else f"Comment added to {len(ids):,} orders"
    if kind == "tag":
        tag = tagging.make_tag(session, actor, text)
        return said(tagging.put_tag(session, actor, ids, tag.id, is_on=True), ids)
    if kind != "hold" or (reason := str(form.get("reason", ""))) not in list(HoldReason):
        raise InvalidInputError("Choose why it is held.", details={"reason": "Choose one."})
    until = bulk_working.moment_of(str(form.get("until", "")))
    note = str(form.get("note", ""))
    made = holding.hold(session, actor, ids, HoldReason(reason), until=until, note=note)
    return said(made, ids)


def said(made: Made, ids: list[int]) -> str:
    """What came of a change: of one order a refusal is an error, of many it is counted.

    Raises:
        ConflictError: If nothing was changed at all.
    """
    made.require()
    if len(ids) == 1:
        return "Saved"
    left = f"; {len(made.refused):,} stay as they are" if made.refused else ""
    return f"{len(made.changed):,} orders changed{left}"


def decide(session: Session, actor: Actor, order_id: int, name: str, whose: str) -> str:
    """End a disagreement with the channel about one field; the sentence says what stays.

    Raises:
        CrmError: As the service that does it.
    """
    if whose not in list(Keep) or (name != Field.STATUS and name not in list(Field)):
        raise InvalidInputError("This menu offers no such thing.")
    if name == Field.STATUS:
        orders.settle(session, actor, order_id, Keep(whose))
    else:
        disputes.decide(session, actor, order_id, Field(name), Keep(whose))
    return "Ours stays" if whose == Keep.OURS else "The channel's word stays"


def question_of(detail: OrderDetail, status: str) -> tuple[Question, bool]:
    """The question before a step, and whether it has to be asked at once.

    Raises:
        InvalidInputError: If the step is not possible (any more).
    """
    choice = next((one for one in detail.choices if one.status.value == status), None)
    if choice is None or choice.why_not:
        raise InvalidInputError(choice.why_not if choice else "This step is no longer possible.")
    return Question.of(choice, detail, detail.version), asks(choice)


def _steps(detail: OrderDetail) -> Menu:
    steps = Steps.of(detail)
    return Menu(
        [MenuItem(one.status, one.label, hint=one.hint) for one in steps.allowed],
        [f"{one.labels}: {one.why}" for one in steps.refused],
        disputes_of(detail, now(), get_settings().zone) if detail.may_change else [],
        detail.version,
    )


def _colleagues(session: Session, actor: Actor, working: list[Working]) -> list[MenuItem]:
    holders = {one.assignee_id for one in working}
    found = [
        MenuItem(str(one.id), one.name, holders == {one.id}, "You" if _is_me(one.id, actor) else "")
        for one in people.colleagues(session, actor)
    ]
    # Oneself first: taking an order is what people do most.
    found.sort(key=lambda one: one.hint == "")
    return [*found, MenuItem(NOBODY, "Nobody", holders == {None})]


def _is_me(user_id: int, actor: Actor) -> bool:
    return user_id == actor.user_id


def _tags(session: Session, actor: Actor, working: list[Working]) -> list[MenuItem]:
    everywhere = set[int].intersection(
        *[{tag.id for tag in one.tags} for one in working] or [set()]
    )
    return [
        MenuItem(str(tag.id), tag.name, tag.id in everywhere, colour=tag.colour.value)
        for tag in tagging.list_tags(session, actor)
    ]


def _priority(priority: Priority, working: list[Working]) -> MenuItem:
    return MenuItem(priority.value, priority.label, {one.priority for one in working} == {priority})


def _whole(key: str) -> int:
    if not (key.isascii() and key.isdecimal() and len(key) < 19):
        raise InvalidInputError("This menu offers no such thing.")
    return int(key)


def kind_of(word: object) -> Kind | None:
    return next((kind for kind in KINDS if kind == word), None)
