"""Buyers for the big shop: a few names that thousands share, and many that hardly anybody has."""

import json
import random
from dataclasses import dataclass
from typing import Final

# fmt: off
FIRST: Final = (
    "Priya", "Rahul", "Anjali", "Amit", "Pooja", "Neha", "Rohan", "Sneha", "Vikram", "Kavya",
    "Arjun", "Divya", "Karan", "Meera", "Nikhil", "Isha", "Aditya", "Riya", "Sanjay", "Lakshmi",
    "Ananya", "Suresh", "Deepika", "Varun", "Shreya", "Manish", "Swati", "Ayesha", "Gaurav",
    "Nandini", "Harsh", "Tanvi", "Farhan", "Ritu", "Siddharth", "Bhavna", "Imran", "Juhi",
    "Kunal", "Leela", "Mohan", "Pallavi", "Rakesh", "Sana", "Tarun", "Uma", "Vivek", "Yamini",
    "Zoya", "Devika", "Esha", "Gopal", "Hema", "Jatin", "Komal", "Lalit", "Madhuri", "Omkar",
)
# fmt: on
# fmt: off
LAST: Final = (
    "Sharma", "Patel", "Singh", "Kumar", "Gupta", "Iyer", "Reddy", "Nair", "Joshi", "Mehta",
    "Shah", "Khan", "Das", "Rao", "Verma", "Desai", "Kulkarni", "Banerjee", "Pillai", "Chopra",
    "Agarwal", "Bose", "Menon", "Naidu", "Kapoor", "Mishra", "Pandey", "Thakur", "Yadav", "Bhat",
    "Chauhan", "Deshmukh", "Fernandes", "Ghosh", "Hegde", "Jain", "Kaur", "Lal", "Malhotra",
    "Oberoi", "Parekh", "Qureshi", "Rathore", "Saxena", "Trivedi", "Upadhyay", "Vora", "Wadia",
    "Ansari", "Bajaj", "Dutta", "Gill", "Kamath", "Sethi",
)
# fmt: on
CITIES: Final = (
    ("Mumbai", "Maharashtra", 400001),
    ("Delhi", "Delhi", 110001),
    ("Bengaluru", "Karnataka", 560001),
    ("Hyderabad", "Telangana", 500001),
    ("Pune", "Maharashtra", 411001),
    ("Chennai", "Tamil Nadu", 600001),
    ("Kolkata", "West Bengal", 700001),
    ("Jaipur", "Rajasthan", 302001),
    ("Kochi", "Kerala", 682001),
    ("Indore", "Madhya Pradesh", 452001),
)
# Given to every 20,000th buyer: a search that finds a handful of orders at any size.
RARE: Final = "Zubeida Tarapore"
# A letter inserted here and there makes thousands of surnames that few share.
_VARIANTS: Final = ("", "", "", "wala", "kar", "ani", "eja")


@dataclass(frozen=True, slots=True)
class Person:
    """One buyer with an address, as the columns want them."""

    name: str
    email: str
    phone: str
    city: str
    state: str
    pincode: str
    ship_to: str  # JSON


def invent(rng: random.Random, number: int) -> Person:
    """A believable person; the low end of both name lists is by far the most frequent."""
    first = FIRST[int(len(FIRST) * rng.random() ** 2)]
    last = LAST[int(len(LAST) * rng.random() ** 1.6)] + rng.choice(_VARIANTS)
    name = RARE if number % 20_000 == 7 else f"{first} {last}"
    city, state, pincode = rng.choice(CITIES)
    phone = f"+919{rng.randrange(10**9):09d}"
    pin = str(pincode + rng.randrange(90))
    address = {
        "name": name,
        "phone": phone,
        "line1": f"Flat {rng.randrange(1, 900)}, Hill View",
        "line2": f"{rng.randrange(1, 60)}th Cross",
        "city": city,
        "state": state,
        "pincode": pin,
        "country": "IN",
    }
    email = f"{name.lower().replace(' ', '.')}{number}@mail.example"
    return Person(name, email, phone, city, state, pin, json.dumps(address))
