"""Flipkart's Marketplace Seller API v3: the routes of its host, and their refusals."""

from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from crm_app.sandbox import voices
from crm_app.sandbox.flipkart_auth import (
    FlipkartError,
    UnauthorizedError,
    check_caller,
    issue_token,
)
from crm_app.sandbox.flipkart_controls import (
    create_orders,
    create_return,
    end_return,
    move_to,
    update_slot,
)
from crm_app.sandbox.flipkart_returns import returns
from crm_app.sandbox.flipkart_search import filter_shipments, next_page, shipments_by_id
from crm_app.sandbox.flipkart_ship import cancel, dispatch, pack
from crm_app.sandbox.serving import ANY_METHOD, Endpoint, Sandbox, endpoint

SHIPMENTS: Final = "/sellers/v3/shipments"
CONTROLS: Final = "/sellers/orders/sandbox"
RETURN_CONTROLS: Final = "/sellers/returns/sandbox"


def _operation(name: str, run: Callable[[Sandbox, Request, bytes], Response]) -> Endpoint:
    def handle(box: Sandbox, request: Request, raw: bytes) -> Response:
        try:
            check_caller(box, request)
            return run(box, request, raw)
        except UnauthorizedError:
            return voices.flipkart_unauthorized()
        except FlipkartError as error:
            return error.as_response()

    return endpoint("flipkart", name, handle)


def _no_route(_box: Sandbox, _request: Request, _raw: bytes) -> Response:
    return JSONResponse({"code": 404, "message": "HTTP 404 Not Found"}, 404)


def routes() -> list[BaseRoute]:
    """Routes of the API host, which is the token host too."""
    by_id = _operation("getShipments", shipments_by_id)
    post = ["POST"]
    return [
        Route("/oauth-service/oauth/token", endpoint("flipkart", "token", issue_token)),
        Route(f"{SHIPMENTS}/filter", _operation("filter", filter_shipments), methods=post),
        Route(f"{SHIPMENTS}/filter", _operation("filter", next_page), methods=["GET"]),
        Route(f"{SHIPMENTS}/labels", _operation("pack", pack), methods=post),
        Route(f"{SHIPMENTS}/dispatch", _operation("dispatch", dispatch), methods=post),
        Route(f"{SHIPMENTS}/cancel", _operation("cancel", cancel), methods=post),
        Route(SHIPMENTS, by_id, methods=["GET"]),
        Route(SHIPMENTS + "/{shipment_ids}", by_id, methods=["GET"]),
        Route("/sellers/v2/returns", _operation("returns", returns), methods=["GET"]),
        *_controls(),
        Route("/{path:path}", endpoint("flipkart", "unknown", _no_route), methods=ANY_METHOD),
    ]


def _controls() -> list[BaseRoute]:
    moves = (
        (f"{CONTROLS}/shipped", "POST", "SHIPPED"),
        (f"{CONTROLS}/delivered", "POST", "DELIVERED"),
        (f"{CONTROLS}/pick_up_complete", "POST", "PICKUP_COMPLETE"),
        (f"{CONTROLS}/on_hold", "PUT", "HOLD"),
        (f"{CONTROLS}/un_hold", "PUT", "UNHOLD"),
    )
    create = _operation("testOrders", create_orders)
    slot = _operation("updateSlot", update_slot)
    return [
        Route(f"{CONTROLS}/test_orders", create, methods=["POST"]),
        Route(f"{CONTROLS}/update_dispatch_slot", slot, methods=["POST"]),
        Route(
            f"{RETURN_CONTROLS}/create_returns",
            _operation("createReturn", create_return),
            methods=["POST"],
        ),
        Route(
            f"{RETURN_CONTROLS}/return_events",
            _operation("returnEvents", end_return),
            methods=["POST"],
        ),
        *(
            Route(path, _operation(f"control {state}", move_to(state)), methods=[method])
            for path, method, state in moves
        ),
    ]
