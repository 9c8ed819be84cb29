"""Every part that pages are made of, for those who write pages. Uses `ui/shared/` and no more."""

import reflex as rx

from crm_app.domain.permissions import Permission
from crm_app.ui.gallery.parts import PARTS, Part
from crm_app.ui.shared.blanks import forbidden
from crm_app.ui.shared.conditions import both, is_not
from crm_app.ui.shared.native import jump
from crm_app.ui.shared.navigation import may
from crm_app.ui.shared.shell import shell
from crm_app.ui.shared.shell_state import ShellState


def gallery_page() -> rx.Component:
    return shell(
        "Components",
        rx.cond(
            both(ShellState.is_known, is_not(may(Permission.MANAGE_USERS))),
            forbidden("Only admins see the parts that pages are made of."),
            rx.el.div(
                rx.el.nav(
                    *[jump(part.name, part.key) for part in PARTS],
                    class_name="gallery-names",
                    aria_label="Parts",
                ),
                *[_drawn(part) for part in PARTS],
                class_name="gallery",
            ),
        ),
        section="",
        about="what ui/shared draws, in both themes",
    )


def _drawn(part: Part) -> rx.Component:
    return rx.el.section(
        rx.el.h2(part.name, id=part.key),
        rx.el.p(rx.el.code(part.where), " ", part.says, class_name="quiet"),
        rx.el.div(*part.draw(), class_name="gallery-part"),
        class_name="card",
    )
