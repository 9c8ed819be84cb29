"""Column types and defaults that every table shares."""

from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import BigInteger, DateTime, Identity, String, TypeDecorator, desc, func
from sqlmodel import Field, SQLModel

# One naming pattern, so that migrations can name what they drop.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

UTC_TIMESTAMP: Any = DateTime(timezone=True)


class EnumText(TypeDecorator[StrEnum]):
    """A StrEnum kept as text: new words need no migration, unknown ones fail loudly on read."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        self.max_length = 32
        super().__init__(length=self.max_length)
        self.words = words

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        del dialect
        return None if value is None else self.words(value).value

    def process_result_value(self, value: Any, dialect: Any) -> StrEnum | None:
        del dialect
        return None if value is None else self.words(value)


def enum_type(words: type[StrEnum]) -> Any:
    """The column type of an enum, typed loosely because SQLModel expects a class."""
    return EnumText(words)


def identity_key() -> Any:
    """A `bigint generated always as identity` primary key."""
    return Field(
        default=None,
        primary_key=True,
        sa_type=BigInteger,
        sa_column_args=(Identity(always=True),),
    )


def set_at_insert() -> Any:
    """When the row was written, by the database's clock."""
    return Field(
        default=None,
        sa_type=UTC_TIMESTAMP,
        nullable=False,
        sa_column_kwargs={"server_default": func.clock_timestamp()},
    )


def timestamp(*, default: datetime | None = None, **options: Any) -> Any:
    """A nullable moment."""
    return Field(default=default, sa_type=UTC_TIMESTAMP, nullable=True, **options)


def newest(column: str) -> Any:
    """A column of an index in descending order."""
    return cast(Any, desc(column))
