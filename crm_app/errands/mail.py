"""Handing a letter over to the mail server."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Final

from crm_app.config import get_settings

_TIMEOUT_S: Final = 10.0


class MailNotTakenError(Exception):
    """Not taken; the message is a short reason without anything that was answered."""


def send(to: str, subject: str, text: str, name: str) -> None:
    """Send a text to somebody.

    Args:
        to: Their address.
        subject: One line of it; anything else becomes a space.
        text: The letter.
        name: What makes it one letter however often it is tried: a mail server that took it twice
            shows it once.

    Raises:
        MailNotTakenError: If there is no mail server, or it did not take it.
    """
    settings = get_settings()
    if not settings.smtp_host:
        raise MailNotTakenError("No mail server is set up (CRM_SMTP_HOST).")
    letter = EmailMessage()
    try:
        letter["Subject"] = " ".join(subject.split())
        letter["From"] = settings.smtp_from
        letter["To"] = to
        letter["Date"] = formatdate()
        letter["Message-ID"] = f"<{name}@{_domain(settings.smtp_from)}>"
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(text)
        _hand_over(letter)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        # A server's answer may quote the address; its code says enough.
        code = getattr(error, "smtp_code", "")
        raise MailNotTakenError(f"{type(error).__name__} {code}".strip()) from error


def _hand_over(letter: EmailMessage) -> None:
    settings = get_settings()
    host, port = settings.smtp_host or "", settings.smtp_port
    secure = ssl.create_default_context()
    server = (
        smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_S, context=secure)
        if settings.smtp_security == "tls"
        else smtplib.SMTP(host, port, timeout=_TIMEOUT_S)
    )
    with server:
        if settings.smtp_security == "starttls":
            server.starttls(context=secure)
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        server.send_message(letter)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].strip("> ") or make_msgid().rpartition("@")[2].strip(">")
