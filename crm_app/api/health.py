"""For load balancers and people who wonder."""

from collections import Counter
from typing import Any

from fastapi import APIRouter, Request, Response

from crm_app.api.dependencies import Bearer, current_actor, public
from crm_app.api.schemas import AccountHealthOut, ReadyOut
from crm_app.domain.permissions import Permission
from crm_app.domain.reach import NOWHERE, Reach
from crm_app.errors import CrmError
from crm_app.services import readiness
from crm_app.services.health import AccountHealth

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live", dependencies=[public("a load balancer has no account")])
def live() -> dict[str, str]:
    """This process answers. Says nothing about the parts it needs."""
    return {"status": "ok"}


@router.get("/ready", dependencies=[public("a load balancer has no account")])
def ready(request: Request, response: Response, bearer: Bearer) -> ReadyOut:
    """Database, Redis, a worker and the clock answer (200), or one of them does not (503).

    An account that is behind is counted, but is no reason to take this process out of service.
    Which account it is, and why, is for people who are signed in and may see its orders.
    """
    found, seen = readiness.check(), _sight(request, bearer)
    if not found.is_ready:
        response.status_code = 503
    return ReadyOut(
        status="ok" if found.is_ready else "unavailable",
        database=found.database,
        redis=found.redis,
        worker=found.worker,
        clock=found.clock,
        levels=dict(Counter(account.level for account in found.accounts)),
        waiting=sum(account.waiting for account in found.accounts),
        accounts=[_out(one) for one in found.accounts if seen.holds(one.account_id)],
    )


def _sight(request: Request, bearer: Any) -> Reach:
    # Asked before it is known whether the database answers: whatever fails, nobody learns more.
    try:
        return current_actor(request, bearer).reach(Permission.VIEW_ORDERS)
    except CrmError:
        return NOWHERE


def _out(account: AccountHealth) -> AccountHealthOut:
    own: dict[str, Any] = {
        name: getattr(account, name) for name in account.__dataclass_fields__ if name != "lag"
    }
    lag_s = account.lag.total_seconds() if account.lag is not None else None
    return AccountHealthOut.model_validate(own | {"lag_s": lag_s}, from_attributes=True)
