"""Putting carrier and number of a package right, beside the package."""

from typing import Any

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.errors import CrmError, NotSignedInError
from crm_app.services import correcting
from crm_app.ui.order.parcel_view import Package
from crm_app.ui.order.state import OrderState
from crm_app.ui.shared.conditions import both
from crm_app.ui.shared.keeping import kept
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.notes import mistake
from crm_app.ui.shared.permission import requires
from crm_app.ui.shared.service import call
from crm_app.ui.shared.session import current_actor


class CorrectState(rx.State):
    """What could not be put right, and of which package."""

    package_id: int = 0
    failure: str = ""

    @rx.event
    @requires(Permission.CHANGE_STATUS)
    async def save(self, form: dict[str, Any]) -> rx.event.EventType[()] | None:
        """Give a package of the order on screen the carrier and number that were typed."""
        shown = await self.get_state(OrderState)
        word = str(form.get("package", ""))
        known = {str(one.id): one.id for one in shown.packages}
        self.package_id, self.failure = known.get(word, 0), ""
        try:
            await call(
                correcting.correct,
                await current_actor(self),
                shown.order.id,
                self.package_id,
                carrier=str(form.get("carrier", "")),
                tracking_number=str(form.get("tracking_number", "")),
                expected_version=shown.order.version,
            )
        except NotSignedInError:
            raise
        except CrmError as error:
            self.failure = str(error)
            return OrderState.refresh
        return [OrderState.refresh, rx.toast.success("The package is put right.")]


def correction(package: Package) -> rx.Component:
    """Folded, and only where its channel was not told yet."""
    return rx.cond(
        both(package.can_correct, may(Permission.CHANGE_STATUS)),
        rx.el.details(
            rx.el.summary("Put it right", class_name="link"),
            rx.el.form(
                rx.el.input(type="hidden", name="package", value=package.id, read_only=True),
                _field("Carrier", "carrier", package.carrier, 80),
                _field("Tracking number", "tracking_number", package.number, 120),
                rx.el.button("Save", type="submit", class_name="btn"),
                mistake(rx.cond(CorrectState.package_id == package.id, CorrectState.failure, "")),
                on_submit=CorrectState.save,
                class_name="package-form",
                custom_attrs=kept("package", package.id),
            ),
            # A new number folds it again.
            key=package.carrier + package.number,
            class_name="package-correct",
        ),
        rx.fragment(),
    )


def _field(label: str, name: str, value: str, longest: int) -> rx.Component:
    return rx.el.label(
        rx.el.span(label),
        rx.el.input(
            name=name,
            default_value=value,
            max_length=longest,
            auto_complete="off",
            spell_check=False,
            class_name="field" if name == "carrier" else "field mono",
        ),
    )
