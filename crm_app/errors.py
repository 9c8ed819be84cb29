"""Every error this app raises on purpose, named after what the caller must do.

CrmError                          shown to the person as it is; `status_code` for the API
├── NotSignedInError              401
│   └── CodeNeededError           ask for the second factor's code
├── CodeRefusedError              401, ask for the next code
├── SignOnRefusedError            401, single sign-on: sign in another way
├── SignInThrottledError          429, no sooner than `retry_after_s`
├── TooManyRequestsError          429, no sooner than `retry_after_s`
├── ConfirmationRefusedError      403, ask for the password again
├── ConfirmationNeededError       403, ask for the password, then do the same again
├── PermissionDeniedError         403
├── LinkOverError                 410
├── NotFoundError                 404
├── InvalidInputError             422
├── ConflictError                 409
│   └── InvalidTransitionError
├── ServiceUnavailableError       503, the database or the queue is away
│   └── SecretsUnreadableError    an operator must bring back the key
└── ChannelError                  502, raised by connectors only
    ├── RetryableError            try the same call again later
    │   ├── RateLimitedError      ... no sooner than `retry_after_s`
    │   │   └── LeftAloneError    ... and nothing was asked: the channel failed too often
    │   ├── NotYetError           ... once the order is ready for it over there
    │   └── OutcomeUnknownError   the channel may have acted: read before trying again
    ├── AccountDisconnectedError  a person must reconnect the account
    └── RejectedError             the channel said no; never retry the same request
"""

from typing import Any, ClassVar, Final


class CrmError(Exception):
    """Base class. The message is written for people: no secrets, no payloads."""

    status_code: ClassVar[int] = 500
    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.details = details or {}


class NotSignedInError(CrmError):
    status_code = 401
    code = "not_signed_in"

    def __init__(self, message: str = "Please sign in.") -> None:
        super().__init__(message)


class WrongPasswordError(NotSignedInError):
    """The same words for an unknown person, a wrong password and a deactivated account."""

    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__("E-mail or password is wrong.")


class CodeNeededError(NotSignedInError):
    """The password was right, and the person has a second factor: ask for its code."""

    code = "code_needed"

    def __init__(self) -> None:
        super().__init__("Enter the code of your authenticator app.")


class CodeRefusedError(CrmError):
    """The same words for a wrong code, an old one and one that was used before."""

    status_code = 401
    code = "wrong_code"

    def __init__(self) -> None:
        super().__init__(
            "This code does not fit. Each works once: wait for the next one.",
            details={"code": "Does not fit, or was used before."},
        )


_SIGN_ON: Final = {
    "sso_off": "This way to sign in is switched off.",
    "sso_down": "{provider} does not answer now. Try again in a moment, or use your password.",
    "sso_refused": "{provider} did not confirm who you are. Try again, or use your password.",
    "sso_unknown": "{provider} vouches for nobody who works here. Ask an admin to add you.",
    "sso_link_first": "Sign in with your password, then link {provider} on the page of your"
    " account.",
    "sso_other": "{provider} says that you are somebody else. Nothing was confirmed.",
    "sso_taken": "Somebody else here signs in with this account of {provider}.",
    "sso_late": "That took too long, or began in another browser. Begin again.",
}


class SignOnRefusedError(CrmError):
    """Single sign-on did not let somebody in: `word` says why, for the sign-in page."""

    status_code = 401
    code = "sign_on_refused"

    def __init__(self, word: str, provider: str = "") -> None:
        text = _SIGN_ON.get(word, _SIGN_ON["sso_refused"])
        super().__init__(text.format(provider=provider or "The provider"))
        self.word = word
        self.provider = provider


class SignInThrottledError(CrmError):
    status_code = 429
    code = "too_many_tries"

    def __init__(self, retry_after_s: int) -> None:
        seconds = "1 second" if retry_after_s == 1 else f"{retry_after_s} seconds"
        super().__init__(f"Too many wrong tries. Try again in {seconds}.")
        self.retry_after_s = retry_after_s


class TooManyRequestsError(CrmError):
    status_code = 429
    code = "too_many_requests"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("Too many requests at once. Slow down.")
        self.retry_after_s = retry_after_s


class ConfirmationRefusedError(CrmError):
    """Somebody who is signed in was asked for their password again, and it is not theirs."""

    status_code = 403
    code = "wrong_password"

    def __init__(self) -> None:
        super().__init__("This is not your password.", details={"current": "Not your password."})


class ConfirmationNeededError(CrmError):
    """It may be done, by somebody who has just proved that it is them."""

    status_code = 403
    code = "confirmation_needed"

    def __init__(self, message: str = "Confirm first that it is you.") -> None:
        super().__init__(message)


class PermissionDeniedError(CrmError):
    status_code = 403
    code = "permission_denied"

    def __init__(self, message: str = "Your role does not allow this.") -> None:
        super().__init__(message)


class LinkOverError(CrmError):
    """The same words for a link that is unknown, used, replaced or too old."""

    status_code = 410
    code = "link_over"

    def __init__(self) -> None:
        super().__init__("It was used, replaced or waited too long. Ask an admin for a new one.")


class NotFoundError(CrmError):
    status_code = 404
    code = "not_found"

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"There is no {kind} {key}.")


class InvalidInputError(CrmError):
    """A value that cannot be used; `details` maps the field's name to a sentence."""

    status_code = 422
    code = "invalid_input"


class ConflictError(CrmError):
    status_code = 409
    code = "conflict"


class InvalidTransitionError(ConflictError):
    code = "invalid_transition"


class ServiceUnavailableError(CrmError):
    status_code = 503
    code = "unavailable"


class SecretsUnreadableError(ServiceUnavailableError):
    """Stored credentials that no key of CRM_SECRET_KEYS decrypts."""


class ChannelError(CrmError):
    """Base of what a connector raises. The message may quote the channel's own short words."""

    status_code = 502
    code = "channel_error"


class RetryableError(ChannelError):
    """Network failure before the request was sent, 5xx, or an answer that makes no sense."""


class RateLimitedError(RetryableError):
    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class LeftAloneError(RateLimitedError):
    """Nothing was sent: the channel failed so often in a row that we wait before we ask again."""


class NotYetError(RetryableError):
    """The channel takes this change later: in `wait_s` seconds, or None if nobody knows when."""

    def __init__(self, message: str, *, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class OutcomeUnknownError(RetryableError):
    """The request went out and no answer came back: the channel may or may not have acted."""


class AccountDisconnectedError(ChannelError):
    """The stored credentials no longer work (401, 403, revoked refresh token)."""


class RejectedError(ChannelError):
    """The channel refused this request for good (other 4xx), in its own words."""
