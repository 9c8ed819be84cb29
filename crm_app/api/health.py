"""For load balancers and people who wonder."""

from fastapi import APIRouter, Response

from crm_app.api.dependencies import public
from crm_app.api.schemas import AccountHealthOut, ReadyOut
from crm_app.services import readiness

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live", dependencies=[public("a load balancer has no account")])
def live() -> dict[str, str]:
    """This process answers. Says nothing about the parts it needs."""
    return {"status": "ok"}


@router.get("/ready", dependencies=[public("a load balancer has no account")])
def ready(response: Response) -> ReadyOut:
    """Database, Redis and a worker answer (200), or one of them does not (503).

    An account that is behind is shown, but is no reason to take this process out of service.
    """
    found = readiness.check()
    if not found.is_ready:
        response.status_code = 503
    return ReadyOut(
        status="ok" if found.is_ready else "unavailable",
        database=found.database,
        redis=found.redis,
        worker=found.worker,
        accounts=[AccountHealthOut.model_validate(account) for account in found.accounts],
    )
