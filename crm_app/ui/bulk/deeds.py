"""What can be done with the orders of a draft, and what each deed has to choose from."""

from typing import Final

from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.working import Priority
from crm_app.models import BulkRun
from crm_app.services import bulk_actions, bulk_results, bulk_status
from crm_app.services.working import people, tagging
from crm_app.ui.bulk.ahead import Link
from crm_app.ui.shared.tones import Pill, Tone, status_pill

FIRST: Final = "status"
NOBODY: Final = "Nobody"
# Nothing more to say than that.
PLAIN: Final = ("release", "archive", "unarchive")
_LABELS: Final = {
    FIRST: "Status",
    "assign": "Assign",
    "priority": "Priority",
    "tag": "Add a tag",
    "untag": "Remove a tag",
    "hold": "Hold",
    "release": "Release",
    "archive": "Archive",
    "unarchive": "Unarchive",
}
_PRIORITIES: Final[dict[Priority, Tone]] = {
    Priority.LOW: "mute",
    Priority.NORMAL: "info",
    Priority.HIGH: "warn",
    Priority.URGENT: "bad",
}


def kinds(actor: Actor) -> list[Link]:
    """The deeds that this person may do."""
    return [
        Link(name, label, "")
        for name, label in _LABELS.items()
        if actor.may(bulk_actions.of(name).permission)
    ]


def offered(session: Session, actor: Actor, run: BulkRun, kind: str) -> list[Pill]:
    """What this deed chooses from; nothing where it needs a form or no choice."""
    if kind == FIRST:
        channels = [one.channel for one in bulk_results.progress(session, actor, run.id)]
        return [status_pill(one) for one in bulk_status.targets(channels)]
    if kind == "assign":
        names = [one.name for one in people.colleagues(session, actor)]
        return [Pill(NOBODY), *(Pill(name, "info", "1") for name in names)]
    if kind == "priority":
        return [Pill(one.label, _PRIORITIES[one], "1") for one in Priority]
    if kind in ("tag", "untag"):
        return [Pill(one.name, "go", "1") for one in tagging.list_tags(session, actor)]
    return []


def settings_of(session: Session, actor: Actor, kind: str, label: str) -> dict[str, str]:
    """The settings behind an offered label; empty values where it means nothing."""
    if kind == FIRST:
        status = next((one for one in OrderStatus if one.label == label), None)
        return {"status": status.value if status else ""}
    if kind == "assign":
        found = [one for one in people.colleagues(session, actor) if one.name == label]
        return {"assignee": "" if label == NOBODY else str(found[0].id) if found else "?"}
    if kind == "priority":
        return {"priority": label.lower()}
    return {"tag": label}


def chosen(session: Session, run: BulkRun) -> str:
    """The label of what was decided; the deed's own name where there was nothing to choose."""
    settings = run.settings
    if not run.action or run.undo_of is not None:
        return ""
    if run.action == FIRST:
        return OrderStatus(settings["status"]).label
    if run.action == "assign":
        word = settings["assignee"]
        return people.colleague(session, int(word)).name if word else NOBODY
    if run.action == "priority":
        return Priority(settings["priority"]).label
    if run.action in ("tag", "untag"):
        return tagging.named(session, settings["tag"]).name
    return _LABELS.get(run.action, run.action)
