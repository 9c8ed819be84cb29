"""Invented buyers whose names, cities and PIN codes fit each other."""

import random
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Buyer:
    """A person with an address in India. `state_code` is the web shop's spelling."""

    first_name: str
    last_name: str
    email: str
    phone: str
    line_1: str
    line_2: str
    city: str
    state: str
    state_code: str
    pincode: str

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


# First names, family names of a region.
_NAMES: Final = {
    "west": (
        "Aarohi Sneha Rutuja Tanvi Pooja Mrunal Isha Ketaki Omkar Sanket Rohan Aditya Nikhil",
        "Kulkarni Deshpande Joshi Patil Jadhav Shinde Gokhale More Pawar Kale",
    ),
    "gujarat": (
        "Hetal Krupa Dhara Riddhi Janki Foram Bhavik Jignesh Parth Mihir",
        "Patel Shah Mehta Desai Trivedi Parmar Solanki Gandhi",
    ),
    "north": (
        "Priya Neha Shreya Ananya Kritika Simran Divya Ayesha Rahul Vikas Amit Mohit Zoya Sana",
        "Sharma Verma Gupta Singh Agarwal Kapoor Khanna Mishra Yadav Khan Ansari Chauhan",
    ),
    "punjab": (
        "Harpreet Gurleen Jasmeet Navneet Manpreet Ravneet Gurpreet Amandeep",
        "Kaur Singh Gill Dhillon Sandhu Bedi Grewal",
    ),
    "south": (
        "Lakshmi Kavya Divya Meenakshi Anjali Swathi Deepika Karthik Arun Vignesh Suresh Fathima",
        "Iyer Reddy Rao Krishnan Subramanian Naidu Murthy Hegde Shetty Gowda",
    ),
    "kerala": (
        "Anjali Aswathy Nimisha Gayathri Parvathy Fathima Merin Vishnu Jithin Abin",
        "Nair Menon Pillai Thomas George Varghese Kurian Namboothiri",
    ),
    "east": (
        "Sohini Ananya Debolina Rimjhim Paromita Moumita Arnab Subhajit Sourav Ritwik",
        "Banerjee Chatterjee Mukherjee Ghosh Das Bose Sen Dutta Mohanty Mahapatra",
    ),
    "northeast": (
        "Bhargavi Nandini Rupali Jonaki Bidisha Pranjal Rituraj Dhrubajyoti",
        "Baruah Gogoi Saikia Bora Kalita Sharma Deka Hazarika",
    ),
}

# City, state, web shop's state code, first and last PIN code, region, how many buy there.
_CITIES: Final = (
    ("Mumbai", "Maharashtra", "MH", 400_001, 400_104, "west", 12),
    ("Pune", "Maharashtra", "MH", 411_001, 411_062, "west", 9),
    ("Nagpur", "Maharashtra", "MH", 440_001, 440_037, "west", 3),
    ("Thane", "Maharashtra", "MH", 400_601, 400_615, "west", 3),
    ("Nashik", "Maharashtra", "MH", 422_001, 422_013, "west", 2),
    ("Panaji", "Goa", "GA", 403_001, 403_006, "west", 1),
    ("Ahmedabad", "Gujarat", "GJ", 380_001, 380_061, "gujarat", 5),
    ("Surat", "Gujarat", "GJ", 395_001, 395_013, "gujarat", 3),
    ("Vadodara", "Gujarat", "GJ", 390_001, 390_025, "gujarat", 2),
    ("New Delhi", "Delhi", "DL", 110_001, 110_096, "north", 11),
    ("Gurugram", "Haryana", "HR", 122_001, 122_018, "north", 5),
    ("Noida", "Uttar Pradesh", "UP", 201_301, 201_310, "north", 4),
    ("Lucknow", "Uttar Pradesh", "UP", 226_001, 226_031, "north", 3),
    ("Kanpur", "Uttar Pradesh", "UP", 208_001, 208_027, "north", 2),
    ("Jaipur", "Rajasthan", "RJ", 302_001, 302_039, "north", 4),
    ("Indore", "Madhya Pradesh", "MP", 452_001, 452_020, "north", 3),
    ("Bhopal", "Madhya Pradesh", "MP", 462_001, 462_047, "north", 2),
    ("Patna", "Bihar", "BR", 800_001, 800_030, "north", 2),
    ("Dehradun", "Uttarakhand", "UK", 248_001, 248_016, "north", 1),
    ("Ludhiana", "Punjab", "PB", 141_001, 141_016, "punjab", 2),
    ("Amritsar", "Punjab", "PB", 143_001, 143_010, "punjab", 2),
    ("Chandigarh", "Chandigarh", "CH", 160_001, 160_036, "punjab", 2),
    ("Bengaluru", "Karnataka", "KA", 560_001, 560_110, "south", 12),
    ("Mysuru", "Karnataka", "KA", 570_001, 570_031, "south", 2),
    ("Hyderabad", "Telangana", "TS", 500_001, 500_098, "south", 9),
    ("Chennai", "Tamil Nadu", "TN", 600_001, 600_119, "south", 8),
    ("Coimbatore", "Tamil Nadu", "TN", 641_001, 641_049, "south", 2),
    ("Visakhapatnam", "Andhra Pradesh", "AP", 530_001, 530_048, "south", 2),
    ("Kochi", "Kerala", "KL", 682_001, 682_042, "kerala", 4),
    ("Thiruvananthapuram", "Kerala", "KL", 695_001, 695_043, "kerala", 2),
    ("Kolkata", "West Bengal", "WB", 700_001, 700_160, "east", 8),
    ("Bhubaneswar", "Odisha", "OR", 751_001, 751_031, "east", 2),
    ("Guwahati", "Assam", "AS", 781_001, 781_040, "northeast", 2),
)
_CITY_WEIGHTS: Final = tuple(city[6] for city in _CITIES)
_HOUSES: Final = (
    "Flat {n}, Sai Residency",
    "House No. {n}",
    "{n}/B, Lake View Apartments",
    "Plot {n}, Green Park Society",
    "Tower {t}, Flat {n}",
    "#{n}, 2nd Floor",
)
_STREETS: Final = (
    "MG Road",
    "Station Road",
    "Gandhi Nagar",
    "Shivaji Nagar",
    "Civil Lines",
    "Sector {t}",
    "Nehru Street",
    "Lal Bahadur Shastri Marg",
    "Temple Road",
    "{t}th Cross, Main Road",
    "Near City Mall",
    "Opp. Government School",
)
_MAIL_HOSTS: Final = ("example.com", "example.in", "mail.example.com", "post.example.in")


def invent_buyer(rng: random.Random) -> Buyer:
    """One buyer. The mail hosts are reserved names: nothing can ever be sent to them."""
    city, state, code, low, high, region, _ = rng.choices(_CITIES, _CITY_WEIGHTS)[0]
    firsts, lasts = _NAMES[region]
    first, last = rng.choice(firsts.split()), rng.choice(lasts.split())
    number, tower = rng.randint(1, 1_204), rng.randint(4, 62)
    separator = rng.choice((".", "", "_"))
    digits = rng.choice(("", str(rng.randint(1, 99)), str(rng.randint(1985, 2006))))
    return Buyer(
        first_name=first,
        last_name=last,
        email=f"{first}{separator}{last}{digits}@{rng.choice(_MAIL_HOSTS)}".lower(),
        phone=f"+91{rng.randint(6, 9)}{rng.randint(0, 999_999_999):09d}",
        line_1=rng.choice(_HOUSES).format(n=number, t=tower),
        line_2=rng.choice(_STREETS).format(n=number, t=tower),
        city=city,
        state=state,
        state_code=code,
        pincode=str(rng.randint(low, high)),
    )
