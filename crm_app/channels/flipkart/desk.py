"""Shipments by their ids: read and told several in one call, with an outcome for each.

Flipkart answers for each shipment inside HTTP 200. A call that fails as a whole failed for each of
them, but for a refusal: there the one that it does not like would take the others down with it, so
each is asked for alone.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from crm_app.channels.base import Receipt
from crm_app.channels.flipkart import returns, statuses, steps
from crm_app.channels.flipkart.steps import Step
from crm_app.channels.http import Answer, Call, Shape, quotable
from crm_app.channels.reading import Json, as_object
from crm_app.errors import (
    ChannelError,
    NotYetError,
    OutcomeUnknownError,
    RejectedError,
    RetryableError,
)

SHIPMENTS_PATH: Final = "/sellers/v3/shipments"
Outcome = Receipt | ChannelError


class Desk:
    """Where single shipments are asked for and told, a call with many of them at a time."""

    def __init__(self, call: Callable[[Call], Answer]) -> None:
        self._call = call

    def read(self, ids: Sequence[str]) -> dict[str, Json | ChannelError]:
        """Each shipment as Flipkart has it, or why it cannot be read. Never raises."""
        found: dict[str, Json | ChannelError] = {}
        for some in _chunks(ids, statuses.READS_AT_ONCE):
            found |= self._read(some)
        return found

    def tell(self, wanted: Mapping[str, Step]) -> dict[str, Outcome]:
        """Take the steps of shipments, by their ids; what became of each. Never raises."""
        alike: dict[tuple[str, str], list[str]] = {}
        for external_id, step in wanted.items():
            alike.setdefault(step.call, []).append(external_id)
        outcomes: dict[str, Outcome] = {}
        for call, ids in alike.items():
            for some in _chunks(ids, statuses.BATCH_SIZE):
                outcomes |= self._tell(call, {key: wanted[key] for key in some})
        return outcomes

    def _read(self, ids: Sequence[str]) -> dict[str, Json | ChannelError]:
        try:
            answer = shipments_of(
                self._call,
                Call(
                    "getShipments",
                    "GET",
                    SHIPMENTS_PATH,
                    Shape.OBJECT,
                    params={"shipmentIds": ",".join(ids)},
                ),
            )
        except RejectedError as error:
            if len(ids) == 1:
                return {ids[0]: error}
            return {key: found for one in ids for key, found in self._read([one]).items()}
        except ChannelError as error:
            return dict.fromkeys(ids, error)
        told = [as_object(one) for one in answer.body["shipments"]]
        shown = {str(one.get("shipmentId")): one for one in told}
        is_of_others = bool(shown.keys() - set(ids))
        return {key: shown.get(key) or _missing(key, is_of_others) for key in ids}

    def _tell(self, call: tuple[str, str], wanted: Mapping[str, Step]) -> dict[str, Outcome]:
        operation = call[0]
        body = steps.body(call, wanted.values())
        path = steps.PATHS[operation]
        try:
            answer = self._call(
                Call(operation, "POST", path, Shape.OBJECT, is_write=True, json=body)
            )
        except RejectedError as error:
            if len(wanted) == 1:
                return dict.fromkeys(wanted, error)
            alone = (self._tell(call, {key: step}) for key, step in wanted.items())
            return {key: outcome for one in alone for key, outcome in one.items()}
        except ChannelError as error:
            return dict.fromkeys(wanted, error)
        return {key: _outcome(answer, key, step) for key, step in wanted.items()}


def shipments_of(call: Callable[[Call], Answer], request: Call) -> Answer:
    """The answer, once it is sure that it holds a list of shipments."""
    answer = call(request)
    if not isinstance(answer.body.get("shipments"), list):
        raise RetryableError(f"Flipkart sent an answer without shipments ({request.operation}).")
    return answer


def returns_of(call: Callable[[Call], Answer], request: Call) -> Answer:
    """The answer, once it is sure that it holds a list of returns."""
    answer = call(request)
    if returns.items_of(answer.body) is None:
        raise RetryableError(f"Flipkart sent an answer without returns ({request.operation}).")
    return answer


def _chunks(ids: Sequence[str], size: int) -> list[Sequence[str]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def _missing(external_id: str, is_of_others: bool) -> ChannelError:
    if is_of_others:
        return RetryableError("Flipkart answered with another shipment (getShipments).")
    return RejectedError(f"Flipkart knows no shipment {external_id}.")


def _outcome(answer: Answer, external_id: str, step: Step) -> Outcome:
    try:
        words = steps.refusal(answer.body, external_id)
    except LookupError:
        message = f"Flipkart does not say what became of it ({step.operation})."
        return OutcomeUnknownError(message)
    if words is not None:
        return RejectedError(f"Flipkart refused {step.operation}: {quotable(words)}")
    if not step.is_last:
        return NotYetError("Flipkart makes the labels first: to dispatch it follows.")
    return Receipt(step.operation, answer.status, answer.request_id, "Accepted.")
