"""The bar below a list: the ways to the pages around it."""

from typing import Any

import reflex as rx

from crm_app.ui.shared.links import link
from crm_app.ui.shared.marks import icon


def paging_bar(
    label: str, *, stale: Any, first: Any, following: Any, previous: Any = None
) -> rx.Component:
    """Links to the first, previous and next page; one that is empty is drawn as not there.

    Args:
        label: What it pages through, for those who hear it.
        stale: Why the page is not up to date; empty if it is.
        first: An address, like `following` and `previous`.
        previous: None for a list that is read in one direction only.
    """
    return rx.el.nav(
        rx.el.span(stale, class_name="stale", role="status"),
        rx.el.span(class_name="gap"),
        _page_link("First", "chevrons-left", first, ""),
        _page_link("Previous", "chevron-left", previous, "p")
        if previous is not None
        else rx.fragment(),
        _page_link("Next", "chevron-right", following, "n"),
        class_name="paging",
        aria_label=label,
    )


def _page_link(label: str, sign: str, href: Any, letter: str) -> rx.Component:
    content = (icon(sign, 14), rx.el.span(label))
    return rx.cond(
        href != "",
        link(*content, href=href, class_name="btn", custom_attrs={"data-page": letter}),
        rx.el.span(*content, class_name="btn off", aria_disabled="true"),
    )
