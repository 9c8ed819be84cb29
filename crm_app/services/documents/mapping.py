"""What a person decided about a file: which column means what, and how its words are read. Pure."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self, TypeVar, cast

from crm_app.domain.order_status import PaymentStatus
from crm_app.errors import InvalidInputError
from crm_app.services.documents import fields, values, words
from crm_app.services.documents.fields import SPECS, Field
from crm_app.services.documents.values import DateOrder
from crm_app.services.documents.words import Meaning

MAX_WORDS: Final = 200
E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Mapping:
    """How the lines of one file become orders.

    Attributes:
        columns: The column that holds each field, by name.
        date_order: How dates of bare numbers are read.
        currency: Of orders whose line names none.
        statuses: What each status word of the file means; one that is missing is refused.
        status: What every order is, where no column says it.
        payment: What every order is, where no column says it; None: not told.
        keep_repeats: Count a line that repeats another of its order exactly as a line of its own.
    """

    columns: Map[Field, str] = field(default_factory=dict[Field, str])
    date_order: DateOrder = DateOrder.DAY_FIRST
    currency: str = "INR"
    statuses: Map[str, Meaning] = field(default_factory=dict[str, Meaning])
    status: Meaning = Meaning.CONFIRMED
    payment: PaymentStatus | None = None
    keep_repeats: bool = False

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read what `to_json` wrote, or what a program sent; what is left out is as in a new one.

        Raises:
            InvalidInputError: If a word in it is not one of ours; `details` says which.
        """
        if not isinstance(data, dict):
            raise InvalidInputError("A mapping is an object.")
        given = cast("dict[str, Any]", data)
        if unknown := given.keys() - {one.name for one in dataclasses.fields(cls)}:
            raise InvalidInputError(f"A mapping has no {min(unknown)}.")
        wrong: dict[str, str] = {}
        plain = cls()
        payment = given.get("payment")
        read = cls(
            columns={
                _word(Field, key, "columns", wrong, Field.NOTE): str(value)
                for key, value in _object(given, "columns", wrong).items()
                if value
            },
            date_order=_word(
                DateOrder, given.get("date_order"), "date_order", wrong, plain.date_order
            ),
            currency=_currency(given.get("currency", plain.currency), wrong),
            statuses={
                str(key): _word(Meaning, value, "statuses", wrong, plain.status)
                for key, value in _object(given, "statuses", wrong).items()
                if value
            },
            status=_word(Meaning, given.get("status"), "status", wrong, plain.status),
            payment=_word(PaymentStatus, payment, "payment", wrong, PaymentStatus.PAID)
            if payment
            else None,
            keep_repeats=given.get("keep_repeats") is True,
        )
        if wrong:
            raise InvalidInputError("The mapping cannot be used as it is.", details=wrong)
        return read

    def to_json(self) -> dict[str, Any]:
        """For the database and for programs."""
        return {
            "columns": {key.value: name for key, name in self.columns.items()},
            "date_order": self.date_order.value,
            "currency": self.currency,
            "statuses": {word: meaning.value for word, meaning in self.statuses.items()},
            "status": self.status.value,
            "payment": self.payment.value if self.payment else None,
            "keep_repeats": self.keep_repeats,
        }

    @property
    def fingerprint(self) -> str:
        """Differs where two mappings read the same line differently."""
        text = json.dumps(self.to_json(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def with_column(self, key: Field, name: str) -> Self:
        """The same with a field read from another column, or from none."""
        columns = {other: column for other, column in self.columns.items() if other is not key}
        return dataclasses.replace(self, columns=columns | ({key: name} if name else {}))

    def fitting(self, header: Sequence[str]) -> Self:
        """The same without the columns that a file does not have."""
        known = set(header)
        columns = {key: name for key, name in self.columns.items() if name in known}
        return dataclasses.replace(self, columns=columns)

    def missing(self) -> tuple[str, ...]:
        """Labels of the fields without which no order can be read."""
        return tuple(
            spec.label
            for key, spec in SPECS.items()
            if spec.is_required and key not in self.columns
        )


def guess(header: Sequence[str]) -> Mapping:
    """The mapping that a file's header suggests."""
    return Mapping(columns=fields.guess(header))


def with_words(mapping: Mapping, found: Sequence[str]) -> Mapping:
    """The mapping with a guess for each status word that it says nothing about yet."""
    statuses = dict(mapping.statuses)
    for word in found[:MAX_WORDS]:
        meaning = words.guess_status(word)
        if word not in statuses and meaning is not None:
            statuses[word] = meaning
    return dataclasses.replace(mapping, statuses=statuses)


def _object(given: dict[str, Any], name: str, wrong: dict[str, str]) -> dict[str, Any]:
    value = given.get(name, {})
    if not isinstance(value, dict):
        wrong[name] = "Must be an object."
        return {}
    return cast("dict[str, Any]", value)


def _word(kind: type[E], value: Any, name: str, wrong: dict[str, str], default: E) -> E:
    if value is None:
        return default
    try:
        return cast(Any, kind)(value)
    except ValueError:
        wrong[name] = f"“{str(value)[:40]}” is not one of the words that can stand here."
        return default


def _currency(value: Any, wrong: dict[str, str]) -> str:
    try:
        return values.currency(str(value))
    except ValueError as error:
        wrong["currency"] = f"It {error}."
        return "INR"
