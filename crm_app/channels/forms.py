"""What an admin fills in to connect an account: the form of each channel's folder.

A channel without a form cannot be connected by hand (files are imported on a page of their own).
"""

from collections.abc import Mapping
from typing import Final

from crm_app.channels import folders
from crm_app.channels.form import WEBHOOK_SECRET, Field, Form, Option, Value
from crm_app.domain.channel import Channel

__all__ = ["FORMS", "WEBHOOK_SECRET", "Field", "Form", "Option", "Value", "of"]


def _all() -> dict[Channel, Form]:
    found: dict[Channel, Form | None] = {
        channel: folders.part(channel, "form", "FORM") for channel in Channel
    }
    return {channel: form for channel, form in found.items() if form is not None}


FORMS: Final[Mapping[Channel, Form]] = _all()


def of(channel: Channel) -> Form | None:
    """The form of a channel; None if it cannot be connected by hand."""
    return FORMS.get(channel)
