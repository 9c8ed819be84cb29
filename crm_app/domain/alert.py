"""What the desk raises an alert about, and how people may be told."""

from enum import StrEnum
from typing import Final

from crm_app.domain.permissions import Permission


class AlertKind(StrEnum):
    SILENT = "silent"  # an account sends nothing, longer than its rhythm explains
    QUEUE = "queue"  # changes wait longer, or are more, than they usually are
    DEADLINE = "deadline"  # orders that must ship soon and are still here
    RECONNECT = "reconnect"  # the channel refused an account's credentials
    WEBHOOKS = "webhooks"  # the channel switched off the webhooks that lead to us
    STOPPED = "stopped"  # a part of the desk itself does not run

    @property
    def label(self) -> str:
        return _LABELS[self]

    @property
    def meaning(self) -> str:
        """When it fires, in one sentence."""
        return _MEANINGS[self]

    @property
    def concerns(self) -> Permission:
        """Who holds this is told unless they say otherwise."""
        return _CONCERNS[self]


class AlertLevel(StrEnum):
    WARN = "warn"
    BAD = "bad"


class AlertMoment(StrEnum):
    """When of an alert somebody is told."""

    OPENED = "opened"
    ESCALATED = "escalated"
    OVER = "over"
    TEST = "test"


_LABELS: Final = {
    AlertKind.SILENT: "Silent account",
    AlertKind.QUEUE: "Growing queue",
    AlertKind.DEADLINE: "Ship-by deadline",
    AlertKind.RECONNECT: "Reconnect",
    AlertKind.WEBHOOKS: "Webhooks off",
    AlertKind.STOPPED: "Desk stands still",
}
_MEANINGS: Final = {
    AlertKind.SILENT: "No order came for longer than this account's own rhythm explains.",
    AlertKind.QUEUE: "Changes wait for their channel longer, or are more, than they usually are.",
    AlertKind.DEADLINE: "Orders are still here, or not told, shortly before their ship-by time.",
    AlertKind.RECONNECT: "The channel refused an account's keys; a person has to renew them.",
    AlertKind.WEBHOOKS: "The shop has switched off webhooks that lead here.",
    AlertKind.STOPPED: "The worker, the clock or Redis does not run: no order comes or goes.",
}
_CONCERNS: Final = {
    AlertKind.SILENT: Permission.MANAGE_ACCOUNTS,
    AlertKind.QUEUE: Permission.CHANGE_STATUS,
    AlertKind.DEADLINE: Permission.CHANGE_STATUS,
    AlertKind.RECONNECT: Permission.MANAGE_ACCOUNTS,
    AlertKind.WEBHOOKS: Permission.MANAGE_ACCOUNTS,
    AlertKind.STOPPED: Permission.MANAGE_ACCOUNTS,
}
