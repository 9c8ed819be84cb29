"""Taking a person's words out of texts and payloads. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

ERASED: Final = "[erased]"
# Shorter ones stand in too many other words.
_SHORTEST: Final = 3
_DEEPEST: Final = 60
_PHONE: Final = 8
_NATIONAL: Final = 10


def words_of(values: Iterable[str]) -> frozenset[str]:
    """What is looked for: each value as a whole, and each word of a name."""
    found: set[str] = set()
    for value in values:
        whole = " ".join(value.split())
        if len(whole) >= _SHORTEST:
            found.add(whole)
            found.update(
                word for word in whole.split() if word.isalpha() and len(word) >= _SHORTEST
            )
    return frozenset(found)


def finder(words: frozenset[str]) -> re.Pattern[str] | None:
    """What finds any of these; None where there is nothing to find."""
    if not words:
        return None
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    inner = "|".join(_pattern(word) for word in longest_first)
    return re.compile(rf"(?<!\w)(?:{inner})(?!\w)", re.IGNORECASE)


def _pattern(word: str) -> str:
    """A phone number is found however it is spaced, with and without its country."""
    digits = "".join(one for one in word if one.isdigit())
    if len(digits) >= _PHONE and not any(one.isalpha() for one in word):
        national = digits[-_NATIONAL:]
        return r"(?:\+?\d{1,3}[\s().-]*)?" + r"[\s().-]*".join(national)
    return re.escape(word).replace(r"\ ", r"\s+")


def scrub(value: Any, found: re.Pattern[str] | None, depth: int = 0) -> Any:
    """The same text or JSON without these words; what is folded too deep is dropped."""
    if found is None:
        return value
    if depth > _DEEPEST:
        return ERASED
    if isinstance(value, str):
        return found.sub(ERASED, value)
    if isinstance(value, Mapping):
        named = cast(Mapping[str, Any], value)
        return {name: scrub(item, found, depth + 1) for name, item in named.items()}
    if isinstance(value, list | tuple):
        return [scrub(item, found, depth + 1) for item in cast(list[Any], value)]
    if isinstance(value, int) and not isinstance(value, bool) and found.fullmatch(str(value)):
        return ERASED
    return value
