"""Conditions on many ids."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import any_, literal
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger
from sqlmodel import col

from crm_app.models import Order


def one_of(order_ids: Sequence[int], column: Any = None) -> Any:
    """The condition that a column, the order's id unless named, is one of these ids."""
    # One array: a thousand parameters take their time.
    ids: Any = literal(list(order_ids), ARRAY(BigInteger))
    return (col(Order.id) if column is None else column) == any_(ids)
