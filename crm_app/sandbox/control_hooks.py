"""Levers of the outgoing hooks: who is told, what goes wrong, what was delivered."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from starlette.requests import Request

from crm_app.sandbox import channel_store, hooks, trade
from crm_app.sandbox.faults import Fault, HookKind
from crm_app.sandbox.json_edge import read_json
from crm_app.sandbox.serving import Sandbox
from crm_app.sandbox.store import channel_orders, hook_deliveries

Json = dict[str, Any]
HookChannel = Literal["amazon", "woocommerce", "flipkart", "shopify", "blinkit", "swiggy"]
_SHOWN: int = 200


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TargetInput(_Input):
    """A receiver. `backfill` tells it about so many of the newest orders at once."""

    channel: HookChannel
    url: str
    secret: str | None = None
    topics: list[str] = Field(default_factory=list[str])
    backfill: int = Field(default=0, ge=0, le=1_000)


class HookFaultInput(_Input):
    """What happens to the next hooks of a channel; `delay_s` is for delay and reorder."""

    kind: HookKind
    channel: HookChannel | Literal["*"] = "*"
    topic: str = "*"
    times: int = Field(default=1, ge=1)
    after: int = Field(default=0, ge=0)
    delay_s: float = Field(default=1.0, ge=0, le=600)


class ReviveInput(_Input):
    """A target that its channel had switched off."""

    id: int


def add_target(box: Sandbox, _request: Request, raw: bytes) -> Json:
    """Register a receiver."""
    fields = TargetInput.model_validate(read_json(raw))
    with box.engine.begin() as connection:
        made = hooks.add_target(
            connection, fields.channel, fields.url, fields.secret, fields.topics
        )
        told = _backfill(box, connection, fields) if fields.backfill else 0
    return {"id": made, "backfilled": told}


def _backfill(box: Sandbox, connection: Any, fields: TargetInput) -> int:
    rows = channel_orders
    newest = (
        select(rows)
        .where(rows.c.channel == fields.channel, rows.c.is_raw.is_(False))
        .order_by(rows.c.created_at.desc())
        .limit(fields.backfill)
    )
    found = [channel_store.from_row(row) for row in connection.execute(newest).all()]
    told = [
        event for order in reversed(found) for event in trade.TRADES[order.channel].created(order)
    ]
    hooks.emit(connection, told, box.now(fields.channel))
    return len(found)


def list_targets(box: Sandbox, _request: Request, _raw: bytes) -> Json:
    """All receivers, without their secrets."""
    with box.engine.connect() as connection:
        return {"targets": hooks.list_targets(connection)}


def clear_targets(box: Sandbox, _request: Request, _raw: bytes) -> Json:
    """Forget all receivers, and all that was waiting."""
    with box.engine.begin() as connection:
        return {"cleared": hooks.clear_targets(connection)}


def revive(box: Sandbox, _request: Request, raw: bytes) -> Json:
    """Switch a target on again."""
    fields = ReviveInput.model_validate(read_json(raw))
    with box.engine.begin() as connection:
        if not hooks.reactivate(connection, fields.id):
            raise ValueError(f"there is no target {fields.id}")
    return {"id": fields.id, "status": "active"}


def add_fault(box: Sandbox, _request: Request, raw: bytes) -> Json:
    """Arm a fault of hooks."""
    fields = HookFaultInput.model_validate(read_json(raw))
    box.hook_faults.add(
        Fault(
            kind=fields.kind,
            channel=fields.channel,
            operation=fields.topic,
            times=fields.times,
            after=fields.after,
            delay_s=fields.delay_s,
        )
    )
    return {"pending": len(box.hook_faults.pending())}


def clear_faults(box: Sandbox, request: Request, _raw: bytes) -> Json:
    """Disarm all faults of hooks, or those that the address names."""
    return {"cleared": box.hook_faults.clear(**chosen(request))}


def chosen(request: Request) -> dict[str, str]:
    """Which faults a DELETE means: `channel`, `kind` and `phase` of the address; all without."""
    named = ("channel", "kind", "phase")
    return {name: request.query_params.get(name, "") for name in named}


def list_deliveries(box: Sandbox, request: Request, _raw: bytes) -> Json:
    """The newest deliveries; `channel`, `external_id` and `state` narrow them down."""
    table = hook_deliveries
    wanted = select(table).order_by(table.c.id.desc()).limit(_SHOWN)
    for name in ("channel", "external_id", "state"):
        value = request.query_params.get(name)
        if value is not None:
            wanted = wanted.where(table.c[name] == value.replace("\x00", ""))
    with box.engine.connect() as connection:
        rows = connection.execute(wanted).all()
    return {
        "deliveries": [
            {
                "id": row.id,
                "target_id": row.target_id,
                "channel": row.channel,
                "topic": row.topic,
                "external_id": row.external_id,
                "state": row.state,
                "attempts": row.attempts,
                "made_at": row.made_at.isoformat(),
                "due_at": row.due_at.isoformat(),
                "last_status": row.last_status,
                "last_reply": row.last_reply,
            }
            for row in rows
        ]
    }
