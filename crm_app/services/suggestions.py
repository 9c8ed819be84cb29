"""What a field could mean while somebody types: SKUs that were sold, cities that were sent to.

Both walk an index from one different value to the next, so their cost is that of the few that are
shown, however many orders have them.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from crm_app.domain.actor import Actor
from crm_app.domain.permissions import Permission
from crm_app.services import reach

_MOST: Final = 8
_LEAST_TYPED: Final = 2
_LONGEST: Final = 120

_SKUS: Final = text(
    """
    WITH RECURSIVE found(sku) AS (
        (SELECT sku FROM order_lines WHERE sku LIKE :pattern ORDER BY sku USING ~<~ LIMIT 1)
        UNION ALL
        SELECT (SELECT line.sku FROM order_lines AS line
                WHERE line.sku LIKE :pattern AND line.sku ~>~ found.sku
                ORDER BY line.sku USING ~<~ LIMIT 1)
        FROM found WHERE found.sku IS NOT NULL)
    SELECT known.sku, sold.title
    FROM (SELECT sku FROM found WHERE sku IS NOT NULL LIMIT :most) AS known
    CROSS JOIN LATERAL (
        SELECT title FROM order_lines
        WHERE order_lines.sku = known.sku ORDER BY order_lines.order_id DESC LIMIT 1) AS sold
    """
)
_CITIES: Final = text(
    """
    WITH RECURSIVE found(name) AS (
        (SELECT lower(city) FROM orders
         WHERE city <> '' AND lower(city) >= :first AND lower(city) < :beyond
         ORDER BY lower(city) LIMIT 1)
        UNION ALL
        SELECT (SELECT lower(orders.city) FROM orders
                WHERE orders.city <> '' AND lower(orders.city) > found.name
                    AND lower(orders.city) < :beyond
                ORDER BY lower(orders.city) LIMIT 1)
        FROM found WHERE found.name IS NOT NULL)
    SELECT known.city
    FROM (SELECT name FROM found WHERE name IS NOT NULL LIMIT :most) AS named
    CROSS JOIN LATERAL (
        SELECT city FROM orders WHERE orders.city <> '' AND lower(orders.city) = named.name
        LIMIT 1) AS known
    """
)


@dataclass(frozen=True, slots=True)
class Product:
    """A SKU as it was sold last."""

    sku: str
    title: str


def products(session: Session, actor: Actor, typed: str) -> list[Product]:
    """SKUs that begin as typed (in capitals, as catalogues write them), each with its last title.

    Raises:
        PermissionDeniedError: Without `orders.view`.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    begins = _clean(typed).upper()
    if len(begins) < _LEAST_TYPED:
        return []
    escaped = begins.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = session.execute(_SKUS, {"pattern": f"{escaped}%", "most": _MOST})
    return [Product(*row) for row in rows]


def cities(session: Session, actor: Actor, typed: str) -> list[str]:
    """Cities that begin as typed, in the spelling of one of their orders.

    Raises:
        PermissionDeniedError: Without `orders.view`.
    """
    reach.require(session, actor, Permission.VIEW_ORDERS)
    begins = _clean(typed).lower()
    if len(begins) < _LEAST_TYPED:
        return []
    # The last character of Unicode that a name could have: the end of all that begin so.
    about = {"first": begins, "beyond": begins + "\uffff", "most": _MOST}
    return [row[0] for row in session.execute(_CITIES, about)]


def _clean(typed: str) -> str:
    return " ".join(typed.replace("\x00", "").split())[:_LONGEST]
