"""Passwords that a guesser tries first. Pure.

Two looks, and a password passes both. The first takes it apart into common words, rows of keys and
years: one that consists of nothing else is refused, however it is written. The second counts the
tries of a guesser who has lists: zxcvbn carries those of passwords that leaked, of names and of
words by how often they are used.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

_LIST: Final = """
    password passwort passwd passw pass admin administrator root user username login logon guest
    welcome letmein changeme change secret default test testing master super superman batman
    spiderman pokemon monkey dragon shadow sunshine princess football baseball basketball cricket
    soccer hockey iloveyou ilove love lovely loveyou trustno trust nothing hello world whatever
    freedom starwars qwerty qwertz azerty qwertyuiop qwertyuio asdf asdfgh asdfghjkl zxcv zxcvbn
    zxcvbnm qazwsx wsx edc rfv tgb yhn qaz poiuytrewq lkjhgfdsa mnbvcxz abc xyz summer winter
    spring autumn january february march april may june july august september october november
    december monday tuesday wednesday thursday friday saturday sunday google facebook samsung
    apple microsoft windows linux computer internet server system manager office company my the
    is me new old india mumbai delhi bharat krishna jesus ganesh michael jordan jennifer thomas
    charlie daniel jessica ashley killer hunter tigger flower cheese pepper orders order shop
    store seller crm desk sachin tendulkar virat kohli rohit sharma dhoni shahrukh khan salman
    amitabh ganpati ganesha bappa jai shree shri sri ram ramji radhe radha hanuman shiva durga
    lakshmi sairam omsairam bengaluru bangalore chennai kolkata hyderabad pune gujarat rajasthan
    punjab kerala bollywood diwali holi namaste zindagi dosti pyaar
"""
_WORDS: Final = frozenset(_LIST.split())
_SWAPS: Final = str.maketrans("@4031!$57", "aaoeiisst")
_RUNS: Final = ("abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba")
_NOT_TEXT: Final = re.compile(r"[\W_]+")
# A guesser who got hold of the hashes tries some thousand a second: that is months for one person.
_GUESSES: Final = 10**10
# What follows could only add to the guesses, and the time that it takes grows with its square.
_LOOKED_AT: Final = 40


def is_common(password: str, about: Iterable[str] = ()) -> bool:
    """Whether a password is made of nothing but common pieces.

    Args:
        password: As typed.
        about: Words that belong to the person or the company: name, e-mail, brand.
    """
    known = _WORDS | {
        piece for text in about for piece in _NOT_TEXT.split(text.lower()) if len(piece) >= 3
    }
    plain = _NOT_TEXT.sub("", password.lower())
    if len(set(plain)) <= 3 or _repeats(plain):
        return True
    return _is_made_of(password.lower(), known) or _guesses(password[:_LOOKED_AT], known) < _GUESSES


def _guesses(password: str, known: Iterable[str]) -> int:
    """How many tries somebody needs who knows the lists and the words about the person."""
    matching, scoring = _lists()
    # Its own entry point keeps the words in one place for all threads; here each call has its own.
    lists = {**matching.RANKED_DICTIONARIES}
    lists["user_inputs"] = matching.build_ranked_dict(sorted(known))
    found = scoring.most_guessable_match_sequence(password, matching.omnimatch(password, lists))
    return int(found["guesses"])


@lru_cache(maxsize=1)
def _lists() -> tuple[Any, Any]:
    """zxcvbn, once it is needed: its lists are 15 MB in memory, and few processes set passwords."""
    from zxcvbn import matching, scoring

    return matching, scoring


def _repeats(text: str) -> bool:
    """`abcabcabcabc`: a piece of up to four characters, again and again."""
    return any(text == (text[:size] * len(text))[: len(text)] for size in range(1, 5))


def _is_made_of(text: str, known: Iterable[str]) -> bool:
    """Whether the text can be cut into known words, runs, and what is no letter.

    A letter may be written as the digit or sign that looks like it.
    """
    swapped = text.translate(_SWAPS)
    words = tuple(known)

    def stands(word: str, start: int) -> bool:
        pieces = zip(word, text[start:], swapped[start:], strict=False)
        return start + len(word) <= len(text) and all(
            letter in (plain, look) for letter, plain, look in pieces
        )

    reached = {0}
    for start in range(len(text)):
        if start not in reached:
            continue
        if not text[start].isalpha():
            reached.add(start + 1)
        reached |= {start + len(word) for word in words if stands(word, start)}
        reached |= {start + size for size in range(4, 27) if _is_run(text[start : start + size])}
    return len(text) in reached


def _is_run(piece: str) -> bool:
    return len(piece) >= 4 and any(piece in run for run in _RUNS)
