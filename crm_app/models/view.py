"""Saved views of the list of orders, and what each person does with them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from crm_app.domain.view import Colour
from crm_app.models.base import enum_type, identity_key, set_at_insert


class SavedView(SQLModel, table=True):
    """A list of orders that somebody named. `params` is the address bar's form of its filters."""

    __tablename__ = "saved_views"  # pyright: ignore[reportAssignmentType]

    id: int = identity_key()
    owner_id: int = Field(foreign_key="users.id", sa_type=BigInteger, index=True)
    is_shared: bool = False
    name: str = Field(max_length=60)
    colour: Colour = Field(default=Colour.GREY, sa_type=enum_type(Colour))
    params: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    # How the table looks in it (`GridLayout.as_json`); empty: as each person likes it.
    layout: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    # Grows with each change; who saves names the one that was looked at.
    version: int = 1
    created_at: datetime = set_at_insert()
    changed_at: datetime = set_at_insert()
    changed_by: str = Field(default="", max_length=120)


class ViewChoice(SQLModel, table=True):
    """Where a person differs from what a view is by itself: in the sidebar, and opened first."""

    __tablename__ = "view_choices"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (
        Index(
            "ix_view_choices_default", "user_id", unique=True, postgresql_where=text("is_default")
        ),
    )

    user_id: int = Field(
        primary_key=True, foreign_key="users.id", ondelete="CASCADE", sa_type=BigInteger
    )
    # A standing view's word, or a saved view's number.
    view_key: str = Field(primary_key=True, max_length=40)
    is_pinned: bool
    is_default: bool = False
