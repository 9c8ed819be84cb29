"""What browsers report of the content policy: counted, and kept in a word each."""

import json
import logging
from typing import Any, Final, cast

from fastapi import APIRouter, Request, Response

from crm_app.api.dependencies import client_address, public
from crm_app.api.rates import Rates

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/api/v1/reports", include_in_schema=False)

_MOST: Final = 10_000
# Anybody may send one: a page that breaks on every desk is told in a few lines, not in millions.
_RATE: Final = Rates(burst=10, per_second=0.1)
_WORD: Final = frozenset("abcdefghijklmnopqrstuvwxyz-")


@router.post("/policy", status_code=204, dependencies=[public("browsers send it without a cookie")])
async def policy(request: Request) -> Response:
    """Take a report: which rule it was is logged, and nothing else of it."""
    body = await request.body()
    if len(body) <= _MOST and _RATE.wait_s(client_address(request)) == 0:
        logger.warning("The content policy stopped something: %s", _rule_of(body))
    return Response(status_code=204)


def _rule_of(body: bytes) -> str:
    try:
        told: Any = json.loads(body)
    except ValueError:
        return "unreadable"
    report = cast(dict[str, Any], told).get("csp-report") if isinstance(told, dict) else None
    fields = cast(dict[str, Any], report) if isinstance(report, dict) else {}
    said = str(fields.get("effective-directive") or fields.get("violated-directive") or "")
    rule = said.split(" ")[0][:40]
    return rule if rule and set(rule) <= _WORD else "unnamed"
