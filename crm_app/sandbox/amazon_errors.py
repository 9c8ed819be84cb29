"""Amazon's error reply, and what an operation is handed."""

from dataclasses import dataclass

from starlette.requests import Request

from crm_app.sandbox.serving import Sandbox


class AmazonError(Exception):
    """A refusal: HTTP status, Amazon's code, message and details."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details

    def as_json(self) -> dict[str, str]:
        """One entry of the `errors` list."""
        return {"code": self.code, "message": str(self), "details": self.details}


class InvalidInputError(AmazonError):
    """400 InvalidInput."""

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(400, "InvalidInput", message, details)


class UnknownOrderError(AmazonError):
    """404: this seller has no such order."""

    def __init__(self, order_id: str) -> None:
        super().__init__(404, "NotFound", f"The order {order_id} does not exist.")


@dataclass(frozen=True, slots=True)
class Call:
    """An authenticated call that is within its quota."""

    box: Sandbox
    seller: str
    request: Request
    body: bytes
