"""Reading JSON that strangers wrote."""

import json
from typing import Any, cast


def read_json(raw: bytes | str) -> Any:
    """Parse a request body. Raises ValueError for anything that is not strict JSON."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    try:
        return json.loads(raw, parse_constant=refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def as_object(value: object) -> dict[str, Any] | None:
    """The value if it is a JSON object, else None."""
    return cast(dict[str, Any], value) if isinstance(value, dict) else None


def as_list(value: object) -> list[Any] | None:
    """The value if it is a JSON array, else None."""
    return cast(list[Any], value) if isinstance(value, list) else None


def field_of(value: object, name: str) -> Any:
    """A field of a value that may be no object at all; None if it has none."""
    return (as_object(value) or {}).get(name)
