"""The page of an address that leads nowhere."""

import reflex as rx

from crm_app.ui.shared.blanks import blank
from crm_app.ui.shared.links import link
from crm_app.ui.shared.shell import shell


def missing_page() -> rx.Component:
    return shell(
        "Nothing here",
        blank(
            "compass",
            "This page does not exist",
            "The address may be old or mistyped.",
            link("Go to orders", href="/orders", class_name="btn primary"),
        ),
        section="",
    )
