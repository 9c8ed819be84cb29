"""How each channel, or the host before it, words a refusal that has nothing to do with orders."""

from typing import Final

from starlette.responses import JSONResponse, PlainTextResponse, Response

PAGE: Final = (
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head>"
    "<body><h1>We are checking your browser</h1></body></html>"
)


def _amazon_error(status: int, code: str, message: str, details: str = "") -> Response:
    error = {"code": code, "message": message, "details": details}
    return JSONResponse({"errors": [error]}, status)


def refusal(status: int, channel: str) -> Response:
    """Too many calls (429) or out of order (503)."""
    if channel == "amazon" and status == 429:
        message = "You exceeded your quota for the requested resource."
        return _amazon_error(429, "QuotaExceeded", message)
    if channel == "amazon":
        message = "Service is temporarily unavailable. Please try again."
        return _amazon_error(503, "ServiceUnavailable", message)
    if channel == "shopify" and status == 429:
        # GraphQL says it inside a 200.
        error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
        return JSONResponse({"errors": [error]})
    # The others publish no form of their own: this is the voice of the host or its firewall.
    return PlainTextResponse(
        "Too many requests" if status == 429 else PAGE,
        status,
        {
            "Retry-After": "1",
            "Content-Type": "text/html; charset=UTF-8",
        },
    )


def expired_token(channel: str) -> Response:
    """The caller's token or key no longer opens anything."""
    match channel:
        case "amazon":
            detail = "The access token you provided has expired."
            denied = "Access to requested resource is denied."
            return _amazon_error(403, "Unauthorized", denied, detail)
        case "flipkart":
            return flipkart_unauthorized()
        case "shopify":
            return shopify_unauthorized()
        case "woocommerce":
            body = {
                "code": "woocommerce_rest_authentication_error",
                "message": "Consumer key is invalid.",
                "data": {"status": 401},
            }
            return JSONResponse(body, 401)
        case "swiggy":
            return JSONResponse({"status": "error", "message": "Invalid credentials"}, 401)
        case _:
            return JSONResponse({"message": "Unauthorized"}, 401)


def flipkart_unauthorized() -> Response:
    """A bearer token that is missing, wrong or over."""
    body = {"error": "invalid_token", "error_description": "Invalid access token"}
    return JSONResponse(body, 401)


def shopify_unauthorized() -> Response:
    """An access token that is missing, wrong or uninstalled."""
    message = "[API] Invalid API key or access token (unrecognized login or wrong password)"
    return JSONResponse({"errors": message}, 401)
