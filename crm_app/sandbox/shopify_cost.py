"""What a query costs, and the bucket that pays for it.

Shopify publishes the currency (objects, connections by their size, mutations ten) and the sizes
of the buckets, but not the exact arithmetic. This one grows the same way: a client that reads
the cost from the answer fares as it would there, one that reckons for itself does not.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from crm_app.sandbox.json_edge import as_list, field_of
from crm_app.sandbox.limits import FAST_FACTOR, Mode

MUTATION_COST: Final = 10
MOST_IN_ONE_QUERY: Final = 1_000
# Standard plan, as published.
BUCKET: Final = 2_000.0
RESTORE_RATE: Final = 100.0


@dataclass(frozen=True, slots=True)
class Pricing:
    """What pricing needs to know besides the selection."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]


def price(pricing: Pricing, operation: OperationDefinitionNode) -> int:
    """Points that the operation costs if every page comes back full."""
    root = pricing.schema.get_root_type(operation.operation)
    if root is None:
        return 0
    is_mutation = root is pricing.schema.mutation_type
    cost = _of_selection(pricing, operation.selection_set, root)
    return math.ceil(cost) + (MUTATION_COST if is_mutation else 0)


def actual(pricing: Pricing, operation: OperationDefinitionNode, cost: int, data: object) -> int:
    """Points that the answer was worth: a list of orders that came back short costs less."""
    for node in operation.selection_set.selections:
        if not isinstance(node, FieldNode) or node.name.value != "orders":
            continue
        page = field_of(data, node.alias.value if node.alias else "orders")
        came = as_list(field_of(page, "nodes")) or as_list(field_of(page, "edges")) or []
        share = math.log2(len(came) + 2) / math.log2(_size(pricing, node) + 2)
        return min(cost, math.ceil(cost * share))
    return cost


def _of_selection(
    pricing: Pricing, selection: SelectionSetNode | None, parent: GraphQLObjectType
) -> float:
    if selection is None:
        return 0
    total = 0.0
    for node in selection.selections:
        if isinstance(node, FieldNode):
            total += _of_field(pricing, node, parent)
        elif isinstance(node, InlineFragmentNode):
            total += _of_selection(pricing, node.selection_set, parent)
        elif isinstance(node, FragmentSpreadNode):
            fragment = pricing.fragments.get(node.name.value)
            if fragment is not None:
                total += _of_selection(pricing, fragment.selection_set, parent)
    return total


def _of_field(pricing: Pricing, node: FieldNode, parent: GraphQLObjectType) -> float:
    field = parent.fields.get(node.name.value)
    if field is None:
        return 0
    kind = pricing.schema.get_type(str(field.type).strip("[]!"))
    if not isinstance(kind, GraphQLObjectType):
        return 0
    below = _of_selection(pricing, node.selection_set, kind)
    if kind.name in ("MoneyBag", "MoneyV2", "PageInfo"):
        return 0
    if kind.name.endswith("Connection"):
        # Sized, but not in proportion: a page of 50 costs nothing like fifty pages of one.
        return 2 + below * math.log2(_size(pricing, node) + 2)
    return 1 + below


def _size(pricing: Pricing, node: FieldNode) -> int:
    for argument in node.arguments or ():
        if argument.name.value in ("first", "last"):
            value = argument.value
            if isinstance(value, IntValueNode):
                return max(0, int(value.value))
            if isinstance(value, VariableNode):
                given = pricing.variables.get(value.name.value)
                return given if isinstance(given, int) and given > 0 else 0
    return 0


class CostBucket:
    """One leaking bucket a shop. Safe from several threads.

    Args:
        clock: seconds from any origin, never running backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._points: float | None = None
        self._at = 0.0
        self._mode: Mode | None = None
        self._lock = threading.Lock()

    def take(self, cost: float, mode: Mode) -> bool:
        """Pay if there is enough; whether there was."""
        with self._lock:
            points = self._refill(mode)
            if points < cost:
                return False
            self._points = points - cost
            return True

    def give_back(self, points: float, mode: Mode) -> None:
        """The answer was smaller than what was paid for."""
        with self._lock:
            self._points = min(_factor(mode) * BUCKET, self._refill(mode) + points)

    def status(self, mode: Mode) -> dict[str, float]:
        """`throttleStatus` of an answer."""
        with self._lock:
            points = self._refill(mode)
        return {
            "maximumAvailable": BUCKET * _factor(mode),
            "currentlyAvailable": math.floor(points),
            "restoreRate": RESTORE_RATE * _factor(mode),
        }

    def _refill(self, mode: Mode) -> float:
        at, most = self._clock(), BUCKET * _factor(mode)
        if self._points is None or mode != self._mode:
            self._points, self._mode = most, mode
        else:
            gained = (at - self._at) * RESTORE_RATE * _factor(mode)
            self._points = min(most, self._points + gained)
        self._at = at
        return self._points


def _factor(mode: Mode) -> float:
    return 1.0 if mode == "published" else FAST_FACTOR
