"""Keeps secrets and buyers out of the log, whoever writes into it and wherever it is sent."""

import logging
import re
import traceback
from typing import Any, Final

_HIDDEN: Final = "[hidden]"
# What a secret, an address or a number of a person looks like, and what takes its place.
_PATTERNS: Final = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        # Values in an address or a cookie: search text, links, tokens, states of a sign-in.
        (
            r"(?i)\b(q|link|email|code|token|access_token|refresh_token|state|key|secret|password"
            r"|(?:__Host-)?crm_(?:session|device|half|oidc))=[^&;\s\"'#]+",
            rf"\1={_HIDDEN}",
        ),
        (r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}", rf"\1 {_HIDDEN}"),
        (r"(\w+://[^\s/:@\"']*):[^\s/@\"']+@", rf"\1:{_HIDDEN}@"),
        (r"\bcrm_[\w-]{20,}", _HIDDEN),
        (r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}", _HIDDEN),  # a JWT
        (r"\bgAAAA[\w=-]{20,}", _HIDDEN),  # what the vault sealed
        (r"\$2[aby]\$\d\d\$[./\w]{53}", _HIDDEN),  # a bcrypt hash
        (r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+", _HIDDEN),
        # Ten digits and more with a plus or beginning as phones do here; ids have none of it.
        (r"(?<![\w.:-])(?:\+\d{1,3}[\s-]?)?[6-9]\d{4}[\s-]?\d{5}(?![\w.-])", _HIDDEN),
        (r"(?<![\w.])\+\d{8,15}\b", _HIDDEN),
    )
)


def clean(text: str) -> str:
    """The text without what must not be kept."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text


def keep_secrets_out() -> None:
    """Clean every record of this process as it is made, so that no handler gets another one."""
    # At CRM_LOG_LEVEL=DEBUG it would write every row that is read, and no pattern knows a name.
    logging.getLogger("sqlalchemy").setLevel(logging.WARNING)
    if logging.getLogRecordFactory() is not _CleanRecord:
        logging.setLogRecordFactory(_CleanRecord)


class _CleanRecord(logging.LogRecord):
    """A record whose words are final: formatted and cleaned, its traceback too."""

    def __init__(  # noqa: PLR0913 - the signature is logging's
        self,
        name: str,
        level: int,
        pathname: str,
        lineno: int,
        msg: object,
        args: Any,
        exc_info: Any,
        func: str | None = None,
        sinfo: str | None = None,
        **more: Any,
    ) -> None:
        super().__init__(name, level, pathname, lineno, msg, args, exc_info, func, sinfo, **more)
        try:
            text = self.getMessage()
        except (TypeError, ValueError):
            # A mistake of whoever wrote the line: what it says is kept, its values are not.
            text = str(msg)
        self.msg, self.args = clean(text), ()
        if self.exc_info and self.exc_info[1] is not None:
            lines = traceback.format_exception(self.exc_info[1])
            self.exc_text = clean("".join(lines).rstrip("\n"))
