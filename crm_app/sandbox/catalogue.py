"""What Palmonas sells: demi-fine jewellery. Prices include 3 % GST."""

from dataclasses import dataclass
from typing import Final

GST_PERCENT: Final = 3


@dataclass(frozen=True, slots=True)
class Product:
    """`price_minor` is paise, tax included; `weight` says how often it sells."""

    sku: str
    title: str
    price_minor: int
    weight: int
    asin: str
    woo_id: int


_SOLD: Final = (
    ("NK-001", "Evil Eye Pendant Necklace, 18k Gold Plated", 1499, 9),
    ("NK-002", "Layered Herringbone Chain, 18k Gold Plated", 1899, 7),
    ("NK-003", "Paperclip Link Necklace, Gold Tone", 1699, 5),
    ("NK-004", "Freshwater Pearl Choker", 2299, 4),
    ("NK-005", "Solitaire Drop Necklace, Silver 925", 1999, 6),
    ("NK-006", "Initial Letter Pendant, 18k Gold Plated", 1299, 8),
    ("NK-007", "Modern Mangalsutra, Black Beads and Solitaire", 2799, 6),
    ("NK-008", "Butterfly Charm Necklace, Rose Gold Tone", 1399, 5),
    ("NK-009", "Zodiac Coin Pendant, 18k Gold Plated", 1599, 4),
    ("NK-010", "Snake Chain Necklace, Waterproof", 1199, 5),
    ("ER-001", "Twisted Hoop Earrings, 18k Gold Plated", 999, 10),
    ("ER-002", "Pearl Drop Studs, Silver 925", 899, 9),
    ("ER-003", "Chunky Dome Earrings, Gold Tone", 1099, 8),
    ("ER-004", "Huggie Hoops with Zircon, Silver 925", 1299, 7),
    ("ER-005", "Chandbali Earrings, Antique Gold", 1799, 4),
    ("ER-006", "Heart Studs, Rose Gold Tone", 699, 8),
    ("ER-007", "Threader Chain Earrings, 18k Gold Plated", 1149, 3),
    ("ER-008", "Everyday Stud Set of 3", 1249, 6),
    ("ER-009", "Ear Cuff Pair, No Piercing", 799, 5),
    ("ER-010", "Temple Jhumka, Micro Gold Plated", 1599, 4),
    ("RG-001", "Stackable Band Ring, 18k Gold Plated", 799, 8),
    ("RG-002", "Adjustable Solitaire Ring, Silver 925", 1199, 8),
    ("RG-003", "Signet Ring, Gold Tone", 999, 4),
    ("RG-004", "Eternity Zircon Ring, Silver 925", 1499, 5),
    ("RG-005", "Infinity Promise Ring, Rose Gold Tone", 1099, 5),
    ("RG-006", "Couple Rings, Pair", 1899, 4),
    ("BR-001", "Tennis Bracelet, Zircon", 1999, 6),
    ("BR-002", "Evil Eye Charm Bracelet", 1199, 7),
    ("BR-003", "Open Cuff Bracelet, 18k Gold Plated", 1399, 5),
    ("BR-004", "Beaded Stretch Bracelet", 649, 5),
    ("BR-005", "Mangalsutra Bracelet, Adjustable", 1599, 6),
    ("BR-006", "Watch Charm, Initial Letter", 549, 3),
    ("AN-001", "Pearl Anklet, Single", 899, 3),
    ("AN-002", "Payal Pair, Silver 925", 2499, 2),
    ("BN-001", "Kada Bangle, Screw Lock, 18k Gold Plated", 2199, 4),
    ("BN-002", "Slim Bangles, Set of 4", 1799, 3),
    ("NP-001", "Nose Pin, Press Fit, Silver 925", 399, 4),
    ("ST-001", "Bridal Choker and Earring Set", 3999, 2),
    ("ST-002", "Everyday Gift Box: Pendant, Studs, Ring", 2999, 3),
    ("GC-001", "Velvet Jewellery Pouch", 199, 2),
)

PRODUCTS: Final = tuple(
    Product(
        sku=f"PLM-{code}",
        title=f"Palmonas {title}",
        price_minor=rupees * 100,
        weight=weight,
        asin=f"B0PLM{index:05d}",
        woo_id=2_101 + index * 7,
    )
    for index, (code, title, rupees, weight) in enumerate(_SOLD)
)
WEIGHTS: Final = tuple(product.weight for product in PRODUCTS)
