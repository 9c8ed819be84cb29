"""The bulk actions there are. Another one joins with a class and a line here."""

from collections.abc import Mapping
from typing import Any, Final

from crm_app.domain.actor import Actor
from crm_app.domain.order_status import OrderStatus
from crm_app.domain.permissions import Permission
from crm_app.errors import InvalidInputError
from crm_app.services.bulk_action import Action
from crm_app.services.bulk_export import PRINTS, ExportAction
from crm_app.services.bulk_status import StatusAction
from crm_app.services.bulk_undo import UndoAction
from crm_app.services.bulk_working import ACTIONS as WORKING
from crm_app.services.downloads import columns
from crm_app.services.orders import needed_for

_ACTIONS: Final[Mapping[str, Action]] = {
    action.name: action
    for action in (StatusAction(), *WORKING, ExportAction(), *PRINTS, UndoAction())
}
# What a person chooses from; an undo belongs to the run that it undoes.
OFFERED: Final = tuple(name for name in _ACTIONS if name != UndoAction.name)


def needed(action: Action, settings: Mapping[str, Any]) -> tuple[Permission, ...]:
    """What somebody must hold beside `orders.bulk` to do this to many orders."""
    if isinstance(action, StatusAction):
        return needed_for(OrderStatus(settings["status"]))
    return (action.permission,)


def carries_people(action: Action, actor: Actor) -> bool:
    """Whether it writes into a file who bought, for whoever then takes it away."""
    if not isinstance(action, ExportAction):
        return False
    return any(columns.COLUMNS[key].is_personal for key in columns.default_keys(actor))


def of(name: str) -> Action:
    """The action of this name.

    Raises:
        InvalidInputError: If there is none.
    """
    action = _ACTIONS.get(name)
    if action is None:
        said = "Choose what is to be done with these orders."
        raise InvalidInputError(said, details={"action": said})
    return action
