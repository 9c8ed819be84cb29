"""What a form is made of: what an admin fills in to connect an account, as data."""

import re
from dataclasses import dataclass
from typing import Final, Literal

# Where the secret that proves a channel's webhooks comes from: we make it up and the channel is
# told, or it is the channel's own and an admin types it in.
Maker = Literal["ours", "theirs"]

WEBHOOK_SECRET: Final = "webhook_secret"  # noqa: S105 - a field's name


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a form. `name` is a key of the credentials, or of the options.

    Attributes:
        is_secret: Kept encrypted, and never sent to a browser again.
        is_option: Kept in the clear, among the account's options.
        also: Another key of the credentials that holds the same value.
    """

    name: str
    label: str
    help: str = ""
    is_secret: bool = True
    is_option: bool = False
    is_needed: bool = True
    also: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """One channel's form.

    Attributes:
        address: The API's address where it is the same for everybody; else empty.
        address_help: What to type, or an example.
        hook_maker: See `Maker`.
        hook_help: Where the webhook's address is entered at the channel.
        id_help: What one order's id looks like, for people.
        id_shape: The same, for a program; "" where one order cannot be read.
    """

    address: str
    address_help: str
    fields: tuple[Field, ...]
    hook_maker: Maker
    hook_help: str
    id_help: str = ""
    id_shape: str = ""

    def looks_like_id(self, text: str) -> bool:
        """Whether a text may be the id of one of the channel's orders."""
        return bool(self.id_shape) and re.fullmatch(self.id_shape, text) is not None

    @property
    def credentials(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if not field.is_option)

    @property
    def options(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field.is_option)
