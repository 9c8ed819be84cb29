"""What a column can mean, and the guess from its name."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Group(StrEnum):
    ORDER = "The order"
    LINE = "Its lines"
    MONEY = "Money of the order"
    BUYER = "Buyer"
    ADDRESS = "Ship to"
    SHIPPING = "Shipping"


class Field(StrEnum):
    """Everything that a file can tell of an order."""

    ORDER_ID = "order_id"
    ORDER_NUMBER = "order_number"
    PLACED_AT = "placed_at"
    STATUS = "status"
    UPDATED_AT = "updated_at"
    PAYMENT = "payment"
    NOTE = "note"
    IS_BUSINESS = "is_business"
    FULFILLED_BY = "fulfilled_by"
    LINE_ID = "line_id"
    SKU = "sku"
    TITLE = "title"
    VARIANT = "variant"
    QUANTITY = "quantity"
    UNIT_PRICE = "unit_price"
    LINE_TAX = "line_tax"
    LINE_DISCOUNT = "line_discount"
    LINE_TOTAL = "line_total"
    CURRENCY = "currency"
    TOTAL = "total"
    SHIPPING_CHARGE = "shipping_charge"
    TAX = "tax"
    DISCOUNT = "discount"
    BUYER_NAME = "buyer_name"
    BUYER_EMAIL = "buyer_email"
    BUYER_PHONE = "buyer_phone"
    BUYER_ID = "buyer_id"
    SHIP_NAME = "ship_name"
    SHIP_PHONE = "ship_phone"
    LINE1 = "line1"
    LINE2 = "line2"
    CITY = "city"
    STATE = "state"
    PINCODE = "pincode"
    COUNTRY = "country"
    SHIP_BY = "ship_by"
    DELIVER_BY = "deliver_by"
    SHIPPED_AT = "shipped_at"
    CARRIER = "carrier"
    TRACKING_NUMBER = "tracking_number"

    @property
    def spec(self) -> "FieldSpec":
        return SPECS[self]


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """How a field is named on the screen and in files.

    Attributes:
        label: What people read.
        group: Where it stands on the screen.
        names: Column names that mean it, in plain lower-case words; the best first.
        is_required: Without it no order can be read.
        hint: What people should know before they choose.
    """

    label: str
    group: Group
    names: tuple[str, ...]
    is_required: bool = False
    hint: str = ""


_O, _L, _M, _B, _A, _S = Group


def _spec(
    label: str, group: Group, names: str, *, is_required: bool = False, hint: str = ""
) -> FieldSpec:
    return FieldSpec(label, group, tuple(names.split("|")), is_required, hint)


SPECS: Final[dict[Field, FieldSpec]] = {
    Field.ORDER_ID: _spec(
        "Order id",
        _O,
        "order id|amazon order id|order code|orderid|sale order code|order no|order "
        "number|order ref|order reference|invoice no|invoice number|bill no|po "
        "number|order",
        is_required=True,
        hint="Lines with the same one are one order.",
    ),
    Field.ORDER_NUMBER: _spec(
        "Order number",
        _O,
        "order number|order no|display order code|order name|merchant order id|invoice "
        "number|bill no",
        hint="What people read out on the phone. Without it: the order id.",
    ),
    Field.PLACED_AT: _spec(
        "Placed",
        _O,
        "purchase date|order date|placed at|placed on|order placed|ordered on|order "
        "time|created at|created|invoice date|bill date|sale date|date time|date",
        is_required=True,
    ),
    Field.STATUS: _spec(
        "Status",
        _O,
        "order status|status|order state|fulfillment status|fulfilment status|sale order "
        "status|state of order",
    ),
    Field.UPDATED_AT: _spec(
        "Last changed",
        _O,
        "last updated date|last updated|updated at|modified|last changed|last modified",
        hint="Decides which version is newer. Without it: the time of the upload.",
    ),
    Field.PAYMENT: _spec(
        "Payment",
        _O,
        "payment status|financial status|payment method|payment mode|payment type|payment|paid|cod",
    ),
    Field.NOTE: _spec(
        "Note",
        _O,
        "note|notes|remarks|remark|comment|comments|customer note|buyer "
        "note|instructions|delivery instructions",
    ),
    Field.IS_BUSINESS: _spec(
        "Business buyer",
        _O,
        "b2b|is business order|business order|is business",
        hint="Yes or no.",
    ),
    Field.FULFILLED_BY: _spec(
        "Fulfilled by",
        _O,
        "fulfilment|fulfillment|fulfillment channel|fulfilment channel|fulfilled "
        "by|fulfilment type",
        hint="“Amazon”, “FBA” or “Channel”: not ours to ship.",
    ),
    Field.LINE_ID: _spec(
        "Line id",
        _L,
        "order item id|order item code|line id|item id|line item id|sub order no|sub "
        "order id|suborder id",
        hint="Without it: the position in the order.",
    ),
    Field.SKU: _spec(
        "SKU",
        _L,
        "sku|seller sku|item sku|item sku code|lineitem sku|product code|item "
        "code|article|style code|variant sku|barcode|ean",
    ),
    Field.TITLE: _spec(
        "Product",
        _L,
        "product name|item name|product title|lineitem "
        "name|title|product|item|description|item description|product "
        "description|particulars|style|category",
    ),
    Field.VARIANT: _spec(
        "Variant",
        _L,
        "size|variant|colour|color|item size|option|variation",
        hint="Added to the product's name.",
    ),
    Field.QUANTITY: _spec(
        "Quantity",
        _L,
        "quantity|qty|quantity purchased|units|lineitem quantity|item quantity|order "
        "qty|pcs|nos|no of units",
        hint="Without it: one.",
    ),
    Field.UNIT_PRICE: _spec(
        "Unit price",
        _L,
        "unit price|price|selling price|rate|lineitem price|item rate|sale price|mrp",
    ),
    Field.LINE_TAX: _spec(
        "Tax of the line",
        _L,
        "item tax|line tax|gst amount|igst|lineitem tax",
    ),
    Field.LINE_DISCOUNT: _spec(
        "Discount of the line",
        _L,
        "item promotion discount|item discount|line discount|lineitem discount",
    ),
    Field.LINE_TOTAL: _spec(
        "Total of the line",
        _L,
        "line total|item total|item price|amount|line amount|net amount|item amount|subtotal|value",
        hint="Without it: quantity times unit price.",
    ),
    Field.CURRENCY: _spec(
        "Currency",
        _M,
        "currency|currency code|curr",
    ),
    Field.TOTAL: _spec(
        "Total of the order",
        _M,
        "order total|grand total|total|order value|total price|total amount|invoice "
        "amount|bill amount|order amount|invoice value",
        hint="Without it: the sum of the lines and the shipping charge.",
    ),
    Field.SHIPPING_CHARGE: _spec(
        "Shipping charge",
        _M,
        "shipping|shipping charge|shipping charges|shipping price|shipping "
        "amount|delivery charge|delivery charges|freight",
    ),
    Field.TAX: _spec(
        "Tax",
        _M,
        "tax|taxes|total tax|order tax|gst",
    ),
    Field.DISCOUNT: _spec(
        "Discount",
        _M,
        "discount|discount amount|order discount|total discount",
    ),
    Field.BUYER_NAME: _spec(
        "Name",
        _B,
        "customer name|buyer name|billing name|customer|buyer|client|name|party name|bill to name",
    ),
    Field.BUYER_EMAIL: _spec(
        "E-mail",
        _B,
        "email|e mail|buyer email|customer email|email address|email id|mail id",
    ),
    Field.BUYER_PHONE: _spec(
        "Phone",
        _B,
        "phone|mobile|phone number|mobile number|buyer phone number|contact|contact "
        "number|customer phone|contact no|mobile no|phone no|billing phone|customer "
        "mobile|whatsapp",
    ),
    Field.BUYER_ID: _spec(
        "Customer number",
        _B,
        "customer id|buyer id|customer code|customer number",
    ),
    Field.SHIP_NAME: _spec(
        "Recipient",
        _A,
        "recipient name|ship to name|shipping name|shipping address "
        "name|consignee|recipient|receiver",
        hint="Without it: the buyer.",
    ),
    Field.SHIP_PHONE: _spec(
        "Recipient's phone",
        _A,
        "ship phone number|shipping phone|recipient phone|ship to phone|shipping address "
        "phone|receiver phone",
    ),
    Field.LINE1: _spec(
        "Street",
        _A,
        "ship address 1|shipping address line 1|shipping address1|shipping street|address "
        "line 1|address 1|address1|street|shipping address|address|delivery address|ship "
        "to address",
    ),
    Field.LINE2: _spec(
        "Street, second line",
        _A,
        "ship address 2|shipping address line 2|shipping address2|address line 2|address "
        "2|address2|landmark|locality|area",
    ),
    Field.CITY: _spec(
        "City",
        _A,
        "ship city|shipping city|shipping address city|city|town|ship to city|delivery city",
    ),
    Field.STATE: _spec(
        "State",
        _A,
        "ship state|shipping state|shipping province|shipping address "
        "state|state|province|ship to state|region",
    ),
    Field.PINCODE: _spec(
        "Pincode",
        _A,
        "ship postal code|shipping zip|shipping postcode|shipping pincode|shipping "
        "address pincode|pincode|pin code|pin|postal code|zip|zip code|postcode|delivery "
        "pincode",
    ),
    Field.COUNTRY: _spec(
        "Country",
        _A,
        "ship country|shipping country|country|country code",
    ),
    Field.SHIP_BY: _spec(
        "Ship by",
        _S,
        "ship by|ship by date|latest ship date|dispatch by|dispatch by date|expected ship "
        "date|fulfillment tat|sla|promise date",
    ),
    Field.DELIVER_BY: _spec(
        "Deliver by",
        _S,
        "deliver by|latest delivery date|expected delivery date|delivery by|delivery "
        "date|promised delivery",
    ),
    Field.SHIPPED_AT: _spec(
        "Shipped on",
        _S,
        "shipped at|shipped on|ship date|dispatch date|dispatched on|shipment date",
    ),
    Field.CARRIER: _spec(
        "Carrier",
        _S,
        "carrier|courier|courier name|shipping provider|courier partner|logistics "
        "partner|transporter",
    ),
    Field.TRACKING_NUMBER: _spec(
        "Tracking number",
        _S,
        "tracking number|tracking id|awb|awb number|awb no|tracking no|tracking|docket "
        "no|waybill|consignment no",
    ),
}

_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NO_WORD: Final = re.compile(r"[^a-z0-9]+")
# A column that only counts the lines: two lines that differ in it alone are the same line.
_COUNTERS: Final = frozenset(
    {
        "",
        "index",
        "sl",
        "sl no",
        "s no",
        "sno",
        "sr",
        "sr no",
        "serial no",
        "serial number",
        "row",
        "row no",
        "row number",
        "line no",
        "unnamed 0",
        "no",
    }
)


def words(name: str) -> str:
    """A column name in plain words: `ship-postal-code` and `ShipPostalCode` are the same."""
    return _NO_WORD.sub(" ", _CAMEL.sub(" ", name).lower()).strip()


def is_counter(name: str) -> bool:
    """Whether a column of this name only numbers the lines."""
    return words(name) in _COUNTERS


def guess(header: Sequence[str]) -> dict[Field, str]:
    """Columns by field, each column once: exact names, the best name of a field first."""
    by_words: dict[str, str] = {}
    for name in header:
        by_words.setdefault(words(name), name)
    found: dict[Field, str] = {}
    # What no order can be read without chooses first: a lone "Bill No" is the order id.
    for is_required in (True, False):
        specs = {key: spec for key, spec in SPECS.items() if spec.is_required is is_required}
        _guess_among(specs, by_words, found)
    return found


def _guess_among(
    specs: dict[Field, FieldSpec], by_words: dict[str, str], found: dict[Field, str]
) -> None:
    # Rank by rank, so that nobody's third choice takes somebody's first.
    for rank in range(max(len(spec.names) for spec in specs.values())):
        for field, spec in specs.items():
            column = by_words.get(spec.names[rank]) if rank < len(spec.names) else None
            if column is not None and field not in found and column not in found.values():
                found[field] = column
