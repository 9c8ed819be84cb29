"""A mail server of the tests, on a real port."""

import email
from email.message import Message
from typing import Any

from aiosmtpd.smtp import Envelope


class Postbox:
    """A mail server's inbox; `refuse` is what it says instead of taking a letter."""

    def __init__(self) -> None:
        self.letters: list[Message] = []
        self.refuse = ""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.refuse:
            return self.refuse
        assert isinstance(envelope.content, bytes)
        self.letters.append(email.message_from_bytes(envelope.content))
        return "250 OK"
