"""The shop's own list of webhooks: who is told, and which one was switched off after failures."""

from typing import Any, Final

from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from crm_app.sandbox import hooks, times
from crm_app.sandbox.json_edge import as_object, read_json
from crm_app.sandbox.serving import Sandbox
from crm_app.sandbox.store import hook_targets
from crm_app.sandbox.woo_auth import WooError, authenticate

TOPICS: Final = ("order.created", "order.updated", "order.deleted", "order.restored")
_REFUSAL: Final = ("woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")


def _shown(target: dict[str, Any]) -> dict[str, Any]:
    topics = target["topics"] or list(TOPICS)
    resource, _, event = topics[0].partition(".")
    return {
        "id": target["id"],
        "name": f"Webhook {target['id']}",
        # A target of several topics stands for as many webhooks of the real shop.
        "status": target["status"],
        "topic": topics[0],
        "resource": resource,
        "event": event,
        "hooks": [],
        "delivery_url": target["url"],
    }


def _targets(connection: Connection) -> list[dict[str, Any]]:
    return [one for one in hooks.list_targets(connection) if one["channel"] == "woocommerce"]


def list_webhooks(box: Sandbox, request: Request, _raw: bytes) -> Response:
    """GET webhooks, with `status` all, active, paused or disabled."""
    authenticate(request, _REFUSAL)
    status = request.query_params.get("status", "all")
    with box.engine.connect() as connection:
        found = [_shown(one) for one in _targets(connection)]
    return JSONResponse([one for one in found if status in ("all", one["status"])])


def get_webhook(box: Sandbox, request: Request, _raw: bytes) -> Response:
    """GET webhooks/{id}."""
    authenticate(request, _REFUSAL)
    with box.engine.connect() as connection:
        return JSONResponse(_one(connection, request))


def _one(connection: Connection, request: Request) -> dict[str, Any]:
    wanted = int(request.path_params["webhook_id"])
    for target in _targets(connection):
        if target["id"] == wanted:
            return _shown(target)
    raise WooError("woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.", 404)


def create_webhook(box: Sandbox, request: Request, raw: bytes) -> Response:
    """POST webhooks with {topic, delivery_url, secret?}: 201; the receiver is pinged."""
    authenticate(request, _REFUSAL)
    fields = _read(raw)
    topic, url, secret = (fields.get(name) for name in ("topic", "delivery_url", "secret"))
    if topic not in TOPICS:
        text = "Webhook topic must be valid."
        raise WooError("woocommerce_rest_shop_webhook_invalid_topic", text, 400)
    with box.engine.begin() as connection:
        try:
            key = secret if isinstance(secret, str) else None
            made = hooks.add_target(connection, "woocommerce", str(url), key, [str(topic)])
        except ValueError as error:
            code = "woocommerce_rest_shop_webhook_invalid_delivery_url"
            raise WooError(code, f"Webhook delivery URL must be valid: {error}", 400) from error
        [target] = [one for one in _targets(connection) if one["id"] == made]
    return JSONResponse(_shown(target), 201)


def update_webhook(box: Sandbox, request: Request, raw: bytes) -> Response:
    """PUT webhooks/{id} with {status: active}: switch a disabled one on again."""
    authenticate(request, _REFUSAL)
    status = _read(raw).get("status")
    with box.engine.begin() as connection:
        shown = _one(connection, request)
        if status not in (None, "active"):
            text = "Webhook status must be valid."
            raise WooError("woocommerce_rest_shop_webhook_invalid_status", text, 400)
        if status == "active":
            wanted = select(hook_targets.c.id).where(hook_targets.c.id == shown["id"])
            connection.execute(wanted.with_for_update())
            hooks.reactivate(connection, shown["id"])
            shown = _one(connection, request)
    shown["date_modified_gmt"] = times.woo_gmt(times.now())
    return JSONResponse(shown)


def _read(raw: bytes) -> dict[str, Any]:
    try:
        fields = as_object(read_json(raw))
    except ValueError:
        fields = None
    if fields is None:
        raise WooError("rest_invalid_json", "Invalid JSON body passed.", 400)
    return fields
