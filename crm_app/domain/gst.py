"""Goods and Services Tax of India, for papers: states, numbers, the split of a tax."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

# The two digits that begin a GSTIN, by the list of the GST portal.
STATES: Final[dict[str, str]] = {
    "01": "Jammu and Kashmir",
    "02": "Himachal Pradesh",
    "03": "Punjab",
    "04": "Chandigarh",
    "05": "Uttarakhand",
    "06": "Haryana",
    "07": "Delhi",
    "08": "Rajasthan",
    "09": "Uttar Pradesh",
    "10": "Bihar",
    "11": "Sikkim",
    "12": "Arunachal Pradesh",
    "13": "Nagaland",
    "14": "Manipur",
    "15": "Mizoram",
    "16": "Tripura",
    "17": "Meghalaya",
    "18": "Assam",
    "19": "West Bengal",
    "20": "Jharkhand",
    "21": "Odisha",
    "22": "Chhattisgarh",
    "23": "Madhya Pradesh",
    "24": "Gujarat",
    "26": "Dadra and Nagar Haveli and Daman and Diu",
    "27": "Maharashtra",
    "29": "Karnataka",
    "30": "Goa",
    "31": "Lakshadweep",
    "32": "Kerala",
    "33": "Tamil Nadu",
    "34": "Puducherry",
    "35": "Andaman and Nicobar Islands",
    "36": "Telangana",
    "37": "Andhra Pradesh",
    "38": "Ladakh",
}
# Without a legislature of their own: the state's half is the Union Territory's.
_TERRITORIES: Final = frozenset({"04", "26", "31", "35", "38"})
# What channels write: short codes (ISO 3166-2:IN and the postal ones), old names, other spellings.
_OTHERS: Final[dict[str, str]] = {
    "jk": "01", "hp": "02", "pb": "03", "ch": "04", "uk": "05", "ut": "05", "uttaranchal": "05",
    "hr": "06", "dl": "07", "new delhi": "07", "nct of delhi": "07", "delhi ncr": "07", "rj": "08",
    "up": "09", "br": "10", "sk": "11", "ar": "12", "nl": "13", "mn": "14", "mz": "15", "tr": "16",
    "ml": "17", "as": "18", "wb": "19", "jh": "20", "or": "21", "od": "21", "orissa": "21",
    "ct": "22", "cg": "22", "chattisgarh": "22", "mp": "23", "gj": "24", "dd": "26", "dn": "26",
    "dh": "26", "daman and diu": "26", "dadra and nagar haveli": "26", "mh": "27", "ka": "29",
    "ga": "30", "ld": "31", "kl": "32", "tn": "33", "tamilnadu": "33", "py": "34",
    "pondicherry": "34", "an": "35", "andaman and nicobar": "35", "tg": "36", "ts": "36",
    "telengana": "36", "ap": "37", "la": "38",
}  # fmt: skip
_BY_NAME: Final = {name.lower(): code for code, name in STATES.items()} | _OTHERS
_GSTIN: Final = re.compile(r"\d{2}[A-Z]{5}\d{4}[A-Z][1-9A-Z]Z[0-9A-Z]")
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# The financial year begins in April.
_FIRST_MONTH: Final = 4


def state_code(told: str) -> str:
    """The two digits of a state as people and channels write it; empty if that is no state.

    `MH`, `IN-MH`, `Maharashtra`, `MAHARASHTRA`, `27` are all `27`.
    """
    plain = " ".join(told.replace("&", " and ").replace(".", " ").lower().split())
    plain = plain.removeprefix("in-")
    return plain if plain in STATES else _BY_NAME.get(plain, "")


def is_gstin(number: str) -> bool:
    """Whether it has the form of a GSTIN, begins with a state and ends with its check digit."""
    if not _GSTIN.fullmatch(number) or number[:2] not in STATES:
        return False
    total = 0
    for place, letter in enumerate(number[:14]):
        product = _DIGITS.index(letter) * (1 + place % 2)
        total += product // 36 + product % 36
    return _DIGITS[-total % 36] == number[14]


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a tax, in minor units."""

    name: str
    minor: int


def split(tax_minor: int, seller: str, place: str) -> tuple[Share, ...]:
    """The parts of a tax that was told: never another sum.

    Args:
        tax_minor: The whole tax.
        seller: Two digits of the seller's state.
        place: Two digits of the place of supply.

    Returns:
        Half to the centre and half to the state where both are in one, else the integrated tax.
        An odd paisa goes to the centre.
    """
    if seller != place:
        return (Share("IGST", tax_minor),)
    of_state = tax_minor // 2
    local = "UTGST" if place in _TERRITORIES else "SGST"
    return (Share("CGST", tax_minor - of_state), Share(local, of_state))


def financial_year(day: date) -> int:
    """The calendar year in which the financial year of a day began: 2026 for 31 March 2027."""
    return day.year if day.month >= _FIRST_MONTH else day.year - 1


def year_text(year: int) -> str:
    """`26-27`."""
    return f"{year % 100:02}-{(year + 1) % 100:02}"
