"""Which moves people may make."""

import pytest

from crm_app.domain.order_status import NEXT, OrderStatus, check_transition
from crm_app.errors import InvalidTransitionError


def test_every_status_has_its_rule() -> None:
    assert set(NEXT) == set(OrderStatus)


@pytest.mark.parametrize("final", [OrderStatus.CANCELLED, OrderStatus.RETURNED])
def test_nothing_follows_an_end(final: OrderStatus) -> None:
    assert NEXT[final] == frozenset()


def test_a_delivered_order_does_not_ship_again() -> None:
    with pytest.raises(InvalidTransitionError, match="delivered cannot become shipped"):
        check_transition(OrderStatus.DELIVERED, OrderStatus.SHIPPED)
