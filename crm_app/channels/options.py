"""Options and credentials of an account, read one by one with a sentence for what is wrong."""

from typing import Final
from urllib.parse import urlsplit

from crm_app.channels.kind import Account, Credentials, Options
from crm_app.channels.reading import BadFieldError
from crm_app.errors import AccountDisconnectedError, ChannelError

_USUAL_HANDLING_HOURS: Final = 48.0
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def check_safe(url: str, account: Account) -> None:
    """Refuse an address that credentials would travel to in the clear.

    Raises:
        AccountDisconnectedError: It is neither https nor on this machine nor allowed.
    """
    try:
        parts = urlsplit(url)
        scheme, host = parts.scheme, parts.hostname
    except ValueError:
        scheme, host = "", None
    if scheme == "https" and host:
        return
    if scheme == "http" and host and (host in LOOPBACK or account.options.get("allow_http")):
        return
    raise AccountDisconnectedError("The address of this account must begin with https://.")


def secret(credentials: Credentials, key: str) -> str:
    """A credential that is needed; raises AccountDisconnectedError without it."""
    value = credentials.get(key, "")
    if not value:
        raise AccountDisconnectedError(f"The credentials of this account have no {key}.")
    return value


def text(account: Account, key: str, default: str) -> str:
    """An option that is text, `default` where it is empty; raises ChannelError for another kind."""
    value = account.options.get(key) or default
    if not isinstance(value, str):
        raise ChannelError(f"The option {key} of this account is not text.")
    return value


def one_of(account: Account, key: str, default: str, known: tuple[str, ...]) -> str:
    """An option that is one of these words; raises ChannelError for another."""
    value = text(account, key, default)
    if value not in known:
        raise ChannelError(f"The option {key} of this account is none of {', '.join(known)}.")
    return value


def number(account: Account, key: str, default: float) -> float:
    """An option that is a number from 0 on; raises ChannelError for anything else."""
    value = account.options.get(key, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value < 1e9:
        raise ChannelError(f"The option {key} of this account is not a number above 0.")
    return float(value)


def handling_hours(options: Options) -> float:
    """The option `handling_hours`; raises BadFieldError if it is no number."""
    value = options.get("handling_hours", _USUAL_HANDLING_HOURS)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadFieldError("handling_hours", "of this account is not a number")
    return float(value)
