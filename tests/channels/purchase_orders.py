"""Documents of the two channels that only send, invented here; each test changes what it needs."""

from typing import Any

JsonObject = dict[str, Any]


def item(item_id: str = "10077", **changes: Any) -> JsonObject:
    found: JsonObject = {
        "item_id": item_id,
        "sku_code": "RING-TWIST-7",
        "upc": "8901234500017",
        "name": "Twist ring, gold tone",
        "units_ordered": 12,
        "basic_price": 749.5,
        "mrp": 1499.0,
        "hsn_code": "71171990",
        "tax_details": {"igst_percentage": None, "cgst_percentage": 1.5, "sgst_percentage": 1.5},
    }
    return {**found, **changes}


def purchase_order(number: str = "7700001", **details: Any) -> JsonObject:
    known: JsonObject = {
        "total_qty": 12,
        "total_amount": 9263.82,
        "issue_date": "2026-11-10",
        "delivery_date": "2026-11-16",
        "outlet_id": "5521",
        "item_data": [item()],
        "buyer_details": {
            "name": "Feeder warehouse Bhiwandi",
            "gstin": "27AAACB0000A1Z5",
            "destination_address": {
                "line1": "Gala 12",
                "addressLine2": "Kalyan Road",
                "city": "Bhiwandi",
                "state": "Maharashtra",
                "postal_code": "421302",
            },
        },
    }
    return {"type": "PO_CREATION", "po_number": number, "details": {**known, **details}}


def cancellation(number: str = "7700001") -> JsonObject:
    return {"type": "PO_CANCEL", "po_number": number, "details": {}}


def amendment(*numbers: str, mrp: float = 1599.0) -> JsonObject:
    variant = {
        "upc": "8901234500024",
        "mrp": mrp,
        "uom": {"type": "STANDARD", "value": "1", "unit": "pc"},
        "po_numbers": list(numbers or ("7700001",)),
    }
    return {"request_data": [{"item_id": "10077", "variants": [variant]}]}


def dish(item_id: int = 501, **changes: Any) -> JsonObject:
    found: JsonObject = {
        "id": item_id,
        "merchant_id": "HOOP-S",
        "title": "Hoop earrings",
        "price": 400.0,
        "quantity": 2,
        "discount": 0.0,
        "total": 800.0,
        "total_with_tax": 824.0000001,
        "options_to_add": [{"id": 1, "title": "Gift box", "price": 0.0, "quantity": 1}],
    }
    return {**found, **changes}


def relay_order(order_id: int = 880001, **details: Any) -> JsonObject:
    known: JsonObject = {
        "id": order_id,
        "channel": "swiggy",
        "order_state": "Placed",
        "created": 1_794_739_800_000,
        "delivery_datetime": 1_794_742_500_000,
        "expected_pickup_time": 1_794_741_300_000,
        "instructions": "Ring twice",
        "order_subtotal": 800.0,
        "discount": 50.0,
        "total_charges": 10.0,
        "total_taxes": 24.0,
        "order_total": 784.0,
        "modified_to": None,
        "ext_platforms": [
            {"name": "swiggy", "id": "175500000000009", "extras": {"cash_to_be_collected": 0}}
        ],
    }
    return {
        "customer": {
            "name": "Meera Rao",
            "phone": "+919820012345",
            "email": "Meera@Mail.example",
            "address": {
                "line_1": "14 Lake View",
                "line_2": "Baner",
                "city": "Pune",
                "pin": "411045",
            },
        },
        "order": {
            "details": {**known, **details},
            "items": [dish()],
            "payment": [{"amount": 784.0, "option": "payment_gateway"}],
        },
    }


def state_change(word: str, order_id: int = 880001) -> JsonObject:
    return {"order_id": order_id, "new_state": word, "prev_state": "Placed"}


def rider(word: str, order_id: int = 880001) -> JsonObject:
    return {"order_id": order_id, "delivery_info": {"mode": "aggregator", "current_state": word}}
