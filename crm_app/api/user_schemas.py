"""What the REST API takes and gives about people."""

from datetime import datetime

from pydantic import BaseModel, Field

from crm_app.api.schemas import In, Text
from crm_app.domain.channel import Channel
from crm_app.domain.permissions import Role
from crm_app.domain.reach import ReachKind


class GrantOut(BaseModel):
    """A role of somebody. `where` says its reach in words."""

    role_id: int
    name: str
    key: Role | None
    reach: ReachKind
    channels: list[Channel]
    account_ids: list[int]
    where: str


class GrantIn(In):
    """A role to be given: on all accounts, on those of some channels, or on some accounts."""

    role_id: int
    reach: ReachKind = ReachKind.ALL
    channels: list[Channel] = Field(default_factory=list[Channel], max_length=20)
    account_ids: list[int] = Field(default_factory=list[int], max_length=500)


class UserOut(BaseModel):
    id: int
    email: str
    name: str
    roles: list[GrantOut]
    is_active: bool
    created_at: datetime
    last_seen_at: datetime | None


class MeOut(UserOut):
    """`permissions` are what I may do somewhere. `narrowed`: where those that I do not hold
    everywhere are held, as ids of accounts. `viewing_as`: the role as which I look at the desk."""

    permissions: list[str]
    narrowed: dict[str, list[int]]
    viewing_as: str


class Granted(In):
    """`role` is short for a built-in one on all accounts; `roles` says each and where."""

    role: Role | None = None
    roles: list[GrantIn] | None = Field(default=None, max_length=50)


class UserCreateIn(Granted):
    """Without a password one is made and returned once."""

    email: Text
    name: Text
    password: Text | None = None


class UserCreatedOut(UserOut):
    """`password` is set only where the server made it."""

    password: str | None = None


class InvitationIn(Granted):
    email: Text
    name: Text


class LinkOut(BaseModel):
    """`url` is shown this once and works once, until `expires_at`. Null: it was mailed to them."""

    user_id: int
    url: str | None
    is_mailed: bool
    expires_at: datetime


class LinkUseIn(In):
    """`token` is the `link` of the link's address, behind its hash."""

    token: Text
    password: Text


class UserUpdateIn(Granted):
    """Only the fields that are given change."""

    name: Text | None = None
    is_active: bool | None = None
    password: Text | None = None


class UsersOut(BaseModel):
    users: list[UserOut]
